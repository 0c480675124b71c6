package pn532

import (
	"bytes"
	"errors"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/polled"
)

// How long the module may take. The manual names no time for the answer to a command; the acknowledgement comes at once.
const (
	ackWithin    = 100 * time.Millisecond
	answerWithin = 200 * time.Millisecond
	octetWithin  = 50 * time.Millisecond // a frame that stops for longer is given up
)

// reply is what has come of a command so far.
type reply struct {
	code    byte // of the response
	acked   bool
	refused bool
	data    []byte // behind the code; nil until the response came
}

func (a *reply) take(f frame) {
	switch {
	case f.kind == ack:
		a.acked = true
	case f.kind == failure:
		a.refused = true
	case f.kind == response && f.data[0] == a.code:
		a.data = append([]byte{}, f.data[1:]...)
	}
}

func (a *reply) over() bool { return a.refused || a.data != nil }

// exchange sends a command, perhaps behind a wake-up, and returns the data of its response. A damaged response is asked
// for again.
func (r *reader) exchange(l *polled.Line, wake, command []byte) ([]byte, error) {
	r.scan.forget()
	if err := l.Write(appendFrame(bytes.Clone(wake), command)); err != nil {
		return nil, err
	}
	a := reply{code: command[0] + 1}
	err := r.hear(l, &a, ackWithin, func() bool { return a.acked || a.over() })
	if err == nil {
		err = r.hear(l, &a, answerWithin, func() bool { return a.over() || r.scan.damaged })
	}
	if r.scan.damaged && !a.over() {
		err = r.askAgain(l, &a)
	}
	noise := r.scan.counted()
	l.Noise(noise)
	switch {
	case a.refused:
		err = polled.ErrRefused
	case errors.Is(err, polled.ErrSilent) && noise > 0:
		err = polled.ErrDamaged
	}
	return a.data, r.over(l, err)
}

// hear adds to a until that is enough.
func (r *reader) hear(l *polled.Line, a *reply, patience time.Duration, enough func() bool) error {
	if enough() {
		return nil
	}
	return l.Await(patience, func(octets []byte, at time.Time) bool {
		r.scan.push(octets, at, a.take)
		return enough()
	})
}

// askAgain has the module send its response once more.
func (r *reader) askAgain(l *polled.Line, a *reply) error {
	l.Retry()
	if err := l.Write(nackFrame); err != nil {
		return err
	}
	return r.hear(l, a, answerWithin, a.over)
}

// over counts the command by what came of it. One that was not answered is taken back: an ack ends what the module does.
func (r *reader) over(l *polled.Line, err error) error {
	err = l.Over(err)
	if errors.Is(err, polled.ErrSilent) || errors.Is(err, polled.ErrDamaged) {
		return errors.Join(err, l.Write(ackFrame))
	}
	return err
}
