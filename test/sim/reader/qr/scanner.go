// Package qr is the device's side of a fixed QR or bar code scanner on a serial line: it sends what it reads as one
// line of text, by itself, and may take texts from the host that switch its light or sound its beeper. It has no
// line, no clock and no goroutine.
//
// There is no common standard for the line. What scanners have in common, from their programming guides (Motorola
// LS1203 appendix B, Intermec ScanPlus 1800, Cipherlab 1664): a prefix, the AIM symbology identifier (ISO/IEC 15424,
// ]Q1 for a QR code) when that is switched on, the data, a terminator; the same code again only after a pause.
// Not here: commands that set a scanner up.
package qr

import (
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/ascii"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
)

// QRCode is the AIM identifier of a QR code in its usual form.
const QRCode = "]Q1"

// Options say what a scanner sends and understands. The zero value sends a code and CR, once.
type Options struct {
	Prefix string // before everything else
	AIM    string // identifier of the symbology, e.g. QRCode; none is sent when empty
	End    string // terminator; empty means CR

	ReadsAfter time.Duration // from the code's arrival to its line; 0 means 40 ms
	Repeat     time.Duration // between lines while the code stays; 0 means one line
	Dwell      time.Duration // how long a code is held to the window; 0 means 400 ms

	Feedback []ascii.Feedback // what the host may send; none means that the host has no light here
}

// Scanner is one scanner: a reader of text whose cards are codes. Of several codes in its view it sends each.
type Scanner struct{ *ascii.Device }

// New makes a scanner with nothing in its view and its light off.
func New(o Options) (Scanner, error) {
	if o.End == "" {
		o.End = "\r"
	}
	if o.ReadsAfter == 0 {
		o.ReadsAfter = 40 * time.Millisecond
	}
	d, err := ascii.New(ascii.Options{
		Start: o.Prefix + o.AIM, End: o.End, Only: []card.Kind{card.Code}, OneByOne: true,
		Text:       func(c card.Card) string { return string(c.Octets()) },
		ReadsAfter: o.ReadsAfter, Repeat: o.Repeat, Dwell: o.Dwell,
		Feedback: o.Feedback,
	})
	return Scanner{d}, err
}
