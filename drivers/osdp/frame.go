package osdp

import (
	"encoding/binary"
	"errors"
)

// The frame of OSDP v2.2: SOM, address, length, control, [security block,] id, data, check.
const (
	startOfMessage = 0x53
	mark           = 0xFF // one idle octet goes before each frame
	replyBit       = 0x80 // of the address, set by readers
	headerOctets   = 5

	controlSequence = 0x03
	controlCRC      = 0x04 // two octets of CRC instead of one of checksum
	controlSecure   = 0x08 // a security block follows the header
	blockOctets     = 2    // of a security block at least: its length, which counts itself, and its kind

	shortestFrame = 7    // header, id, checksum
	longestFrame  = 1440 // the most a panel ever takes
	highestAddr   = 0x7E // 0x7F is everybody
)

// Commands of the panel.
const (
	cmdPoll  = 0x60
	cmdID    = 0x61
	cmdCap   = 0x62
	cmdLstat = 0x64
	cmdLED   = 0x69
	cmdBuz   = 0x6A

	cmdComset = 0x6E
	cmdKeyset = 0x75
	cmdChlng  = 0x76
	cmdScrypt = 0x77
)

// Replies of the reader.
const (
	replyAck    = 0x40
	replyNak    = 0x41
	replyPDID   = 0x45
	replyPDCap  = 0x46
	replyLstatr = 0x48
	replyRaw    = 0x50
	replyFmt    = 0x51
	replyKeypad = 0x53
	replyCom    = 0x54
	replyCcrypt = 0x76
	replyRMACI  = 0x78
	replyBusy   = 0x79
	replyMfgrep = 0x90
)

// Why a run of octets is not a frame.
var (
	errForm  = errors.New("no osdp frame")
	errCheck = errors.New("osdp check is wrong")
)

// frame is one message without its check. Slices of a decoded frame point into the octets it was decoded from.
type frame struct {
	address  byte // 0 to 7F
	reply    bool
	sequence byte // 0 to 3
	checksum bool // one octet of checksum; else CRC
	block    securityBlock
	id       byte
	data     []byte // sealed under blockSealed and blockSealedReply
	mac      []byte // of the blocks that have one
	signed   []byte // of a decoded frame: the octets that mac speaks of
}

// securityBlock says what the secure channel does with a frame. The zero value is none: the frame is in plain.
type securityBlock struct {
	kind byte
	info []byte // in the handshake, which key
}

// signs reports whether frames with this block carry a message authentication code.
func (b securityBlock) signs() bool { return b.kind >= blockCommand && b.kind <= blockSealedReply }

// seals reports whether their data is sealed.
func (b securityBlock) seals() bool { return b.kind == blockSealed || b.kind == blockSealedReply }

// append adds the octets of f to b, without the idle mark before it.
func (f frame) append(b []byte) []byte {
	start := len(b)
	return f.appendCheck(append(f.appendBody(b), f.mac...), start)
}

// appendBody adds what the message authentication code speaks of: all before it. The length counts code and check.
func (f frame) appendBody(b []byte) []byte {
	address, control := f.address, f.sequence&controlSequence
	if f.reply {
		address |= replyBit
	}
	if !f.checksum {
		control |= controlCRC
	}
	if f.block.kind != 0 {
		control |= controlSecure
	}
	length := f.length()
	b = append(b, startOfMessage, address, byte(length), byte(length>>8), control)
	if f.block.kind != 0 {
		b = append(b, byte(blockOctets+len(f.block.info)), f.block.kind)
		b = append(b, f.block.info...)
	}
	return append(append(b, f.id), f.data...)
}

// length counts all octets of f.
func (f frame) length() int {
	n := headerOctets + 1 + len(f.data) + checkOctets(f.checksum)
	if f.block.kind != 0 {
		n += blockOctets + len(f.block.info)
	}
	if f.block.signs() {
		n += macOctets
	}
	return n
}

// appendCheck ends the frame that began at start.
func (f frame) appendCheck(b []byte, start int) []byte {
	if f.checksum {
		return append(b, checksum(b[start:]))
	}
	return binary.LittleEndian.AppendUint16(b, crc(b[start:]))
}

func checkOctets(sum bool) int {
	if sum {
		return 1
	}
	return 2
}

// frameLength reads the length that a header promises; ok is false when no frame has it.
func frameLength(header []byte) (n int, ok bool) {
	n = int(binary.LittleEndian.Uint16(header[2:4]))
	return n, n >= shortestFrame && n <= longestFrame
}

// decode reads exactly one frame. Errors: errForm, errCheck.
func decode(b []byte) (frame, error) {
	if len(b) < shortestFrame || b[0] != startOfMessage {
		return frame{}, errForm
	}
	if n, ok := frameLength(b); !ok || n != len(b) {
		return frame{}, errForm
	}
	control := b[4]
	f := frame{
		address:  b[1] &^ replyBit,
		reply:    b[1]&replyBit != 0,
		sequence: control & controlSequence,
		checksum: control&controlCRC == 0,
	}
	end := len(b) - checkOctets(f.checksum)
	if !f.checks(b[:end], b[end:]) {
		return frame{}, errCheck
	}
	body, ok := b[headerOctets:end], true
	if control&controlSecure != 0 {
		body, ok = f.readBlock(body)
	}
	if !ok || len(body) == 0 {
		return frame{}, errForm
	}
	if f.block.signs() {
		f.signed = b[:end-macOctets]
	}
	f.id, f.data = body[0], body[1:]
	return f, nil
}

func (f frame) checks(b, check []byte) bool {
	if f.checksum {
		return checksum(b) == check[0]
	}
	return crc(b) == binary.LittleEndian.Uint16(check)
}

// readBlock takes the security block and the message authentication code off; ok is false when there is no room for them.
func (f *frame) readBlock(body []byte) (rest []byte, ok bool) {
	if len(body) == 0 || int(body[0]) < blockOctets || int(body[0]) > len(body) || body[1] == 0 {
		return nil, false
	}
	n := int(body[0])
	f.block, body = securityBlock{kind: body[1], info: body[blockOctets:n]}, body[n:]
	if !f.block.signs() {
		return body, true
	}
	if len(body) < macOctets {
		return nil, false
	}
	f.mac = body[len(body)-macOctets:]
	return body[:len(body)-macOctets], true
}
