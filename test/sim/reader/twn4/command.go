package twn4

import (
	"encoding/binary"
	"time"
)

// The status of an answer, section 1.2.
const (
	errNone byte = iota
	errUnknownFunction
	errMissingParameter
	errUnusedParameters
	errInvalidFunction
	errParser
)

// result is what came of a command.
type result struct {
	status byte
	data   []byte
	takes  time.Duration
	silent bool     // no answer at all
	cards  []uint64 // reported in the data
}

// call is a command under way: when it began, its parameters.
type call struct {
	at time.Time
	p  []byte
}

// function is what the device does for a command. parameters is how many octets follow the number; one that is
// followed by as many octets as it says has variable set.
type function struct {
	parameters int
	variable   bool
	do         func(*Device, call) result
}

// functions are those of the document that are built here, by API and number.
var functions = map[uint16]function{
	0x0001: {0, false, (*Device).restart},
	0x0003: {0, false, (*Device).ticks},
	0x0004: {1, false, (*Device).version},
	0x0005: {0, false, fixed(0x01)}, // GetUSBType: CDC
	0x0006: {0, false, fixed(0x0B)}, // GetDeviceType: as in the document's example
	0x0008: {0, false, fixed(0x2D, 0x00, 0x2F, 0x00, 0x0B, 0x47, 0x30, 0x35, 0x31, 0x35, 0x32, 0x33)},
	0x0009: {1, true, fixed(0x01)},                    // SetParameters
	0x000A: {0, false, fixed(0x00, 0x00, 0x00, 0x00)}, // GetLastError
	0x010A: {0, false, fixed(0x03)},                   // GetUSBDeviceState: configured
	0x010B: {0, false, fixed(0x01)},                   // GetHostChannel: USB

	0x0400: {3, false, (*Device).initialise}, // GPIOConfigureOutputs
	0x0401: {2, false, (*Device).release},    // GPIOConfigureInputs
	0x0402: {1, false, (*Device).on},         // GPIOSetBits
	0x0403: {1, false, (*Device).off},        // GPIOClearBits
	0x0404: {1, false, (*Device).toggle},     // GPIOToggleBits
	0x0405: {5, false, (*Device).blink},      // GPIOBlinkBits
	0x0406: {1, false, (*Device).isOn},       // GPIOTestBit
	0x0407: {7, false, (*Device).beep},
	0x0408: {0, false, (*Device).diagOn},
	0x0409: {0, false, (*Device).diagOff},
	0x040A: {0, false, (*Device).diagToggle},
	0x040B: {0, false, (*Device).diagIsOn},
	0x0410: {1, false, (*Device).initialise}, // LEDInit
	0x0411: {1, false, (*Device).on},
	0x0412: {1, false, (*Device).off},
	0x0413: {1, false, (*Device).toggle},
	0x0414: {5, false, (*Device).blink},
	0x0415: {1, false, (*Device).isOn},

	0x0500: {1, false, (*Device).search},
	0x0501: {0, false, (*Device).fieldOff},
	0x0502: {8, false, (*Device).setTypes},
	0x0503: {0, false, (*Device).types},
	0x0504: {0, false, fixed(0x2F, 0xFE, 0x07, 0x00, 0xF7, 0x00, 0x00, 0x00)}, // GetSupportedTagTypes: the document's

	0x1204: {0, false, (*Device).atqa},
	0x1205: {0, false, (*Device).sak},
	0x1208: {1, false, (*Device).searchAll},
	0x1209: {1, true, (*Device).pick},
}

// lastAPI is the highest number of the document, that of CTS; the functions of an API before it may exist.
const lastAPI = 0x28

// run carries out a command.
func (d *Device) run(now time.Time, octets []byte) result {
	if len(octets) < 2 {
		return result{status: errMissingParameter}
	}
	f, ok := functions[binary.BigEndian.Uint16(octets)]
	if !ok {
		if octets[0] > lastAPI {
			return result{status: errUnknownFunction}
		}
		return result{status: errInvalidFunction}
	}
	p, want := octets[2:], f.parameters
	if f.variable && len(p) > 0 {
		want += int(p[0])
	}
	switch {
	case len(p) < want:
		return result{status: errMissingParameter}
	case len(p) > want:
		return result{status: errUnusedParameters}
	}
	return f.do(d, call{now, p})
}

// fixed answers with the same octets always.
func fixed(octets ...byte) func(*Device, call) result {
	return func(*Device, call) result { return result{data: append([]byte(nil), octets...)} }
}

// truth is a Bool.
func truth(b bool) result {
	if b {
		return result{data: []byte{1}}
	}
	return result{data: []byte{0}}
}

// restart is Reset, which is not answered.
func (d *Device) restart(c call) result {
	waiting := d.waiting
	d.reset(c.at)
	d.waiting = waiting
	return result{silent: true}
}

// ticks is GetSysTicks: milliseconds since power came on.
func (d *Device) ticks(c call) result {
	ms := uint32(max(0, min(c.at.Sub(d.poweredAt).Milliseconds(), 1<<32-1)))
	return result{data: binary.LittleEndian.AppendUint32(nil, ms)}
}

// version is GetVersionString with a greatest length.
func (d *Device) version(c call) result {
	v := d.options.Version[:min(len(d.options.Version), int(c.p[0]))]
	return result{data: append([]byte{byte(len(v))}, v...)}
}
