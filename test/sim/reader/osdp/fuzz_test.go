package osdp

import (
	"testing"

	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp/acu"
)

// Frames the decoder takes are exactly those it would build; for the rest it must only not panic.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"53 00 08 00 06 60 89 CC", "53 00 08 00 00 61 00 44", "53 00 13 00 0D 03 11 00 76 B0B1B2B3B4B5B6B7 31 77",
		"53 00 0E 00 0F 02 15 60 69 BD C6 54 E1 36", "53 00 1E 00 0E 02 17 61 D14EB7AD982CC5F9AA25318A7EAED626 9A E9 95 73 19 83",
		"53 00 FF FF 0C 02",
	} {
		f.Add(octets(f, seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		frame, size, v := decode(append([]byte{som}, in...))
		if v != whole {
			return
		}
		if size > MaxFrame || size > 1+len(in) {
			t.Fatalf("frame of %d octets out of %d", size, 1+len(in))
		}
		again, _, v := decode(frame.Encode()[1:])
		known := frame.Secure == (frame.Block.Type != 0)
		if known && (v != whole || again.Code != frame.Code || string(again.Data) != string(frame.Data) || string(again.MAC) != string(frame.MAC)) {
			t.Errorf("%+v encodes to %+v", frame, again)
		}
	})
}

// Whatever is said to a device in a session, it says nothing signed unless the command was.
func FuzzSession(f *testing.F) {
	f.Add([]byte{0x15}, byte(0x60), []byte{}, []byte{1, 2, 3, 4})
	f.Add([]byte{0x17}, byte(0x75), make([]byte, 32), []byte{1, 2, 3, 4})
	f.Add([]byte{0x11, 1}, byte(0x76), make([]byte, 8), []byte{})
	f.Add([]byte{0x13, 1}, byte(0x77), make([]byte, 16), []byte{})
	f.Fuzz(func(t *testing.T, block []byte, code byte, data, mac []byte) {
		if len(block) > 250 || len(data) > 1000 || len(mac) > 100 {
			return
		}
		c := open(t, Options{Key: &ownKey, Install: true}, acu.Own, ownKey)
		c.Seal(cmdPoll) // moves the sequence on
		forged := acu.Frame{Sequence: c.Sequence, Block: block, Code: code, Data: data, MAC: mac}
		var s Scanner
		for _, frame := range s.Feed(c.now, c.now, forged.Octets()) {
			answer := c.pd.Answer(c.now, frame).Octets
			if got, err := acu.Parse(answer); err == nil && len(got.Block) > 0 && got.Block[0] >= 0x15 {
				t.Fatalf("%+v was answered through the session: %+v", forged, got)
			}
		}
	})
}
