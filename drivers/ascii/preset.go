package ascii

import (
	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/solo"
)

// Preset finds a format by the name used in the configuration; ok is false for a name that is not one.
func Preset(name string) (f Format, ok bool) {
	switch name {
	case "rdm6300":
		return RDM6300(), true
	case "id12la":
		return ID12LA(), true
	case "wec200":
		return WEC200(), true
	case "pcprox":
		return PcProx(), true
	case "generic":
		return Generic(), true
	}
	return Format{}, false
}

// RDM6300 is the format of the RDM6300 and its copies.
func RDM6300() Format {
	return Format{Start: []byte{0x02}, End: []byte{0x03}, Digits: Hex, Check: XOR, Medium: EM4100, Octets: 5}
}

// ID12LA is the format of the ID-2LA, ID-12LA and ID-20LA.
func ID12LA() Format {
	f := RDM6300()
	f.End = []byte("\r\n\x03")
	return f
}

// WEC200 is the format of the WEC200-00 set to send site and card code of 26-bit cards.
func WEC200() Format {
	return Format{
		Start: []byte{0x02}, End: []byte("\r"), Medium: Wiegand,
		Parts:   Parts{Facility: "WFC", Card: "ID", Bits: 26}, // W is the message "card read"
		Replies: []string{"A", "N", "C"},                      // done, refused, an input changed
		Feedback: solo.Feedback{
			drivers.Accepted: wec200Beep("10000000"),
			drivers.Refused:  wec200Beep("10101000"),
			drivers.Several:  wec200Beep("10100000"),
			drivers.Stored:   wec200Beep("10000000"),
			drivers.NotKept:  wec200Beep("11111000"),
		},
	}
}

// wec200Beep is the command 6-H of the manual; each 1 is 100 ms of sound.
func wec200Beep(pattern string) string { return "\x02SB" + pattern + "\r" }

// Values of out.led and beep.now.
const (
	pcProxDark  = "rfid:out.led=0\r"
	pcProxRed   = "rfid:out.led=1\r"
	pcProxGreen = "rfid:out.led=2\r"
	pcProxAmber = "rfid:out.led=3\r"

	pcProxBeep       = "rfid:beep.now=1\r"
	pcProxTwoBeeps   = "rfid:beep.now=2\r"
	pcProxThreeBeeps = "rfid:beep.now=3\r"
	pcProxLongBeep   = "rfid:beep.now=101\r"
)

// PcProx is the format of serial rf IDEAS readers that send a UID in hexadecimal, or facility and card of a 26-bit card.
func PcProx() Format {
	return Format{
		End: []byte("\r\n"), Digits: Hex, Medium: UID,
		Parts:   Parts{Card: ":", Bits: 26},
		Prompt:  "RF IDeas>",
		Replies: []string{"{", "Error#", "rfid:"}, // answers, faults, the echo of a command
		Feedback: solo.Feedback{
			drivers.Off:      pcProxDark,
			drivers.Ready:    pcProxAmber,
			drivers.Fault:    pcProxRed,
			drivers.Accepted: pcProxGreen + pcProxBeep,
			drivers.Refused:  pcProxRed + pcProxThreeBeeps,
			drivers.Several:  pcProxRed + pcProxTwoBeeps,
			drivers.Stored:   pcProxDark + pcProxBeep,
			drivers.NotKept:  pcProxRed + pcProxLongBeep,
		},
	}
}

// Generic is a line of hexadecimal digits that ends in CR or LF: a UID.
func Generic() Format { return Format{End: []byte("\r\n"), Digits: Hex, Medium: UID} }
