package calendar

import "time"

// Calendar is a university's terms and the bank holidays that were proclaimed after this build. The zero value has no
// terms and is usable.
type Calendar struct {
	Terms    []Term
	Holidays map[Day]string // beyond BankHoliday; closure days of the institution do not belong here (RULES G-5)
}

// Term is one academic term, both days included.
type Term struct {
	ID    string
	Name  string
	First Day
	Last  Day
}

// Contains reports whether a day is in the term.
func (t Term) Contains(d Day) bool { return !d.Before(t.First) && !t.Last.Before(d) }

// Week is the teaching week of a day, from 1: weeks run Monday to Sunday and the term's first day is in week 1.
func (t Term) Week(d Day) int { return t.First.Monday().Until(d)/7 + 1 }

// TermAt is the term in which an instant falls; ok is false between terms.
func (c *Calendar) TermAt(t time.Time) (term Term, ok bool) {
	d := DayOf(t)
	for _, term := range c.Terms {
		if term.Contains(d) {
			return term, true
		}
	}
	return Term{}, false
}

// WorkingDay reports whether d is Monday to Friday and no bank holiday.
func (c *Calendar) WorkingDay(d Day) bool {
	if d.Weekday() == time.Saturday || d.Weekday() == time.Sunday || BankHoliday(d) != "" {
		return false
	}
	_, extra := c.Holidays[d]
	return !extra
}

// AddWorkingDays is the n-th working day after d; d itself is day 0 (RULES G-5).
func (c *Calendar) AddWorkingDays(d Day, n int) Day {
	for n > 0 {
		d = d.Add(1)
		if c.WorkingDay(d) {
			n--
		}
	}
	return d
}
