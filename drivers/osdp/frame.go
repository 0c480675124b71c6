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
	replyBusy   = 0x79
)

// Why a run of octets is not a frame.
var (
	errForm  = errors.New("no osdp frame")
	errCheck = errors.New("osdp check is wrong")
)

// frame is one message without its check. data may point into the octets it was decoded from.
type frame struct {
	address  byte // 0 to 7F
	reply    bool
	sequence byte // 0 to 3
	checksum bool // one octet of checksum; else CRC
	secure   bool // has a security block, whose content is not looked at
	id       byte
	data     []byte
}

// append adds the octets of f to b, without the idle mark before it.
func (f frame) append(b []byte) []byte {
	start := len(b)
	address, control, check := f.address, f.sequence&controlSequence, 2
	if f.reply {
		address |= replyBit
	}
	if f.checksum {
		check = 1
	} else {
		control |= controlCRC
	}
	length := headerOctets + 1 + len(f.data) + check
	b = append(b, startOfMessage, address, byte(length), byte(length>>8), control, f.id)
	b = append(b, f.data...)
	if f.checksum {
		return append(b, checksum(b[start:]))
	}
	return binary.LittleEndian.AppendUint16(b, crc(b[start:]))
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
	body, ok := verified(b, control&controlCRC == 0)
	if !ok {
		return frame{}, errCheck
	}
	f := frame{
		address:  b[1] &^ replyBit,
		reply:    b[1]&replyBit != 0,
		sequence: control & controlSequence,
		checksum: control&controlCRC == 0,
		secure:   control&controlSecure != 0,
	}
	if body, ok = afterSecurityBlock(body, f.secure); !ok {
		return frame{}, errForm
	}
	f.id, f.data = body[0], body[1:]
	return f, nil
}

// verified checks b and returns what lies between header and check.
func verified(b []byte, sum bool) (body []byte, ok bool) {
	if sum {
		end := len(b) - 1
		return b[headerOctets:end], checksum(b[:end]) == b[end]
	}
	end := len(b) - 2
	return b[headerOctets:end], crc(b[:end]) == binary.LittleEndian.Uint16(b[end:])
}

// afterSecurityBlock skips the block, whose first octet is its length; ok is false when no id is left.
func afterSecurityBlock(body []byte, secure bool) (rest []byte, ok bool) {
	if secure {
		if len(body) == 0 || int(body[0]) > len(body) {
			return nil, false
		}
		body = body[body[0]:]
	}
	return body, len(body) > 0
}
