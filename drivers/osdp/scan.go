package osdp

import (
	"errors"
	"time"
)

// scanRoom bounds what a line can make us keep: twice the longest frame.
const scanRoom = 2 * longestFrame

// scanner finds frames in what a line delivers. It tries every start octet: a header that noise made up cannot hide
// the frame behind it. Octets that belong to no frame are dropped and counted.
type scanner struct {
	gap    time.Duration // half a frame older than this is noise
	buf    []byte
	starts []int // offsets in buf of the start octets whose frame is not complete yet, in order
	at     time.Time

	noise   int       // octets dropped since take
	damaged [256]bool // addresses, as sent, that had a complete frame with a wrong check since take
}

func newScanner(gap time.Duration) *scanner {
	return &scanner{gap: gap, buf: make([]byte, 0, scanRoom)}
}

// push adds octets that arrived at the given time and calls found for each frame. The frame's data is valid only
// during the call.
func (s *scanner) push(octets []byte, at time.Time, found func(frame)) {
	if at.Sub(s.at) > s.gap {
		s.forget()
	}
	s.at = at
	for len(octets) > 0 {
		n := min(len(octets), scanRoom-len(s.buf))
		s.add(octets[:n])
		octets = octets[n:]
		for s.next(found) {
		}
	}
}

// waiting reports whether part of a frame has arrived.
func (s *scanner) waiting() bool { return len(s.starts) > 0 }

// take returns the octets dropped since the last take and begins to count anew.
func (s *scanner) take() (noise int) {
	noise = s.noise
	s.noise, s.damaged = 0, [256]bool{}
	return noise
}

// forget drops all that waits.
func (s *scanner) forget() { s.starts = s.starts[:0]; s.drop(len(s.buf)) }

func (s *scanner) add(octets []byte) {
	for i, o := range octets {
		if o == startOfMessage {
			s.starts = append(s.starts, len(s.buf)+i)
		}
	}
	s.buf = append(s.buf, octets...)
}

// next looks for one complete frame, each start octet once, and reports whether there was one.
func (s *scanner) next(found func(frame)) bool {
	open := s.starts[:0]
	for i, start := range s.starts {
		f, n, state := try(s.buf[start:])
		switch state {
		case incomplete:
			open = append(open, start)
		case damaged:
			s.damaged[s.buf[start+1]] = true
		case complete:
			s.keepFrom(start+n, s.starts[i+1:])
			s.noise += countNoise(s.buf[:start])
			found(f)
			s.cut(start + n)
			return true
		}
	}
	s.starts = open
	if len(open) == 0 {
		s.drop(len(s.buf))
		return false
	}
	s.drop(open[0])
	return false
}

// keepFrom leaves the start octets at end or behind it.
func (s *scanner) keepFrom(end int, rest []int) {
	for len(rest) > 0 && rest[0] < end {
		rest = rest[1:]
	}
	s.starts = append(s.starts[:0], rest...)
}

// drop counts and cuts the first n octets.
func (s *scanner) drop(n int) {
	s.noise += countNoise(s.buf[:n])
	s.cut(n)
}

func (s *scanner) cut(n int) {
	if n == 0 {
		return
	}
	s.buf = s.buf[:copy(s.buf, s.buf[n:])]
	for i := range s.starts {
		s.starts[i] -= n
	}
}

// countNoise leaves out the marks that belong before frames.
func countNoise(octets []byte) (n int) {
	for _, o := range octets {
		if o != mark {
			n++
		}
	}
	return n
}

// What a start octet turned out to be.
type verdict uint8

const (
	incomplete verdict = iota
	impossible
	damaged
	complete
)

func try(b []byte) (f frame, n int, v verdict) {
	if len(b) < headerOctets {
		return frame{}, 0, incomplete
	}
	n, ok := frameLength(b)
	if !ok {
		return frame{}, 0, impossible
	}
	if len(b) < n {
		return frame{}, 0, incomplete
	}
	f, err := decode(b[:n])
	switch {
	case err == nil:
		return f, n, complete
	case errors.Is(err, errCheck):
		return frame{}, 0, damaged
	}
	return frame{}, 0, impossible
}
