package osdp

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

// Times of an exchange.
const (
	replyWithin  = 200 * time.Millisecond // from the end of the command to the reply (SIA conformance 050-04)
	octetWithin  = 50 * time.Millisecond  // a frame that stops for longer, and three octets, is given up
	quietAfter   = 20 * time.Millisecond  // after a damaged frame, silence that ends the exchange early
	longestReply = 700 * time.Millisecond // no noise stretches an exchange beyond this
	settleWithin = 50 * time.Millisecond  // a line that is never idle is spoken to all the same
	quietOctets  = 2                      // idle before a command
)

// exchange sends what d has to say and waits for the reply.
func (l *loop) exchange(d *device, patience time.Duration) error {
	if err := l.settle(); err != nil {
		return err
	}
	startedAt := l.now()
	if l.roundAt.IsZero() {
		l.roundAt = startedAt
	}
	octets := d.next(startedAt)
	l.tally.exchanges++
	if d.flight.tries > 1 {
		l.meters.retries.Inc()
		l.tally.retries++
		d.counts.Retries++
	}
	l.countNoise()
	if err := l.port.Write(octets); err != nil {
		return err
	}
	l.current, l.sentAt = d, startedAt.Add(l.line.Wire(len(octets)))
	err := l.await(d, patience)
	l.utilised(startedAt)
	return err
}

// settle waits until the line has been idle for two octets, as the standard wants before a command.
func (l *loop) settle() error {
	deadline := l.now().Add(settleWithin)
	for {
		select {
		case c, ok := <-l.port.Chunks():
			if err := l.hear(c, ok); err != nil {
				return err
			}
			continue
		default:
		}
		now := l.now()
		left := earlier(l.scan.at.Add(l.line.Wire(quietOctets)), deadline).Sub(now)
		if left <= 0 {
			return nil
		}
		nap(left)
	}
}

// nap waits for a moment in the kernel. A timer of the runtime is late by up to a millisecond when nothing else goes on,
// and so much more in every exchange would make each round longer by a sixth.
func nap(d time.Duration) {
	left := unix.NsecToTimespec(d.Nanoseconds())
	_ = unix.Nanosleep(&left, nil) // woken early, settle looks again
}

// await waits for the reply of d. Octets under way stretch the time, a damaged frame or a gateway that stops shortens it.
func (l *loop) await(d *device, patience time.Duration) error {
	deadline, leaving := l.sentAt.Add(patience), l.leaving
	limit := later(deadline, l.sentAt.Add(longestReply))
	if leaving == nil {
		limit = deadline
	}
	for l.current != nil {
		l.timer.Reset(deadline.Sub(l.now()))
		select {
		case c, ok := <-l.port.Chunks():
			if err := l.hear(c, ok); err != nil {
				return err
			}
			deadline = earlier(l.stretched(d, c.At, deadline), limit)
		case i := <-l.courier.taken:
			l.devices[i].release(l.now())
		case <-leaving:
			leaving = nil
			limit = earlier(limit, l.now().Add(partingReply))
			deadline = earlier(deadline, limit)
		case <-l.timer.C:
			l.giveUp(d)
		}
	}
	return nil
}

func (l *loop) stretched(d *device, at, deadline time.Time) time.Time {
	switch {
	case l.scan.waiting():
		return later(deadline, at.Add(l.scan.gap))
	case l.scan.damaged[d.Address|replyBit]:
		return earlier(deadline, at.Add(quietAfter))
	}
	return deadline
}

// hear scans what arrived.
func (l *loop) hear(c serialport.Chunk, ok bool) error {
	if !ok {
		return l.port.Err()
	}
	l.scan.push(c.Octets, c.At, func(f frame) { l.sort(f, c.At) })
	return nil
}

// sort decides whose frame it is.
func (l *loop) sort(f frame, at time.Time) {
	d := l.byAddr[f.address]
	switch {
	case !f.reply:
		l.meters.echoes.Inc()
	case d == nil:
		l.stranger(f.address)
	case d == l.current && d.answers(f):
		l.current = nil
		took := max(0, at.Sub(l.sentAt))
		l.meters.reply.Observe(took.Seconds())
		l.reply.Add(took)
		l.conclude(d, d.onReply(f, at), at)
	case f.id == replyRaw:
		l.meters.suppressed.WithLabelValues(d.Name).Inc()
		d.counts.Repeats++
	}
}

// giveUp ends an exchange that brought no reply.
func (l *loop) giveUp(d *device) {
	l.current = nil
	now := l.now()
	damaged := l.scan.damaged[d.Address|replyBit]
	l.countNoise()
	l.conclude(d, d.onTimeout(damaged, now), now)
}

// countNoise counts what was heard since the last exchange and forgets it.
func (l *loop) countNoise() {
	n := l.scan.take()
	l.meters.noise.Add(float64(n))
	l.tally.noise += uint64(n)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
