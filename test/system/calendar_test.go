package system

import (
	"testing"
	"time"
)

// A class never crosses midnight in London, whenever these tests are run, and the register that a test needs is open for as
// long as it needs it.
func TestClassesStayWithinADay(t *testing.T) {
	midnight := time.Date(2026, 7, 2, 0, 0, 0, 0, london)
	tests := []struct {
		name               string
		now                time.Duration // this and the following from midnight
		start, end         time.Duration
		wantStart, wantEnd time.Duration
	}{
		{"before midnight", -2 * time.Hour, -2 * time.Hour, -time.Hour, -2 * time.Hour, -time.Hour},
		{"cut short", -10 * time.Minute, -11 * time.Minute, 40 * time.Minute, -11 * time.Minute, -time.Second},
		{"too little left", -30 * time.Second, -90 * time.Second, 50 * time.Minute, 0, 51*time.Minute + 30*time.Second},
		{"short, across midnight", -3 * time.Second, -time.Second, 17 * time.Second, 0, 18 * time.Second},
		{"begun before midnight", 20 * time.Second, -40 * time.Second, 50 * time.Minute, 0, 50 * time.Minute},
		{"after midnight", time.Hour, time.Hour, 2 * time.Hour, time.Hour, 2 * time.Hour},
	}
	for _, tt := range tests {
		got := within(class{start: midnight.Add(tt.start), end: midnight.Add(tt.end)}, midnight.Add(tt.now))
		if !got.start.Equal(midnight.Add(tt.wantStart)) || !got.end.Equal(midnight.Add(tt.wantEnd)) {
			t.Errorf("%s: class = %v to %v, want %v to %v", tt.name,
				got.start.Sub(midnight), got.end.Sub(midnight), tt.wantStart, tt.wantEnd)
		}
	}
}
