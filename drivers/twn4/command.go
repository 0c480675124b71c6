package twn4

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/polled"
)

// Commands: the two octets that name a function, as in section 1.5.
const (
	getTicks       = 0x0003 // GetSysTicks
	getVersion     = 0x0004 // GetVersionString
	beep           = 0x0407 // Beep
	ledInit        = 0x0410 // LEDInit
	ledOn          = 0x0411 // LEDOn
	ledOff         = 0x0412 // LEDOff
	searchTag      = 0x0500 // SearchTag
	setTagTypes    = 0x0502 // SetTagTypes
	searchMultiTag = 0x1208 // ISO14443A_SearchMultiTag
)

// Status octets of a reply, section 1.2.
const (
	statusOK = iota
	statusUnknown
	statusMissing
	statusUnused
	statusInvalid
	statusParser
)

var statusWords = map[byte]string{
	statusUnknown: "unknown function", statusMissing: "missing parameter", statusUnused: "unused parameters",
	statusInvalid: "invalid function", statusParser: "not understood",
}

// refusal is a status that is not OK.
type refusal byte

func (r refusal) Error() string {
	if word, ok := statusWords[byte(r)]; ok {
		return "reader refused the command: " + word
	}
	return fmt.Sprintf("reader refused the command with status %d", byte(r))
}

// Unwrap makes it a refusal to the conversation.
func (refusal) Unwrap() error { return polled.ErrRefused }

// unknown reports whether the reader's firmware lacks the function.
func (r refusal) unknown() bool { return r == statusUnknown || r == statusInvalid }

// Lights: the outputs of the three LEDs, as a mask (API reference, section 6.3.1).
const (
	red   = 0x01
	green = 0x02
	third = 0x04 // yellow or blue, by model
	every = red | green | third
)

// The sound of a beep: half volume carries across a room without filling the next one.
const (
	beepPercent = 50
	beepHertz   = 2400
)

const (
	mostID   = 16  // octets of an ID that may come; none known here has more than 10
	mostList = 255 // octets of a list of UIDs
	mostText = 255 // characters of the version
)

func command(function uint16, parameters ...byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, function), parameters...)
}

// sound is a beep without a pause after it.
func sound(d time.Duration) []byte {
	c := binary.LittleEndian.AppendUint16(command(beep, beepPercent), beepHertz)
	c = binary.LittleEndian.AppendUint16(c, uint16(d.Milliseconds()))
	return append(c, 0, 0)
}

// types limits the search to the given tags: one bit each, low frequency before high frequency (annex A).
func types(tags []Tag) []byte {
	var low, high uint32
	for _, t := range tags {
		if t&highFrequency != 0 {
			high |= 1 << (t & tagMask)
		} else {
			low |= 1 << (t & tagMask)
		}
	}
	c := binary.LittleEndian.AppendUint32(command(setTagTypes), low)
	return binary.LittleEndian.AppendUint32(c, high)
}
