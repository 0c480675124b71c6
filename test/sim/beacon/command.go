package beacon

import "encoding/binary"

// Opcode is a command: group in the upper six bits, command in the lower ten.
type Opcode uint16

// The commands a host sends while it opens a controller and scans.
const (
	SetEventMask            Opcode = 0x0C01
	Reset                   Opcode = 0x0C03
	WriteLEHostSupport      Opcode = 0x0C6D
	ReadBufferSize          Opcode = 0x1005
	ReadBDAddr              Opcode = 0x1009
	LESetEventMask          Opcode = 0x2001
	LEReadBufferSize        Opcode = 0x2002
	LESetAdvertisingParams  Opcode = 0x2006
	LEReadAdvertisingPower  Opcode = 0x2007
	LESetScanParameters     Opcode = 0x200B
	LESetScanEnable         Opcode = 0x200C
	packetCommand                  = 0x01
	packetEvent                    = 0x04
	eventCommandComplete           = 0x0E
	eventLEMeta                    = 0x3E
	subeventAdvertReport           = 0x02
	commandsAllowedAtOnce          = 1
	statusUnknownCommand           = 0x01
	statusDisallowed               = 0x0C
	statusInvalidParameters        = 0x12
)

// complete is a Command Complete event: how many commands may follow, the opcode, then status and return parameters.
func complete(op Opcode, answer []byte) []byte {
	p := []byte{packetEvent, eventCommandComplete, byte(3 + len(answer)), commandsAllowedAtOnce, byte(op), byte(op >> 8)}
	return append(p, answer...)
}

// parameterSize is how many octets each command takes; one that is not here is unknown to this controller.
var parameterSize = map[Opcode]int{
	SetEventMask: 8, Reset: 0, WriteLEHostSupport: 2, ReadBufferSize: 0, ReadBDAddr: 0, LESetEventMask: 8, LEReadBufferSize: 0,
	LESetAdvertisingParams: 15, LEReadAdvertisingPower: 0, LESetScanParameters: 7, LESetScanEnable: 2,
}

// answerLocked carries out op and returns status and return parameters.
func (c *Controller) answerLocked(op Opcode, p []byte) []byte {
	size, known := parameterSize[op]
	if !known {
		return []byte{statusUnknownCommand}
	}
	if len(p) != size {
		return []byte{statusInvalidParameters}
	}
	switch op {
	case Reset:
		c.masks, c.scan = resetMasks, Scan{}
		c.changedLocked()
	case SetEventMask:
		c.masks.event = binary.LittleEndian.Uint64(p)
	case LESetEventMask:
		c.masks.le = binary.LittleEndian.Uint64(p)
	case ReadBDAddr:
		return append([]byte{0}, c.addr[:]...)
	case ReadBufferSize: // 251 octets of data, 64 of audio, eight packets of each
		return []byte{0, 0xFB, 0x00, 0x40, 8, 0, 8, 0}
	case LEReadBufferSize: // 251 octets, eight packets
		return []byte{0, 0xFB, 0x00, 8}
	case LEReadAdvertisingPower: // 0 dBm
		return []byte{0, 0}
	case LESetScanParameters:
		return []byte{c.scanParametersLocked(p)}
	case LESetScanEnable:
		return []byte{c.scanEnableLocked(p)}
	}
	return []byte{0}
}

// scanParametersLocked is LE Set Scan Parameters (7.8.10): 2.5 ms to 10.24 s, window within interval, not while scanning.
func (c *Controller) scanParametersLocked(p []byte) byte {
	interval, window := binary.LittleEndian.Uint16(p[1:]), binary.LittleEndian.Uint16(p[3:])
	if p[0] > 1 || interval < 4 || interval > 0x4000 || window < 4 || window > interval {
		return statusInvalidParameters
	}
	if c.scan.On {
		return statusDisallowed
	}
	c.scan.Active, c.scan.Interval, c.scan.Window = p[0] == 1, interval, window
	return 0
}

// scanEnableLocked is LE Set Scan Enable (7.8.11).
func (c *Controller) scanEnableLocked(p []byte) byte {
	if p[0] > 1 || p[1] > 1 {
		return statusInvalidParameters
	}
	c.scan.On, c.scan.FilterDuplicates = p[0] == 1, p[1] == 1
	c.seen = map[string]bool{}
	c.changedLocked()
	return 0
}
