package twn4

import (
	"errors"
	"fmt"
	"slices"

	"github.com/rollcall-edge/rollcall/drivers/credential"
)

// Tag is a kind of card, with the vendor's number.
type Tag byte

// The tags that are read here (annex A of the protocol).
const (
	EM4102  Tag = 0x40 // 125 kHz, 5 octets
	HIDProx Tag = 0x49 // 125 kHz, as many bits as its Wiegand format; the reader needs its option P
	MIFARE  Tag = 0x80 // 13.56 MHz, every ISO/IEC 14443 type A card: 4, 7 or 10 octets
)

const (
	highFrequency Tag = 0x80
	tagMask       Tag = 0x1F
)

// Tags are all that can be read, and what is searched for when nothing else is configured.
func Tags() []Tag { return []Tag{MIFARE, EM4102, HIDProx} }

var tagNames = map[Tag]string{EM4102: "em4102", HIDProx: "hidprox", MIFARE: "mifare"}

// ParseTag finds a tag by the name used in the configuration; ok is false for a name that is not one.
func ParseTag(name string) (t Tag, ok bool) {
	for t, n := range tagNames {
		if n == name {
			return t, true
		}
	}
	return 0, false
}

// errTag means that a card of a kind that is not read here was in the field.
var errTag = errors.New("card is of a kind that is not read here")

// found is what SearchTag says of the card in the field.
type found struct {
	tag  Tag
	bits int
	id   []byte
}

// key is the credential of the card. Errors: errTag and those of package credential.
func (f found) key(order credential.Order) (string, error) {
	switch f.tag {
	case MIFARE:
		return credential.FromUID(f.id, order)
	case EM4102:
		return credential.FromEM4100(turned(f.id, order))
	case HIDProx:
		return credential.FromBits(f.id, f.bits)
	}
	return "", fmt.Errorf("read tag of type %02X: %w", byte(f.tag), errTag)
}

func turned(id []byte, order credential.Order) []byte {
	if order != credential.Reversed {
		return id
	}
	id = slices.Clone(id)
	slices.Reverse(id)
	return id
}
