package osdp

import "time"

// What one question for a card and its reply cost, besides the time of the octets.
const (
	plainOctets  = 9 + 9                // POLL and ACK, each with its mark
	sealedOctets = 15 + 15              // the same under the secure channel
	turnaround   = 3 * time.Millisecond // of a reader, by the standard; most need that or less
	octetBits    = 10                   // start bit, eight bits, stop bit
)

// Cycle is how long one round over readers that are polled back to back takes on a bus of so many bits per second,
// where plainReaders have no key and secureReaders have one. A light comes half a round later than on a bus of one
// reader, on average.
func Cycle(baud, plainReaders, secureReaders int) time.Duration {
	octets := plainReaders*(plainOctets+quietOctets) + secureReaders*(sealedOctets+quietOctets)
	wire := time.Duration(octets) * octetBits * time.Second / time.Duration(baud)
	return wire + time.Duration(plainReaders+secureReaders)*turnaround
}
