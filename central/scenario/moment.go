package scenario

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// What a moment can get wrong.
var (
	errMoment  = errors.New("not a moment; write for example 2026-10-05 09:00, or 09:00 for the day of the step before")
	errSpan    = errors.New("not a time from and to; write for example 09:00-10:00")
	errWeekday = errors.New("not a day of the week; write Mon, Tue, Wed, Thu, Fri, Sat or Sun")
)

// Moment is a day, a time of day or both, in London unless it ends in Z. The zero value is no moment.
type Moment struct {
	text  string
	day   calendar.Day // zero: the day of what came before
	timed bool
	clock time.Duration // since midnight, by the clock on the wall
	zone  string        // "", "Z", "+01:00" or "+00:00"
}

var momentForm = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2})?[ T]?(?:(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?(Z|\+0[01]:00)?)?$`)

// UnmarshalText reads a moment. Error: errMoment.
func (m *Moment) UnmarshalText(text []byte) error {
	parts := momentForm.FindStringSubmatch(string(text))
	if parts == nil || len(text) == 0 {
		return fmt.Errorf("%q: %w", text, errMoment)
	}
	out := Moment{text: string(text), timed: parts[2] != "", zone: parts[6]}
	if parts[1] != "" {
		day, err := calendar.ParseDay(parts[1])
		if err != nil {
			return err
		}
		out.day = day
	}
	hour, minute, second := number(parts[2]), number(parts[3]), number(parts[4])
	if hour > 23 || minute > 59 || second > 59 {
		return fmt.Errorf("%q: %w", text, errMoment)
	}
	millisecond := number((parts[5] + "000")[:3])
	out.clock = time.Duration(((hour*60+minute)*60+second)*1000+millisecond) * time.Millisecond
	*m = out
	return nil
}

// number reads digits that a form has let through; none are zero.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

func (m Moment) isSet() bool { return m.text != "" }

// on is the instant, on a day of its own or on the one given. The error says what to write instead.
func (m Moment) on(day calendar.Day) (time.Time, error) {
	if m.day != (calendar.Day{}) {
		day = m.day
	}
	if m.zone == "Z" {
		return time.Date(day.Year, day.Month, day.Day, 0, 0, 0, 0, time.UTC).Add(m.clock), nil
	}
	return wall(day, m.clock, m.zone)
}

// last is the last instant that a moment means: of a day without a time, its last millisecond.
func (m Moment) last(day calendar.Day) (time.Time, error) {
	t, err := m.on(day)
	if err != nil || m.timed {
		return t, err
	}
	return calendar.DayOf(t).Add(1).Starts().Add(-time.Millisecond).UTC(), nil
}

// wall is what a clock on a wall in London shows at an instant. Twice a year that is not plain, and the zone must help.
func wall(day calendar.Day, clock time.Duration, zone string) (time.Time, error) {
	naive := time.Date(day.Year, day.Month, day.Day, 0, 0, 0, 0, time.UTC).Add(clock)
	var found []time.Time
	for _, offset := range []time.Duration{time.Hour, 0} {
		t := naive.Add(-offset)
		if _, is := t.In(calendar.London).Zone(); time.Duration(is)*time.Second == offset && (zone == "" || zone == "+01:00" == (offset == time.Hour)) {
			found = append(found, t)
		}
	}
	shown := naive.Format("15:04")
	switch {
	case len(found) == 0 && zone != "":
		return time.Time{}, fmt.Errorf("the offset %s is not in force in London on %s; leave it out", zone, day)
	case len(found) == 0:
		return time.Time{}, fmt.Errorf("%s does not exist on %s, because the clocks go forward then; write another time", shown, day)
	case len(found) == 2:
		return time.Time{}, fmt.Errorf("%s exists twice on %s, because the clocks go back then; write %s+01:00 for the first or %s+00:00 for the second", shown, day, shown, shown)
	}
	return found[0], nil
}

// Span is a time from and to, on one day.
type Span struct{ from, to Moment }

// UnmarshalText reads "09:00-10:00". Error: errSpan.
func (s *Span) UnmarshalText(text []byte) error {
	from, to, ok := strings.Cut(string(text), "-")
	if !ok || s.from.UnmarshalText([]byte(strings.TrimSpace(from))) != nil || s.to.UnmarshalText([]byte(strings.TrimSpace(to))) != nil ||
		!s.from.timed || !s.to.timed || s.to.clock <= s.from.clock {
		return fmt.Errorf("%q: %w", text, errSpan)
	}
	return nil
}

func (s Span) isSet() bool { return s.from.isSet() }

// Weekday is a day of the week.
type Weekday time.Weekday

// UnmarshalText reads the English name or its first three letters. Error: errWeekday.
func (w *Weekday) UnmarshalText(text []byte) error {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if name := d.String(); strings.EqualFold(string(text), name) || strings.EqualFold(string(text), name[:3]) {
			*w = Weekday(d)
			return nil
		}
	}
	return fmt.Errorf("%q: %w", text, errWeekday)
}
