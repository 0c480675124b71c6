package rules

import (
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// reportedBy reports whether a sponsor report about a scope of a rule was made by the end of a day. One that was made in time
// and entered afterwards counts: what matters is when UKVI was told.
func (s Student) reportedBy(rule, scope string, last calendar.Day) bool {
	for _, f := range s.Facts {
		if f.Kind == engagement.Reported && f.Of == rule+" "+scope && !last.Before(calendar.DayOf(f.At)) {
			return true
		}
	}
	return false
}

// heardThrough reports whether nothing of a kind that happened up to t can be missing. A kind without a feed is entered by
// people, who know; one with a feed is known as far as the feed reaches (G-3).
func (s Student) heardThrough(kind engagement.Kind, t time.Time) bool {
	through, fed := s.Known[kind]
	return !fed || !through.Before(t)
}

// dated names an occurrence of something by its day, as a scope.
func dated(what string, day calendar.Day) string { return what + " " + day.String() }

// dueFrom is the last day for something that an event of a day causes; zero when there is none.
func (s Student) dueFrom(d policy.Deadline, day calendar.Day) calendar.Day {
	if !d.Set() {
		return calendar.Day{}
	}
	return d.After(day, s.Calendar)
}

// evidence names facts as the contacts that facts tell of are named.
func evidence(facts ...engagement.Fact) []string {
	names := make([]string, len(facts))
	for i, f := range facts {
		names[i] = fmt.Sprintf("%s %s %s", f.Kind, f.Of, f.At.UTC().Format(time.RFC3339))
	}
	return names
}
