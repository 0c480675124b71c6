package calendar

import "time"

// Span is a stretch of civil days, both included.
type Span struct{ First, Last Day }

// Contains reports whether a day is in the span.
func (s Span) Contains(d Day) bool { return !d.Before(s.First) && !s.Last.Before(d) }

// Days counts the days of the span.
func (s Span) Days() int { return s.First.Until(s.Last) + 1 }

// Starts is the first instant of the span.
func (s Span) Starts() time.Time { return s.First.Starts() }

// Over is the first instant after the span, at which it can be looked back on.
func (s Span) Over() time.Time { return s.Last.Add(1).Starts() }

// MonthOf is the calendar month of a day.
func MonthOf(d Day) Span {
	return Span{Day{d.Year, d.Month, 1}, Day{d.Year, d.Month + 1, 1}.Add(-1)} // Add knows that month 13 is January
}

// WeekOf is the week of a day, Monday to Sunday.
func WeekOf(d Day) Span { return Span{d.Monday(), d.Monday().Add(6)} }

// Months are the calendar months, whole, from that of first to that of last.
func Months(first, last Day) []Span { return each(first, last, MonthOf) }

// Weeks are the weeks, whole, from that of first to that of last.
func Weeks(first, last Day) []Span { return each(first, last, WeekOf) }

func each(first, last Day, of func(Day) Span) []Span {
	var spans []Span
	for d := first; !last.Before(d); {
		s := of(d)
		spans = append(spans, s)
		d = s.Last.Add(1)
	}
	return spans
}

// Month names the month of the span's first day, e.g. "2026-10".
func (s Span) Month() string { return s.First.String()[:len("2026-10")] }

// Weeks are the term's teaching weeks, each whole from Monday to Sunday.
func (t Term) Weeks() []Span { return Weeks(t.First, t.Last) }

// Fortnights are the term's teaching weeks in twos, counted from week 1. A week that is left over at the end is in none.
func (t Term) Fortnights() []Span {
	var twos []Span
	weeks := t.Weeks()
	for i := 1; i < len(weeks); i += 2 {
		twos = append(twos, Span{weeks[i-1].First, weeks[i].Last})
	}
	return twos
}
