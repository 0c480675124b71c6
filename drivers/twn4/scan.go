package twn4

import "time"

// scanner cuts a stream of octets into lines. An octet that is no hexadecimal digit cannot belong to a line: what
// stands before it is dropped. So are overlong lines and half a line followed by silence.
type scanner struct {
	gap     time.Duration // half a line older than this is noise
	checked bool          // lines carry a CRC

	line    []byte
	tooLong bool // the line is skipped up to its end
	at      time.Time
	noise   int // octets dropped since counted
}

func newScanner(gap time.Duration, checked bool) *scanner {
	return &scanner{gap: gap, checked: checked, line: make([]byte, 0, longestLine)}
}

// push adds octets that arrived at the given time and calls found for each message.
func (s *scanner) push(octets []byte, at time.Time, found func(message []byte)) {
	if at.Sub(s.at) > s.gap {
		s.forget()
	}
	s.at = at
	for _, o := range octets {
		s.take(o, found)
	}
}

func (s *scanner) take(o byte, found func(message []byte)) {
	switch {
	case o == endOfLine:
		s.end(found)
	case o == '\n': // a terminal's habit, harmless
	case !isDigit(o):
		s.noise++
		s.forget()
	case s.tooLong:
		s.noise++
	case len(s.line) == longestLine:
		s.noise++
		s.drop()
		s.tooLong = true
	default:
		s.line = append(s.line, o)
	}
}

func (s *scanner) end(found func(message []byte)) {
	message, err := decodeLine(s.line, s.checked)
	if err != nil {
		s.forget()
		return
	}
	s.line, s.tooLong = s.line[:0], false
	found(message)
}

// forget drops all that waits.
func (s *scanner) forget() {
	s.drop()
	s.tooLong = false
}

func (s *scanner) drop() {
	s.noise += len(s.line)
	s.line = s.line[:0]
}

// counted returns the octets dropped since the last call.
func (s *scanner) counted() (noise int) {
	noise, s.noise = s.noise, 0
	return noise
}

func isDigit(o byte) bool {
	return o >= '0' && o <= '9' || o >= 'A' && o <= 'F' || o >= 'a' && o <= 'f'
}
