package ascii

import (
	"bytes"
	"time"
)

// scanner cuts a stream of octets into lines. A start in the middle of a line begins it anew, an overlong line and
// half a line followed by silence are dropped: a torn frame and the next whole one never become one.
type scanner struct {
	format Format
	gap    time.Duration // half a line older than this is noise

	line    []byte // digits so far
	inside  bool   // between start and end
	matched int    // octets of Start seen
	at      time.Time
	noise   int // octets dropped since take
}

func newScanner(f Format, gap time.Duration) *scanner {
	return &scanner{format: f, gap: gap, inside: len(f.Start) == 0}
}

// push adds octets that arrived at the given time and calls found for each line, without start and end. The line is
// valid only during the call.
func (s *scanner) push(octets []byte, at time.Time, found func(line []byte)) {
	if at.Sub(s.at) > s.gap {
		s.giveUp()
	}
	s.at = at
	for _, o := range octets {
		s.take(o, found)
	}
}

func (s *scanner) take(o byte, found func(line []byte)) {
	if s.starts(o) {
		s.drop(true)
		return
	}
	switch {
	case bytes.IndexByte(s.format.End, o) >= 0:
		if s.inside && len(s.line) > 0 {
			found(s.line)
		}
		s.line, s.inside = s.line[:0], len(s.format.Start) == 0
	case !s.inside:
		s.noise++
	case len(s.line) == s.format.longest():
		s.noise++
		s.drop(false)
	default:
		s.line = append(s.line, o)
	}
}

// starts reports whether o completes the start. Starts are short and their octets differ from digits.
func (s *scanner) starts(o byte) bool {
	start := s.format.Start
	if len(start) == 0 {
		return false
	}
	switch o {
	case start[s.matched]:
		s.matched++
	case start[0]:
		s.matched = 1
	default:
		s.matched = 0
	}
	if s.matched < len(start) {
		return false
	}
	s.matched = 0
	return true
}

// giveUp drops half a line after silence. Without a start, what follows might be its other half, which could look like
// a shorter number: it is skipped up to its end.
func (s *scanner) giveUp() { s.drop(s.inside && len(s.format.Start) == 0 && len(s.line) == 0) }

// drop counts what waits as noise and goes on inside or outside of a line.
func (s *scanner) drop(inside bool) {
	s.noise += len(s.line)
	s.line, s.inside = s.line[:0], inside
}

// counted returns the octets dropped since the last call.
func (s *scanner) counted() (noise int) {
	noise, s.noise = s.noise, 0
	return noise
}
