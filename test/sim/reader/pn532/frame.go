package pn532

import "bytes"

// Frame identifiers of the two directions, section 6.2.1.
const (
	fromHost byte = 0xD4
	fromChip byte = 0xD5
)

// Frames of the chip without a content, sections 6.2.1.3 and 6.2.1.5.
var (
	ackFrame   = []byte{0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00}
	errorFrame = []byte{0x00, 0x00, 0xFF, 0x01, 0xFF, 0x7F, 0x81, 0x00}
)

// longestData is what an extended frame may carry after its identifier.
const longestData = 264

// start is what every frame has after its preamble.
var start = []byte{0x00, 0xFF}

// encode makes an information frame of what the chip says, extended when it must be.
func encode(data []byte) []byte {
	n := len(data) + 1
	f := []byte{0x00, 0x00, 0xFF}
	if n < 0xFF {
		f = append(f, byte(n), byte(-n))
	} else {
		hi, lo := byte(n>>8), byte(n)
		f = append(f, 0xFF, 0xFF, hi, lo, -(hi + lo))
	}
	f = append(append(f, fromChip), data...)
	return append(f, -sum(f[len(f)-n:]), 0x00)
}

func sum(octets []byte) (s byte) {
	for _, b := range octets {
		s += b
	}
	return s
}

// kind is what a host sent.
type kind uint8

const (
	nothing kind = iota // not yet
	command
	ack
	nack
)

// scanner finds frames in what a host sends. The zero scanner is ready.
type scanner struct {
	broken int // starts that were followed by no frame

	buf []byte
}

// feed takes one octet and returns what is complete with it. A command is found behind a start that promises more than
// has come; what looks like an acknowledgement there is taken for content.
func (s *scanner) feed(b byte) (kind, []byte) {
	s.buf = append(s.buf, b)
	keep := -1 // the first start that may still become a frame
	for at := 0; at < len(s.buf); at++ {
		skip := bytes.Index(s.buf[at:], start)
		if skip < 0 {
			break
		}
		at += skip
		k, data, ok := decode(s.buf[at:])
		switch {
		case k == command, k != nothing && keep < 0:
			s.buf = s.buf[:0]
			return k, data
		case ok && keep < 0:
			keep = at
		case !ok && keep < 0:
			s.broken++
		}
	}
	if keep < 0 {
		keep = max(0, len(s.buf)-1) // the last octet may be half a start
	}
	s.buf = append(s.buf[:0], s.buf[keep:]...)
	return nothing, nil
}

// decode reads what begins with a start code. It reports nothing and true as long as a frame may come of it.
func decode(b []byte) (kind, []byte, bool) {
	if len(b) < 4 {
		return nothing, nil, true
	}
	n, head := int(b[2]), 4
	switch {
	case b[2] == 0x00 && b[3] == 0xFF:
		return ack, nil, true
	case b[2] == 0xFF && b[3] == 0x00:
		return nack, nil, true
	case b[2] == 0xFF && b[3] == 0xFF:
		if len(b) < 7 {
			return nothing, nil, true
		}
		n, head = int(b[4])<<8|int(b[5]), 7
		if sum(b[4:7]) != 0 || n > longestData+1 {
			return nothing, nil, false
		}
	case b[2]+b[3] != 0:
		return nothing, nil, false
	}
	if n < 2 {
		return nothing, nil, false
	}
	if len(b) < head+n+1 {
		return nothing, nil, true
	}
	if sum(b[head:head+n+1]) != 0 || b[head] != fromHost {
		return nothing, nil, false
	}
	return command, append([]byte(nil), b[head+1:head+n]...), true
}
