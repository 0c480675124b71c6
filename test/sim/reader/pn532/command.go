package pn532

import (
	"encoding/binary"
	"time"
)

// Commands, section 7.
const (
	diagnose            byte = 0x00
	getFirmwareVersion  byte = 0x02
	getGeneralStatus    byte = 0x04
	readRegister        byte = 0x06
	writeRegister       byte = 0x08
	readGPIO            byte = 0x0C
	writeGPIO           byte = 0x0E
	setParameters       byte = 0x12
	samConfiguration    byte = 0x14
	powerDown           byte = 0x16
	rfConfiguration     byte = 0x32
	inDataExchange      byte = 0x40
	inCommunicateThru   byte = 0x42
	inDeselect          byte = 0x44
	inListPassiveTarget byte = 0x4A
	inRelease           byte = 0x52
	inSelect            byte = 0x54
	inAutoPoll          byte = 0x60
)

// Flags of SetParameters.
const (
	automaticATRRES byte = 1 << 2
	automaticRATS   byte = 1 << 4
)

// Status octets, section 7.1.
const (
	statusOK      byte = 0x00
	statusTimeout byte = 0x01
	statusContext byte = 0x27 // not possible in this state
)

// handler does a command with its parameters and returns what it says, nothing for an error frame.
type handler func(d *Device, now time.Time, p []byte) []byte

// handlers are the commands that are done at once.
var handlers = map[byte]handler{
	diagnose:           (*Device).diagnose,
	getFirmwareVersion: (*Device).firmware,
	getGeneralStatus:   (*Device).status,
	readRegister:       (*Device).readRegisters,
	writeRegister:      (*Device).writeRegisters,
	readGPIO:           (*Device).readPins,
	writeGPIO:          (*Device).writePins,
	setParameters:      (*Device).setParameters,
	samConfiguration:   (*Device).configureSAM,
	powerDown:          (*Device).powerDown,
	rfConfiguration:    (*Device).configureRF,
	inDataExchange:     (*Device).exchange,
	inCommunicateThru:  (*Device).communicate,
	inDeselect:         (*Device).deselect,
	inRelease:          (*Device).release,
	inSelect:           (*Device).choose,
}

// run takes a command up.
func (d *Device) run(now time.Time, data []byte) *activity {
	code, p := data[0], data[1:]
	if code >= rfConfiguration && !d.awoken {
		return said(nil)
	}
	switch code {
	case inListPassiveTarget:
		return d.list(now, p)
	case inAutoPoll:
		return d.poll(now, p)
	}
	h, ok := handlers[code]
	if !ok {
		return said(nil)
	}
	return said(h(d, now, p))
}

// said is an activity that has something to say at once, or an error frame for nothing.
func said(octets []byte) *activity {
	return &activity{ready: func(time.Time) *response { return &response{octets: octets} }}
}

// diagnose is self-tests, all of which pass, and two that hosts use to see whether chip and card are there.
func (d *Device) diagnose(_ time.Time, p []byte) []byte {
	const communication, rom, ram, polling, echo, attention, antenna = 0, 1, 2, 4, 5, 6, 7
	if len(p) == 0 {
		return nil
	}
	switch p[0] {
	case communication:
		return append([]byte{diagnose + 1}, p...)
	case rom, ram, polling, antenna:
		return []byte{diagnose + 1, statusOK}
	case attention:
		return []byte{diagnose + 1, d.presence(1)}
	case echo: // for ever, which no host wants
		return nil
	}
	return nil
}

// firmware is IC, version, revision and what it supports: a PN532 with firmware 1.6, types A and B and ISO 18092.
func (d *Device) firmware(_ time.Time, p []byte) []byte {
	if len(p) != 0 {
		return nil
	}
	return []byte{getFirmwareVersion + 1, 0x32, 0x01, 0x06, 0x07}
}

// status is GetGeneralStatus: last error, field of another, targets with their speeds, SAM.
func (d *Device) status(_ time.Time, p []byte) []byte {
	if len(p) != 0 {
		return nil
	}
	out := []byte{getGeneralStatus + 1, 0x00, 0x00, byte(len(d.targets))}
	for i := range d.targets {
		out = append(out, byte(i+1), 0x00, 0x00, 0x10) // 106 kbit/s both ways, type A
	}
	return append(out, 0x80)
}

func (d *Device) readRegisters(_ time.Time, p []byte) []byte {
	if len(p) == 0 || len(p)%2 != 0 {
		return nil
	}
	out := []byte{readRegister + 1}
	for ; len(p) > 0; p = p[2:] {
		out = append(out, d.memory[binary.BigEndian.Uint16(p)])
	}
	return out
}

func (d *Device) writeRegisters(_ time.Time, p []byte) []byte {
	if len(p) == 0 || len(p)%3 != 0 {
		return nil
	}
	for ; len(p) > 0; p = p[3:] {
		d.memory[binary.BigEndian.Uint16(p)] = p[2]
	}
	return []byte{writeRegister + 1}
}

func (d *Device) setParameters(_ time.Time, p []byte) []byte {
	if len(p) != 1 {
		return nil
	}
	d.params = p[0]
	return []byte{setParameters + 1}
}

// configureSAM takes the chip out of the mode for a low battery: mode, time-out, use of the IRQ pin.
func (d *Device) configureSAM(_ time.Time, p []byte) []byte {
	if len(p) < 1 || len(p) > 3 || p[0] < 1 || p[0] > 4 {
		return nil
	}
	d.awoken = true
	return []byte{samConfiguration + 1}
}

// powerDown lets the chip sleep once it has answered.
func (d *Device) powerDown(_ time.Time, p []byte) []byte {
	if len(p) < 1 || len(p) > 2 {
		return nil
	}
	d.dropField()
	return []byte{powerDown + 1, statusOK}
}

// configureRF sets the field and how often the chip tries; analogue settings are taken and not used.
func (d *Device) configureRF(_ time.Time, p []byte) []byte {
	const field, timings, retryCOM, retries, analogueA, analogueHigh, analogueB, analogue4 = 1, 2, 4, 5, 0x0A, 0x0B, 0x0C, 0x0D
	lengths := map[byte]int{field: 1, timings: 3, retryCOM: 1, retries: 3, analogueA: 11, analogueHigh: 8, analogueB: 3, analogue4: 9}
	if len(p) == 0 || len(p)-1 != lengths[p[0]] {
		return nil
	}
	switch p[0] {
	case field:
		if p[1]&1 == 0 {
			d.dropField()
		}
	case retries:
		d.retries = p[3]
	}
	return []byte{rfConfiguration + 1}
}
