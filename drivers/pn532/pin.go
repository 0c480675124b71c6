package pn532

import (
	"errors"
	"fmt"

	"github.com/rollcall-edge/rollcall/drivers/polled"
)

// Pin is an output of the chip's port 3. P32 and P34 are not among them: they belong to the handshake and to the
// security module and must stay high (7.2.7).
type Pin uint8

// The outputs. NoPin is one that is not wired.
const (
	NoPin Pin = iota
	P30
	P31
	P33
	P35
)

var pinNames = map[Pin]string{P30: "P30", P31: "P31", P33: "P33", P35: "P35"}

var pinBits = map[Pin]byte{P30: 1 << 0, P31: 1 << 1, P33: 1 << 3, P35: 1 << 5}

// ParsePin finds a pin by the name used in the configuration, e.g. "P30"; ok is false for a name that is not one.
func ParsePin(name string) (p Pin, ok bool) {
	for p, n := range pinNames {
		if n == name {
			return p, true
		}
	}
	return NoPin, false
}

// Lights says what is wired to which output, each through a transistor. All NoPin is a reader without a light.
type Lights struct {
	Red, Green Pin  // both, or no light at all
	Blue       Pin  // without it, red and green together stand for blue as well as amber
	Buzzer     Pin  // one that sounds by itself
	Inverted   bool // an output that is low is on
}

func (l Lights) none() bool { return l == Lights{} || l == Lights{Inverted: true} }

func (l Lights) check() error {
	if l.none() {
		return nil
	}
	var faults []error
	if l.Red == NoPin || l.Green == NoPin {
		faults = append(faults, errors.New("a light needs red and green: name the outputs of both, or name none at all"))
	}
	taken := map[Pin]bool{}
	for _, p := range []Pin{l.Red, l.Green, l.Blue, l.Buzzer} {
		if _, known := pinNames[p]; p != NoPin && !known {
			faults = append(faults, fmt.Errorf("output %d is not possible: use P30, P31, P33 or P35", p))
		}
		if p != NoPin && taken[p] {
			faults = append(faults, fmt.Errorf("output %s is named twice: wire one thing to each", pinNames[p]))
		}
		taken[p] = true
	}
	return errors.Join(faults...)
}

// mask is the outputs of a colour. Amber is red and green together, and so is blue where it is not wired.
func (l Lights) mask(c polled.Colour) byte {
	switch {
	case c == polled.Red:
		return pinBits[l.Red]
	case c == polled.Green:
		return pinBits[l.Green]
	case c == polled.Blue && l.Blue != NoPin:
		return pinBits[l.Blue]
	case c == polled.Blue, c == polled.Amber:
		return pinBits[l.Red] | pinBits[l.Green]
	}
	return 0
}

// The first parameter of WriteGPIO: port 3, as far as the highest bit says that it counts. The second is port 7, which
// is left alone.
const (
	port3      = 0x80
	port3Pins  = 0x3F
	port7Alone = 0x00
)

// write is the command that makes exactly the given outputs active. Those not wired stay high, as after reset.
func (l Lights) write(active byte) []byte {
	var wired byte
	for _, p := range []Pin{l.Red, l.Green, l.Blue, l.Buzzer} {
		wired |= pinBits[p]
	}
	level := active
	if l.Inverted {
		level = wired &^ active
	}
	return []byte{writeGPIO, port3 | port3Pins&^wired | level, port7Alone}
}
