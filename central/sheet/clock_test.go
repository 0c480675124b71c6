package sheet

import (
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// The clocks of 2026: forward on 29 March 01:00 GMT, back on 25 October 02:00 BST (gov.uk).
func TestLocalTimes(t *testing.T) {
	for _, tt := range []struct {
		name, day, clock, want string // want is UTC; empty if it is refused
	}{
		{"row 5 summer", "2026-10-05", "09:00", "2026-10-05T08:00:00Z"},
		{"row 4 winter", "2026-10-26", "09:00", "2026-10-26T09:00:00Z"},
		{"without a leading zero", "2026-10-26", "9:00", "2026-10-26T09:00:00Z"},
		{"with seconds", "2026-10-26", "09:00:30", "2026-10-26T09:00:30Z"},
		{"with the offset of summer", "2026-10-05", "09:00+01:00", "2026-10-05T08:00:00Z"},
		{"with the offset of winter", "2026-10-26", "09:00Z", "2026-10-26T09:00:00Z"},
		{"the last minute before spring", "2026-03-29", "00:59", "2026-03-29T00:59:00Z"},
		{"row 40 spring", "2026-03-29", "01:00", ""},
		{"row 40 spring", "2026-03-29", "01:30", ""},
		{"row 40 an offset does not make it exist", "2026-03-29", "01:30+01:00", ""},
		{"the first minute after spring", "2026-03-29", "02:00", "2026-03-29T01:00:00Z"},
		{"the last minute before the hour that comes twice", "2026-10-25", "00:59", "2026-10-24T23:59:00Z"},
		{"row 41 autumn", "2026-10-25", "01:00", ""},
		{"row 41 autumn", "2026-10-25", "01:30", ""},
		{"row 41 autumn, the first", "2026-10-25", "01:30+01:00", "2026-10-25T00:30:00Z"},
		{"row 41 autumn, the second", "2026-10-25", "01:30+00:00", "2026-10-25T01:30:00Z"},
		{"row 41 autumn, the second as Z", "2026-10-25", "01:30Z", "2026-10-25T01:30:00Z"},
		{"the first minute after the hour that comes twice", "2026-10-25", "02:00", "2026-10-25T02:00:00Z"},
		{"an offset of elsewhere", "2026-10-05", "09:00+05:30", ""},
		{"an offset of the other season", "2026-10-05", "09:00+00:00", ""},
		{"midnight", "2026-10-05", "00:00", "2026-10-04T23:00:00Z"},
		{"no such time", "2026-10-05", "24:00", ""},
		{"no time", "2026-10-05", "noon", ""},
	} {
		t.Run(tt.name+" "+tt.clock, func(t *testing.T) {
			day, err := calendar.ParseDay(tt.day)
			if err != nil {
				t.Fatal(err)
			}
			got, problem, _ := At(day, tt.clock)
			if tt.want == "" {
				if problem == "" {
					t.Errorf("at = %v, want it refused", got)
				}
				return
			}
			if problem != "" || got.Format(time.RFC3339) != tt.want {
				t.Errorf("at = %v, %q; want %v", got.Format(time.RFC3339), problem, tt.want)
			}
		})
	}
}
