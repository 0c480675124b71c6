package wire

import (
	"encoding/binary"
	"math/rand/v2"
)

// An Ethernet frame, IEEE 802.3: destination, source, type. IPv4 as RFC 791, TCP as RFC 9293.
const (
	headerSize = 14
	typeAt     = 12
	typeIPv4   = 0x0800
	protocolAt = headerSize + 9
	tcp        = 6
	offsetAt   = 12 // of the TCP header: its length in words, in the upper half
)

// hardware is an Ethernet address.
type hardware [6]byte

// flip inverts one bit behind the Ethernet header.
func flip(frame []byte, r *rand.Rand) {
	if len(frame) > headerSize {
		frame[headerSize+r.IntN(len(frame)-headerSize)] ^= 1 << r.IntN(8)
	}
}

// garble exchanges two different 16-bit words of what TCP carries, which the sum of RFC 9293 does not notice. It does nothing
// to a frame that carries less, and says so.
func garble(frame []byte, r *rand.Rand) bool {
	payload := tcpPayload(frame)
	words := len(payload) / 2
	if words < 2 {
		return false
	}
	a := r.IntN(words)
	for n := range words - 1 {
		b := (a + 1 + n) % words
		one, other := payload[2*a:2*a+2], payload[2*b:2*b+2]
		if one[0] != other[0] || one[1] != other[1] {
			one[0], one[1], other[0], other[1] = other[0], other[1], one[0], one[1]
			return true
		}
	}
	return false
}

// tcpPayload is what a TCP segment over IPv4 carries; nil when the frame is something else.
func tcpPayload(frame []byte) []byte {
	if len(frame) < headerSize+20 || binary.BigEndian.Uint16(frame[typeAt:]) != typeIPv4 || frame[protocolAt] != tcp {
		return nil
	}
	packet := frame[headerSize:]
	size, header := int(binary.BigEndian.Uint16(packet[2:])), int(packet[0]&0x0f)*4
	if size > len(packet) || header < 20 || header+20 > size {
		return nil
	}
	segment := packet[header:size]
	offset := int(segment[offsetAt]>>4) * 4
	if offset < 20 || offset > len(segment) {
		return nil
	}
	return segment[offset:]
}
