package ascii

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/credential"
)

var start = time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC)

const testGap = 53 * time.Millisecond // 50 ms and three octets at 9600

func TestKey(t *testing.T) {
	uid4 := Format{End: []byte("\r"), Digits: Decimal, Octets: 4}
	em := Format{End: []byte("\r"), Digits: Decimal, Octets: 5, Medium: EM4100}
	raw := Format{End: []byte("\r"), Medium: Raw}
	reversed := Generic()
	reversed.Order = credential.Reversed
	for _, tt := range []struct {
		name   string
		format Format
		line   string
		want   string
		err    error
	}{
		{"RDM6300 data sheet", RDM6300(), "010063E9AE25", "em:010063E9AE", nil},
		{"ID-12LA data sheet", RDM6300(), "0C000621A58E", "em:0C000621A5", nil},
		{"RDM6300, check wrong", RDM6300(), "010063E9AE26", "", errCheck},
		{"RDM6300, one digit wrong", RDM6300(), "010063E8AE25", "", errCheck},
		{"RDM6300, too short", RDM6300(), "010063E98B", "", errDigits},
		{"RDM6300, no digits", RDM6300(), "01006GE9AE25", "", errDigits},
		{"RDM6300, odd number of digits", RDM6300(), "010063E9AE2", "", errDigits},
		{"RDM6300, blank tag", RDM6300(), "000000000000", "", credential.ErrBlank},
		{"UID of 7 octets", Generic(), "04A2B3C4D5E680", "uid:04A2B3C4D5E680", nil},
		{"UID in small letters", Generic(), "deadbeef", "uid:DEADBEEF", nil},
		{"UID reversed", reversed, "80E6D5C4B3A204", "uid:04A2B3C4D5E680", nil},
		{"UID of 5 octets", Generic(), "0102030405", "", credential.ErrLength},
		{"random UID", Generic(), "08112233", "", credential.ErrRandom},
		{"decimal UID", uid4, "3735928559", "uid:DEADBEEF", nil},
		{"decimal UID with leading zeros", uid4, "0000000258", "uid:00000102", nil},
		{"decimal too large", uid4, "4294967296", "", errDigits},
		{"decimal with a sign", uid4, "-1", "", errDigits},
		{"decimal EM4100", em, "4301515182", "em:010063E9AE", nil},
		{"access number", raw, "010203040506", "raw:48:010203040506", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.format.key([]byte(tt.line))
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Fatalf("key = %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestScanner(t *testing.T) {
	const ms = time.Millisecond
	type piece struct {
		after  time.Duration
		octets string
	}
	for _, tt := range []struct {
		name   string
		format Format
		pieces []piece
		want   string // lines found, joined by |
		noise  int
	}{
		{"a line", RDM6300(), []piece{{0, "\x02010063E9AE25\x03"}}, "010063E9AE25", 0},
		{"two lines at once", RDM6300(), []piece{{0, "\x02AB\x03\x02CD\x03"}}, "AB|CD", 0},
		{"a line in pieces", RDM6300(), []piece{{0, "\x0201"}, {50 * ms, "02"}, {50 * ms, "\x03"}}, "0102", 0},
		{"noise before the start", RDM6300(), []piece{{0, "xyz\x02AB\x03"}}, "AB", 3},
		{"a start within a line begins anew", RDM6300(), []piece{{0, "\x0201\x02AB\x03"}}, "AB", 2},
		{"half a line, silence, a line", RDM6300(), []piece{{0, "\x0201"}, {54 * ms, "\x02AB\x03"}}, "AB", 2},
		{"the other half comes too late", RDM6300(), []piece{{0, "\x0201"}, {54 * ms, "AB\x03"}}, "", 4},
		{"too long", RDM6300(), []piece{{0, "\x02" + strings.Repeat("0", 20) + "\x03\x02AB\x03"}}, "AB", 20},
		{"nothing between start and end", RDM6300(), []piece{{0, "\x02\x03"}}, "", 0},
		{"CR and LF", Generic(), []piece{{0, "DEADBEEF\r\n01020304\r\n"}}, "DEADBEEF|01020304", 0},
		{"without a start, the tail of a torn line is skipped", Generic(), []piece{{0, "04A2B3"}, {54 * ms, "C4D5E680\r\nDEADBEEF\r\n"}}, "DEADBEEF", 14},
		{"without a start, silence between lines is none in a line", Generic(), []piece{{0, "DEADBEEF\r\n"}, {time.Hour, "01020304\r\n"}}, "DEADBEEF|01020304", 0},
		{"without a start, too long", Generic(), []piece{{0, strings.Repeat("0", 40) + "\rDEADBEEF\r"}}, "DEADBEEF", 40},
		{"a start of two octets", Format{Start: []byte("ID"), End: []byte("\r")}, []piece{{0, "IIDAB\r"}}, "AB", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, at := newScanner(tt.format, testGap), start
			var got []string
			for _, p := range tt.pieces {
				at = at.Add(p.after)
				s.push([]byte(p.octets), at, func(line []byte) { got = append(got, string(line)) })
			}
			if lines, noise := strings.Join(got, "|"), s.counted(); lines != tt.want || noise != tt.noise {
				t.Errorf("lines %q, noise %d; want %q, %d", lines, noise, tt.want, tt.noise)
			}
		})
	}
}

func TestFormatCheckNamesEveryFault(t *testing.T) {
	err := Format{Digits: Decimal, Check: XOR}.check()
	if err == nil {
		t.Fatal("check accepts it")
	}
	for _, want := range []string{"no end", "say how many octets", "use none"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
	if err := (Format{End: []byte{3}, Octets: 17}).check(); err == nil {
		t.Error("17 octets are accepted")
	}
	for _, name := range []string{"rdm6300", "generic"} {
		f, ok := Preset(name)
		if !ok || f.check() != nil {
			t.Errorf("preset %s: %v, %v", name, ok, f.check())
		}
	}
	if _, ok := Preset("other"); ok {
		t.Error("an unknown preset is found")
	}
}

func FuzzASCII(f *testing.F) {
	f.Add([]byte("\x02010063E9AE25\x03"), uint8(3))
	f.Add([]byte("\x020C000621A58E\r\n\x03"), uint8(1))
	f.Add([]byte("DEADBEEF\r\n"), uint8(20))
	f.Add([]byte("\x02\x02\x02\x03\x03"), uint8(0))
	f.Fuzz(func(t *testing.T, prefix []byte, piece uint8) {
		for _, format := range []Format{RDM6300(), Generic(), {Start: []byte("ID"), End: []byte("\r"), Digits: Decimal, Octets: 4}} {
			s := newScanner(format, testGap)
			for rest := prefix; len(rest) > 0; {
				n := min(int(piece)+1, len(rest))
				s.push(rest[:n], start, func(line []byte) {
					if key, err := format.key(line); (err == nil) != (key != "") {
						t.Errorf("key(%q) = %q, %v", line, key, err)
					}
				})
				rest = rest[n:]
				if len(s.line) > format.longest() {
					t.Fatalf("%d octets wait, want %d at most", len(s.line), format.longest())
				}
			}
		}
		s, last := newScanner(RDM6300(), testGap), ""
		s.push(prefix, start, func([]byte) {})
		s.push([]byte("\x02010063E9AE25\x03"), start, func(line []byte) { last = string(line) })
		if last != "010063E9AE25" {
			t.Errorf("after %q: line %q, want the card", prefix, last)
		}
	})
}

func BenchmarkScan(b *testing.B) {
	s, f := newScanner(RDM6300(), testGap), RDM6300()
	line := []byte("\x02010063E9AE25\x03")
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	found := 0
	for b.Loop() {
		s.push(line, start, func(text []byte) {
			if _, err := f.key(text); err == nil {
				found++
			}
		})
	}
	if found != b.N {
		b.Fatalf("%d cards in %d lines", found, b.N)
	}
}
