package ascii

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/serialport"
	"github.com/rollcall-edge/rollcall/drivers/solo"
)

// talk is the conversation with the reader; one goroutine runs it.
type talk struct {
	format Format
	scan   *scanner
}

// octetWithin: a line that stops for longer, and three octets, is given up.
const octetWithin = 50 * time.Millisecond

// run implements solo.Talk.
func (t *talk) run(ctx context.Context, s *solo.Session) error {
	t.scan = newScanner(t.format, octetWithin+s.Wire(3))
	return s.Listen(ctx, t.hear, t.format.Feedback)
}

// hear reads the lines of a chunk.
func (t *talk) hear(s *solo.Session, c serialport.Chunk) {
	t.scan.push(c.Octets, c.At, func(line []byte) { t.read(s, line, c.At) })
	s.Noise(t.scan.counted())
}

// read tells a line that is no number from a card that is no credential.
func (t *talk) read(s *solo.Session, line []byte, at time.Time) {
	key, err := t.format.key(line)
	switch {
	case errors.Is(err, errDigits):
		s.Refuse("form", at)
	case errors.Is(err, errCheck):
		s.Refuse("check", at)
	default:
		s.Card(key, err, at)
	}
}
