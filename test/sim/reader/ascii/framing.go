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

// ErrFeedback says that two feedback texts cannot be told apart, or that one asks for what no lamp can do.
var ErrFeedback = errors.New("a feedback text is empty or part of another, or its light cannot stay")

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
	Decimal    bool                   // the card as one unsigned number, not as upper-case hexadecimal
	Digits     int                    // least number of decimal digits; shorter numbers get leading zeros
	Text       func(card.Card) string // the card in another form than digits; nil means digits
	Only       []card.Kind            // those it can read; none means any
	OneByOne   bool                   // of several cards it reads one after another; else they disturb one another

	ReadsAfter time.Duration // from the card's arrival to its first frame
	Repeat     time.Duration // between frames while the card stays; 0 means one frame
	Dwell      time.Duration // how long a card stays; 0 means 400 ms

	Talk     Talk       // the vendor's command set
	Feedback []Feedback // texts that the host may send instead
}

// Feedback is a text from the host and what it does.
type Feedback struct {
	Text   string
	Light  lamp.Light    // None leaves the lamp alone
	For    time.Duration // 0 means until replaced: whether it passes or stays is then for a person to see
	Beeps  int
	Answer string
}

// RDM6300 is the 125 kHz module: EM4100 tags only, repeated every 50 ms, no light.
func RDM6300() Options {
	return Options{
		Start: "\x02", End: "\x03", Check: XOR, Only: []card.Kind{card.EM4100},
		ReadsAfter: 50 * time.Millisecond, Repeat: 50 * time.Millisecond,
	}
}

// ID12LA is the 125 kHz module of ID-Innovations: EM4100 tags only, once a card, no light.
func ID12LA() Options {
	return Options{
		Start: "\x02", End: "\r\n\x03", Check: XOR, Only: []card.Kind{card.EM4100},
		ReadsAfter: 50 * time.Millisecond,
	}
}

// WEC200 is the Wiegand converter of Promag set to site and card code. Relay 1 switches a green lamp, relay 2 a red one.
func WEC200() Options {
	return Options{
		Start: "\x02W", End: "\r", Only: []card.Kind{card.Wiegand26}, Talk: WEC200Talk,
		Text: func(c card.Card) string {
			site, number := c.Wiegand()
			return fmt.Sprintf("FC%dID%d", site, number)
		},
		ReadsAfter: 30 * time.Millisecond,
	}
}

// PcProx is the serial reader of rf IDEAS set to send site and card code in decimal with a colon between, or the
// hexadecimal number of what is no Wiegand card. Its lamp is red, green or amber.
func PcProx() Options {
	return Options{
		End: "\r", Talk: PcProxTalk,
		Text: func(c card.Card) string {
			if c.Kind() != card.Wiegand26 {
				return fmt.Sprintf("%X", c.Octets())
			}
			site, number := c.Wiegand()
			return fmt.Sprintf("%d:%d", site, number)
		},
		ReadsAfter: 60 * time.Millisecond,
	}
}

// Generic is a reader that sends hexadecimal digits and a carriage return, once a card. Feedback may be added.
func Generic() Options {
	return Options{End: "\r", ReadsAfter: 30 * time.Millisecond}
}

// check names what is wrong with the options.
func (o Options) check() error {
	for i, f := range o.Feedback {
		if f.Text == "" || slices.ContainsFunc(o.Feedback[i+1:], func(g Feedback) bool {
			return strings.Contains(f.Text, g.Text) || strings.Contains(g.Text, f.Text)
		}) {
			return fmt.Errorf("feedback %q: %w", f.Text, ErrFeedback)
		}
		if _, plain := colours[f.Light]; f.For == 0 && f.Light != lamp.None && !plain {
			return fmt.Errorf("feedback %q, %v until replaced: %w", f.Text, f.Light, ErrFeedback)
		}
	}
	return nil
}

// reads reports whether the reader can read a card.
func (o Options) reads(c card.Card) bool {
	return len(o.Only) == 0 || slices.Contains(o.Only, c.Kind())
}

// frame is c as the reader sends it.
func (o Options) frame(c card.Card) []byte {
	text := o.text(c)
	if o.Check == XOR {
		var x byte
		for _, b := range c.Octets() {
			x ^= b
		}
		text += fmt.Sprintf("%02X", x)
	}
	return []byte(o.Start + text + o.End)
}

func (o Options) text(c card.Card) string {
	switch {
	case o.Text != nil:
		return o.Text(c)
	case o.Decimal:
		return decimal(c.Octets(), o.Digits)
	default:
		return fmt.Sprintf("%X", c.Octets())
	}
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
