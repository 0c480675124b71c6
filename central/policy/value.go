package policy

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// What a value of a policy can get wrong.
var (
	ErrDuration = errors.New("not a length of time; write for example 30m, 10s or 20h")
	ErrEdge     = errors.New("not a moment of a session; write for example start-30m, start, end or end+15m")
	ErrDeadline = errors.New("not a number of days; write for example 10 working days or 10 calendar days")
)

// Duration is a length of time, written as "30m", "1h30m" or "10s".
type Duration time.Duration

// UnmarshalText reads a length of time that is not negative. Error: ErrDuration.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil || v < 0 {
		return fmt.Errorf("%q: %w", text, ErrDuration)
	}
	*d = Duration(v)
	return nil
}

// Std is d for arithmetic.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String is the form that UnmarshalText reads.
func (d Duration) String() string { return short(time.Duration(d)) }

// MarshalText is String.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Edge is a moment relative to a session, written as "start-30m", "end" or "start+30m".
type Edge struct {
	End    bool // relative to the end, not to the start
	Offset time.Duration
}

// UnmarshalText reads a moment. Error: ErrEdge.
func (e *Edge) UnmarshalText(text []byte) error {
	rest, atEnd := strings.CutPrefix(string(text), "end")
	if !atEnd {
		var atStart bool
		if rest, atStart = strings.CutPrefix(string(text), "start"); !atStart {
			return fmt.Errorf("%q: %w", text, ErrEdge)
		}
	}
	offset := time.Duration(0)
	if rest != "" {
		var err error
		if offset, err = time.ParseDuration(rest); err != nil || rest[0] != '+' && rest[0] != '-' {
			return fmt.Errorf("%q: %w", text, ErrEdge)
		}
	}
	*e = Edge{End: atEnd, Offset: offset}
	return nil
}

// String is the form that UnmarshalText reads.
func (e Edge) String() string {
	name := "start"
	if e.End {
		name = "end"
	}
	switch {
	case e.Offset > 0:
		return name + "+" + short(e.Offset)
	case e.Offset < 0:
		return name + "-" + short(-e.Offset)
	}
	return name
}

// MarshalText is String.
func (e Edge) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// At is the moment for a session.
func (e Edge) At(start, end time.Time) time.Time {
	if e.End {
		return end.Add(e.Offset)
	}
	return start.Add(e.Offset)
}

// Deadline is a number of days from an event, whose day is day 0 (RULES G-5), written as "10 working days".
type Deadline struct {
	Days    int
	Working bool
}

// UnmarshalText reads a number of days. Error: ErrDeadline.
func (d *Deadline) UnmarshalText(text []byte) error {
	words := strings.Fields(string(text))
	if len(words) != 3 || words[2] != "days" || words[1] != "working" && words[1] != "calendar" {
		return fmt.Errorf("%q: %w", text, ErrDeadline)
	}
	n, err := strconv.Atoi(words[0])
	if err != nil || n < 1 || n > 366 {
		return fmt.Errorf("%q: %w", text, ErrDeadline)
	}
	*d = Deadline{Days: n, Working: words[1] == "working"}
	return nil
}

// String is the form that UnmarshalText reads; empty when there is no deadline.
func (d Deadline) String() string {
	switch {
	case d.Days == 0:
		return ""
	case d.Working:
		return strconv.Itoa(d.Days) + " working days"
	}
	return strconv.Itoa(d.Days) + " calendar days"
}

// MarshalText is String.
func (d Deadline) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Set reports whether there is a deadline.
func (d Deadline) Set() bool { return d.Days > 0 }

// After is the last day on which something caused by an event of a day may be done (RULES G-5).
func (d Deadline) After(day calendar.Day, c *calendar.Calendar) calendar.Day {
	if d.Working {
		return c.AddWorkingDays(day, d.Days)
	}
	return day.Add(d.Days)
}

// short is a duration without the zero minutes and seconds that time.Duration prints.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
