package judge

import (
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// Share is what the sessions of one week, or of one module, come to in a term. Lists and charts of a university are made of these:
// counting its marks would take seconds.
type Share struct {
	Of       string // the Monday, yyyy-mm-dd, or the module
	Attended int64
	Counted  int64
}

// byWeek are the shares of the weeks, in order, of what had ended by an instant.
func byWeek(h engagement.History, asOf time.Time, by policy.Counting) []Share {
	var monday string
	var from, to time.Time
	return shares(h, asOf, by, func(c *engagement.Contact) string {
		if c.StartsAt.Before(from) || !c.StartsAt.Before(to) { // contacts are in order: mostly it is the week of the one before
			m := calendar.DayOf(c.StartsAt).Monday()
			monday, from, to = m.String(), m.Starts(), m.Add(7).Starts()
		}
		return monday
	})
}

// byModule are the shares of the modules, in order, of what had ended by an instant.
func byModule(h engagement.History, asOf time.Time, by policy.Counting) []Share {
	return shares(h, asOf, by, func(c *engagement.Contact) string { return c.Module })
}

func shares(h engagement.History, asOf time.Time, by policy.Counting, of func(*engagement.Contact) string) []Share {
	var counts []count // a few, so that looking through them is faster than a map
	for i := range h.Contacts {
		c := &h.Contacts[i]
		if c.Kind != engagement.Session || c.EndsAt.After(asOf) {
			continue
		}
		name := of(c)
		at := slices.IndexFunc(counts, func(n count) bool { return n.of == name })
		if at < 0 {
			at, counts = len(counts), append(counts, count{of: name})
		}
		counts[at].Add(c)
	}
	slices.SortFunc(counts, func(a, b count) int { return strings.Compare(a.of, b.of) })
	var out []Share
	for _, n := range counts {
		if t := n.Tally(by); t.Counted > 0 {
			out = append(out, Share{n.of, t.Attended, t.Counted})
		}
	}
	return out
}

// count is what the sessions of one week, or of one module, came to.
type count struct {
	engagement.Count
	of string
}
