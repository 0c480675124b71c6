package ble

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)

func TestUpperQuartile(t *testing.T) {
	type reading struct {
		ago time.Duration
		dBm int8
	}
	now := func(dBm ...int8) (rs []reading) {
		for _, d := range dBm {
			rs = append(rs, reading{0, d})
		}
		return rs
	}
	for _, c := range []struct {
		name     string
		in       []reading
		want     int8
		readings int
	}{
		{"none", nil, 0, 0},
		{"one", now(-70), -70, 1},
		{"two: the stronger", now(-70, -80), -70, 2},
		{"four: the third", now(-90, -60, -80, -70), -70, 4},
		{"five: the fourth", now(-90, -60, -80, -70, -85), -70, 5},
		{"fifteen: the twelfth", now(-15, -14, -13, -12, -11, -10, -9, -8, -7, -6, -5, -4, -3, -2, -1), -4, 15},
		{"sixteen: the first is pushed out", now(10, -15, -14, -13, -12, -11, -10, -9, -8, -7, -6, -5, -4, -3, -2, -1), -4, 15},
		{"five seconds old counts", []reading{{5 * time.Second, -50}}, -50, 1},
		{"older does not", []reading{{5*time.Second + 1, -50}, {0, -80}}, -80, 1},
		{"not measured", now(127), 0, 0},
		{"RSSI -127 and +20 say nothing", now(-127, 20, -126, 19), 19, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s strength
			for _, r := range c.in {
				s.add(r.dBm, noon.Add(-r.ago))
			}
			if got, n := s.upperQuartile(noon); got != c.want || n != c.readings {
				t.Errorf("upperQuartile = %d of %d, want %d of %d", got, n, c.want, c.readings)
			}
		})
	}
}
