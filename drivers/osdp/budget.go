package osdp

import "time"

// What one question for a card and its reply cost, besides the time of the octets.
const (
	plainOctets  = 9 + 9                // POLL and ACK, each with its mark
	sealedOctets = 15 + 15              // the same under the secure channel
	turnaround   = 3 * time.Millisecond // of a reader, by the standard; most need that or less
	octetBits    = 10                   // start bit, eight bits, stop bit
)

// What a card with a UID of seven octets costs from its reply to its light.
const (
	plainCard  = 20 + 23              // RAW and LED, each with its mark
	sealedCard = 31 + 31              // the same under the secure channel
	plainMore  = 20 - 9               // by so much is RAW longer than ACK
	sealedMore = 31 - 15              // likewise
	answering  = 2 * time.Millisecond // the decision, and the reader at its light
)

// Cycle is how long one round over readers that are polled back to back takes on a bus of so many bits per second,
// where plainReaders have no key and secureReaders have one. A light comes half a round later than on a bus of one
// reader, on average.
func Cycle(baud, plainReaders, secureReaders int) time.Duration {
	octets := plainReaders*(plainOctets+quietOctets) + secureReaders*(sealedOctets+quietOctets)
	wire := time.Duration(octets) * octetBits * time.Second / time.Duration(baud)
	return wire + time.Duration(plainReaders+secureReaders)*turnaround
}

// Latest is how long a card waits for its light at worst: it comes just after its reader was asked, and a whole round goes by. It
// counts a decision that takes a millisecond; a slow disk adds its flush.
func Latest(baud, plainReaders, secureReaders int) time.Duration {
	octets := plainCard + plainMore + quietOctets
	if secureReaders > 0 {
		octets = sealedCard + sealedMore + quietOctets
	}
	return Cycle(baud, plainReaders, secureReaders) + time.Duration(octets)*octetBits*time.Second/time.Duration(baud) + turnaround + answering
}
