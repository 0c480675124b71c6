package reader

import (
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/ascii"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/pn532"
	"github.com/rollcall-edge/rollcall/test/sim/reader/qr"
	"github.com/rollcall-edge/rollcall/test/sim/reader/solo"
	"github.com/rollcall-edge/rollcall/test/sim/reader/twn4"
)

// alone is the one reader of a line that is no bus.
type alone struct {
	*Reader
	unit solo.Device
	head []byte // what the head of a frame looks like here, for noise
}

// AddASCII puts a reader on the line that sends cards as text, by itself; ascii.RDM6300 and others are ready made. It
// must be alone there.
func (l *Line) AddASCII(name string, o ascii.Options) (*Reader, error) {
	d, err := ascii.New(o)
	if err != nil {
		return nil, fmt.Errorf("add reader %q: %w", name, err)
	}
	return l.addAlone(name, d, []byte(o.Start))
}

// AddTWN4 puts an Elatec TWN4 with its simple protocol on the line. It must be alone there.
func (l *Line) AddTWN4(name string, o twn4.Options) (*Reader, error) {
	o.Instant = o.Instant || l.options.Instant
	return l.addAlone(name, twn4.New(o), []byte("0001"))
}

// AddPN532 puts an NXP PN532 on a high-speed UART on the line. It must be alone there.
func (l *Line) AddPN532(name string, o pn532.Options) (*Reader, error) {
	o.Instant = o.Instant || l.options.Instant
	d, err := pn532.New(o)
	if err != nil {
		return nil, fmt.Errorf("add reader %q: %w", name, err)
	}
	return l.addAlone(name, d, []byte{0x00, 0x00, 0xFF, 0x40, 0xC0})
}

// AddQR puts a scanner on the line that sends codes as text, by itself. It must be alone there.
func (l *Line) AddQR(name string, o qr.Options) (*Reader, error) {
	d, err := qr.New(o)
	if err != nil {
		return nil, fmt.Errorf("add scanner %q: %w", name, err)
	}
	return l.addAlone(name, d, []byte("]Q1"))
}

func (l *Line) addAlone(name string, d solo.Device, head []byte) (*Reader, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.readers) > 0 {
		return nil, fmt.Errorf("add reader %q: the line has a reader already: %w", name, ErrAdd)
	}
	r, err := l.addLocked(name, soloDevice{d})
	if err != nil {
		return nil, err
	}
	l.alone = &alone{r, d, head}
	return r, nil
}

// next is when the line's own reader will do something by itself.
func (l *Line) next() (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.alone == nil {
		return time.Time{}, false
	}
	return l.alone.unit.Next()
}

// tick lets the line's own reader do what is due.
func (l *Line) tick() {
	l.mu.Lock()
	a := l.alone
	if a == nil {
		l.mu.Unlock()
		return
	}
	now := time.Now()
	a.unit.Tick(now)
	l.turn(a, now)
}

// octets gives octets from the host to the line's own reader.
func (l *Line) octets(at time.Time, baud int, octets []byte) {
	l.mu.Lock()
	a := l.alone
	if baud != l.options.Baud {
		l.counts.WrongSpeed++
		l.mu.Unlock()
		return
	}
	a.unit.Hear(at, octets)
	a.unit.Tick(at)
	l.counts.Broken = a.unit.Broken()
	l.turn(a, at)
}

// turn lets the line's own reader say what it has to say. It is called with the mutex held and gives it back. Frames
// come first: a card that was read and has left since was not lost.
func (l *Line) turn(a *alone, now time.Time) {
	frames := a.unit.Frames()
	l.mu.Unlock()
	for _, f := range frames {
		l.say(a, now, f)
	}
	l.mu.Lock()
	told := a.drainLocked(now)
	l.mu.Unlock()
	l.tell(told)
}

// say sends a frame and notes which cards have gone out in it.
func (l *Line) say(a *alone, now time.Time, f solo.Frame) {
	l.mu.Lock()
	port, baud := l.port, l.options.Baud
	l.mu.Unlock()
	if port == nil {
		return
	}
	octets := f.Octets
	if port.Baud() != baud {
		l.tally(func(n *LineCounts) { n.WrongSpeed++ })
		octets = l.wire.dice.octets(len(octets)) // what another speed makes of it
	}
	if f.Answer {
		now = now.Add(l.turnaround(0, baud))
	}
	sent := l.send(octets, later(now, l.wire.free), baud)

	l.mu.Lock()
	var told []Event
	for _, token := range f.Cards {
		told = append(told, a.sentLocked(token, sent)...)
	}
	if len(told) > 0 {
		a.unit.Watch(sent)
	}
	l.mu.Unlock()
	l.tell(told)
}

// drainLocked turns what happened inside the device into what happened at the reader.
func (a *alone) drainLocked(now time.Time) []Event {
	var told []Event
	for _, e := range a.unit.Events() {
		switch e.Kind {
		case solo.Flashed:
			told = append(told, a.shownLocked(e.At, e.Light)...)
		case solo.Steadied:
			told = append(told, Event{At: e.At, Reader: a.name, Kind: Steadied, Light: e.Light})
		case solo.Beeped:
			a.counts.Beeps += e.Count
			told = append(told, Event{At: e.At, Reader: a.name, Kind: Beeped, Count: e.Count})
		case solo.Left:
			told = append(told, a.leftLocked(e.Card, now)...)
		}
	}
	return told
}

// leftLocked notes that a card was taken away. One that never went out is lost, and who can see no light goes too.
func (a *alone) leftLocked(token uint64, now time.Time) []Event {
	p := a.cards[token]
	if p == nil {
		return nil
	}
	var told []Event
	if p.result.SentAt.IsZero() {
		told = a.settledLocked(token, now, false)
	}
	delete(a.cards, token)
	if !a.unit.HasLight() {
		told = append(told, p.endLocked(now)...)
	}
	return told
}

// soloDevice is a device with a line to itself as a Reader sees it.
type soloDevice struct{ unit solo.Device }

func (d soloDevice) hasLight() bool { return d.unit.HasLight() }

func (d soloDevice) place(now time.Time, tokens []uint64, cards []card.Card) error {
	return d.unit.Place(now, placement(tokens, cards))
}

func (d soloDevice) stick(now time.Time, every time.Duration, tokens []uint64, cards []card.Card) error {
	p := placement(tokens, cards)
	p.Stuck, p.Every = true, every
	return d.unit.Place(now, p)
}

func (d soloDevice) lift(now time.Time)   { d.unit.Lift(now) }
func (d soloDevice) depart(now time.Time) { d.unit.Depart(now) }

func (d soloDevice) light(now time.Time) lamp.Light { return d.unit.Light(now) }
func (d soloDevice) steady(time.Time) lamp.Light    { return d.unit.Steady() }

func placement(tokens []uint64, cards []card.Card) solo.Placement {
	var p solo.Placement
	for i, c := range cards {
		p.Cards = append(p.Cards, solo.Card{Token: tokens[i], Card: c})
	}
	return p
}

// PowerCycle restarts a reader that has its line to itself: dark, and as it comes out of the box. What lies on it
// stays there. A reader on a bus is restarted by OSDP.PowerCycle.
func (r *Reader) PowerCycle() {
	l := r.line
	l.mu.Lock()
	a := l.alone
	if a == nil {
		l.mu.Unlock()
		return
	}
	now := time.Now()
	a.unit.PowerCycle(now)
	told := a.drainLocked(now)
	l.rouse()
	l.mu.Unlock()
	l.tell(told)
}
