package light

import (
	"testing"
	"time"
)

// The wanted figures were reckoned by hand from the frames of the standard, in milliseconds rounded to the nearest.
func TestModel(t *testing.T) {
	for _, test := range []struct {
		baud, readers     int
		best, mean, worst int
	}{
		{9600, 1, 52, 75, 87}, {9600, 4, 52, 111, 159}, {9600, 8, 52, 159, 254},
		{38400, 1, 17, 24, 28}, {38400, 4, 17, 36, 52}, {38400, 8, 17, 52, 85},
		{115200, 1, 9, 12, 15}, {115200, 4, 9, 19, 29}, {115200, 8, 9, 29, 48},
	} {
		m := NewModel(test.baud, test.readers)
		for _, figure := range []struct {
			name string
			got  time.Duration
			want int
		}{{"best", m.Best, test.best}, {"mean", m.Mean, test.mean}, {"worst", m.Worst, test.worst}} {
			if got := int(figure.got.Round(time.Millisecond).Milliseconds()); got != figure.want {
				t.Errorf("%d baud, %d readers: %s = %d ms, want %d", test.baud, test.readers, figure.name, got, figure.want)
			}
		}
	}
}

// At 38400 baud an octet takes 260.4 µs: 3 + 45 x 0.2604 + 1 = 15.72 ms after the POLL, and 20 octets and 3 ms for a turn.
func TestIdeal(t *testing.T) {
	if got, want := Ideal(38400, 1).Round(10*time.Microsecond), 19820*time.Microsecond; got != want {
		t.Errorf("Ideal(38400, 1) = %v, want %v", got, want)
	}
	if got, want := Ideal(38400, 8).Round(10*time.Microsecond), 48550*time.Microsecond; got != want {
		t.Errorf("Ideal(38400, 8) = %v, want %v", got, want)
	}
}
