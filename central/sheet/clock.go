package sheet

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// clockTime is a time of day as a timetable writes it: 9:00, 09:00:30, and with its offset where it needs one.
var clockTime = regexp.MustCompile(`^([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(Z|[+-][0-9]{2}:[0-9]{2})?$`)

// At is the instant of a local time in London. Twice a year that is not plain: in spring an hour does not exist, which
// time.Date silently moves, and in autumn one exists twice, of which time.Date silently takes the later. Both are said.
func At(day calendar.Day, clock string) (instant time.Time, problem, advice string) {
	m := clockTime.FindStringSubmatch(clock)
	if m == nil {
		return time.Time{}, Shown(clock) + " is not a time of day", "write it as hh:mm, for example 09:00"
	}
	hour, minute, second := number(m[1]), number(m[2]), number(m[3])
	if hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, Shown(clock) + " is not a time of day", "write it as hh:mm from 00:00 to 23:59"
	}
	t := time.Date(day.Year, day.Month, day.Day, hour, minute, second, 0, calendar.London)
	if t.Hour() != hour || t.Minute() != minute {
		return time.Time{}, fmt.Sprintf("%s does not exist on %s: the clocks go forward then", clock, day), "write the time the class really starts or ends"
	}
	earlier, later := candidates(t)
	if offset := m[4]; offset != "" {
		for _, c := range []time.Time{earlier, later} {
			if c.Format("Z07:00") == offset || c.Format("-07:00") == offset {
				return c.UTC(), "", ""
			}
		}
		return time.Time{}, fmt.Sprintf("the offset %s is not in force in London on %s", offset, day), "leave the offset out"
	}
	if !earlier.Equal(later) {
		return time.Time{}, fmt.Sprintf("%s exists twice on %s: the clocks go back then", clock, day),
			fmt.Sprintf("write %s+01:00 for the first or %s+00:00 for the second", clock, clock)
	}
	return t.UTC(), "", ""
}

// candidates are the instants that carry the same local time as t; they are equal unless the clocks go back.
func candidates(t time.Time) (earlier, later time.Time) {
	for _, other := range []time.Time{t.Add(-time.Hour), t.Add(time.Hour)} {
		if other.Hour() != t.Hour() || other.Day() != t.Day() {
			continue
		}
		if other.Before(t) {
			return other, t
		}
		return t, other
	}
	return t, t
}

// number reads digits that a regular expression has let through; none are zero.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

// LaterOf is the instant at which clocks in London showed a wall time, the later of two in the hour that comes twice. In spring
// an hour is missing: a clock that showed it was not London's.
func LaterOf(wall time.Time) (time.Time, error) {
	y, m, d := wall.Date()
	t := time.Date(y, m, d, wall.Hour(), wall.Minute(), wall.Second(), 0, calendar.London)
	if t.Hour() != wall.Hour() || t.Minute() != wall.Minute() {
		return time.Time{}, fmt.Errorf("%s does not exist in London on %s: the clocks go forward then", wall.Format("15:04"), wall.Format(time.DateOnly))
	}
	_, later := candidates(t)
	return later.UTC(), nil
}
