// Package calendar knows civil days in Europe/London: terms, teaching weeks, bank holidays and working days. It knows nothing of
// students or sessions, and nobody else in the product turns an instant into a day.
package calendar

import (
	"fmt"
	"time"
	_ "time/tzdata" // a gateway image or container may have no zone files
)

// London is the zone in which days, weeks and terms are decided (RULES G-1).
var London = mustLoad("Europe/London")

func mustLoad(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic("calendar: " + err.Error()) // the zone is embedded above
	}
	return zone
}

// Day is a civil day in London.
type Day struct {
	Year  int
	Month time.Month
	Day   int
}

// DayOf is the day in London on which an instant falls.
func DayOf(t time.Time) Day {
	y, m, d := t.In(London).Date()
	return Day{y, m, d}
}

// ParseDay reads "2026-10-05".
func ParseDay(text string) (Day, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Day{}, fmt.Errorf("%q is not a day; write yyyy-mm-dd, for example 2026-10-05", text)
	}
	y, m, d := t.Date()
	return Day{y, m, d}, nil
}

// UnmarshalText reads "2026-10-05".
func (d *Day) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDay(string(text))
	return err
}

// MarshalText is String.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String is the ISO 8601 form, yyyy-mm-dd.
func (d Day) String() string { return d.utc().Format(time.DateOnly) }

// utc is noon UTC of the day: day arithmetic there never meets a change of clocks.
func (d Day) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC) }

// Add is n calendar days later.
func (d Day) Add(n int) Day {
	if day := d.Day + n; day >= 1 && day <= 28 && d.Month >= time.January && d.Month <= time.December { // of the same month, whichever it is
		return Day{d.Year, d.Month, day}
	}
	y, m, day := d.utc().AddDate(0, 0, n).Date()
	return Day{y, m, day}
}

// Before reports whether d is an earlier day than e.
func (d Day) Before(e Day) bool {
	if d.Year != e.Year {
		return d.Year < e.Year
	}
	if d.Month != e.Month {
		return d.Month < e.Month
	}
	return d.Day < e.Day
}

// Weekday is the day of the week.
func (d Day) Weekday() time.Weekday { return d.utc().Weekday() }

// Starts is the first instant of the day in London.
func (d Day) Starts() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, London) }

// Ends is the last second of the day in London, 23:59:59, when deadlines expire (RULES G-5).
func (d Day) Ends() time.Time { return d.Add(1).Starts().Add(-time.Second) }

// Until counts the calendar days from d to e.
func (d Day) Until(e Day) int { return int(e.utc().Sub(d.utc()) / (24 * time.Hour)) }

// Monday is the first day of the week of d; weeks run Monday to Sunday (RULES G-1).
func (d Day) Monday() Day { return d.Add(-(int(d.Weekday()) + 6) % 7) }
