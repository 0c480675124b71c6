package reader

import (
	"errors"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// What a caller can do wrong.
var (
	ErrWaiting = errors.New("somebody is still waiting for a light at this reader")
	ErrFull    = errors.New("the reader holds as many card reads as it can")
	ErrClosed  = errors.New("the line is closed")
	ErrNoCard  = errors.New("no card was given")
	ErrAdd     = errors.New("the reader does not fit on this line")
	ErrStick   = errors.New("cards cannot be stuck to this reader")
)

// Reader is one simulated reader. Its methods may be called from any goroutine.
type Reader struct {
	line   *Line
	name   string
	device device

	// Guarded by line.mu.
	waiting *Presentation            // the person in front, if any
	cards   map[uint64]*Presentation // cards not known to have been taken or lost, by token
	counts  Counts
}

// device is what differs between kinds of readers. All of it is called with line.mu held.
type device interface {
	hasLight() bool
	// place brings cards into the field, or fails and changes nothing. One token names each card.
	place(now time.Time, tokens []uint64, cards []card.Card) error
	light(now time.Time) lamp.Light
	steady(now time.Time) lamp.Light
}

// holder is a device in front of which cards stay, and that can be restarted. Called with line.mu held.
type holder interface {
	// stick is place for cards that stay until lift; one that sends by itself does so every so often.
	stick(now time.Time, every time.Duration, tokens []uint64, cards []card.Card) error
	lift(now time.Time)
	// depart says that the person goes.
	depart(now time.Time)
}

// Name is the one given when the reader was added.
func (r *Reader) Name() string { return r.name }

// HasLight reports whether the reader can show anything.
func (r *Reader) HasLight() bool { return r.device.hasLight() }

// Keeps reports whether the reader keeps what it has read until its host has taken it. Only such a reader can tell that it was
// taken, and a card of one that does not keep is gone with its person.
func (r *Reader) Keeps() bool {
	_, holds := r.device.(holder)
	return !holds
}

// Present holds a card to the reader, or several at the same time. It fails with ErrWaiting while the person before
// has not gone.
func (r *Reader) Present(cards ...card.Card) (*Presentation, error) {
	p, told, err := r.present(r.device.place, cards)
	r.line.tell(told)
	return p, err
}

// Stick puts cards on the reader that stay there until Lift, as one that somebody has taped to it. Who put them there
// waits for a light as after Present. A reader that sends by itself sends them again every so often (0 means as often
// as any card), at most as often as its line can carry.
func (r *Reader) Stick(every time.Duration, cards ...card.Card) (*Presentation, error) {
	d, ok := r.device.(holder)
	if !ok {
		return nil, ErrStick
	}
	p, told, err := r.present(func(now time.Time, tokens []uint64, cards []card.Card) error {
		return d.stick(now, every, tokens, cards)
	}, cards)
	r.line.tell(told)
	return p, err
}

// Lift takes the cards away that Stick put there.
func (r *Reader) Lift() {
	r.line.mu.Lock()
	defer r.line.mu.Unlock()
	if d, ok := r.device.(holder); ok {
		d.lift(time.Now())
		r.line.rouse()
	}
}

// present brings cards into the field with place.
func (r *Reader) present(place func(time.Time, []uint64, []card.Card) error, cards []card.Card) (*Presentation, []Event, error) {
	l := r.line
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return nil, nil, ErrClosed
	case len(cards) == 0:
		return nil, nil, ErrNoCard
	case r.waiting != nil:
		return nil, nil, ErrWaiting
	}
	now := time.Now()
	tokens := make([]uint64, len(cards))
	for i := range tokens {
		l.token++
		tokens[i] = l.token
	}
	if err := place(now, tokens, cards); err != nil {
		return nil, nil, err
	}
	p := &Presentation{reader: r, cards: cards, over: make(chan struct{}), result: Result{PlacedAt: now}}
	for _, t := range tokens {
		r.cards[t] = p
	}
	r.waiting = p
	r.counts.Presented++
	l.rouse()
	return p, []Event{{At: now, Reader: r.name, Kind: Placed, Count: len(cards)}}, nil
}

// Light is what the reader shows now.
func (r *Reader) Light() lamp.Light {
	r.line.mu.Lock()
	defer r.line.mu.Unlock()
	return r.device.light(time.Now())
}

// Steady is what the reader shows now between passing lights.
func (r *Reader) Steady() lamp.Light {
	r.line.mu.Lock()
	defer r.line.mu.Unlock()
	return r.device.steady(time.Now())
}

// Counts are the totals so far.
func (r *Reader) Counts() Counts {
	r.line.mu.Lock()
	defer r.line.mu.Unlock()
	return r.counts
}

// sentLocked notes that the frame of a card has left at at; only the first time counts.
func (r *Reader) sentLocked(token uint64, at time.Time) []Event {
	p := r.cards[token]
	if p == nil || !p.result.SentAt.IsZero() {
		return nil
	}
	p.result.SentAt = at
	r.counts.Sent++
	return []Event{{At: at, Reader: r.name, Kind: Sent}}
}

// settledLocked notes that the panel has a card, or never will.
func (r *Reader) settledLocked(token uint64, at time.Time, taken bool) []Event {
	p := r.cards[token]
	if p == nil {
		return nil
	}
	delete(r.cards, token)
	if taken {
		p.result.Taken = true
		r.counts.Taken++
		return []Event{{At: at, Reader: r.name, Kind: Taken}}
	}
	p.result.Lost = true
	r.counts.Lost++
	return []Event{{At: at, Reader: r.name, Kind: Lost}}
}

// shownLocked attributes a passing light.
func (r *Reader) shownLocked(at time.Time, light lamp.Light) []Event {
	told := []Event{{At: at, Reader: r.name, Kind: Shown, Light: light}}
	p := r.waiting
	if !light.Lit() {
		return told
	}
	if p == nil || p.result.SentAt.IsZero() || at.Before(p.result.SentAt) {
		r.counts.Unasked[light]++
		return told
	}
	p.result.Light, p.result.ShownAt = light, at
	return append(told, p.endLocked(at)...)
}
