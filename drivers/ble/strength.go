package ble

import (
	"slices"
	"time"
)

// How many readings of signal strength are kept, and for how long. Fading only ever lowers a reading, so the upper
// quartile of a few seconds says more about distance than their mean.
const (
	strengthReadings = 15
	strengthWithin   = 5 * time.Second
)

// strength holds the last readings of one beacon's strength.
type strength struct {
	at   [strengthReadings]time.Time
	dBm  [strengthReadings]int8
	next int
}

// add takes a reading. A radio that could not measure reports 127, and -127 and +20 are the ends of the scale, where
// broken radios sit; none of these says anything.
func (s *strength) add(dBm int8, at time.Time) {
	if dBm <= -127 || dBm >= 20 {
		return
	}
	s.at[s.next], s.dBm[s.next] = at, dBm
	s.next = (s.next + 1) % strengthReadings
}

// upperQuartile is the nearest-rank 75th percentile of the readings not older than strengthWithin, and their number.
func (s *strength) upperQuartile(now time.Time) (dBm int8, readings int) {
	var buf [strengthReadings]int8
	fresh := buf[:0]
	for i, at := range s.at {
		if !at.IsZero() && now.Sub(at) <= strengthWithin {
			fresh = append(fresh, s.dBm[i])
		}
	}
	if len(fresh) == 0 {
		return 0, 0
	}
	slices.Sort(fresh)
	return fresh[(3*len(fresh)+3)/4-1], len(fresh)
}
