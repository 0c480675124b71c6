package report

import (
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// DaySpan is a civil day, yyyy-mm-dd in London, in instants: its midnight and the next, 23, 24 or 25 hours later.
func DaySpan(day string) (from, to time.Time, err error) {
	d, err := calendar.ParseDay(day)
	if err != nil {
		return from, to, fmt.Errorf("%w: %w", ErrQuery, err)
	}
	return d.Starts().UTC(), d.Add(1).Starts().UTC(), nil
}

// mondayOf is the Monday of an instant's week.
func mondayOf(t time.Time) string { return calendar.DayOf(t).Monday().String() }
