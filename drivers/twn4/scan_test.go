package twn4

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const testGap = 53 * time.Millisecond // 50 ms and three octets at 9600

// piece is what arrives at once, some time after the piece before.
type piece struct {
	after time.Duration
	text  string
}

func TestScanner(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		name    string
		checked bool
		pieces  []piece
		want    []string
		noise   int
	}{
		{"a line", false, []piece{{0, "0001\r"}}, []string{"\x00\x01"}, 0},
		{"small letters", false, []piece{{0, "00ab\r"}}, []string{"\x00\xAB"}, 0},
		{"two lines in one read", false, []piece{{0, "0001\r0002\r"}}, []string{"\x00\x01", "\x00\x02"}, 0},
		{"line feeds", false, []piece{{0, "0001\r\n0002\r\n"}}, []string{"\x00\x01", "\x00\x02"}, 0},
		{"an octet at a time", false, []piece{{0, "0"}, {ms, "0"}, {ms, "0"}, {ms, "1"}, {ms, "\r"}}, []string{"\x00\x01"}, 0},
		{"noise that ends in a digit", false, []piece{{0, "\x00\xFF1\x530001\r"}}, []string{"\x00\x01"}, 4},
		{"a digit too many", false, []piece{{0, "10001\r0002\r"}}, []string{"\x00\x02"}, 5},
		{"half a line, then silence", false, []piece{{0, "00"}, {54 * ms, "0001\r"}}, []string{"\x00\x01"}, 2},
		{"the other half comes too late", false, []piece{{0, "000"}, {54 * ms, "1\r"}}, nil, 4},
		{"ends alone", false, []piece{{0, "\r\r"}}, nil, 0},
		{"an endless line", false, []piece{{0, strings.Repeat("0", 5000) + "\r0001\r"}}, []string{"\x00\x01"}, 5000},
		{"a CRC", true, []piece{{0, "000131E1\r"}}, []string{"\x00\x01"}, 0},
		{"a wrong CRC", true, []piece{{0, "000131E0\r000131E1\r"}}, []string{"\x00\x01"}, 8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScanner(testGap, tt.checked)
			at := time.Unix(1000, 0)
			var got []string
			for _, p := range tt.pieces {
				at = at.Add(p.after)
				s.push([]byte(p.text), at, func(m []byte) { got = append(got, string(m)) })
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("messages (-want +got):\n%s", d)
			}
			if noise := s.counted(); noise != tt.noise {
				t.Errorf("noise = %d octets, want %d", noise, tt.noise)
			}
		})
	}
}

// FuzzTWN4 feeds the scanner whatever a line may carry, in two pieces, and reads each message as every reply.
func FuzzTWN4(f *testing.F) {
	for _, r := range references {
		f.Add([]byte(r.line+"\r"), 3, r.checked)
	}
	f.Add([]byte("000180200466CF4DC2\r"), 0, false)
	f.Add([]byte("000103180704D7A79A97378007042DA79A973780070450A79A973780\r"), 9, false)
	f.Add([]byte("001D54574E342F42312E30332F434346312E35372F505253312E30332F5049\r"), 60, false)
	f.Fuzz(func(t *testing.T, line []byte, cut int, checked bool) {
		cut = max(0, min(cut, len(line)))
		s := newScanner(testGap, checked)
		total, octets := 0, 0
		hear := func(message []byte) {
			total++
			octets += len(message)
			if again, err := decodeLine(appendLine(nil, message, checked)[:lineLength(len(message), checked)], checked); err != nil || string(again) != string(message) {
				t.Errorf("message % X written and read again = % X, %v", message, again, err)
			}
			readAll(message)
		}
		s.push(line[:cut], time.Unix(1000, 0), hear)
		s.push(line[cut:], time.Unix(1000, 0), hear)
		if noise := s.counted(); noise+2*octets > len(line) {
			t.Errorf("%d messages of %d octets and %d of noise out of %d", total, octets, noise, len(line))
		}
		if cap(s.line) > 2*longestLine {
			t.Errorf("scanner keeps %d octets, want %d at most", cap(s.line), longestLine)
		}
	})
}

func lineLength(octets int, checked bool) int {
	if checked {
		octets += crcOctets
	}
	return 2 * octets
}

func readAll(message []byte) {
	_ = done(message)
	_, _ = list(message)
	_, _ = version(message)
	_, _ = ticks(message)
	if f, seen, err := tag(message); err == nil && seen {
		_, _ = f.key(0)
		_, _ = f.key(1)
	}
}
