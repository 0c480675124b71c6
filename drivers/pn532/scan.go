package pn532

import (
	"bytes"
	"time"
)

// scanner finds frames in what a line delivers. A start code that noise made up costs itself alone: the search goes on
// behind it. Octets that belong to no frame are dropped, and counted unless they are zeros, which fill the line between
// frames.
type scanner struct {
	gap     time.Duration // half a frame older than this is noise
	buf     []byte
	at      time.Time
	damaged bool // a response with a wrong check came since counted
	noise   int  // octets dropped since counted
}

func newScanner(gap time.Duration) *scanner {
	return &scanner{gap: gap, buf: make([]byte, 0, longestFrame)}
}

// push adds octets that arrived at the given time and calls found for each frame. The frame's data is valid only during
// the call.
func (s *scanner) push(octets []byte, at time.Time, found func(frame)) {
	if at.Sub(s.at) > s.gap {
		s.forget()
	}
	s.at = at
	for len(octets) > 0 {
		n := min(len(octets), longestFrame-len(s.buf))
		s.buf = append(s.buf, octets[:n]...)
		octets = octets[n:]
		for s.next(found) {
		}
	}
}

// next looks for one complete frame and reports whether there was one. What is left then is shorter than a frame.
func (s *scanner) next(found func(frame)) bool {
	for {
		at := bytes.Index(s.buf, startCode)
		if at < 0 {
			s.drop(len(s.buf) - s.half())
			return false
		}
		s.drop(at)
		f, n, v := try(s.buf)
		switch v {
		case incomplete:
			return false
		case complete:
			found(f)
			s.cut(n)
			return true
		case damaged:
			s.damaged = true
		}
		s.drop(len(startCode))
	}
}

var startCode = []byte{start1, start2}

// half is 1 when the last octet may be the first half of a start code.
func (s *scanner) half() int {
	if bytes.HasSuffix(s.buf, startCode[:1]) {
		return 1
	}
	return 0
}

// waiting reports whether part of a frame has arrived.
func (s *scanner) waiting() bool { return len(s.buf) > 1 }

// forget drops all that waits.
func (s *scanner) forget() { s.drop(len(s.buf)) }

// drop counts and cuts the first n octets.
func (s *scanner) drop(n int) {
	for _, o := range s.buf[:n] {
		if o != preamble {
			s.noise++
		}
	}
	s.cut(n)
}

func (s *scanner) cut(n int) { s.buf = s.buf[:copy(s.buf, s.buf[n:])] }

// counted returns the octets dropped since the last call.
func (s *scanner) counted() (noise int) {
	noise, s.noise, s.damaged = s.noise, 0, false
	return noise
}
