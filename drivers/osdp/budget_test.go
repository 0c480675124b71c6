package osdp_test

import (
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/osdp"
)

// Milliseconds worked out by hand, for POLL and ACK of 9 octets each (15 under the channel), 3 ms in the reader, and two
// octets of silence.
func TestCycle(t *testing.T) {
	for _, tt := range []struct{ baud, readers, plain, secure int }{
		{9600, 1, 24, 36}, {9600, 4, 95, 145}, {9600, 8, 191, 291},
		{38400, 1, 8, 11}, {38400, 4, 33, 45}, {38400, 8, 66, 91},
		{115200, 1, 5, 6}, {115200, 4, 19, 23}, {115200, 8, 38, 46},
	} {
		plain, secure := osdp.Cycle(tt.baud, tt.readers, 0), osdp.Cycle(tt.baud, 0, tt.readers)
		if got, want := plain.Round(time.Millisecond), time.Duration(tt.plain)*time.Millisecond; got != want {
			t.Errorf("%d plain readers at %d: %v, want %v", tt.readers, tt.baud, got, want)
		}
		if got, want := secure.Round(time.Millisecond), time.Duration(tt.secure)*time.Millisecond; got != want {
			t.Errorf("%d secure readers at %d: %v, want %v", tt.readers, tt.baud, got, want)
		}
		if got := osdp.Cycle(tt.baud, tt.readers, tt.readers); got < plain+secure-time.Microsecond || got > plain+secure+time.Microsecond {
			t.Errorf("both at %d: %v, want %v", tt.baud, got, plain+secure)
		}
	}
}
