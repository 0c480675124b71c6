package cluster

import (
	"errors"
	"testing"
)

func TestShare(t *testing.T) {
	for _, test := range []struct {
		n    int
		want [Size]int
	}{{0, [Size]int{0, 0, 0}}, {1, [Size]int{1, 0, 0}}, {2, [Size]int{1, 1, 0}}, {16, [Size]int{6, 5, 5}}, {256, [Size]int{86, 85, 85}}} {
		for place, want := range test.want {
			if got := share(test.n, place); got != want {
				t.Errorf("of %d clients %d come to member %d, want %d", test.n, got, place, want)
			}
		}
	}
}

func TestPeakOf(t *testing.T) {
	for _, test := range []struct {
		status string
		want   int64
		err    bool
	}{
		{"Name:\tetcd\nVmPeak:\t 9000 kB\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n", 2 << 20, false},
		{"VmHWM:\t many kB\n", 0, true},
		{"Name:\tetcd\n", 0, true},
	} {
		if got, err := peakOf(test.status); got != test.want || (err != nil) != test.err {
			t.Errorf("peakOf(%q) = %d, %v, want %d", test.status, got, err, test.want)
		}
	}
	if _, err := peakOf(""); !errors.Is(err, errNoPeak) {
		t.Errorf("peakOf nothing: %v", err)
	}
}
