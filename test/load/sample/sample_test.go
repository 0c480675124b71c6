package sample

import (
	"testing"
	"time"
)

func TestQuantile(t *testing.T) {
	hundred := make(Times, 100)
	for i := range hundred {
		hundred[i] = time.Duration(100 - i) // 100 down to 1
	}
	tests := []struct {
		name  string
		times Times
		q     float64
		want  time.Duration
	}{
		{"none", nil, 0.5, 0},
		{"one", Times{7}, 0.99, 7},
		{"middle of three", Times{9, 1, 4}, 0.5, 4},
		{"lower middle of four", Times{4, 3, 2, 1}, 0.5, 2},
		{"median of a hundred", hundred, 0.5, 50},
		{"p99 of a hundred", hundred, 0.99, 99},
		{"greatest", hundred, 1, 100},
		{"smallest", hundred, 0.001, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.times.Quantile(test.q); got != test.want {
				t.Errorf("Quantile(%v) = %d, want %d", test.q, got, test.want)
			}
		})
	}
	if hundred[0] != 100 {
		t.Error("Quantile changed the order of its times")
	}
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		name string
		v    []float64
		want float64
	}{
		{"none", nil, 0},
		{"odd", []float64{3, 1, 2}, 2},
		{"even", []float64{4, 1, 3, 2}, 2},
	} {
		if got := Median(test.v); got != test.want {
			t.Errorf("%s: Median = %v, want %v", test.name, got, test.want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 103200: "103,200", 1234567: "1,234,567"} {
		if got := Thousands(n); got != want {
			t.Errorf("Thousands(%d) = %q, want %q", n, got, want)
		}
	}
}
