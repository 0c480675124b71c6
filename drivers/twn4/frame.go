package twn4

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
)

// A line of the Simple Protocol, ASCII mode: octets as two hexadecimal digits each, perhaps two octets of CRC, the end.
const (
	endOfLine = '\r'
	crcOctets = 2
	crcStart  = 0xFFFF

	longestReply = 1 + 1 + 1 + 1 + 255 // status, result, count, length and a list of UIDs: the longest asked for here
	longestLine  = 2 * (longestReply + crcOctets)
)

// Why a line is not a message.
var (
	errForm  = errors.New("line is not pairs of hexadecimal digits")
	errCheck = errors.New("crc of the line is wrong")
)

const upperDigits = "0123456789ABCDEF"

// appendLine adds the line that carries octets.
func appendLine(line, octets []byte, checked bool) []byte {
	if checked {
		octets = binary.LittleEndian.AppendUint16(append([]byte(nil), octets...), crc(octets))
	}
	for _, o := range octets {
		line = append(line, upperDigits[o>>4], upperDigits[o&0x0F])
	}
	return append(line, endOfLine)
}

// decodeLine reads a line without its end. Errors: errForm, errCheck.
func decodeLine(line []byte, checked bool) ([]byte, error) {
	octets := make([]byte, hex.DecodedLen(len(line)))
	if _, err := hex.Decode(octets, line); err != nil || len(octets) == 0 {
		return nil, errForm
	}
	if !checked {
		return octets, nil
	}
	body := len(octets) - crcOctets
	if body < 1 {
		return nil, errForm
	}
	if crc(octets[:body]) != binary.LittleEndian.Uint16(octets[body:]) {
		return nil, errCheck
	}
	return octets[:body], nil
}

// crc is the check of section 1.3.3: polynomial 8408 reversed, start FFFF, no final inversion.
func crc(octets []byte) uint16 {
	c := uint16(crcStart)
	for _, o := range octets {
		c ^= uint16(o)
		for range 8 {
			low := c & 1
			c >>= 1
			if low == 1 {
				c ^= 0x8408
			}
		}
	}
	return c
}
