package ascii

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/rollcall-edge/rollcall/drivers/credential"
	"github.com/rollcall-edge/rollcall/drivers/solo"
	"github.com/rollcall-edge/rollcall/drivers/textline"
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
	UID     Medium = iota // ISO/IEC 14443-3, 4, 7 or 10 octets
	EM4100                // 5 octets
	Raw                   // an access number of whole octets, Wiegand formats by their length
	Wiegand               // no number but two, as Parts has them
)

// Parts says how a line writes a Wiegand card: facility and card, two decimal numbers.
type Parts struct {
	Facility string // stands before the facility; may be empty
	Card     string // stands between facility and card; empty when lines are never so
	Bits     int    // of the card's format, which such a line does not tell: 26, 34 or 37
}

// Format describes the lines of one kind of reader.
type Format struct {
	Start  []byte // before the number; may be empty, the end of one line is then the start of the next
	End    []byte // any one of these octets ends the number; required
	Digits Digits
	Check  Check
	Medium Medium
	Octets int              // of the number; 0 is any, which decimal cannot have
	Order  credential.Order // of the octets of a UID
	Parts  Parts            // a line with Parts.Card in it is read so, whatever Medium is

	Prompt  string   // what the reader puts before a line now and then
	Replies []string // a line that begins with one of these is no card, but what the reader has to say

	Feedback solo.Feedback
}

// Bounds of what a line can hold.
const (
	longestNumber  = 16 // octets: a UID has 10
	longestDecimal = 40 // digits: 2 to the power of 128 has 39
	longestPart    = 10 // digits, leading zeros included
	longestReply   = 64 // octets; longer ones are noise
)

// check names every fault of the format.
func (f Format) check() error {
	var faults []error
	fault := func(bad bool, format string, a ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, a...))
		}
	}
	fault(len(f.End) == 0, "no end: name the octet that ends a line")
	fault(bytes.ContainsAny(f.Start, string(f.End)) && len(f.End) > 0, "start and end share an octet: a line could not begin")
	fault(f.Octets < 0 || f.Octets > longestNumber, "%d octets are not possible: use 1 to %d, or 0 for any", f.Octets, longestNumber)
	fault(f.Digits == Decimal && f.Octets == 0, "decimal numbers have no length of their own: say how many octets they stand for")
	fault(f.Digits == Decimal && f.Check != NoCheck, "decimal numbers with a check are not known: use none")
	fault(f.Medium == Wiegand && f.Parts.Card == "", "facility and card are not told apart: say what stands between them")
	if f.Parts.Card != "" {
		if _, err := credential.FromParts(f.Parts.Bits, 1, 1); err != nil {
			faults = append(faults, fmt.Errorf("facility and card of %d bits: use 26, 34 or 37: %w", f.Parts.Bits, err))
		}
	}
	return errors.Join(faults...)
}

// lines is how the reader's lines are cut.
func (f Format) lines() textline.Form {
	return textline.Form{Start: f.Start, End: f.End, Prompt: []byte(f.Prompt), Longest: f.longest()}
}

// longest is the number of octets of the longest line.
func (f Format) longest() int {
	octets := f.Octets
	if octets == 0 {
		octets = longestNumber
	}
	if f.Check == XOR {
		octets++
	}
	n := 2 * octets
	if f.Digits == Decimal {
		n = longestDecimal
	}
	if f.Parts.Card != "" {
		n = max(n, len(f.Parts.Facility)+len(f.Parts.Card)+2*longestPart)
	}
	if len(f.Replies) > 0 {
		n = max(n, longestReply)
	}
	return n
}
