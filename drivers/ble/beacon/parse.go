package beacon

import (
	"encoding/binary"
	"errors"
	"math"
)

// What is wrong with an advertisement that Parse refuses.
var (
	// ErrStructure says that an AD structure claims more octets than there are.
	ErrStructure = errors.New("advertising data ends inside a structure")
	// ErrFrame says that a beacon frame is shorter or longer than its format allows.
	ErrFrame = errors.New("beacon frame of the wrong length")
)

// AD types, Bluetooth Assigned Numbers section 2.3.
const (
	adUUID128Some   = 0x06
	adUUID128All    = 0x07
	adServiceData16 = 0x16
	adManufacturer  = 0xFF
)

// checkInMagic opens the 128-bit service UUID of a check-in answer, written as RFC 9562 writes UUIDs.
var checkInMagic = [3]byte{0xA7, 0x7E, 0x01}

// Parse fills f with the first beacon frame in ad, the advertising data of one report (0 to 31 octets; more is read as well).
// A nil error with f.Kind None means a sound advert that is no beacon's. On error f.Kind is None.
// A zero length octet ends the data early, as the Core Specification says.
func Parse(ad []byte, f *Frame) error {
	*f = Frame{}
	for len(ad) > 0 && ad[0] != 0 {
		n := int(ad[0])
		if n >= len(ad) {
			return ErrStructure
		}
		if err := parseStructure(ad[1], ad[2:1+n], f); err != nil || f.Kind != None {
			return err
		}
		ad = ad[1+n:]
	}
	return nil
}

func parseStructure(typ byte, v []byte, f *Frame) error {
	switch typ {
	case adManufacturer:
		return parseManufacturer(v, f)
	case adServiceData16:
		if len(v) >= 2 && v[0] == 0xAA && v[1] == 0xFE { // UUID FEAA, little-endian
			return parseEddystone(v[2:], f)
		}
	case adUUID128Some, adUUID128All:
		parseCheckIn(v, f)
	}
	return nil
}

// parseManufacturer reads iBeacon (Apple, "Proximity Beacon Specification") and AltBeacon 1.0. Octets after the frame
// are left alone: some makers append a battery level of their own there.
func parseManufacturer(v []byte, f *Frame) error {
	switch {
	case hasPrefix(v, 0x4C, 0x00, 0x02, 0x15):
		if len(v) < 25 {
			return ErrFrame
		}
		f.set(IBeacon, v[4:24], int8(v[24]))
	case len(v) >= 4 && v[2] == 0xBE && v[3] == 0xAC:
		if len(v) < 26 {
			return ErrFrame
		}
		f.set(AltBeacon, v[4:24], int8(v[24]))
	}
	return nil
}

// parseEddystone reads b, the service data after the UUID: frame type, then what the Eddystone protocol specification gives
// for that type. A type or a telemetry version we have never heard of is no beacon of ours, not an error.
func parseEddystone(b []byte, f *Frame) error {
	if len(b) == 0 {
		return ErrFrame
	}
	switch b[0] {
	case 0x00:
		if len(b) != 20 && len(b) != 18 { // older senders leave out the two reserved octets
			return ErrFrame
		}
		f.set(EddystoneUID, b[2:18], at1m(b[1]))
	case 0x10:
		if len(b) < 3 || len(b) > 20 {
			return ErrFrame
		}
		f.set(EddystoneURL, b[2:], at1m(b[1]))
	case 0x20:
		return parseTelemetry(b, f)
	case 0x30:
		if len(b) != 10 {
			return ErrFrame
		}
		f.set(EddystoneEID, b[2:10], at1m(b[1]))
	}
	return nil
}

func parseTelemetry(b []byte, f *Frame) error {
	if len(b) < 2 {
		return ErrFrame
	}
	switch b[1] {
	case 0:
		if len(b) != 14 {
			return ErrFrame
		}
		f.Kind = EddystoneTLM
		f.Telemetry = plainTelemetry(b)
	case 1:
		if len(b) != 18 {
			return ErrFrame
		}
		f.Kind = EddystoneETLM
	}
	return nil
}

func plainTelemetry(b []byte) Telemetry {
	t := Telemetry{
		MilliVolts: binary.BigEndian.Uint16(b[2:]),
		Adverts:    binary.BigEndian.Uint32(b[6:]),
		Uptime:     binary.BigEndian.Uint32(b[10:]),
	}
	if raw := int16(binary.BigEndian.Uint16(b[4:])); raw != math.MinInt16 { // 8000h: not measured
		t.Celsius, t.HasCelsius = float32(raw)/256, true
	}
	return t
}

// parseCheckIn looks at a list of 128-bit service UUIDs. A phone that answers lists exactly one, and any other
// app may list what it likes, so nothing here is malformed.
func parseCheckIn(v []byte, f *Frame) {
	if len(v) != 16 || v[15] != checkInMagic[0] || v[14] != checkInMagic[1] || v[13] != checkInMagic[2] {
		return
	}
	f.Kind, f.BodyLen = CheckIn, 13
	for i := range 13 { // the air carries UUIDs back to front
		f.Body[i] = v[12-i]
	}
}

func (f *Frame) set(k Kind, body []byte, power int8) {
	f.Kind, f.PowerAt1m = k, power
	f.BodyLen = uint8(copy(f.Body[:], body))
}

// at1m turns Eddystone's power at the antenna into power at one metre: free space takes 41 dB over the first metre.
func at1m(b byte) int8 { return int8(max(math.MinInt8, int(int8(b))-41)) }

func hasPrefix(v []byte, a, b, c, d byte) bool {
	return len(v) >= 4 && v[0] == a && v[1] == b && v[2] == c && v[3] == d
}
