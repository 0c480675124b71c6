package pn532

import (
	"errors"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/credential"
	"github.com/rollcall-edge/rollcall/drivers/polled"
)

// fieldRest is how long the field stays off at least: a card has forgotten that it was selected after 5 ms.
const fieldRest = 6 * time.Millisecond

// reader is the module as its commands see it.
type reader struct {
	options Options
	scan    *scanner

	listed bool // the latest search found cards, which are still selected
	active byte // outputs that are on
}

var _ polled.Dialect = (*reader)(nil)

func newReader(o Options) *reader { return &reader{options: o, scan: newScanner(octetWithin)} }

// Greet implements polled.Dialect. The ack stops what the module may be doing since before.
func (r *reader) Greet(l *polled.Line) (identity polled.Identity, err error) {
	r.listed, r.active = false, 0
	if err := l.Write(ackFrame); err != nil {
		return identity, err
	}
	l.Settle()
	if _, err := r.exchange(l, wakeUp, normalMode); err != nil {
		return identity, err
	}
	for _, setting := range [][]byte{noRATS, fewRetries} {
		err := l.Insist(func() error { _, err := r.exchange(l, nil, setting); return err })
		if err != nil {
			return identity, err
		}
	}
	err = l.Insist(func() error { identity, err = r.identity(l); return err })
	return identity, err
}

func (r *reader) identity(l *polled.Line) (polled.Identity, error) {
	data, err := r.exchange(l, nil, askVersion)
	if err != nil {
		return polled.Identity{}, err
	}
	return firmware(data)
}

// Alive implements polled.Dialect.
func (r *reader) Alive(l *polled.Line) error {
	_, err := r.exchange(l, nil, askVersion)
	return err
}

// Look implements polled.Dialect.
func (r *reader) Look(l *polled.Line) (polled.Sight, error) {
	if err := r.letGo(l); err != nil {
		return polled.Sight{}, err
	}
	r.listed = true // a search whose answer is lost may have found a card
	data, err := r.exchange(l, nil, search)
	if err != nil {
		return polled.Sight{}, err
	}
	sight := polled.Sight{At: l.At()}
	count, uid, err := targets(data)
	if err != nil {
		return polled.Sight{}, err
	}
	sight.Cards, r.listed = count, count > 0
	if count == 1 {
		sight.Key, sight.Err = credential.FromUID(uid, r.options.Order)
	}
	return sight, nil
}

// letGo makes the cards of the latest search forget it, so that the next search finds those which stayed. A module that
// finds them anyway may refuse.
func (r *reader) letGo(l *polled.Line) error {
	if !r.listed {
		return nil
	}
	for _, c := range [][]byte{release, fieldOff} {
		if _, err := r.exchange(l, nil, c); err != nil && !errors.Is(err, polled.ErrRefused) {
			return err
		}
	}
	r.listed = false
	l.Pause(fieldRest)
	return nil
}

// Light implements polled.Dialect.
func (r *reader) Light(l *polled.Line, c polled.Colour) error {
	return r.output(l, r.options.Lights.mask(c)|r.active&pinBits[r.options.Lights.Buzzer])
}

// Sound implements polled.Dialect.
func (r *reader) Sound(l *polled.Line, d time.Duration) error {
	buzzer := pinBits[r.options.Lights.Buzzer]
	switch {
	case buzzer == 0:
		return nil
	case d > 0:
		return r.output(l, r.active|buzzer)
	}
	return r.output(l, r.active&^buzzer)
}

func (r *reader) output(l *polled.Line, active byte) error {
	if r.options.Lights.none() {
		return nil
	}
	if _, err := r.exchange(l, nil, r.options.Lights.write(active)); err != nil {
		return err
	}
	r.active = active
	return nil
}
