package pn532

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func octets(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatalf("vector %q: %v", text, err)
	}
	return b
}

// heard is what a scanner found.
type heard struct {
	Kind kind
	Data string
}

func scan(s *scanner, in []byte) []heard {
	var all []heard
	for _, b := range in {
		if k, data := s.feed(b); k != nothing {
			all = append(all, heard{k, string(data)})
		}
	}
	return all
}

// Frames of UM0701-02 section 6.2.1 and of its examples of commands.
func TestScan(t *testing.T) {
	const sam = "00 00 FF 05 FB D4 14 01 00 01 16 00"
	samHeard := heard{command, "\x14\x01\x00\x01"}
	firmware := heard{command, "\x02"}
	tests := []struct {
		name   string
		in     string
		want   []heard
		broken int
	}{
		{"GetFirmwareVersion", "00 00 FF 02 FE D4 02 2A 00", []heard{firmware}, 0},
		{"SAMConfiguration", sam, []heard{samHeard}, 0},
		{"ACK", "00 00 FF 00 FF 00", []heard{{ack, ""}}, 0},
		{"NACK", "00 00 FF FF 00 00", []heard{{nack, ""}}, 0},
		{"extended", "00 00 FF FF FF 00 02 FE D4 02 2A 00", []heard{firmware}, 0},
		{"without preamble, and a long one", "00 FF 02 FE D4 02 2A 00 00 00 00 00 00 00 FF 02 FE D4 02 2A 00", []heard{firmware, firmware}, 0},
		{"wrong sum of the length", "00 00 FF 05 FA D4 14 01 00 01 16 00", nil, 1},
		{"wrong sum of the data", "00 00 FF 05 FB D4 14 01 00 01 17 00", nil, 1},
		{"from another chip", "00 00 FF 02 FE D5 03 28 00", nil, 1},
		{"length 0 in an extended frame", "00 00 FF FF FF 00 00 00", nil, 1},
		{"longer than the chip takes", "00 00 FF FF FF 40 00 C0", nil, 1},
		{"head of a frame that does not come", "00 00 FF 40 C0 " + sam, []heard{samHeard}, 0},
		{"noise", "55 FF 00 12 " + sam, []heard{samHeard}, 0},
		{"ACK inside the data", "00 00 FF 09 F7 D4 06 00 FF 00 FF 00 63 02 C3 00", []heard{{command, "\x06\x00\xFF\x00\xFF\x00\x63\x02"}}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var s scanner
			if diff := cmp.Diff(scan(&s, octets(t, tt.in)), tt.want); diff != "" {
				t.Errorf("heard (-got +want):\n%s", diff)
			}
			if s.broken != tt.broken {
				t.Errorf("broken = %d, want %d", s.broken, tt.broken)
			}
		})
	}
}

func TestEncode(t *testing.T) {
	long := bytes.Repeat([]byte{0xAA}, 255)
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"no target", octets(t, "4B 00"), "00 00 FF 03 FD D5 4B 00 E0 00"},
		{"firmware", octets(t, "03 32 01 06 07"), "00 00 FF 06 FA D5 03 32 01 06 07 E8 00"},
		// Worked out by hand: length 256 is 01 00, its sum FF; 255 times AA and D5 sum to 56 and D5, 2B.
		{"extended", long, "00 00 FF FF FF 01 00 FF D5" + hex.EncodeToString(long) + "D5 00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := encode(tt.data); !bytes.Equal(got, octets(t, tt.want)) {
				t.Errorf("encode = % X, want %s", got, tt.want)
			}
		})
	}
}

// Whatever precedes it, a whole frame is found once enough has come to tell the rest from a frame.
func FuzzScan(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0x55, 0x55, 0x00, 0x00, 0x00})
	f.Add([]byte{0x00, 0x00, 0xFF, 0x40, 0xC0, 0xD4})
	f.Add([]byte{0x00, 0x00, 0xFF, 0xFF, 0xFF, 0x01, 0x09, 0xF6})
	f.Fuzz(func(t *testing.T, noise []byte) {
		var s scanner
		scan(&s, noise)
		if len(s.buf) > longestData+16 {
			t.Fatalf("%d octets are kept", len(s.buf))
		}
		sam := []byte{0x00, 0x00, 0xFF, 0x05, 0xFB, 0xD4, 0x14, 0x01, 0x00, 0x01, 0x16, 0x00}
		for _, h := range scan(&s, append(append([]byte{}, sam...), sam...)) {
			if h.Kind == command && h.Data == "\x14\x01\x00\x01" {
				return
			}
		}
		t.Fatalf("frame not found after % X", noise)
	})
}
