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

// AddOSDP puts a device at an address (0x00 to 0x7E) of the line. o.Address is set from address; o.Baud, when 0, is
// the line's.
func (l *Line) AddOSDP(name string, address byte, o osdp.Options) (*OSDP, error) {
	o.Address = address
	if o.Baud == 0 {
		o.Baud = l.options.Baud
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
	case l.pushing != nil:
		reason = "the line has a reader that pushes text"
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
	sent := l.send(a.Octets, at.Add(l.turnaround(baud)), baud)
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
		case osdp.Steadied:
			told = append(told, Event{At: e.At, Reader: d.name, Kind: Steadied, Light: e.Light})
		case osdp.Beeped:
			d.counts.Beeps += e.Count
			told = append(told, Event{At: e.At, Reader: d.name, Kind: Beeped, Count: e.Count})
		case osdp.Restarted:
			told = append(told, Event{At: e.At, Reader: d.name, Kind: Restarted})
		case osdp.Offline:
			told = append(told, Event{At: e.At, Reader: d.name, Kind: Offline, Light: e.Light})
		}
	}
	return told
}

// SetTamper opens or closes the housing; the panel learns of it at its next POLL.
func (d *OSDP) SetTamper(open bool) {
	d.line.mu.Lock()
	defer d.line.mu.Unlock()
	d.pd.SetTamper(open)
}

// SetSilent takes the reader off the bus, and back.
func (d *OSDP) SetSilent(silent bool) {
	d.line.mu.Lock()
	defer d.line.mu.Unlock()
	d.pd.SetSilent(silent)
}

// PowerCycle restarts the reader: dark, out of sequence, its card reads forgotten.
func (d *OSDP) PowerCycle() {
	d.line.mu.Lock()
	d.pd.PowerCycle(time.Now())
	told := d.drainLocked()
	d.line.mu.Unlock()
	d.line.tell(told)
}

// Online reports whether a panel has spoken to the reader within the last eight seconds.
func (d *OSDP) Online() bool {
	d.line.mu.Lock()
	defer d.line.mu.Unlock()
	return d.pd.Online(time.Now())
}

// Protocol are the totals of the protocol so far.
func (d *OSDP) Protocol() osdp.Counts {
	d.line.mu.Lock()
	defer d.line.mu.Unlock()
	return d.pd.Counts()
}

// Output reports whether output n is on now.
func (d *OSDP) Output(n int) bool {
	d.line.mu.Lock()
	defer d.line.mu.Unlock()
	return d.pd.Output(time.Now(), n)
}

// Text is what the display shows.
func (d *OSDP) Text() string {
	d.line.mu.Lock()
	defer d.line.mu.Unlock()
	return d.pd.Text()
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
