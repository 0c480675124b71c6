// Package card is what a person holds to a simulated reader: Wiegand credentials, ISO 14443 cards, EM4100 tags and
// printed codes. It gives their bits as a reader finds them; it knows no protocol, no student and no canonical key of the product.
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
	Code                      // text in a QR or bar code
)

// Card is one credential. Cards are values and may be compared.
type Card struct {
	kind   Kind
	count  int    // bits
	octets string // left aligned, most significant bit first

	atqa uint16 // these for ISO 14443 type A
	sak  byte
	ats  string
}

// W26 is the 26-bit Wiegand card of a site (facility) code and a number: an even parity bit over the first 12 data
// bits, 8 bits of site, 16 bits of number, an odd parity bit over the last 12.
func W26(site uint8, number uint16) Card {
	data := uint32(site)<<16 | uint32(number)
	even := uint32(bits.OnesCount32(data>>12)) & 1
	odd := uint32(bits.OnesCount32(data&0xFFF))&1 ^ 1
	w := (even<<25 | data<<1 | odd) << 6
	return Card{kind: Wiegand26, count: 26, octets: string([]byte{byte(w >> 24), byte(w >> 16), byte(w >> 8), byte(w)})}
}

// FromUID is a card with this identifier, in the order the card sends it: a MIFARE Classic with 4 octets, a DESFire
// with 7. Any other length is taken, because a faulty reader may report any; real cards have 4, 7 or 10 octets.
func FromUID(octets ...byte) Card {
	if len(octets) == 7 {
		return FromISO14443A(octets, 0x0344, 0x20, 0x75, 0x77, 0x81, 0x02, 0x80)
	}
	return FromISO14443A(octets, 0x0004, 0x08)
}

// FromISO14443A is a card that answers a REQA with atqa and a selection with sak, and a RATS with ats (without its
// length) if it has one (ISO/IEC 14443-3 and -4; values of real cards in NXP AN10833).
func FromISO14443A(uid []byte, atqa uint16, sak byte, ats ...byte) Card {
	return Card{kind: UID, count: 8 * len(uid), octets: string(uid), atqa: atqa, sak: sak, ats: string(ats)}
}

// FromCode is a printed code, or one on the screen of a phone.
func FromCode(text string) Card {
	return Card{kind: Code, count: 8 * len(text), octets: text}
}

// FromEM4100 is a 125 kHz tag: version octet first, then the 32-bit number.
func FromEM4100(octets [5]byte) Card {
	return Card{kind: EM4100, count: 40, octets: string(octets[:])}
}

// FromBits is a credential of count bits, left aligned in ceil(count/8) octets, unchecked: with it a test sends wrong
// parities and lengths that do not match.
func FromBits(count int, octets ...byte) Card {
	return Card{kind: Odd, count: count, octets: string(octets)}
}

// Kind is the technology of the card.
func (c Card) Kind() Kind { return c.kind }

// Bits is the number of bits a reader reports for the card.
func (c Card) Bits() int { return c.count }

// Octets are the bits of the card, most significant first, left aligned; the caller may keep and change them.
func (c Card) Octets() []byte { return []byte(c.octets) }

// Wiegand is the site (facility) code and the number of a 26-bit Wiegand card.
func (c Card) Wiegand() (site, number int) {
	b := c.octets
	w := (uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])) >> 7
	return int(w >> 16 & 0xFF), int(w & 0xFFFF)
}

// ISO14443A is what a type A card says of itself while it is selected.
func (c Card) ISO14443A() (atqa uint16, sak byte, ats []byte) { return c.atqa, c.sak, []byte(c.ats) }

// String is the card as a test's failure should print it, e.g. "w26:123:45678" or "uid:04A2B3C4D5E680".
func (c Card) String() string {
	switch c.kind {
	case Wiegand26:
		site, number := c.Wiegand()
		return fmt.Sprintf("w26:%d:%d", site, number)
	case Code:
		return fmt.Sprintf("code:%q", c.octets)
	case UID:
		return fmt.Sprintf("uid:%X", c.octets)
	case EM4100:
		return fmt.Sprintf("em4100:%X", c.octets)
	default:
		return fmt.Sprintf("bits:%d:%X", c.count, c.octets)
	}
}
