package solo

import (
	"context"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

// Feedback is what to send to a reader for a signal, as its manual has it. A signal without an entry is not shown.
type Feedback map[drivers.Signal]string

// Listen is the whole talk of a reader that pushes: it hands what arrives to hear and sends the feedback of what is
// asked, until the line hangs up or ctx ends; then it sends the feedback of Off.
func (s *Session) Listen(ctx context.Context, hear func(*Session, serialport.Chunk), f Feedback) error {
	for ctx.Err() == nil {
		for _, a := range s.Asked() {
			if err := s.tell(a, f); err != nil {
				return err
			}
		}
		if err := s.listen(ctx, hear); err != nil {
			return err
		}
	}
	return s.tell(Ask{Signal: drivers.Off}, f)
}

// listen waits for one thing to happen. While the gateway takes no cards the line is not read: the tty keeps what comes.
func (s *Session) listen(ctx context.Context, hear func(*Session, serialport.Chunk)) error {
	chunks := s.port.Chunks()
	if s.Full() {
		chunks = nil
	}
	select {
	case c, ok := <-chunks:
		if !ok {
			return s.port.Err()
		}
		s.Blind(c.HeldUp) // a card that was there before the program stood still is not a new one because it is heard late
		hear(s, c)
	case <-s.Wake():
	case <-ctx.Done():
	}
	return nil
}

// tell sends the feedback of a, if there is one.
func (s *Session) tell(a Ask, f Feedback) error {
	text, ok := f[a.Signal]
	if !ok {
		s.Unshown(a)
		return nil
	}
	if err := s.port.Write([]byte(text)); err != nil {
		return err
	}
	s.Shown(a, s.Now())
	return nil
}
