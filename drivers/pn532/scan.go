package pn532

import (
	"bytes"
	"time"
)

// scanner finds frames in what a line delivers. It tries every start code: a header that noise made up cannot hide the
// response behind it. Octets that belong to no frame are dropped, and counted unless they are zeros, which fill the line
// between frames.
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

// next looks for one complete frame and reports whether there was one.
func (s *scanner) next(found func(frame)) bool {
	open := -1 // the first start code whose frame is not complete
	for at := s.start(0); at >= 0; at = s.start(at + len(startCode)) {
		f, n, v := try(s.buf[at:])
		switch {
		case v == complete && (open < 0 || f.kind == response):
			found(f)
			s.drop(at)
			s.cut(n)
			return true
		case v == incomplete && open < 0:
			open = at
		case v == damaged:
			s.damaged = true
		}
	}
	if open < 0 {
		open = len(s.buf) - s.half()
	}
	s.drop(open)
	return false
}

// start is where the next start code stands from at on, or -1.
func (s *scanner) start(at int) int {
	i := bytes.Index(s.buf[at:], startCode)
	if i < 0 {
		return -1
	}
	return at + i
}

var startCode = []byte{start1, start2}

// half is 1 when the last octet may be the first half of a start code.
func (s *scanner) half() int {
	if bytes.HasSuffix(s.buf, startCode[:1]) {
		return 1
	}
	return 0
}

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
