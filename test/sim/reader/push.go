package reader

import (
	"fmt"
	"maps"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/ascii"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// pushing is the one reader of a line that is not polled.
type pushing struct {
	*Reader
	push *pushDevice
}

// AddASCII puts a reader on the line that sends cards as text, by itself; ascii.RDM6300 and ascii.Generic are ready
// made. It must be alone there.
func (l *Line) AddASCII(name string, o ascii.Options) (*Reader, error) {
	d, err := ascii.New(o)
	if err != nil {
		return nil, fmt.Errorf("add reader %q: %w", name, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.readers) > 0 {
		return nil, fmt.Errorf("add reader %q: the line has a reader already: %w", name, ErrAdd)
	}
	push := &pushDevice{Device: d}
	r, err := l.addLocked(name, push)
	if err != nil {
		return nil, err
	}
	l.pushing = &pushing{r, push}
	return r, nil
}

// next is when the line's own reader will do something by itself.
func (l *Line) next() (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pushing == nil {
		return time.Time{}, false
	}
	return l.pushing.push.Next()
}

// push does what is due: a frame goes out, or the card leaves.
func (l *Line) push() {
	l.mu.Lock()
	p := l.pushing
	if p == nil {
		l.mu.Unlock()
		return
	}
	now := time.Now()
	frame, left := p.push.Tick(now)
	token, port, baud := p.push.token, l.port, l.options.Baud
	l.mu.Unlock()

	if frame != nil && port != nil {
		if port.Baud() != baud {
			l.tally(func(n *LineCounts) { n.WrongSpeed++ })
			frame = l.wire.dice.octets(len(frame)) // what another speed makes of it
		}
		l.pushed(token, l.send(frame, later(now, l.wire.free), baud))
	}
	if left {
		l.taken(token)
	}
}

// pushed notes that the frame of a card has gone out.
func (l *Line) pushed(token uint64, at time.Time) {
	l.mu.Lock()
	told := l.pushing.sentLocked(token, at)
	l.mu.Unlock()
	l.tell(told)
}

// taken notes that a card was taken away. Who can see no light goes too.
func (l *Line) taken(token uint64) {
	l.mu.Lock()
	var told []Event
	p := l.pushing.cards[token]
	maps.DeleteFunc(l.pushing.cards, func(_ uint64, q *Presentation) bool { return q == p })
	if p != nil && !l.pushing.push.HasLight() {
		told = p.endLocked(time.Now())
	}
	l.mu.Unlock()
	l.tell(told)
}

// feedback gives octets from the host to the reader.
func (l *Line) feedback(at time.Time, baud int, octets []byte) {
	l.mu.Lock()
	p := l.pushing
	if baud != l.options.Baud {
		l.counts.WrongSpeed++
		l.mu.Unlock()
		return
	}
	var told []Event
	for _, e := range p.push.Hear(at, octets) {
		if e.Passing {
			told = append(told, p.shownLocked(e.At, e.Light)...)
		} else {
			told = append(told, Event{At: e.At, Reader: p.name, Kind: Steadied, Light: e.Light})
		}
	}
	l.mu.Unlock()
	l.tell(told)
}

// pushDevice is a text reader as a Reader sees it.
type pushDevice struct {
	*ascii.Device
	token uint64 // of the card in the field
}

func (d *pushDevice) hasLight() bool { return d.HasLight() }

func (d *pushDevice) place(now time.Time, tokens []uint64, cards []card.Card) error {
	if err := d.Place(now, cards...); err != nil {
		return err
	}
	d.token = tokens[0]
	return nil
}

func (d *pushDevice) light(now time.Time) lamp.Light { return d.Light(now) }
func (d *pushDevice) steady(_ time.Time) lamp.Light  { return d.Steady() }
