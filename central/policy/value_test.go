package policy

import (
	"errors"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// Each text is read and written again as it stands; the moments are reckoned by hand for 09:00 to 10:00.
func TestEdge(t *testing.T) {
	start := time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)
	end := start.Add(time.Hour)
	tests := []struct{ text, want string }{
		{"start-30m", "07:30:00"}, {"start", "08:00:00"}, {"start+30m", "08:30:00"}, {"end", "09:00:00"}, {"end-10m", "08:50:00"}, {"end+1h30m", "10:30:00"},
	}
	for _, tt := range tests {
		var e Edge
		if err := e.UnmarshalText([]byte(tt.text)); err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if got := e.At(start, end).Format(time.TimeOnly); got != tt.want || e.String() != tt.text {
			t.Errorf("%s is at %s and prints %s, want %s", tt.text, got, e, tt.want)
		}
	}
	for _, text := range []string{"", "begin", "start 30m", "start30m", "end+", "end-x", "startend", "start--5m"} {
		var e Edge
		if err := e.UnmarshalText([]byte(text)); !errors.Is(err, ErrEdge) {
			t.Errorf("%q = %v, want ErrEdge", text, err)
		}
	}
}

func TestDeadline(t *testing.T) {
	tests := []struct{ text, want string }{
		{"10 working days", "2026-12-29"}, {"10 calendar days", "2026-12-21"}, {"14 calendar days", "2026-12-25"},
	}
	for _, tt := range tests {
		var d Deadline
		if err := d.UnmarshalText([]byte(tt.text)); err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		// RULES row 50: the event is on Friday 11 December 2026.
		day := calendar.Day{Year: 2026, Month: time.December, Day: 11}
		if got := d.After(day, &calendar.Calendar{}).String(); got != tt.want || d.String() != tt.text || !d.Set() {
			t.Errorf("%s after 11 December is %s and prints %s, want %s", tt.text, got, d, tt.want)
		}
	}
	for _, text := range []string{"", "10", "10 days", "ten working days", "0 working days", "-1 calendar days", "400 calendar days", "10 working weeks"} {
		var d Deadline
		if err := d.UnmarshalText([]byte(text)); !errors.Is(err, ErrDeadline) {
			t.Errorf("%q = %v, want ErrDeadline", text, err)
		}
	}
}

func TestDuration(t *testing.T) {
	for _, text := range []string{"10s", "30m", "1h30m", "20h", "0s"} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || d.String() != text {
			t.Errorf("%s prints %s, %v", text, d, err)
		}
	}
	for _, text := range []string{"", "30", "-5m", "half an hour"} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); !errors.Is(err, ErrDuration) {
			t.Errorf("%q = %v, want ErrDuration", text, err)
		}
	}
}
