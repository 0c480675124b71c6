package polled

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/solo"
)

const (
	quietFor     = 50 * time.Millisecond  // silence after which nothing more of an old answer is expected
	noisyFor     = 500 * time.Millisecond // no chatter keeps us waiting for longer
	partingReply = 50 * time.Millisecond  // for an answer, once the gateway stops
	insistTimes  = 3
)

// Line is the open line as a Dialect uses it.
type Line struct {
	session *solo.Session
	wire    func(octets int) time.Duration
	now     func() time.Time
	leaving <-chan struct{} // the gateway stops
	timer   *time.Timer

	sentAt  time.Time // when the last octet of the question left
	heardAt time.Time
	heldUp  bool  // the program stood still before an answer since stoodStill was asked
	met     bool  // the reader was greeted and has not been lost since
	fault   error // the line is gone
}

func newLine(ctx context.Context, s *solo.Session, o Options) *Line {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &Line{session: s, wire: o.Line.Wire, now: o.Now, leaving: ctx.Done(), timer: timer}
}

// Write sends octets. Octets that have arrived before belong to nobody and are dropped.
func (l *Line) Write(octets []byte) error {
	l.discard()
	if l.fault == nil {
		l.fault = l.session.Port().Write(octets)
	}
	l.sentAt = l.now().Add(l.wire(len(octets)))
	return l.fault
}

// discard counts what nobody asked for as noise.
func (l *Line) discard() {
	for {
		select {
		case c, ok := <-l.session.Port().Chunks():
			if !ok {
				l.fail()
				return
			}
			l.session.Noise(len(c.Octets))
		default:
			return
		}
	}
}

// Await hands what arrives to hear until that returns true, for patience from the end of the question on. Its error is
// ErrSilent, or that of a line that is gone.
func (l *Line) Await(patience time.Duration, hear func(octets []byte, at time.Time) (done bool)) error {
	deadline, leaving := l.sentAt.Add(patience), l.leaving
	for l.fault == nil {
		l.timer.Reset(deadline.Sub(l.now()))
		select {
		case c, ok := <-l.session.Port().Chunks():
			if !ok {
				l.fail()
				break
			}
			l.heardAt, l.heldUp = c.At, l.heldUp || c.HeldUp > 0
			if hear(c.Octets, c.At) {
				return nil
			}
		case <-leaving:
			leaving = nil
			if limit := l.now().Add(partingReply); limit.Before(deadline) {
				deadline = limit
			}
		case <-l.timer.C:
			return ErrSilent
		}
	}
	return l.fault
}

// Settle waits until the line has been quiet for a while, and drops what comes until then.
func (l *Line) Settle() {
	l.sentAt = l.now()
	until := l.sentAt.Add(noisyFor)
	heard := func(octets []byte, at time.Time) bool {
		l.session.Noise(len(octets))
		l.sentAt = at
		return true
	}
	for l.now().Before(until) && !l.stopping() {
		if err := l.Await(quietFor, heard); err != nil {
			return
		}
	}
}

// Insist asks again while there is no usable answer, a few times: for the later questions of a greeting, which would
// else have to begin anew.
func (l *Line) Insist(ask func() error) (err error) {
	for range insistTimes {
		err = ask()
		if err == nil || errors.Is(err, ErrRefused) || l.fault != nil || l.stopping() {
			return err
		}
		l.session.Retry()
		l.Settle()
	}
	return err
}

// Pause gives the reader time; it drops what comes meanwhile.
func (l *Line) Pause(d time.Duration) {
	l.sentAt = l.now()
	_ = l.Await(d, func(octets []byte, _ time.Time) bool {
		l.session.Noise(len(octets))
		return false
	})
}

func (l *Line) stopping() bool {
	select {
	case <-l.leaving:
		return true
	default:
		return false
	}
}

func (l *Line) fail() { l.fault = errors.Join(errHungUp, l.session.Port().Err()) }

// errHungUp stands for a line that was closed from this side.
var errHungUp = errors.New("line is closed")

// stoodStill reports whether the program stood still before an answer that came since the last call.
func (l *Line) stoodStill() (held bool) {
	held, l.heldUp = l.heldUp, false
	return held
}

// At is when the latest octets arrived.
func (l *Line) At() time.Time { return l.heardAt }

// Noise counts octets that belong to no answer.
func (l *Line) Noise(octets int) { l.session.Noise(octets) }

// Retry counts a question that is asked again with the same octets.
func (l *Line) Retry() { l.session.Retry() }

// Over counts the question that was sent last by what came of it, and returns err.
func (l *Line) Over(err error) error {
	switch {
	case l.fault != nil:
		return l.fault
	case err == nil:
		l.session.Exchange(solo.OK, max(1, l.heardAt.Sub(l.sentAt)))
		if l.met {
			l.session.Heard(l.heardAt)
		}
	case errors.Is(err, ErrRefused):
		l.session.Exchange(solo.Refused, 0)
	case errors.Is(err, ErrSilent):
		l.session.Exchange(solo.Silent, 0)
	default:
		l.session.Exchange(solo.Damaged, 0)
	}
	return err
}
