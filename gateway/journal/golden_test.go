package journal

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden bytes of the current format version")

// goldenLog writes one of everything.
func goldenLog(t *testing.T, o LogOptions) {
	t.Helper()
	o.Rand = bytes.NewReader(bytes.Repeat([]byte{0xa5}, 64))
	o.Now = func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC) }
	l := openLog(t, o)
	if err := errors.Join(l.Set("vote", []byte("gateway-2")), l.Reset(40)); err != nil {
		t.Fatal(err)
	}
	appendText(t, l, "forty", "", "lost")
	if err := errors.Join(l.Set("term", []byte("seven")), l.TruncateAfter(41)); err != nil {
		t.Fatal(err)
	}
	appendText(t, l, "42")
	closeLog(t, l)
}

// A golden file holds a segment as lines of "offset: bytes", one per block that is not zero, without trailing zeroes.
var goldens = []struct {
	file string
	key  func(t *testing.T) *Key
}{
	{filepath.Join("testdata", "v1", "segment.hex"), func(*testing.T) *Key { return nil }},
	{filepath.Join("testdata", "v2", "segment.hex"), func(t *testing.T) *Key {
		key := testKey(t, 1)
		key.draw = func(nonce []byte) { copy(nonce, bytes.Repeat([]byte{0x5a}, len(nonce))) }
		return key
	}},
}

func dump(segment []byte) string {
	var out strings.Builder
	for off := 0; off < len(segment); off += block {
		if b := bytes.TrimRight(segment[off:off+block], "\x00"); len(b) > 0 {
			fmt.Fprintf(&out, "%d: %x\n", off, b)
		}
	}
	return out.String()
}

func undump(t *testing.T, file, text string) []byte {
	t.Helper()
	segment := make([]byte, minSegment)
	for line := range strings.Lines(text) {
		var off int
		var b []byte
		if _, err := fmt.Sscanf(line, "%d: %x", &off, &b); err != nil {
			t.Fatalf("%s: %q: %v", file, line, err)
		}
		copy(segment[off:], b)
	}
	return segment
}

// The bytes of each format version stay in testdata for ever: this version writes what it always wrote, and reads it.
func TestGoldenBytes(t *testing.T) {
	for _, golden := range goldens {
		o := lazy(t)
		o.Key = golden.key(t)
		goldenLog(t, o)
		got := dump(readFile(t, filepath.Join(o.Dir, segmentName(2))))
		if *update {
			writeFile(t, golden.file, []byte(got))
		}
		if diff := cmp.Diff(string(readFile(t, golden.file)), got); diff != "" {
			t.Errorf("a changed format needs a new version number (-want +got):\n%s", diff)
		}
	}
}

func TestGoldenBytesAreRead(t *testing.T) {
	for _, golden := range goldens {
		t.Run(golden.file, func(t *testing.T) { checkGolden(t, golden.file, golden.key(t)) })
	}
}

func checkGolden(t *testing.T, file string, key *Key) {
	t.Helper()
	o := lazy(t)
	o.Key = key
	writeFile(t, filepath.Join(o.Dir, segmentName(2)), undump(t, file, string(readFile(t, file))))
	l := openLog(t, o)
	defer closeLog(t, l)
	want := map[uint64]string{40: "forty", 41: "", 42: "42"}
	if diff := cmp.Diff(want, contents(t, l)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if got, ok := l.Get("term"); !ok || string(got) != "seven" {
		t.Errorf("Get(term) = %q, %v, want seven", got, ok)
	}
}
