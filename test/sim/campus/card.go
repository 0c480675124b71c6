package campus

import (
	"fmt"
	"math/rand/v2"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
)

// Card is one credential: what a reader finds, and the key by which the registry knows it.
type Card struct {
	card.Card
	Key string // "w26:<facility>:<number>", "em:<ten hexadecimal digits>", "uid:<fourteen>" or "qr:<text>"
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

// chip is a DESFire card; 04 is NXP's manufacturer code.
func chip(batch byte, number uint32) Card {
	octets := []byte{0x04, batch, byte(number >> 24), byte(number >> 16), byte(number >> 8), byte(number), 0x80}
	return Card{card.FromUID(octets...), fmt.Sprintf("uid:%X", octets)}
}

// badge is a code printed on the back of a card.
func badge(prefix string, number uint64) Card {
	text := fmt.Sprintf("%s-%016x", prefix, number)
	return Card{card.FromCode(text), "qr:" + text}
}

// The batches of chips and badges: the campus's and those of others.
const (
	ownChips, strangeChips   = 0x5E, 0x11
	ownBadges, strangeBadges = "campus", "elsewhere"
)

// stranger is a card nobody on the campus holds, of the kind that the room's reader can read.
func stranger(r *rand.Rand, room string) Card {
	switch kindOf(room) {
	case RDM6300:
		return em4100(0x7F, r.Uint32())
	case TWN4, PN532:
		return chip(strangeChips, r.Uint32())
	case QR:
		return badge(strangeBadges, r.Uint64())
	}
	return wiegand(strangeFacility, uint16(1+r.IntN(60000)))
}
