package engagement

import (
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// Leaving are the events with which a student's studies end (003, sections 13 and 14, and the debtors of 15).
var Leaving = []string{"withdrawal", "termination", "deregistration"}

// EndOfTime is the last day of what has no end.
var EndOfTime = calendar.Day{Year: 9999, Month: time.December, Day: 31}

// Departed are the days after the student left or the course ended, until they enrolled again: nothing is expected of them. The
// facts are by At.
func Departed(facts []Fact) []calendar.Span {
	var days []calendar.Span
	for _, left := range departures(facts) {
		last := EndOfTime
		if i := slices.IndexFunc(facts, func(f Fact) bool { return f.Kind == Enrolled && f.At.After(left) }); i >= 0 {
			last = calendar.DayOf(facts[i].At).Add(-1)
		}
		if first := calendar.DayOf(left).Add(1); !last.Before(first) {
			days = append(days, calendar.Span{First: first, Last: last})
		}
	}
	return days
}

// Departed are the days after the student left, as the function of that name has them.
func (r Record) Departed() []calendar.Span { return Departed(r.Facts) }

// departures are when the student left, and when the course ends as it was recorded last.
func departures(facts []Fact) []time.Time {
	var left []time.Time
	var end Fact
	for _, f := range facts {
		switch {
		case f.Kind == Change && slices.Contains(Leaving, f.Of):
			left = append(left, f.At)
		case f.Kind == CourseEnd && f.ID >= end.ID:
			end = f
		}
	}
	if end.Kind != "" {
		left = append(left, end.At)
	}
	return left
}
