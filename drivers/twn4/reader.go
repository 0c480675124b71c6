package twn4

import (
	"bytes"
	"errors"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/polled"
)

// How long a question may take. The document names no times; a search goes through all kinds of cards that are enabled.
const (
	answerWithin = 250 * time.Millisecond
	searchWithin = 600 * time.Millisecond
	octetWithin  = 50 * time.Millisecond // a line that stops for longer, and three octets, is given up
)

// reader is the reader as its commands see it.
type reader struct {
	options Options
	scan    *scanner

	single  bool   // its firmware cannot tell several cards
	ticks   uint32 // the clock of the reader, in milliseconds since it started
	settled []byte // the reply to the search that was last believed, while its card stays
}

var _ polled.Dialect = (*reader)(nil)

func newReader(o Options) *reader {
	return &reader{options: o, scan: newScanner(octetWithin+o.Line.Wire(3), o.CRC)}
}

// ask sends a command and returns the whole reply, status and all. The command itself is no reply: an adapter may echo what it
// was told to send, and the first octet of a light command reads as a refusal.
func (r *reader) ask(l *polled.Line, command []byte, patience time.Duration) (reply []byte, err error) {
	r.scan.forget()
	if err := l.Write(appendLine(nil, command, r.options.CRC)); err != nil {
		return nil, err
	}
	err = l.Await(patience, func(octets []byte, at time.Time) bool {
		r.scan.push(octets, at, func(m []byte) {
			if !bytes.Equal(m, command) {
				reply = bytes.Clone(m)
			}
		})
		return reply != nil
	})
	noise := r.scan.counted()
	l.Noise(noise)
	if errors.Is(err, polled.ErrSilent) && noise > 0 {
		err = polled.ErrDamaged
	}
	return reply, err
}

// tell sends a command that returns nothing.
func (r *reader) tell(l *polled.Line, command []byte, patience time.Duration) error {
	reply, err := r.ask(l, command, patience)
	if err == nil {
		err = done(reply)
	}
	return l.Over(err)
}

// Greet implements polled.Dialect. The first end of line finishes what noise may have begun in the reader's input. The
// kinds of cards and the lights are set up as far as the reader knows the functions for that.
func (r *reader) Greet(l *polled.Line) (polled.Identity, error) {
	r.single, r.settled, r.ticks = false, nil, 0
	if err := l.Write([]byte{endOfLine}); err != nil {
		return polled.Identity{}, err
	}
	l.Settle()
	name, err := r.version(l)
	if err != nil {
		return polled.Identity{}, err
	}
	if err := l.Insist(func() error { return r.confirm(l, &name) }); err != nil {
		return polled.Identity{}, err
	}
	for _, c := range [][]byte{types(r.options.Tags), command(ledInit, every)} {
		err := l.Insist(func() error { return r.tell(l, c, answerWithin) })
		if err != nil && !lacks(err) {
			return polled.Identity{}, err
		}
	}
	return identity(name), l.Insist(func() error { return r.Alive(l) })
}

// lacks reports whether err is the refusal of a function that the reader's firmware does not have.
func lacks(err error) bool {
	var no refusal
	return errors.As(err, &no) && no.unknown()
}

// version asks for the name of the firmware.
func (r *reader) version(l *polled.Line) (name string, err error) {
	reply, err := r.ask(l, command(getVersion, mostText), answerWithin)
	if err == nil {
		name, err = version(reply)
	}
	return name, l.Over(err)
}

// confirm asks for the name once more where lines carry no CRC: two replies must agree.
func (r *reader) confirm(l *polled.Line, name *string) error {
	if r.options.CRC {
		return nil
	}
	again, err := r.version(l)
	if err == nil && again != *name {
		*name, err = again, errReply
	}
	return err
}

// identity takes apart a version such as "TWN4/B1.03/CCF1.57/PRS1.03/PI": the model, then bootloader, firmware and app.
func identity(name string) polled.Identity {
	model, firmware, _ := strings.Cut(name, "/")
	return polled.Identity{Vendor: "Elatec", Model: model, Firmware: firmware}
}

// Alive implements polled.Dialect. A clock that went back or leapt, at a second look as well, is that of a reader that
// started anew.
func (r *reader) Alive(l *polled.Line) error {
	for range 2 {
		now, err := r.clock(l)
		switch {
		case err != nil:
			return err
		case r.ticks == 0, now >= r.ticks && now-r.ticks < leap:
			r.ticks = now
			return nil
		}
	}
	return polled.ErrRestarted
}

// leap is more than passes between two looks at the clock, in milliseconds.
const leap = 60_000

func (r *reader) clock(l *polled.Line) (now uint32, err error) {
	reply, err := r.ask(l, command(getTicks), answerWithin)
	if err == nil {
		now, err = ticks(reply)
	}
	return now, l.Over(err)
}

// Light implements polled.Dialect. The old light goes off before the new one goes on: red and green together would say
// something else. Both are always said: a reader that lost its power for a moment has forgotten.
func (r *reader) Light(l *polled.Line, c polled.Colour) error {
	on := r.mask(c)
	if err := r.tell(l, command(ledOff, every&^on), answerWithin); err != nil || on == 0 {
		return err
	}
	return r.tell(l, command(ledOn, on), answerWithin)
}

// mask is the lights of a colour. Amber is red and green together on every model; a model without blue is yellow instead.
func (*reader) mask(c polled.Colour) byte {
	switch c {
	case polled.Red:
		return red
	case polled.Green:
		return green
	case polled.Amber:
		return red | green
	case polled.Blue:
		return third
	}
	return 0
}

// Sound implements polled.Dialect. The reader ends the beep itself, and does nothing else until then.
func (r *reader) Sound(l *polled.Line, d time.Duration) error {
	if d == 0 || r.options.Quiet {
		return nil
	}
	return r.tell(l, sound(d), answerWithin+d)
}
