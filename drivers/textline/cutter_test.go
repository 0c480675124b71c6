package textline

import (
	"strings"
	"testing"
	"time"
)

const (
	ms   = time.Millisecond
	wire = ms // of one octet at 9600 baud, about
)

var start = time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC)

var (
	framed = Form{Start: []byte{0x02}, End: []byte{0x03}, Longest: 12}
	bare   = Form{End: []byte("\r\n"), Longest: 32}
	asked  = Form{End: []byte("\r\n"), Prompt: []byte("OK>"), Longest: 8}
)

func TestCutter(t *testing.T) {
	type piece struct {
		after  time.Duration
		octets string
	}
	for _, tt := range []struct {
		name    string
		form    Form
		pieces  []piece
		want    string // lines found, joined by |
		noise   int
		overrun int
	}{
		{"a line", framed, []piece{{0, "\x02010063E9AE25\x03"}}, "010063E9AE25", 0, 0},
		{"two lines at once", framed, []piece{{0, "\x02AB\x03\x02CD\x03"}}, "AB|CD", 0, 0},
		{"a line in pieces", framed, []piece{{0, "\x0201"}, {50 * ms, "02"}, {50 * ms, "\x03"}}, "0102", 0, 0},
		{"noise before the start", framed, []piece{{0, "xyz\x02AB\x03"}}, "AB", 3, 0},
		{"noise between the lines", framed, []piece{{0, "\x02AB\x03xyz\x02CD\x03"}}, "AB|CD", 3, 0},
		{"a start within a line begins anew", framed, []piece{{0, "\x0201\x02AB\x03"}}, "AB", 2, 0},
		{"half a line, silence, a line", framed, []piece{{0, "\x0201"}, {54 * ms, "\x02AB\x03"}}, "AB", 2, 0},
		{"the other half comes too late", framed, []piece{{0, "\x0201"}, {54 * ms, "AB\x03"}}, "", 4, 0},
		{"a start, silence, half a line", framed, []piece{{0, "\x02"}, {54 * ms, "AB\x03"}}, "", 2, 0},
		{"too long", framed, []piece{{0, "\x02" + strings.Repeat("0", 20) + "\x03\x02AB\x03"}}, "AB", 20, 1},
		{"as long as can be", framed, []piece{{0, "\x02" + strings.Repeat("0", 12) + "\x03"}}, "000000000000", 0, 0},
		{"nothing between start and end", framed, []piece{{0, "\x02\x03"}}, "", 0, 0},
		{"CR and LF", bare, []piece{{0, "DEADBEEF\r\n01020304\r\n"}}, "DEADBEEF|01020304", 0, 0},
		{"without a start, the tail of a torn line is skipped", bare, []piece{{0, "04A2B3"}, {54 * ms, "C4D5E680\r\nDEADBEEF\r\n"}}, "DEADBEEF", 14, 0},
		{"without a start, a torn line in three pieces", bare, []piece{{0, "04A2B3"}, {54 * ms, "C4"}, {54 * ms, "D5E680\rDEADBEEF\r"}}, "DEADBEEF", 14, 0},
		{"without a start, noise long ago spoils no line", bare, []piece{{0, "\xFF"}, {10_001 * ms, "DEADBEEF\r\n"}}, "DEADBEEF", 1, 0},
		{"without a start, noise that is no text spoils no line", bare, []piece{{0, "DEADBEEF\r\xFF\x00\x80"}, {54 * ms, "01020304\r\n"}}, "DEADBEEF|01020304", 3, 0},
		{"nor behind a prompt", asked, []piece{{0, "OK>\xFF\x00"}, {54 * ms, "01020304\r\n"}}, "01020304", 5, 0},
		{"but right before a line it does", bare, []piece{{0, "\xFF01020304\r\n"}}, "\xFF01020304", 0, 0},
		{"without a start, a tail that never came spoils no line", bare, []piece{{0, "04A2B3"}, {54 * ms, "C4"}, {10_001 * ms, "DEADBEEF\r\n"}}, "DEADBEEF", 8, 0},
		{"without a start, silence between lines is none in a line", bare, []piece{{0, "DEADBEEF\r\n"}, {time.Hour, "01020304\r\n"}}, "DEADBEEF|01020304", 0, 0},
		{"without a start, too long", bare, []piece{{0, strings.Repeat("0", 40) + "\rDEADBEEF\r"}}, "DEADBEEF", 40, 1},
		{"a start of two octets", Form{Start: []byte("ID"), End: []byte("\r"), Longest: 8}, []piece{{0, "IIDAB\r"}}, "AB", 2, 0},
		{"a prompt before a line", asked, []piece{{0, "OK>01020304\r\n"}}, "01020304", 0, 0},
		{"a prompt long before a line", asked, []piece{{0, "\r\nOK>"}, {time.Minute, "01020304\r\n"}}, "01020304", 0, 0},
		{"a prompt a moment before a line", asked, []piece{{0, "\r\nOK>"}, {100 * ms, "01020304\r\n"}}, "01020304", 0, 0},
		{"half a prompt is half a line", asked, []piece{{0, "\r\nOK"}, {100 * ms, ">01020304\r\n0A\r"}}, "0A", 11, 0},
		{"prompts alone", asked, []piece{{0, "OK>\r\nOK>\r\n"}}, "", 0, 0},
		{"a line without prompt may be no longer for it", asked, []piece{{0, "0102030405\r0A\r"}}, "0A", 10, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, at := New(tt.form, wire), start
			var got []string
			for _, p := range tt.pieces {
				at = at.Add(p.after)
				c.Push([]byte(p.octets), at, func(line []byte) { got = append(got, string(line)) })
			}
			lines, noise, overrun := strings.Join(got, "|"), c.Noise(), c.Overrun()
			if lines != tt.want || noise != tt.noise || overrun != tt.overrun {
				t.Errorf("lines %q, noise %d, %d too long; want %q, %d, %d", lines, noise, overrun, tt.want, tt.noise, tt.overrun)
			}
			if c.Noise() != 0 || c.Overrun() != 0 {
				t.Error("counted twice")
			}
		})
	}
}

// Every octet of a stream without prompts is in a line, noise, part of a start or end, or waits.
func FuzzCutter(f *testing.F) {
	f.Add([]byte("\x02010063E9AE25\x03"), uint8(3))
	f.Add([]byte("OK>DEADBEEF\r\nOK>"), uint8(20))
	f.Add([]byte("\x02\x02\x02\x03\x03\r\x00\xFF"), uint8(0))
	f.Add([]byte(strings.Repeat("0", 100)), uint8(99))
	f.Fuzz(func(t *testing.T, prefix []byte, piece uint8) {
		for _, form := range []Form{framed, bare, asked, {Start: []byte("ID"), End: []byte("\r"), Longest: 9}} {
			c, octets := New(form, wire), 0
			for rest := prefix; len(rest) > 0; {
				n := min(int(piece)+1, len(rest))
				c.Push(rest[:n], start, func(line []byte) {
					octets += len(line)
					if len(line) == 0 || len(line) > form.Longest {
						t.Errorf("a line of %d octets, want 1 to %d", len(line), form.Longest)
					}
				})
				rest = rest[n:]
				if len(c.line) > form.Longest+len(form.Prompt) {
					t.Fatalf("%d octets wait", len(c.line))
				}
			}
			if octets += c.Noise() + len(c.line); octets > len(prefix) {
				t.Errorf("%d octets in lines, noise and waiting, of %d", octets, len(prefix))
			}
		}
		c, last := New(framed, wire), ""
		c.Push(prefix, start, func([]byte) {})
		c.Push([]byte("\x02010063E9AE25\x03"), start, func(line []byte) { last = string(line) })
		if last != "010063E9AE25" {
			t.Errorf("after %q: line %q, want the card", prefix, last)
		}
	})
}
