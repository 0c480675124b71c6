// Package card is what a person holds to a simulated reader: Wiegand credentials, ISO 14443 UIDs and EM4100 tags.
// It gives their bits as a reader finds them; it knows no protocol, no student and no canonical key of the product.
package card

import (
	"fmt"
	"math/bits"
)

// Kind is the technology of a card.
type Kind uint8

// The technologies a campus meets, and Odd for bits that no real card should send.
const (
	Wiegand26 Kind = iota + 1 // 26 bits with two parities, from an access-control credential
	UID                       // ISO 14443 identifier: 4, 7 or 10 octets on real cards
	EM4100                    // 125 kHz tag: 5 octets
	Odd                       // any bit string, for readers that report nonsense
)

// Card is one credential. Cards are values and may be compared.
type Card struct {
	kind   Kind
	count  int    // bits
	octets string // left aligned, most significant bit first
}

// W26 is the 26-bit Wiegand card of a site (facility) code and a number: an even parity bit over the first 12 data
// bits, 8 bits of site, 16 bits of number, an odd parity bit over the last 12.
func W26(site uint8, number uint16) Card {
	data := uint32(site)<<16 | uint32(number)
	even := uint32(bits.OnesCount32(data>>12)) & 1
	odd := uint32(bits.OnesCount32(data&0xFFF))&1 ^ 1
	w := (even<<25 | data<<1 | odd) << 6
	return Card{Wiegand26, 26, string([]byte{byte(w >> 24), byte(w >> 16), byte(w >> 8), byte(w)})}
}

// FromUID is a card with this identifier, in the order the card sends it. Any length is taken, because a faulty
// reader may report any; real cards have 4, 7 or 10 octets.
func FromUID(octets ...byte) Card {
	return Card{UID, 8 * len(octets), string(octets)}
}

// FromEM4100 is a 125 kHz tag: version octet first, then the 32-bit number.
func FromEM4100(octets [5]byte) Card {
	return Card{EM4100, 40, string(octets[:])}
}

// FromBits is a credential of count bits, left aligned in ceil(count/8) octets, unchecked: with it a test sends wrong
// parities and lengths that do not match.
func FromBits(count int, octets ...byte) Card {
	return Card{Odd, count, string(octets)}
}

// Kind is the technology of the card.
func (c Card) Kind() Kind { return c.kind }

// Bits is the number of bits a reader reports for the card.
func (c Card) Bits() int { return c.count }

// Octets are the bits of the card, most significant first, left aligned; the caller may keep and change them.
func (c Card) Octets() []byte { return []byte(c.octets) }

// String is the card as a test's failure should print it, e.g. "w26:123:45678" or "uid:04A2B3C4D5E680".
func (c Card) String() string {
	switch c.kind {
	case Wiegand26:
		b := c.octets
		w := (uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])) >> 7
		return fmt.Sprintf("w26:%d:%d", w>>16&0xFF, w&0xFFFF)
	case UID:
		return fmt.Sprintf("uid:%X", c.octets)
	case EM4100:
		return fmt.Sprintf("em4100:%X", c.octets)
	default:
		return fmt.Sprintf("bits:%d:%X", c.count, c.octets)
	}
}
