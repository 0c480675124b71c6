package judge

import (
	"maps"
	"slices"
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
	counts := map[string]*engagement.Count{}
	for i := range h.Contacts {
		c := &h.Contacts[i]
		if c.Kind != engagement.Session || c.EndsAt.After(asOf) {
			continue
		}
		name := of(c)
		n := counts[name]
		if n == nil {
			n = &engagement.Count{}
			counts[name] = n
		}
		n.Add(c)
	}
	var out []Share
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if t := counts[name].Tally(by); t.Counted > 0 {
			out = append(out, Share{name, t.Attended, t.Counted})
		}
	}
	return out
}
