package osdp

import "encoding/binary"

// The octets and limits of a frame.
const (
	mark      = 0xFF // precedes each frame, not counted in its length
	som       = 0x53
	replyBit  = 0x80 // set in the address of whatever a device sends
	crcBit    = 0x04 // in the control octet: CRC-16, else checksum
	secureBit = 0x08 // in the control octet: a security block follows
	header    = 5    // SOM, address, length (2), control

	// Broadcast is the address every device answers, with 0xFF.
	Broadcast = 0x7F
	// MaxFrame is the longest frame of the standard, in octets without the mark.
	MaxFrame = 1440
)

// Frame is one message of a control panel, its check found right.
type Frame struct {
	Address  byte // as sent; bit 7 set means that a device sent it
	Sequence byte // 0 to 3
	CRC      bool // checked by CRC-16, and the reply shall be too; else by checksum
	Secure   bool // carries a security block
	Block    Block
	Code     byte   // which command
	Data     []byte // enciphered when the block says so
	MAC      []byte // four octets, when the block says so

	covered []byte // what the MAC of a received frame is over: from the SOM up to it
}

// trailer is the length of the check.
func (f Frame) trailer() int {
	if f.CRC {
		return 2
	}
	return 1
}

// Encode is the frame on the wire, mark first. A MAC must be there already.
func (f Frame) Encode() []byte {
	b := append(f.body(), f.MAC...)
	if f.CRC {
		return binary.LittleEndian.AppendUint16(b, crc16(b[1:]))
	}
	return append(b, checksum(b[1:]))
}

// body is the frame from the mark up to the MAC, if there is one, its length that of the whole.
func (f Frame) body() []byte {
	var block []byte
	if f.Secure {
		block = f.Block.encode()
	}
	size := header + len(block) + 1 + len(f.Data) + f.Block.trailer() + f.trailer()
	b := make([]byte, 0, 1+size)
	b = append(b, mark, som, f.Address, byte(size), byte(size>>8), f.control())
	b = append(b, block...)
	return append(append(b, f.Code), f.Data...)
}

func (f Frame) control() byte {
	c := f.Sequence & 3
	if f.CRC {
		c |= crcBit
	}
	if f.Secure {
		c |= secureBit
	}
	return c
}

// verdict is what the octets from one SOM on turned out to be.
type verdict uint8

const (
	broken  verdict = iota // no frame starts here
	partial                // a frame may start here; more octets will tell
	whole
)

// decode looks for a frame at the start of b, which begins with a SOM. size is its length when whole.
func decode(b []byte) (f Frame, size int, v verdict) {
	if len(b) < header {
		return f, 0, partial
	}
	control := b[4]
	f = Frame{Address: b[1], Sequence: control & 3, CRC: control&crcBit != 0, Secure: control&secureBit != 0}
	size = int(binary.LittleEndian.Uint16(b[2:]))
	if size < header+1+f.trailer() || size > MaxFrame {
		return f, 0, broken
	}
	if len(b) < size {
		return f, 0, partial
	}
	body, check := b[:size-f.trailer()], b[size-f.trailer():size]
	if f.CRC && crc16(body) != binary.LittleEndian.Uint16(check) || !f.CRC && checksum(body) != check[0] {
		return f, 0, broken
	}
	if f.Secure {
		f.decodeBlock(body)
	} else {
		f.Code, f.Data = body[header], clone(body[header+1:])
	}
	return f, size, whole
}
