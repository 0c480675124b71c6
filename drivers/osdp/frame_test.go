package osdp

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/rollcall-edge/rollcall/drivers"
)

var (
	sameFrame = []cmp.Option{cmp.AllowUnexported(frame{}, securityBlock{}), cmpopts.IgnoreFields(frame{}, "signed"), cmpopts.EquateEmpty()}
	start     = time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC)
)

func TestCRC(t *testing.T) {
	for _, tt := range []struct {
		name, octets string
		want         uint16
	}{
		{"check value of CRC-16/AUG-CCITT", hex.EncodeToString([]byte("123456789")), 0xE5CC},
		{"SIA annex E, COMSET", "53 7F 0D 00 04 6E 00 80 25 00 00", 0x386E},
		{"SIA annex E, ID", "53 00 09 00 04 61 00", 0x66C0},
		{"SIA annex E, CHLNG", "53 00 13 00 0D 03 11 00 76 B0 B1 B2 B3 B4 B5 B6 B7", 0x7731},
		{"SIA annex E, CCRYPT", "53 80 2B 00 0D 03 12 00 76 00 06 8E 00 00 00 00 00 A0 A1 A2 A3 A4 A5 A6 A7 FD E5 D2 F4 28 EC 16 31 24 71 EA 3C 02 BD 77 96", 0x1EF8},
	} {
		if got := crc(unhex(tt.octets)); got != tt.want {
			t.Errorf("%s: crc = %04X, want %04X", tt.name, got, tt.want)
		}
	}
}

func TestChecksum(t *testing.T) {
	for _, tt := range []struct {
		name, octets string
		want         byte
	}{
		{"SIA annex E, COMSET", "53 7F 0C 00 00 6E 00 80 25 00 00", 0x0F},
		{"SIA annex E, ID", "53 00 08 00 00 61 00", 0x44},
	} {
		if got := checksum(unhex(tt.octets)); got != tt.want {
			t.Errorf("%s: checksum = %02X, want %02X", tt.name, got, tt.want)
		}
	}
}

// frames are published or captured octets and what they mean.
var frames = []struct {
	name, octets string
	frame        frame
}{
	{"POLL, sequence 1", "53 01 08 00 05 60 8B 33", frame{address: 1, sequence: 1, id: cmdPoll}},
	{"ACK, sequence 1", "53 81 08 00 05 40 39 35", frame{address: 1, reply: true, sequence: 1, id: replyAck}},
	{"POLL of OSDP.Net, sequence 2", "53 00 08 00 06 60 89 CC", frame{sequence: 2, id: cmdPoll}},
	{"POLL captured by SIA osdpcap", "53 00 08 00 04 60 EB AA", frame{id: cmdPoll}},
	{"LSTATR captured by SIA osdpcap", "53 80 0A 00 04 48 00 01 0F A1", frame{reply: true, id: replyLstatr, data: unhex("00 01")}},
	{"COMSET with CRC, SIA annex E", "53 7F 0D 00 04 6E 00 80 25 00 00 6E 38", frame{address: 0x7F, id: 0x6E, data: unhex("00 80 25 00 00")}},
	{"COMSET with checksum, SIA annex E", "53 7F 0C 00 00 6E 00 80 25 00 00 0F", frame{address: 0x7F, checksum: true, id: 0x6E, data: unhex("00 80 25 00 00")}},
	{"ID with CRC, SIA annex E", "53 00 09 00 04 61 00 C0 66", frame{id: cmdID, data: unhex("00")}},
	{"ID with checksum, SIA annex E", "53 00 08 00 00 61 00 44", frame{checksum: true, id: cmdID, data: unhex("00")}},
	{"RAW Wiegand 26", "53 81 10 00 06 50 00 01 1A 00 BD D9 37 40 99 71", frame{address: 1, reply: true, sequence: 2, id: replyRaw, data: unhex("00 01 1A 00 BD D9 37 40")}},
	{"RAW UID of 7 octets", "53 81 13 00 06 50 00 00 38 00 04 A2 B3 C4 D5 E6 80 D1 E6", frame{address: 1, reply: true, sequence: 2, id: replyRaw, data: unhex("00 00 38 00 04 A2 B3 C4 D5 E6 80")}},
}

func TestFrameVectors(t *testing.T) {
	for _, tt := range frames {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.frame.append(nil); !bytes.Equal(got, unhex(tt.octets)) {
				t.Errorf("append = % X, want %s", got, tt.octets)
			}
			got, err := decode(unhex(tt.octets))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.frame, got, sameFrame...); d != "" {
				t.Errorf("decode (-want +got):\n%s", d)
			}
		})
	}
}

func TestLightVectors(t *testing.T) {
	blue := palette{ready: Blue}
	accepted, refused := blue.momentary(drivers.Accepted), blue.momentary(drivers.Refused)
	for _, tt := range []struct {
		name, octets string
		sequence     byte
		id           byte
		data         []byte
	}{
		{"open: steady blue", "53 01 16 00 07 69 00 00 00 00 00 00 00 00 00 01 01 00 04 04 C5 3D", 3, cmdLED, permanent(blue.steady(drivers.Ready))},
		{"closed: off", "53 01 16 00 07 69 00 00 00 00 00 00 00 00 00 01 01 00 00 00 85 B1", 3, cmdLED, permanent(blue.steady(drivers.Off))},
		{"accepted: green flash", "53 01 16 00 05 69 00 00 02 02 01 02 00 0A 00 00 00 00 00 00 3C D1", 1, cmdLED, temporary(accepted.blink, accepted.tenths)},
		{"refused: red", "53 01 16 00 05 69 00 00 02 01 00 01 01 0F 00 00 00 00 00 00 B3 D5", 1, cmdLED, temporary(refused.blink, refused.tenths)},
		{"one beep", "53 01 0D 00 06 6A 00 02 01 00 01 2E C2", 2, cmdBuz, sound(accepted.beep)},
		{"three beeps", "53 01 0D 00 06 6A 00 02 01 01 03 5D D1", 2, cmdBuz, sound(refused.beep)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := frame{address: 1, sequence: tt.sequence, id: tt.id, data: tt.data}.append(nil)
			if !bytes.Equal(got, unhex(tt.octets)) {
				t.Errorf("frame = % X, want %s", got, tt.octets)
			}
		})
	}
}

// The standard refuses (NAK 9) a record that sets a light with no time on and none off, and readers ignore a record
// whose unused half is not all zeros.
func TestNoLightRecordIsRefused(t *testing.T) {
	for _, colour := range []Colour{Blue, Amber, White} {
		p := palette{ready: colour}
		for s := drivers.Off; s <= drivers.NotKept; s++ {
			var record []byte
			if s.Steady() {
				record = permanent(p.steady(s))
			} else {
				record = temporary(p.momentary(s).blink, p.momentary(s).tenths)
			}
			temp, perm := record[2:9], record[9:14]
			if len(record) != 14 || (temp[0] != 0) == (perm[0] != 0) {
				t.Errorf("%v: record % X, want 14 octets with one half in use", s, record)
			}
			used, unused := temp, perm
			if perm[0] != 0 {
				used, unused = perm, temp
			}
			if used[1] == 0 && used[2] == 0 {
				t.Errorf("%v: record % X sets a light that is never on and never off", s, record)
			}
			if !bytes.Equal(unused, make([]byte, len(unused))) {
				t.Errorf("%v: record % X, want zeros in the unused half", s, record)
			}
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, octets string
		want         error
	}{
		{"nothing", "", errForm},
		{"no start", "52 01 08 00 05 60 8B 33", errForm},
		{"length 0", "53 01 00 00 05 60 8B 33", errForm},
		{"length 65535", "53 01 FF FF 05 60 8B 33", errForm},
		{"cut short", "53 01 08 00 05 60 8B", errForm},
		{"CRC wrong", "53 01 08 00 05 60 8B 34", errCheck},
		{"one bit flipped", "53 01 08 00 05 61 8B 33", errCheck},
		{"checksum wrong", "53 00 08 00 00 61 00 45", errCheck},
		{"no id", "53 01 07 00 04 00 00", errCheck},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := decode(unhex(tt.octets)); !errors.Is(err, tt.want) {
				t.Errorf("decode = %v, want %v", err, tt.want)
			}
		})
	}
}

// A frame of the secure channel is recognised, so that it is not taken for noise, and never answers a plain command.
func TestSecureFrameIsSeenAndNotUsed(t *testing.T) {
	f, err := decode(unhex("53 80 2B 00 0D 03 12 00 76 00 06 8E 00 00 00 00 00 A0 A1 A2 A3 A4 A5 A6 A7 FD E5 D2 F4 28 EC 16 31 24 71 EA 3C 02 BD 77 96 F8 1E"))
	if err != nil || f.block.kind != blockCrypt || f.id != 0x76 {
		t.Errorf("decode = %+v, %v; want a secure CCRYPT", f, err)
	}
	d := newDevice(Reader{Name: "door"}, start)
	d.next(start)
	d.sequence = f.sequence
	if d.answers(f) {
		t.Error("a secure frame answers a plain command")
	}
}

func TestDecodeUndoesAppend(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawFrame(t)
		got, err := decode(want.append(nil))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got, sameFrame...); d != "" {
			t.Fatalf("decode(append(f)) (-want +got):\n%s", d)
		}
	})
}

func drawFrame(t *rapid.T) frame {
	return frame{
		address:  byte(rapid.IntRange(0, 0x7F).Draw(t, "address")),
		reply:    rapid.Bool().Draw(t, "reply"),
		sequence: byte(rapid.IntRange(0, 3).Draw(t, "sequence")),
		checksum: rapid.Bool().Draw(t, "checksum"),
		id:       rapid.Byte().Draw(t, "id"),
		data:     rapid.SliceOfN(rapid.Byte(), 0, 64).Draw(t, "data"),
	}
}

func unhex(text string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}
