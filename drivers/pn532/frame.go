package pn532

// The information frame of section 6.2.1.1: preamble, start code, length, its check, identifier, data, check, postamble.
// Preamble and postamble are any number of zeros.
const (
	preamble = 0x00
	start1   = 0x00
	start2   = 0xFF

	fromHost = 0xD4 // identifier of commands
	fromChip = 0xD5 // identifier of responses

	headerOctets = 4                       // start code, length, its check
	longestFrame = headerOctets + 0xFF + 1 // with its check
)

// errorIdentifier is the whole content of the error frame (6.2.1.5).
const errorIdentifier = 0x7F

// Frames without content: what stands in place of the length and its check (6.2.1.3, 6.2.1.4, 6.2.1.2).
var (
	ackCode      = [2]byte{0x00, 0xFF}
	nackCode     = [2]byte{0xFF, 0x00}
	extendedCode = [2]byte{0xFF, 0xFF}
)

// ackFrame tells the chip to stop what it does; nackFrame asks for its last response again.
var (
	ackFrame  = []byte{preamble, start1, start2, ackCode[0], ackCode[1], preamble}
	nackFrame = []byte{preamble, start1, start2, nackCode[0], nackCode[1], preamble}
)

// kind is what a frame is.
type kind uint8

const (
	ack      kind = iota // the command arrived
	response             // its answer
	failure              // the error frame: the command was not understood
	other                // of no use here: our own frames sent back, nack
)

// frame is one message. data begins with the code of the command or response and may point into what it was read from.
type frame struct {
	kind kind
	data []byte
}

// appendFrame adds the frame that carries a command of 254 octets at most.
func appendFrame(b, command []byte) []byte {
	n := byte(1 + len(command))
	b = append(b, preamble, start1, start2, n, -n, fromHost)
	sum := byte(fromHost)
	for _, o := range command {
		sum += o
	}
	return append(append(b, command...), -sum, preamble)
}

// verdict is what a start code turned out to be.
type verdict uint8

const (
	incomplete verdict = iota
	impossible         // no frame begins here
	damaged            // a frame whose content has a wrong check
	complete
)

// try reads the frame at the beginning of b, where a start code stands; n is its length without the postamble.
func try(b []byte) (f frame, n int, v verdict) {
	if len(b) < headerOctets {
		return frame{}, 0, incomplete
	}
	switch code := [2]byte{b[2], b[3]}; {
	case code == ackCode:
		return frame{kind: ack}, headerOctets, complete
	case code == nackCode:
		return frame{kind: other}, headerOctets, complete
	case code == extendedCode, code[0] == 0, code[0]+code[1] != 0:
		return frame{}, 0, impossible
	}
	n = headerOctets + int(b[2]) + 1
	if len(b) < n {
		return frame{}, 0, incomplete
	}
	content := b[headerOctets:n]
	if sum(content) != 0 {
		return frame{}, n, damaged
	}
	return sort(content[:len(content)-1]), n, complete
}

// sort tells what the content of a frame is.
func sort(content []byte) frame {
	switch {
	case content[0] == fromChip && len(content) > 1:
		return frame{kind: response, data: content[1:]}
	case content[0] == errorIdentifier && len(content) == 1:
		return frame{kind: failure}
	}
	return frame{kind: other}
}

func sum(octets []byte) (s byte) {
	for _, o := range octets {
		s += o
	}
	return s
}
