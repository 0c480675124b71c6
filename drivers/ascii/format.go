package ascii

import (
	"errors"
	"fmt"

	"github.com/rollcall-edge/rollcall/drivers/credential"
	"github.com/rollcall-edge/rollcall/drivers/solo"
)

// Digits says how the number is written.
type Digits uint8

// The ways to write a number.
const (
	Hex Digits = iota
	Decimal
)

// Check says what guards the number.
type Check uint8

// The checks in use.
const (
	NoCheck Check = iota
	XOR           // two more hexadecimal digits: the exclusive or of the octets before
)

// Medium says what the number is.
type Medium uint8

// The kinds of cards.
const (
	UID    Medium = iota // ISO/IEC 14443-3, 4, 7 or 10 octets
	EM4100               // 5 octets
	Raw                  // an access number of whole octets, Wiegand formats by their length
)

// Format describes the lines of one kind of reader.
type Format struct {
	Start  []byte // before the number; may be empty, the end of one line is then the start of the next
	End    []byte // any one of these octets ends the number; required
	Digits Digits
	Check  Check
	Medium Medium
	Octets int              // of the number; 0 is any, which decimal cannot have
	Order  credential.Order // of the octets of a UID

	Feedback solo.Feedback
}

// RDM6300 is the format of the RDM6300 and its copies.
func RDM6300() Format {
	return Format{Start: []byte{0x02}, End: []byte{0x03}, Digits: Hex, Check: XOR, Medium: EM4100, Octets: 5}
}

// Generic is a UID in hexadecimal on a line of its own.
func Generic() Format { return Format{End: []byte("\r\n"), Digits: Hex, Medium: UID} }

// Preset finds a format by the name used in the configuration; ok is false for a name that is not one.
func Preset(name string) (f Format, ok bool) {
	switch name {
	case "rdm6300":
		return RDM6300(), true
	case "generic":
		return Generic(), true
	}
	return Format{}, false
}

// longestNumber bounds a number, in octets: a UID has 10.
const longestNumber = 16

// check names every fault of the format.
func (f Format) check() error {
	var faults []error
	if len(f.End) == 0 {
		faults = append(faults, errors.New("no end: name the octet that ends a line"))
	}
	if f.Octets < 0 || f.Octets > longestNumber {
		faults = append(faults, fmt.Errorf("%d octets are not possible: use 1 to %d, or 0 for any", f.Octets, longestNumber))
	}
	if f.Digits == Decimal && f.Octets == 0 {
		faults = append(faults, errors.New("decimal numbers have no length of their own: say how many octets they stand for"))
	}
	if f.Digits == Decimal && f.Check != NoCheck {
		faults = append(faults, errors.New("decimal numbers with a check are not known: use none"))
	}
	return errors.Join(faults...)
}

// longest is the number of digits of the longest line.
func (f Format) longest() int {
	octets := f.Octets
	if octets == 0 {
		octets = longestNumber
	}
	if f.Check == XOR {
		octets++
	}
	if f.Digits == Decimal {
		return 40 // 2 to the power of 128 has 39
	}
	return 2 * octets
}
