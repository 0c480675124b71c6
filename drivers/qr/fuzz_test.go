package qr

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/credential"
	"github.com/rollcall-edge/rollcall/drivers/textline"
)

// Whatever a scanner sends, a key is printable, bounded, and the same when the code is scanned again.
func FuzzQR(f *testing.F) {
	f.Add([]byte("]Q1STUDENT-0042\r\n"), uint8(4))
	f.Add([]byte("https://example.org/s?id=42\r]C1]Q1 x\r"), uint8(200))
	f.Add([]byte(strings.Repeat("x", 300)+"\r12345678\n"), uint8(63))
	f.Add([]byte("\x00\xFF]\r]Q\r]Q1\r"), uint8(0))
	f.Fuzz(func(t *testing.T, octets []byte, piece uint8) {
		c := textline.New(lines, time.Millisecond)
		for rest := octets; len(rest) > 0; {
			n := min(int(piece)+1, len(rest))
			c.Push(rest[:n], time.Time{}, func(line []byte) { scanned(t, line) })
			rest = rest[n:]
		}
	})
}

func scanned(t *testing.T, line []byte) {
	key, err := credential.FromCode(line)
	if (err == nil) != (key != "") {
		t.Fatalf("FromCode(%q) = %q, %v", line, key, err)
	}
	if err != nil {
		return
	}
	code, ok := strings.CutPrefix(key, "qr:")
	if !ok || len(code) < 8 || len(code) > 256 || code != strings.TrimSpace(code) || !strings.Contains(string(line), code) {
		t.Errorf("FromCode(%q) = %q", line, key)
	}
	if again, err := credential.FromCode([]byte(code)); again != key || err != nil {
		t.Errorf("the code of %q is read as %q, %v", key, again, err)
	}
}
