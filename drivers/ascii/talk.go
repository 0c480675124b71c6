package ascii

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/serialport"
	"github.com/rollcall-edge/rollcall/drivers/solo"
	"github.com/rollcall-edge/rollcall/drivers/textline"
)

// talk is the conversation with the reader; one goroutine runs it.
type talk struct {
	format Format
	cutter *textline.Cutter
}

// run implements solo.Talk.
func (t *talk) run(ctx context.Context, s *solo.Session) error {
	t.cutter = textline.New(t.format.lines(), s.Wire(1))
	return s.Listen(ctx, t.hear, t.format.Feedback)
}

// hear reads the lines of a chunk.
func (t *talk) hear(s *solo.Session, c serialport.Chunk) {
	t.cutter.Push(c.Octets, c.At, func(line []byte) { t.read(s, line, c.At) })
	s.Noise(t.cutter.Noise())
}

// read tells a card from what else the reader says, and from a line that is no number.
func (t *talk) read(s *solo.Session, line []byte, at time.Time) {
	if t.format.reply(line) {
		s.Heard(at)
		return
	}
	key, err := t.format.key(line)
	switch {
	case errors.Is(err, errDigits):
		s.Noise(len(line))
		s.Refuse("form", at)
	case errors.Is(err, errCheck):
		s.Noise(len(line))
		s.Refuse("check", at)
	default:
		s.Card(key, err, at)
	}
}
