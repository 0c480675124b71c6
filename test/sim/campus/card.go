package campus

import (
	"fmt"
	"math/rand/v2"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
)

// Card is one credential: what a reader finds, and the key by which the registry knows it.
type Card struct {
	card.Card
	Key string // "w26:<facility>:<number>" or "em:<ten hexadecimal digits>"
}

// facility is the site code of the campus; strangers' cards have another.
const (
	facility        = 71
	strangeFacility = 203
	firstNumber     = 20001 // of the campus's cards
)

func wiegand(site uint8, number uint16) Card {
	return Card{card.W26(site, number), fmt.Sprintf("w26:%d:%d", site, number)}
}

func em4100(customer byte, number uint32) Card {
	octets := [5]byte{customer, byte(number >> 24), byte(number >> 16), byte(number >> 8), byte(number)}
	return Card{card.FromEM4100(octets), fmt.Sprintf("em:%X", octets[:])}
}

// stranger is a card nobody on the campus holds, of the kind that the room's reader can read.
func stranger(r *rand.Rand, room string) Card {
	if kindOf(room) == RDM6300 {
		return em4100(0x7F, r.Uint32())
	}
	return wiegand(strangeFacility, uint16(1+r.IntN(60000)))
}
