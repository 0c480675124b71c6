package pn532

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/drivertest"
)

const (
	ackOctets     = "00 00 FF 00 FF 00"
	versionOctets = "00 00 FF 06 FA D5 03 32 01 06 07 E8 00"
	cardOctets    = "00 00 FF 0F F1 D5 4B 01 01 00 44 20 07 04 A2 B3 C4 D5 E6 80 1B 00"
	noneOctets    = "00 00 FF 03 FD D5 4B 00 E0 00"
	errorOctets   = "00 00 FF 01 FF 7F 81 00"
	testGap       = 50 * time.Millisecond
)

// piece is what arrives at once, some time after the piece before.
type piece struct {
	after  time.Duration
	octets string
}

func TestScanner(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		name    string
		pieces  []piece
		want    []kind
		noise   int
		damaged bool
	}{
		{"ack and answer", []piece{{0, ackOctets + versionOctets}}, []kind{ack, response}, 0, false},
		{"long preamble", []piece{{0, "00 00 00 00" + noneOctets}}, []kind{response}, 0, false},
		{"no preamble", []piece{{0, "00 FF 03 FD D5 4B 00 E0"}}, []kind{response}, 0, false},
		{"the error frame", []piece{{0, errorOctets}}, []kind{failure}, 0, false},
		{"our own command sent back", []piece{{0, "00 00 FF 02 FE D4 02 2A 00"}}, []kind{other}, 0, false},
		{"a nack", []piece{{0, "00 00 FF FF 00 00"}}, []kind{other}, 0, false},
		{"in halves", []piece{{0, "00 00 FF 03"}, {20 * ms, "FD D5 4B 00 E0 00"}}, []kind{response}, 0, false},
		{"cut in the start code", []piece{{0, "00 00"}, {ms, "FF 03 FD D5 4B 00 E0 00"}}, []kind{response}, 0, false},
		{"half, then silence", []piece{{0, "00 00 FF 03 FD"}, {51 * ms, noneOctets}}, []kind{response}, 3, false},
		{"noise before", []piece{{0, "12 FE 00 FF 53 81" + noneOctets}}, []kind{response}, 5, false},
		{"noise that ends in a start code", []piece{{0, "00 FF" + noneOctets}}, []kind{response}, 1, false},
		{"a header that promises much more", []piece{{0, "00 00 FF 40 C0" + ackOctets + noneOctets}}, []kind{response}, 5, false},
		{"a length of zero", []piece{{0, "00 00 FF 00 00 00" + noneOctets}}, []kind{response}, 1, false},
		{"a wrong check of the length", []piece{{0, "00 00 FF 03 FC D5 4B 00 E0 00" + noneOctets}}, []kind{response}, 6, false},
		{"a wrong check", []piece{{0, "00 00 FF 03 FD D5 4B 00 E1 00" + noneOctets}}, []kind{response}, 6, true},
		{"an extended frame", []piece{{0, "00 00 FF FF FF 01 00 FF D5 4B" + noneOctets}}, []kind{response}, 7, false},
		{"only an identifier", []piece{{0, "00 00 FF 01 FF D5 2B 00"}}, []kind{other}, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScanner(testGap)
			at := time.Unix(1000, 0)
			var got []kind
			for _, p := range tt.pieces {
				at = at.Add(p.after)
				s.push(drivertest.Unhex(t, p.octets), at, func(f frame) { got = append(got, f.kind) })
			}
			if !slices.Equal(got, tt.want) || s.damaged != tt.damaged {
				t.Errorf("frames = %v, damaged %v; want %v, %v", got, s.damaged, tt.want, tt.damaged)
			}
			if noise := s.counted(); noise != tt.noise {
				t.Errorf("noise = %d octets, want %d", noise, tt.noise)
			}
		})
	}
}

func TestScannerGivesTheData(t *testing.T) {
	var got []byte
	newScanner(testGap).push(drivertest.Unhex(t, cardOctets), time.Unix(1000, 0), func(f frame) { got = bytes.Clone(f.data) })
	if want := drivertest.Unhex(t, "4B 01 01 00 44 20 07 04 A2 B3 C4 D5 E6 80"); !bytes.Equal(got, want) {
		t.Errorf("data = % X, want % X", got, want)
	}
}

// FuzzPN532 feeds the scanner whatever a line may carry, in two pieces, and reads each response as every answer.
func FuzzPN532(f *testing.F) {
	for _, octets := range []string{
		ackOctets, versionOctets, cardOctets, noneOctets, errorOctets, ackOctets + cardOctets, "00 00 FF FF FF 01 00 FF D5 4B 00",
		"00 00 FF 00 00 00", "00 00 FF FF 01 D5",
	} {
		f.Add(drivertest.Unhex(f, octets), 4)
	}
	f.Fuzz(func(t *testing.T, line []byte, cut int) {
		cut = max(0, min(cut, len(line)))
		s := newScanner(testGap)
		octets := 0
		hear := func(f frame) {
			octets += headerOctets
			if f.kind != response {
				return
			}
			octets += len(f.data) + 2
			again := appendFrame(nil, f.data)
			if !bytes.Contains(line, again[3:5]) || !bytes.Contains(line, f.data) {
				t.Errorf("response % X is not in the line", f.data)
			}
			_, _ = firmware(f.data[1:])
			_, _, _ = targets(f.data[1:])
		}
		s.push(line[:cut], time.Unix(1000, 0), hear)
		s.push(line[cut:], time.Unix(1000, 0), hear)
		if noise := s.counted(); noise+octets > len(line) {
			t.Errorf("frames of %d octets and %d of noise out of %d", octets, noise, len(line))
		}
		if cap(s.buf) > 2*longestFrame {
			t.Errorf("scanner keeps %d octets, want %d at most", cap(s.buf), longestFrame)
		}
	})
}
