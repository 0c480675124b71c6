package light

import (
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/load/appliance"
)

// The wanted figures were reckoned by hand from the frames of the standard, in milliseconds rounded to the nearest.
func TestModel(t *testing.T) {
	for _, test := range []struct {
		wiring            appliance.Wiring
		best, mean, worst int
	}{
		{appliance.Wiring{Baud: 9600, Readers: 1}, 52, 75, 87},
		{appliance.Wiring{Baud: 9600, Readers: 4}, 52, 111, 159},
		{appliance.Wiring{Baud: 9600, Readers: 8}, 52, 159, 254},
		{appliance.Wiring{Baud: 38400, Readers: 1}, 17, 24, 28},
		{appliance.Wiring{Baud: 38400, Readers: 4}, 17, 36, 52},
		{appliance.Wiring{Baud: 38400, Readers: 8}, 17, 52, 85},
		{appliance.Wiring{Baud: 115200, Readers: 1}, 9, 12, 15},
		{appliance.Wiring{Baud: 115200, Readers: 4}, 9, 19, 29},
		{appliance.Wiring{Baud: 115200, Readers: 8}, 9, 29, 48},
		{appliance.Wiring{Baud: 9600, Readers: 1, Secure: true}, 72, 108, 126},
		{appliance.Wiring{Baud: 9600, Readers: 4, Secure: true}, 72, 162, 235},
		{appliance.Wiring{Baud: 9600, Readers: 8, Secure: true}, 72, 235, 380},
		{appliance.Wiring{Baud: 38400, Readers: 1, Secure: true}, 22, 32, 37},
		{appliance.Wiring{Baud: 38400, Readers: 4, Secure: true}, 22, 49, 71},
		{appliance.Wiring{Baud: 38400, Readers: 8, Secure: true}, 22, 71, 117},
		{appliance.Wiring{Baud: 115200, Readers: 1, Secure: true}, 11, 15, 18},
		{appliance.Wiring{Baud: 115200, Readers: 4, Secure: true}, 11, 24, 35},
		{appliance.Wiring{Baud: 115200, Readers: 8, Secure: true}, 11, 35, 58},
	} {
		m := NewModel(test.wiring)
		for _, figure := range []struct {
			name string
			got  time.Duration
			want int
		}{{"best", m.Best, test.best}, {"mean", m.Mean, test.mean}, {"worst", m.Worst, test.worst}} {
			if got := int(figure.got.Round(time.Millisecond).Milliseconds()); got != figure.want {
				t.Errorf("%+v: %s = %d ms, want %d", test.wiring, figure.name, got, figure.want)
			}
		}
	}
}

// At 38400 baud an octet takes 260.4 µs: 3 + 45 x 0.2604 + 1 = 15.72 ms after the POLL, and 20 octets and 3 ms for a turn.
func TestIdeal(t *testing.T) {
	if got, want := Ideal(appliance.Wiring{Baud: 38400, Readers: 1}).Round(10*time.Microsecond), 19820*time.Microsecond; got != want {
		t.Errorf("Ideal of one reader = %v, want %v", got, want)
	}
	if got, want := Ideal(appliance.Wiring{Baud: 38400, Readers: 8}).Round(10*time.Microsecond), 48550*time.Microsecond; got != want {
		t.Errorf("Ideal of eight readers = %v, want %v", got, want)
	}
}
