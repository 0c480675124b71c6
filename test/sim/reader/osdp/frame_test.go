package osdp

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// octets reads a frame as the documents print it.
func octets(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatalf("vector %q: %v", text, err)
	}
	return b
}

var start = time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)

func TestChecks(t *testing.T) {
	if got := crc16([]byte("123456789")); got != 0xE5CC {
		t.Errorf("crc16(123456789) = %04X, want E5CC", got)
	}
	// SIA OSDP v2.2 annex E.
	tests := []struct {
		body string
		want byte
	}{
		{"53 7F 0C 00 00 6E 00 80 25 00 00", 0x0F},
		{"53 00 08 00 00 61 00", 0x44},
	}
	for _, tt := range tests {
		if got := checksum(octets(t, tt.body)); got != tt.want {
			t.Errorf("checksum(%s) = %02X, want %02X", tt.body, got, tt.want)
		}
	}
}

func TestScannerFindsFrames(t *testing.T) {
	const poll, id = "53 00 08 00 06 60 89 CC", "53 00 08 00 00 61 00 44"
	isPoll := Frame{Sequence: 2, CRC: true, Code: 0x60}
	isID := Frame{Code: 0x61, Data: []byte{0}}
	tests := []struct {
		name   string
		octets string
		want   []Frame
	}{
		{"CRC frame after its mark", "FF " + poll, []Frame{isPoll}},
		{"checksum frame without a mark", id, []Frame{isID}},
		{"two in one read", "FF" + poll + "FF" + id, []Frame{isPoll, isID}},
		{"after noise that looks like a long head", "53 11 00 02 FF" + poll, []Frame{isPoll}},
		{"after a head that will never be complete", "53 00 40 00 04 60" + poll, []Frame{isPoll}},
		{"one bit wrong", "53 00 08 00 06 61 89 CC", nil},
		{"length 0", "53 00 00 00 06 60 89 CC", nil},
		{"length 65535", "53 00 FF FF 06 60 89 CC", nil},
		{"wrong frame, then a right one", "53 00 08 00 06 61 89 CC" + poll, []Frame{isPoll}},
		{"no SOM at all", "00 01 02 FF", nil},
		{"security block", "53 00 13 00 0D 03 11 00 76 B0 B1 B2 B3 B4 B5 B6 B7 31 77", []Frame{{
			Sequence: 1, CRC: true, Secure: true, Block: Block{0x11, []byte{0}}, Code: 0x76, Data: octets(t, "B0 B1 B2 B3 B4 B5 B6 B7"),
		}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var s Scanner
			got := s.Feed(start, start, octets(t, tt.octets))
			if diff := cmp.Diff(got, tt.want, equateEmpty); diff != "" {
				t.Errorf("Feed in one piece (-got +want):\n%s", diff)
			}

			var bit Scanner
			got = nil
			for i, b := range octets(t, tt.octets) {
				at := start.Add(time.Duration(i) * 15 * time.Millisecond)
				got = append(got, bit.Feed(at, at, []byte{b})...)
			}
			if diff := cmp.Diff(got, tt.want, equateEmpty); diff != "" {
				t.Errorf("Feed in single octets (-got +want):\n%s", diff)
			}
		})
	}
}

// equateEmpty takes absent octets for no octets, and looks at no field that is not exported.
var equateEmpty = cmp.Options{cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(Frame{})}

func TestScannerGivesAnUnfinishedFrameUpAfterSilence(t *testing.T) {
	poll := octets(t, "53 00 08 00 06 60 89 CC")
	tests := []struct {
		name    string
		silence time.Duration
		want    int
	}{
		{"20 ms may pass", 20 * time.Millisecond, 1},
		{"more than 20 ms end it", 20*time.Millisecond + 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var s Scanner
			s.Feed(start, start, poll[:5])
			resumed := start.Add(tt.silence)
			if got := len(s.Feed(resumed, resumed.Add(time.Second), poll[5:])); got != tt.want {
				t.Errorf("frames = %d, want %d", got, tt.want)
			}
		})
	}
}

func TestEncodeIsWhatTheStandardPrints(t *testing.T) {
	tests := []struct {
		name  string
		frame Frame
		want  string
	}{
		// SIA OSDP v2.2 annex E; the poll is from OSDP.Net's message tests.
		{"COMSET to everybody, CRC", Frame{Address: 0x7F, CRC: true, Code: 0x6E, Data: octets(t, "00 80 25 00 00")}, "FF 53 7F 0D 00 04 6E 00 80 25 00 00 6E 38"},
		{"ID, CRC", Frame{CRC: true, Code: 0x61, Data: []byte{0}}, "FF 53 00 09 00 04 61 00 C0 66"},
		{"COMSET to everybody, checksum", Frame{Address: 0x7F, Code: 0x6E, Data: octets(t, "00 80 25 00 00")}, "FF 53 7F 0C 00 00 6E 00 80 25 00 00 0F"},
		{"POLL, sequence 2", Frame{Sequence: 2, CRC: true, Code: 0x60}, "FF 53 00 08 00 06 60 89 CC"},
	}
	for _, tt := range tests {
		if got := tt.frame.Encode(); !bytes.Equal(got, octets(t, tt.want)) {
			t.Errorf("%s: Encode = % X, want %s", tt.name, got, tt.want)
		}
	}
}
