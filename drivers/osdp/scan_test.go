package osdp

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const (
	ackOctets = "FF 53 81 08 00 05 40 39 35"
	rawOctets = "FF 53 81 10 00 06 50 00 01 1A 00 BD D9 37 40 99 71"
	testGap   = 53 * time.Millisecond // 50 ms and three octets at 9600
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
		want    []byte // ids of the frames found
		noise   int
		damaged bool // by address 1
	}{
		{"a frame", []piece{{0, ackOctets}}, []byte{replyAck}, 0, false},
		{"two frames in one read", []piece{{0, ackOctets + rawOctets}}, []byte{replyAck, replyRaw}, 0, false},
		{"noise before the start", []piece{{0, "00 12 FE" + ackOctets}}, []byte{replyAck}, 3, false},
		{"a frame in halves", []piece{{0, "FF 53 81 08"}, {20 * ms, "00 05 40 39 35"}}, []byte{replyAck}, 0, false},
		{"half a frame, then silence, then a frame", []piece{{0, "FF 53 81 08 00"}, {54 * ms, ackOctets}}, []byte{replyAck}, 4, false},
		{"the other half comes too late", []piece{{0, "FF 53 81 08"}, {54 * ms, "00 05 40 39 35"}}, nil, 8, false},
		{"wrong check", []piece{{0, "53 81 08 00 05 40 39 36"}}, nil, 8, true},
		{"wrong check, then right", []piece{{0, "53 81 08 00 05 40 39 36" + ackOctets}}, []byte{replyAck}, 8, true},
		{"length 0", []piece{{0, "53 81 00 00 05" + ackOctets}}, []byte{replyAck}, 5, false},
		{"length 65535; FF is an idle mark, not noise", []piece{{0, "53 81 FF FF 05" + ackOctets}}, []byte{replyAck}, 3, false},
		{"a header made of noise promises 1024 octets", []piece{{0, "53 81 00 04 05" + ackOctets}}, []byte{replyAck}, 5, false},
		{"a header made of noise ends inside the frame", []piece{{0, "53 81 0A 00 05" + ackOctets}}, []byte{replyAck}, 5, true},
		{"start octets in a row", []piece{{0, "53 53 53" + ackOctets}}, []byte{replyAck}, 3, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, at := newScanner(testGap), start
			var got []byte
			for _, p := range tt.pieces {
				at = at.Add(p.after)
				s.push(unhex(p.octets), at, func(f frame) { got = append(got, f.id) })
			}
			damaged := s.damaged[0x81]
			if noise := s.take(); !bytes.Equal(got, tt.want) || noise != tt.noise || damaged != tt.damaged {
				t.Errorf("frames % X, noise %d, damaged %v; want % X, %d, %v", got, noise, damaged, tt.want, tt.noise, tt.damaged)
			}
		})
	}
}

// RELIABILITY: a frame in pieces of one octet over 200 ms is put together again.
func TestScannerJoinsSingleOctets(t *testing.T) {
	s, at := newScanner(testGap), start
	found := 0
	for _, o := range unhex(rawOctets) {
		at = at.Add(200 * time.Millisecond / 17)
		s.push([]byte{o}, at, func(frame) { found++ })
	}
	if found != 1 {
		t.Errorf("%d frames, want 1", found)
	}
}

// However the octets are cut, the same frames are found: a scanner fed at once is the model of one fed in pieces.
func TestScannerDoesNotCareForPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		for range rapid.IntRange(1, 6).Draw(t, "parts") {
			stream = append(stream, rapid.SliceOfN(rapid.SampledFrom([]byte{0x53, 0x81, 0x08, 0x00, 0x05, 0xFF}), 0, 12).Draw(t, "noise")...)
			stream = drawFrame(t).append(stream)
		}
		whole, pieces := collect(stream, len(stream)), collect(stream, rapid.IntRange(1, 40).Draw(t, "piece"))
		if len(whole) == 0 || !slices.EqualFunc(whole, pieces, bytes.Equal) {
			t.Fatalf("at once %X, in pieces %X", whole, pieces)
		}
	})
}

func collect(stream []byte, piece int) (found [][]byte) {
	s := newScanner(testGap)
	for part := range slices.Chunk(stream, piece) {
		s.push(part, start, func(f frame) { found = append(found, f.append(nil)) })
	}
	return found
}

func FuzzScan(f *testing.F) {
	for _, v := range frames {
		f.Add(unhex(v.octets), uint8(3))
	}
	f.Add(unhex("53 81 FF FF 05 53 81 00 00"+ackOctets), uint8(1))
	f.Add(bytes.Repeat([]byte{0x53}, 100), uint8(7))
	f.Fuzz(func(t *testing.T, prefix []byte, piece uint8) {
		s := newScanner(testGap)
		for part := range slices.Chunk(prefix, int(piece)+1) {
			s.push(part, start, func(frame) {})
			if len(s.buf) > longestFrame || cap(s.buf) > scanRoom {
				t.Fatalf("%d octets wait in room for %d", len(s.buf), cap(s.buf))
			}
		}
		var last frame
		s.push(unhex(rawOctets), start.Add(time.Second), func(f frame) { last = f })
		if last.id != replyRaw || last.address != 1 {
			t.Errorf("after %X and silence: frame %+v, want RAW of reader 1", prefix, last)
		}
	})
}

func FuzzReply(f *testing.F) {
	for _, v := range frames {
		f.Add(unhex(v.octets))
	}
	f.Add(unhex("53 80 2B 00 0D 03 12 00 76 00 06 8E 00 00 00 00 00 A0 A1 A2 A3 A4 A5 A6 A7 FD E5 D2 F4 28 EC 16 31 24 71 EA 3C 02 BD 77 96 F8 1E"))
	f.Fuzz(func(t *testing.T, octets []byte) {
		got, err := decode(octets)
		if err != nil {
			return
		}
		if octets[4]&^(controlSequence|controlCRC|controlSecure) == 0 && !bytes.Equal(got.append(nil), octets) {
			t.Errorf("append(decode(% X)) = % X", octets, got.append(nil))
		}
		d := newDevice(Reader{Name: "door", Address: got.address}, start)
		d.next(start)
		d.sequence = got.sequence
		if d.answers(got) {
			d.onReply(got, start)
		}
	})
}

// BenchmarkScan scans the reply of a card between polls, as on a bus with eight readers.
func BenchmarkScan(b *testing.B) {
	stream := unhex(ackOctets + ackOctets + ackOctets + rawOctets + ackOctets + ackOctets + ackOctets + ackOctets)
	s := newScanner(testGap)
	found := 0
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	for b.Loop() {
		s.push(stream, start, func(frame) { found++ })
	}
	if found != 8*b.N {
		b.Fatalf("%d frames in %d rounds, want 8 in each", found, b.N)
	}
}
