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

// Worst waits in milliseconds: a full round with RAW in place of one ACK, then RAW, two octets of silence and LED, 3 ms in the
// reader, 1 ms to decide and 1 ms to shine. They were worked out apart from the code, those under the channel with whole
// blocks of AES everywhere, which is up to two milliseconds more.
func TestLatest(t *testing.T) {
	for _, tt := range []struct{ baud, readers, plain, secure int }{
		{9600, 1, 87, 126}, {9600, 4, 159, 235}, {9600, 8, 254, 380},
		{38400, 1, 28, 37}, {38400, 4, 52, 71}, {38400, 8, 85, 117},
		{115200, 1, 15, 18}, {115200, 4, 29, 35}, {115200, 8, 48, 58},
	} {
		within := func(got time.Duration, want int, tolerance time.Duration) bool {
			return (got - time.Duration(want)*time.Millisecond).Abs() <= tolerance
		}
		if got := osdp.Latest(tt.baud, tt.readers, 0); !within(got, tt.plain, time.Millisecond) {
			t.Errorf("%d plain readers at %d: %v, want %d ms", tt.readers, tt.baud, got, tt.plain)
		}
		if got := osdp.Latest(tt.baud, 0, tt.readers); !within(got, tt.secure, 2*time.Millisecond) {
			t.Errorf("%d secure readers at %d: %v, want %d ms", tt.readers, tt.baud, got, tt.secure)
		}
	}
}
