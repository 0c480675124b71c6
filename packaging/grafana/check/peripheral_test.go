package check

import (
	"encoding/binary"
	"io"
)

// Parts of OSDP that a panel asks of every reader (SIA OSDP v2.2): commands and the replies to them.
const (
	poll, identify, capabilities = 0x60, 0x61, 0x62
	ack, pdid, pdcap, raw        = 0x40, 0x45, 0x46, 0x50
)

// peripheral answers at one address of a line as the smallest OSDP reader that a panel talks to. It reads a card for each
// octet in cards, the last one of its UID.
func peripheral(line io.ReadWriter, address byte, cards <-chan byte) {
	var pending []byte
	chunk := make([]byte, 256)
	for {
		n, err := line.Read(chunk)
		if err != nil {
			return // the test is over
		}
		pending = append(pending, chunk[:n]...)
		for {
			frame, rest := cut(pending)
			pending = rest
			if frame == nil {
				break
			}
			if frame[1] != address {
				continue
			}
			if _, err := line.Write(reply(frame, cards)); err != nil {
				return // likewise
			}
		}
	}
}

// cut takes the first whole command off b.
func cut(b []byte) (frame, rest []byte) {
	for len(b) > 0 && b[0] != 0x53 {
		b = b[1:]
	}
	if len(b) < 8 {
		return nil, b
	}
	n := int(binary.LittleEndian.Uint16(b[2:]))
	if n < 8 || len(b) < n {
		return nil, b
	}
	return b[:n], b[n:]
}

// reply carries the command's sequence and a CRC-16 (polynomial 1021, start 1D0F).
func reply(command []byte, cards <-chan byte) []byte {
	id, data := byte(ack), []byte(nil)
	switch command[5] {
	case poll:
		select {
		case last := <-cards: // reader, format, bits, data
			id, data = raw, []byte{0, 0, 56, 0, 0x04, 0xA2, 0xB3, 0xC4, 0xD5, 0xE6, last}
		default:
		}
	case identify: // vendor, model, version, serial, firmware
		id, data = pdid, make([]byte, 12)
	case capabilities: // LEDs of all colours
		id, data = pdcap, []byte{4, 4, 4}
	}
	f := append([]byte{0x53, command[1] | 0x80, 0, 0, command[4], id}, data...)
	binary.LittleEndian.PutUint16(f[2:], uint16(len(f)+2))
	crc := uint16(0x1D0F)
	for _, b := range f {
		crc ^= uint16(b) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
				continue
			}
			crc <<= 1
		}
	}
	return binary.LittleEndian.AppendUint16(append([]byte{0xFF}, f...), crc)
}
