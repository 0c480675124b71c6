package osdp

import (
	"bytes"
	"time"
)

// characterWithin is the longest silence inside a frame (SIA OSDP v2.2, timing); a longer one ends it unfinished.
const characterWithin = 20 * time.Millisecond

// Scanner finds frames in the octets of a bus. It tries every SOM, so that noise that looks like the head of a frame
// costs nothing. The zero Scanner is ready.
type Scanner struct {
	Broken int // heads that promised a frame and did not keep it: wrong check, impossible length, silence in between

	buf  []byte
	last time.Time
}

// Feed takes octets of which the first began at from and the last ended at to, and returns the frames now complete.
func (s *Scanner) Feed(from, to time.Time, octets []byte) []Frame {
	if len(s.buf) > 0 && from.Sub(s.last) > characterWithin {
		s.Broken++
		s.buf = s.buf[:0]
	}
	s.buf, s.last = append(s.buf, octets...), to

	var frames []Frame
	for {
		f, ok := s.next()
		if !ok {
			return frames
		}
		frames = append(frames, f)
	}
}

// next takes the first whole frame out of the buffer; what precedes it is gone, heads still unfinished included.
func (s *Scanner) next() (Frame, bool) {
	keep := -1 // the first head that may still become a frame
	for at := 0; at < len(s.buf); at++ {
		skip := bytes.IndexByte(s.buf[at:], som)
		if skip < 0 {
			break
		}
		at += skip
		f, size, v := decode(s.buf[at:])
		if v == whole {
			s.buf = append(s.buf[:0], s.buf[at+size:]...)
			return f, true
		}
		if v == partial && keep < 0 {
			keep = at
		}
		if v == broken && keep < 0 {
			s.Broken++
		}
	}
	if keep < 0 {
		keep = len(s.buf)
	}
	s.buf = append(s.buf[:0], s.buf[keep:]...)
	return Frame{}, false
}
