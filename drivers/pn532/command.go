package pn532

import (
	"fmt"

	"github.com/rollcall-edge/rollcall/drivers/polled"
)

// Commands, section 7. The code of a response is that of its command and one.
const (
	getFirmwareVersion  = 0x02
	writeGPIO           = 0x0E
	setParameters       = 0x12
	samConfiguration    = 0x14
	rfConfiguration     = 0x32
	inListPassiveTarget = 0x4A
	inRelease           = 0x52
)

// wakeUp ends the power-down and low-battery modes in which the chip starts: rising edges on its input, then time for
// its oscillator to start (7.2.11), here as zeros on the line. The SAMConfiguration that follows ends low battery.
var wakeUp = []byte{0x55, 0x55, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

// Settings, once after each wake-up.
var (
	askVersion = []byte{getFirmwareVersion}

	// Normal mode: no security module. No virtual card, so no time-out; P70_IRQ is driven.
	normalMode = []byte{samConfiguration, 0x01, 0x00, 0x01}

	// Bit 2 as after reset; bit 4 off: a card is listed with its UID and not opened, which is quicker and leaves no ATS.
	noRATS = []byte{setParameters, 0x04}

	// Item 5, MaxRetries: ATR and PSL as after reset, then the retries of a passive activation. With the value after
	// reset, FF, a search never ends.
	fewRetries = []byte{rfConfiguration, 0x05, 0xFF, 0x01, 0x01}
)

// A search, and what follows one that found something: the field goes off, so that a card that was selected answers the
// next search as well.
var (
	search   = []byte{inListPassiveTarget, mostTargets, typeA}
	release  = []byte{inRelease, 0x00} // all targets
	fieldOff = []byte{rfConfiguration, 0x01, 0x00}
)

const (
	mostTargets = 2    // the chip can list no more
	typeA       = 0x00 // 106 kbit/s, ISO/IEC 14443 type A
)

// errReply means that a response does not have the form of an answer to what was asked.
var errReply = fmt.Errorf("%w: response does not answer the command", polled.ErrDamaged)

// firmware reads the answer to GetFirmwareVersion, section 7.2.2.
func firmware(data []byte) (polled.Identity, error) {
	if len(data) != 4 {
		return polled.Identity{}, errReply
	}
	return polled.Identity{
		Vendor: "NXP", Model: fmt.Sprintf("PN5%02X", data[0]), Firmware: fmt.Sprintf("%d.%d", data[1], data[2]),
	}, nil
}

// targets reads the answer to a search, section 7.3.5: how many cards are in the field, and of one alone its UID.
func targets(data []byte) (count int, uid []byte, err error) {
	if len(data) == 0 || data[0] > mostTargets {
		return 0, nil, errReply
	}
	count, rest := int(data[0]), data[1:]
	switch {
	case count == 0 && len(rest) == 0:
		return 0, nil, nil
	case count == 0, len(rest) < targetOctets:
		return 0, nil, errReply
	case count > 1:
		return count, nil, nil
	}
	uid, rest, ok := target(rest)
	if !ok || !atsOrNothing(rest) {
		return 0, nil, errReply
	}
	return 1, uid, nil
}

const targetOctets = 5 // before the UID: number, SENS_RES, SEL_RES, length of the UID

func target(b []byte) (uid, rest []byte, ok bool) {
	n := int(b[targetOctets-1])
	if len(b) < targetOctets+n {
		return nil, nil, false
	}
	return b[targetOctets : targetOctets+n], b[targetOctets+n:], true
}

// atsOrNothing reports whether b is empty or an answer to select, whose first octet is its length with itself.
func atsOrNothing(b []byte) bool { return len(b) == 0 || len(b) == int(b[0]) }
