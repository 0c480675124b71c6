package reader

import (
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp"
)

// wire is the time on a line and what goes wrong there. It belongs to the goroutine of the line.
type wire struct {
	line    *Line
	dice    dice
	scanner osdp.Scanner

	free           time.Time // the last octet in either direction has passed
	txFrom, txTill time.Time // the devices' last frame
}

// octetTime is that of start bit, eight data bits and stop bit.
func octetTime(baud int) time.Duration { return 10 * time.Second / time.Duration(baud) }

// hear takes octets from the host, lets their time on the wire pass and gives them to the devices.
func (l *Line) hear(c chunk) {
	l.mu.Lock()
	stale, faults := c.plugged != l.plugged, l.faults
	baud := 0
	if !stale {
		baud = l.port.Baud()
		l.counts.Heard++
	}
	halfDuplex := l.alone == nil
	l.mu.Unlock()
	w := &l.wire
	switch {
	case stale:
		return
	case baud == 0:
		l.tally(func(n *LineCounts) { n.WrongSpeed++ })
		return
	case halfDuplex && c.at.After(w.txFrom) && c.at.Before(w.txTill):
		l.tally(func(n *LineCounts) { n.Collisions++ })
		return
	}

	from := later(c.at, w.free)
	till := from.Add(time.Duration(len(c.octets)) * l.octet(baud))
	if !l.sleepUntil(till) {
		return
	}
	w.free = till
	if w.dice.hit(faults.Deaf) {
		l.tally(func(n *LineCounts) { n.Deafs++ })
		return
	}
	if w.dice.hit(faults.Echo) {
		l.tally(func(n *LineCounts) { n.Echoes++ })
		l.write(c.octets)
	}
	if !halfDuplex {
		l.octets(till, baud, c.octets)
		return
	}
	frames := w.scanner.Feed(from, till, c.octets)
	l.tally(func(n *LineCounts) { n.Broken = w.scanner.Broken })
	for _, f := range frames {
		l.exchange(till, baud, f, faults)
	}
}

// send puts one frame of a device on the wire, its first octet at from. It returns when the last octet was handed to
// the host, taken just before that.
func (l *Line) send(frame []byte, from time.Time, baud int) time.Time {
	l.mu.Lock()
	faults, head := l.faults, osdpHead
	if l.alone != nil {
		head = l.alone.head
	}
	l.mu.Unlock()

	pieces, drop := l.strike(frame, head, faults)
	w := &l.wire
	w.txFrom = from
	at, last := from, from
	for i, piece := range pieces {
		if i > 0 {
			at = at.Add(faults.SplitGap)
		}
		at = at.Add(time.Duration(len(piece)) * l.octet(baud))
		if !l.sleepUntil(at) {
			break
		}
		last = time.Now()
		if !drop {
			l.write(piece)
		}
	}
	// Not the time after the write: a quick host may have answered before it returned, and that is no collision.
	w.txTill, w.free = last, last
	return last
}

// strike lets the faults have a go at a frame. head is what noise looks like half of the time.
func (l *Line) strike(frame, head []byte, f Faults) (pieces [][]byte, drop bool) {
	d := l.wire.dice
	var struck LineCounts
	if drop = d.hit(f.Drop); drop {
		struck.Drops++
	}
	if d.hit(f.Flip) {
		struck.Flips++
		frame = d.flip(frame)
	}
	if d.hit(f.Noise) {
		struck.Noises++
		frame = append(d.noise(head), frame...)
	}
	pieces = [][]byte{frame}
	if d.hit(f.Split) {
		struck.Splits++
		pieces = d.pieces(frame)
	}
	l.tally(func(n *LineCounts) {
		n.Sent++
		n.Drops += struck.Drops
		n.Flips += struck.Flips
		n.Noises += struck.Noises
		n.Splits += struck.Splits
	})
	return pieces, drop
}

// write hands octets to the host. An unplugged line swallows them, as does a host that does not read.
func (l *Line) write(octets []byte) {
	l.mu.Lock()
	port := l.port
	l.mu.Unlock()
	if port == nil {
		return
	}
	if _, err := port.Write(octets); err != nil {
		l.tally(func(n *LineCounts) { n.Unread++ })
	}
}

// octet is the time one octet takes here.
func (l *Line) octet(baud int) time.Duration {
	if l.options.Instant {
		return 0
	}
	return octetTime(baud)
}

// turnaround is how long a device thinks before it answers: its own time, or, when that is 0, the line's.
func (l *Line) turnaround(own time.Duration, baud int) time.Duration {
	if own == 0 && l.options.Instant {
		return 0
	}
	if own == 0 {
		own = l.options.Turnaround
	}
	return max(own, 2*l.octet(baud))
}

func (l *Line) tally(add func(*LineCounts)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	add(&l.counts)
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
