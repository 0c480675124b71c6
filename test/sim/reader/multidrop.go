package reader

import (
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/tty"
)

// OSDP is a reader on a two-wire bus, with what only such a reader can do.
type OSDP struct {
	*Reader
	pd *osdp.PD // guarded by line.mu
}

// AddOSDP puts a device at an address (0x00 to 0x7E) of the line. o.Address is set from address; o.Baud and o.Seed,
// when 0, are the line's. A reader with a key is osdp.Options{Key: &key}, one that waits for its key
// osdp.Options{Install: true}.
func (l *Line) AddOSDP(name string, address byte, o osdp.Options) (*OSDP, error) {
	o.Address = address
	if o.Baud == 0 {
		o.Baud = l.options.Baud
	}
	if o.Seed == 0 {
		o.Seed = l.options.Seed
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.fitsLocked(name, o); err != nil {
		return nil, err
	}
	pd := osdp.New(o)
	r, err := l.addLocked(name, busDevice{pd})
	if err != nil {
		return nil, err
	}
	d := &OSDP{r, pd}
	l.bus = append(l.bus, d)
	return d, nil
}

func (l *Line) fitsLocked(name string, o osdp.Options) error {
	reason := ""
	switch {
	case l.alone != nil:
		reason = "the line has a reader that must be alone"
	case o.Address >= osdp.Broadcast:
		reason = "addresses end at 0x7E"
	case !tty.Known(o.Baud):
		return fmt.Errorf("add reader %q: %w", name, tty.ErrSpeed)
	}
	for _, d := range l.bus {
		if d.pd.Address() == o.Address {
			reason = "address is taken by " + d.name
		}
	}
	if reason == "" {
		return nil
	}
	return fmt.Errorf("add reader %q: %s: %w", name, reason, ErrAdd)
}

// exchange gives a frame to every device on the bus and sends what the one it is for has to say.
func (l *Line) exchange(at time.Time, baud int, f osdp.Frame, faults Faults) {
	busy := l.wire.dice.hit(faults.Busy)
	var (
		told    []Event
		from    *OSDP
		answer  osdp.Answer
		answers int
	)
	l.mu.Lock()
	for _, d := range l.bus {
		if d.pd.Baud() != baud {
			l.wrongSpeedLocked(d, f)
			continue
		}
		a := d.answer(at, f, busy)
		told = append(told, d.drainLocked()...)
		if len(a.Octets) > 0 {
			from, answer, answers = d, a, answers+1
		}
	}
	if answers > 1 {
		l.counts.Collisions++
	}
	if answers > 0 && busy {
		l.counts.Busies++
	}
	l.mu.Unlock()
	l.tell(told)
	if answers == 1 {
		l.reply(at, baud, from, answer)
	}
}

func (l *Line) wrongSpeedLocked(d *OSDP, f osdp.Frame) {
	if f.Address == d.pd.Address() {
		l.counts.WrongSpeed++
	}
}

func (d *OSDP) answer(at time.Time, f osdp.Frame, busy bool) osdp.Answer {
	if busy {
		return osdp.Answer{Octets: d.pd.Busy(f)}
	}
	return d.pd.Answer(at, f)
}

// reply sends an answer and notes when a card in it has gone out.
func (l *Line) reply(at time.Time, baud int, from *OSDP, a osdp.Answer) {
	l.mu.Lock()
	turnaround := l.turnaround(from.pd.Turnaround(), baud)
	l.mu.Unlock()
	sent := l.send(a.Octets, at.Add(turnaround), baud)
	if a.Card == 0 {
		return
	}
	l.mu.Lock()
	told := from.sentLocked(a.Card, sent)
	l.mu.Unlock()
	l.tell(told)
}

// drainLocked turns what happened inside the device into what happened at the reader.
func (d *OSDP) drainLocked() []Event {
	var told []Event
	for _, e := range d.pd.Events() {
		switch e.Kind {
		case osdp.Flashed:
			told = append(told, d.shownLocked(e.At, e.Light)...)
		case osdp.Taken, osdp.Lost:
			told = append(told, d.settledLocked(e.Card, e.At, e.Kind == osdp.Taken)...)
		case osdp.Beeped:
			d.counts.Beeps += e.Count
			told = append(told, Event{At: e.At, Reader: d.name, Kind: Beeped, Count: e.Count})
		default:
			told = append(told, Event{At: e.At, Reader: d.name, Kind: kindOf[e.Kind], Light: e.Light})
		}
	}
	return told
}

// kindOf names here what a device tells and nobody at the reader is waiting for.
var kindOf = map[osdp.Kind]Kind{
	osdp.Steadied: Steadied, osdp.Restarted: Restarted, osdp.Offline: Offline,
	osdp.Secured: Secured, osdp.Unsecured: Unsecured, osdp.Keyed: Keyed,
}

// busDevice is a PD as a Reader sees it.
type busDevice struct{ pd *osdp.PD }

func (b busDevice) hasLight() bool { return true }

func (b busDevice) place(_ time.Time, tokens []uint64, cards []card.Card) error {
	if b.pd.Room() < len(cards) {
		return ErrFull
	}
	for i, c := range cards {
		b.pd.Read(tokens[i], c)
	}
	return nil
}

func (b busDevice) light(now time.Time) lamp.Light  { return b.pd.Light(now) }
func (b busDevice) steady(now time.Time) lamp.Light { return b.pd.Steady(now) }
