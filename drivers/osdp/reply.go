package osdp

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/rollcall-edge/rollcall/drivers/credential"
)

// Reasons to refuse a card frame whose check was right.
var (
	errRawForm = errors.New("osdp card data has another length than it says")
	errFmt     = errors.New("reader sends formatted card data (FMT), which has no parity to check: set it to raw output")
)

// Formats of RAW.
const (
	formatUnspecified = 0
	formatWiegand     = 1 // parity, data, parity
)

// card reads the data of RAW: reader, format, bit count (two octets, low first), bits left aligned.
func card(data []byte, order credential.Order) (key string, err error) {
	if len(data) < 4 {
		return "", fmt.Errorf("read card: %w", errRawForm)
	}
	format, n, bits := data[1], int(binary.LittleEndian.Uint16(data[2:4])), data[4:]
	if len(bits) != (n+7)/8 {
		return "", fmt.Errorf("read card: %w", errRawForm)
	}
	if format == formatWiegand {
		return credential.FromBits(bits, n)
	}
	return credential.FromRaw(bits, n, order)
}

// refusal is the word for err in metrics.
func refusal(err error) string {
	switch {
	case errors.Is(err, errRawForm):
		return "form"
	case errors.Is(err, errFmt):
		return "fmt"
	}
	return credential.Reason(err)
}

// identity is PDID: who made the reader.
type identity struct {
	vendor, model, firmware string
}

const pdidOctets = 12

// parseIdentity reads PDID: vendor (3 octets), model, version, serial (4), firmware major, minor, build.
func parseIdentity(data []byte) (identity, bool) {
	if len(data) != pdidOctets {
		return identity{}, false
	}
	return identity{
		vendor:   fmt.Sprintf("%02X%02X%02X", data[0], data[1], data[2]),
		model:    fmt.Sprintf("%d.%d", data[3], data[4]),
		firmware: fmt.Sprintf("%d.%d.%d", data[9], data[10], data[11]),
	}, true
}

// String is what a technician reads.
func (i identity) String() string {
	return fmt.Sprintf("vendor %s, model %s, firmware %s", i.vendor, i.model, i.firmware)
}

// Functions of PDCAP that are looked at.
const (
	capLED      = 4 // level 1 on and off, 2 timed, 3 bi-colour, 4 three colours
	capBuzzer   = 5
	capCheck    = 8 // level 0 checksum only, 1 CRC as well
	capSecurity = 9 // bit 0 of the level: AES-128
	ledBiColour = 3
)

// ability is what PDCAP declares. Without a declaration everything is tried.
type ability struct {
	led, buzzer byte // level; 0 is none
	crc, aes    bool // for a person to know: a reader may claim what it likes
}

// parseAbility reads PDCAP: function, level, count, for each function.
func parseAbility(data []byte) (ability, bool) {
	if len(data) == 0 || len(data)%3 != 0 {
		return ability{}, false
	}
	var a ability
	for ; len(data) > 0; data = data[3:] {
		switch level := data[1]; data[0] {
		case capLED:
			a.led = level
		case capBuzzer:
			a.buzzer = level
		case capCheck:
			a.crc = level > 0
		case capSecurity:
			a.aes = level&1 != 0
		}
	}
	return a, true
}

// parseLocal reads LSTATR: tamper and power failure, one octet each, 0 when all is well.
func parseLocal(data []byte) (tamper, power, ok bool) {
	if len(data) != 2 {
		return false, false, false
	}
	return data[0] != 0, data[1] != 0, true
}

// parseKeypad reads KEYPAD: reader, number of keys, one octet each. How often is all that leaves here: digits may be
// somebody's secret.
func parseKeypad(data []byte) (presses int, ok bool) {
	if len(data) < 2 || len(data)-2 != int(data[1]) {
		return 0, false
	}
	return int(data[1]), true
}

// Codes of NAK.
const (
	nakCheck        = 1
	nakLength       = 2
	nakUnknown      = 3
	nakSequence     = 4
	nakNoSecurity   = 5
	nakSecurityOnly = 6
	nakBioType      = 7
	nakBioFormat    = 8
	nakRecord       = 9
)

// nakCode reads the first octet of NAK; 0 when there is none.
func nakCode(data []byte) byte {
	if len(data) == 0 {
		return 0
	}
	return data[0]
}

var nakTexts = map[byte]string{
	nakCheck:        "wrong check",
	nakLength:       "wrong length",
	nakUnknown:      "unknown command",
	nakSequence:     "wrong sequence",
	nakNoSecurity:   "no secure channel, or no key for it",
	nakSecurityOnly: "only under the secure channel",
	nakBioType:      "unknown kind of fingerprint",
	nakBioFormat:    "unknown format of fingerprint",
	nakRecord:       "wrong record",
}

// nakWords is what the standard means by code.
func nakWords(code byte) string {
	if text, ok := nakTexts[code]; ok {
		return text
	}
	return "a reason of its own"
}
