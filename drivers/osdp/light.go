package osdp

import (
	"github.com/rollcall-edge/rollcall/drivers"
)

// Colour is a colour of an OSDP light, with the standard's numbers.
type Colour uint8

// The colours of OSDP v2.2.
const (
	Dark Colour = iota
	Red
	Green
	Amber
	Blue
	Magenta
	Cyan
	White
)

// Control codes of the LED record: 0 leaves a half of the record alone, and then it must be all zeros.
const (
	tempSet = 2
	permSet = 1
)

// Tones of the buzzer.
const toneDefault = 2

// blink is a light that is on and off for so many tenths of a second, in two colours. A steady one is on 1, off 0.
type blink struct {
	on, off           byte
	onColour, offDark Colour
}

func steady(c Colour) blink { return blink{on: 1, onColour: c, offDark: c} }

func (b blink) octets() []byte {
	return []byte{b.on, b.off, byte(b.onColour), byte(b.offDark)}
}

// flash is a momentary signal: a light for so many tenths, and beeps.
type flash struct {
	blink  blink
	tenths uint16
	beep   beep
}

// beep is count sounds of on tenths with off tenths between.
type beep struct{ on, off, count byte }

// flashes is what each momentary signal looks and sounds like. Stored and NotKept differ in sound as well as colour,
// for people who tell colours badly.
var flashes = map[drivers.Signal]flash{
	drivers.Accepted: {blink{2, 1, Green, Dark}, 10, beep{1, 0, 1}},
	drivers.Refused:  {steady(Red), 15, beep{1, 1, 3}},
	drivers.Several:  {blink{3, 3, Red, Dark}, 12, beep{1, 1, 2}},
	drivers.Stored:   {blink{2, 2, Blue, Dark}, 12, beep{1, 0, 1}},
	drivers.NotKept:  {blink{1, 1, Amber, Dark}, 15, beep{5, 0, 1}},
}

// permanent is the LED record that replaces the steady light of the first LED of the first reader head.
func permanent(b blink) []byte {
	return append([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, permSet}, b.octets()...)
}

// temporary is the LED record that shows b for so many tenths and then goes back.
func temporary(b blink, tenths uint16) []byte {
	record := append([]byte{0, 0, tempSet}, b.octets()...)
	return append(record, byte(tenths), byte(tenths>>8), 0, 0, 0, 0, 0)
}

// both shows temp for so many tenths and then perm.
func both(temp blink, tenths uint16, perm blink) []byte {
	record := temporary(temp, tenths)
	record[9] = permSet
	copy(record[10:], perm.octets())
	return record
}

// sound is the BUZ record.
func sound(b beep) []byte { return []byte{0, toneDefault, b.on, b.off, b.count} }

// palette is how one reader shows Ready.
type palette struct{ ready Colour }

// steady is the light between taps. Where Ready had to become amber, Fault blinks, so that the two stay apart.
func (p palette) steady(s drivers.Signal) blink {
	switch {
	case s == drivers.Ready:
		return steady(p.ready)
	case s == drivers.Fault && p.ready == Amber:
		return blink{on: 5, off: 5, onColour: Amber}
	case s == drivers.Fault:
		return steady(Amber)
	}
	return steady(Dark)
}

// momentary is the flash of s; a blue one is shown in the colour the reader has instead.
func (p palette) momentary(s drivers.Signal) flash {
	f := flashes[s]
	if f.blink.onColour == Blue {
		f.blink.onColour = p.ready
	}
	return f
}
