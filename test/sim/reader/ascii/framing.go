package ascii

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// ErrCard says that a reader of this kind cannot read such a card.
var ErrCard = errors.New("this reader cannot read such a card")

// ErrFeedback says that two feedback texts cannot be told apart.
var ErrFeedback = errors.New("a feedback text is empty or part of another")

// Check is what follows the digits of a card.
type Check uint8

// The checks in use.
const (
	NoCheck Check = iota
	XOR           // of the card's octets, as two hexadecimal digits
)

// Options say what a reader sends and understands.
type Options struct {
	Start, End string // around each frame
	Check      Check
	Decimal    bool      // the card as one unsigned number, not as upper-case hexadecimal
	Digits     int       // least number of decimal digits; shorter numbers get leading zeros
	Only       card.Kind // the one kind it can read; 0 means any

	ReadsAfter time.Duration // from the card's arrival to its first frame
	Repeat     time.Duration // between frames while the card stays; 0 means one frame
	Dwell      time.Duration // how long a card stays; 0 means 400 ms

	Feedback []Feedback // what the host may send; none means that the reader has no light
}

// Feedback is a text from the host and the light it switches.
type Feedback struct {
	Text  string
	Light lamp.Light
	For   time.Duration // 0 means until replaced
}

// RDM6300 is the 125 kHz module: EM4100 tags only, repeated every 50 ms, no light.
func RDM6300() Options {
	return Options{
		Start: "\x02", End: "\x03", Check: XOR, Only: card.EM4100,
		ReadsAfter: 50 * time.Millisecond, Repeat: 50 * time.Millisecond,
	}
}

// Generic is a reader that sends hexadecimal digits and a carriage return, once a card. Feedback may be added.
func Generic() Options {
	return Options{End: "\r", ReadsAfter: 30 * time.Millisecond}
}

// frame is c as the reader sends it.
func (o Options) frame(c card.Card) []byte {
	octets := c.Octets()
	text := fmt.Sprintf("%X", octets)
	if o.Decimal {
		text = decimal(octets, o.Digits)
	}
	if o.Check == XOR {
		var x byte
		for _, b := range octets {
			x ^= b
		}
		text += fmt.Sprintf("%02X", x)
	}
	return []byte(o.Start + text + o.End)
}

// decimal is octets, most significant first, as a number of at least digits digits. Octets above eight are not read.
func decimal(octets []byte, digits int) string {
	var n uint64
	for _, b := range octets[max(0, len(octets)-8):] {
		n = n<<8 | uint64(b)
	}
	text := strconv.FormatUint(n, 10)
	return strings.Repeat("0", max(0, digits-len(text))) + text
}

// distinct fails when a feedback text could be taken for another.
func distinct(list []Feedback) error {
	for i, f := range list {
		if f.Text == "" || slices.ContainsFunc(list[i+1:], func(g Feedback) bool {
			return strings.Contains(f.Text, g.Text) || strings.Contains(g.Text, f.Text)
		}) {
			return fmt.Errorf("feedback %q: %w", f.Text, ErrFeedback)
		}
	}
	return nil
}
