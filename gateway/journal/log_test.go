package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func openLog(t testing.TB, o LogOptions) *Log {
	t.Helper()
	l, err := OpenLog(o)
	if err != nil {
		t.Fatalf("OpenLog: %v", err)
	}
	return l
}

func closeLog(t testing.TB, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func checkIs(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error = %v, want one that is %q", err, want)
	}
}

// small gives options for a log whose segments hold seven blocks.
func small(t testing.TB) LogOptions {
	return LogOptions{Dir: t.TempDir(), SegmentBytes: minSegment, ReserveBytes: -1}
}

func appendText(t testing.TB, l *Log, payloads ...string) uint64 {
	t.Helper()
	raw := make([][]byte, len(payloads))
	for i, p := range payloads {
		raw[i] = []byte(p)
	}
	first, err := l.Append(raw...)
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	return first
}

// appendNumbered appends n records, each in a batch of its own.
func appendNumbered(t testing.TB, l *Log, n int) {
	t.Helper()
	for range n {
		if _, err := l.AppendFunc(1, func(first uint64, dst [][]byte) error {
			dst[0] = numbered(first)
			return nil
		}); err != nil {
			t.Fatalf("AppendFunc: %v", err)
		}
	}
}

// checkNumbered checks that every record from First to Last is there and was written under its number.
func checkNumbered(t testing.TB, l *Log) {
	t.Helper()
	if l.First() == 0 {
		return
	}
	for seq := l.First(); seq <= l.Last(); seq++ {
		got, err := l.Read(seq)
		if err != nil {
			t.Fatalf("Read(%d): %v", seq, err)
		}
		if want := string(numbered(seq)); string(got) != want {
			t.Fatalf("Read(%d) = %q, want %q", seq, got, want)
		}
	}
}

// contents gives every record by its number.
func contents(t testing.TB, l *Log) map[uint64]string {
	t.Helper()
	all := map[uint64]string{}
	if l.First() == 0 {
		return all
	}
	for seq := l.First(); seq <= l.Last(); seq++ {
		b, err := l.Read(seq)
		if err != nil {
			t.Fatalf("Read(%d): %v", seq, err)
		}
		all[seq] = string(b)
	}
	return all
}

func TestLog(t *testing.T) {
	type state struct {
		First, Last uint64
		Records     map[uint64]string
	}
	tests := []struct {
		name string
		do   func(t *testing.T, l *Log)
		want state
	}{
		{"new log is empty", func(t *testing.T, l *Log) {}, state{0, 0, map[uint64]string{}}},
		{"numbers start at 1", func(t *testing.T, l *Log) {
			appendText(t, l, "a")
			appendText(t, l, "b", "", "c")
		}, state{1, 4, map[uint64]string{1: "a", 2: "b", 3: "", 4: "c"}}},
		{"nothing appended is nothing kept", func(t *testing.T, l *Log) {
			if first, err := l.Append(); first != 0 || err != nil {
				t.Errorf("Append() = %d, %v, want 0, nil", first, err)
			}
		}, state{0, 0, map[uint64]string{}}},
		{"failed encoding uses no number", func(t *testing.T, l *Log) {
			appendText(t, l, "a")
			_, err := l.AppendFunc(1, func(uint64, [][]byte) error { return fs.ErrInvalid })
			checkIs(t, err, fs.ErrInvalid)
			appendText(t, l, "b")
		}, state{1, 2, map[uint64]string{1: "a", 2: "b"}}},
		{"record too large uses no number", func(t *testing.T, l *Log) {
			_, err := l.Append([]byte("a"), make([]byte, l.largest+1))
			checkIs(t, err, ErrTooLarge)
			appendText(t, l, "b")
		}, state{1, 1, map[uint64]string{1: "b"}}},
		{"AppendAt begins an empty log anywhere", func(t *testing.T, l *Log) {
			if err := l.AppendAt(100, []byte("x"), []byte("y")); err != nil {
				t.Error(err)
			}
			if err := l.AppendAt(102, []byte("z")); err != nil {
				t.Error(err)
			}
		}, state{100, 102, map[uint64]string{100: "x", 101: "y", 102: "z"}}},
		{"AppendAt refuses gaps, repeats and 0", func(t *testing.T, l *Log) {
			appendText(t, l, "a", "b")
			for _, first := range []uint64{0, 1, 2, 4, 1<<62 + 1} {
				checkIs(t, l.AppendAt(first, []byte("x")), ErrOutOfOrder)
			}
		}, state{1, 2, map[uint64]string{1: "a", 2: "b"}}},
		{"AppendAt after a value on an empty log", func(t *testing.T, l *Log) {
			if err := l.SetSoon("k", []byte("v")); err != nil {
				t.Error(err)
			}
			if err := l.AppendAt(7, []byte("x")); err != nil {
				t.Error(err)
			}
		}, state{7, 7, map[uint64]string{7: "x"}}},
		{"TruncateAfter reuses the numbers", func(t *testing.T, l *Log) {
			appendText(t, l, "a", "b", "c")
			if err := l.TruncateAfter(1); err != nil {
				t.Error(err)
			}
			appendText(t, l, "B")
		}, state{1, 2, map[uint64]string{1: "a", 2: "B"}}},
		{"TruncateAfter the end changes nothing", func(t *testing.T, l *Log) {
			appendText(t, l, "a")
			if err := errors.Join(l.TruncateAfter(1), l.TruncateAfter(9)); err != nil {
				t.Error(err)
			}
		}, state{1, 1, map[uint64]string{1: "a"}}},
		{"TruncateAfter everything", func(t *testing.T, l *Log) {
			appendNumbered(t, l, 20)
			if err := l.TruncateAfter(0); err != nil {
				t.Error(err)
			}
		}, state{0, 0, map[uint64]string{}}},
		{"truncated log can begin anywhere", func(t *testing.T, l *Log) {
			appendNumbered(t, l, 20)
			if err := errors.Join(l.TruncateAfter(3), l.TruncateAfter(0), l.AppendAt(50, []byte("x"))); err != nil {
				t.Error(err)
			}
		}, state{50, 50, map[uint64]string{50: "x"}}},
		{"truncated across segments and written over", func(t *testing.T, l *Log) {
			appendNumbered(t, l, 30)
			if err := l.TruncateAfter(2); err != nil {
				t.Error(err)
			}
			appendText(t, l, "x")
			if err := l.TruncateAfter(1); err != nil {
				t.Error(err)
			}
			appendText(t, l, "y")
		}, state{1, 2, map[uint64]string{1: "record 1", 2: "y"}}},
		{"PruneBefore drops whole segments", func(t *testing.T, l *Log) {
			appendNumbered(t, l, 20) // seven in each of the first two segments
			if err := l.PruneBefore(17); err != nil {
				t.Error(err)
			}
		}, state{15, 20, map[uint64]string{
			15: "record 15", 16: "record 16", 17: "record 17", 18: "record 18", 19: "record 19", 20: "record 20",
		}}},
		{"PruneBefore keeps a segment for one record in it", func(t *testing.T, l *Log) {
			appendNumbered(t, l, 8)
			if err := l.PruneBefore(7); err != nil {
				t.Error(err)
			}
		}, state{1, 8, map[uint64]string{
			1: "record 1", 2: "record 2", 3: "record 3", 4: "record 4",
			5: "record 5", 6: "record 6", 7: "record 7", 8: "record 8",
		}}},
		{"Reset empties and numbers anew", func(t *testing.T, l *Log) {
			appendNumbered(t, l, 20)
			if err := l.Reset(500); err != nil {
				t.Error(err)
			}
		}, state{0, 499, map[uint64]string{}}},
		{"Reset to lower numbers", func(t *testing.T, l *Log) {
			if err := errors.Join(l.AppendAt(90, []byte("x")), l.Reset(10)); err != nil {
				t.Error(err)
			}
			appendText(t, l, "y")
		}, state{10, 10, map[uint64]string{10: "y"}}},
		{"more than one batch in one call", func(t *testing.T, l *Log) {
			half := strings.Repeat("h", l.largest/2)
			appendText(t, l, half, half, half, "tail")
			if err := l.TruncateAfter(0); err != nil {
				t.Error(err)
			}
			appendText(t, l, "a")
		}, state{1, 1, map[uint64]string{1: "a"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := small(t)
			l := openLog(t, o)
			tt.do(t, l)
			got := state{l.First(), l.Last(), contents(t, l)}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("state (-want +got):\n%s", diff)
			}
			closeLog(t, l)
			l = openLog(t, o)
			defer closeLog(t, l)
			got = state{l.First(), l.Last(), contents(t, l)}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("state after reopening (-want +got):\n%s", diff)
			}
			if got := appendText(t, l, "next"); got != tt.want.Last+1 {
				t.Errorf("first number after reopening = %d, want %d", got, tt.want.Last+1)
			}
		})
	}
}

func TestReadOutsideIsNotFound(t *testing.T) {
	l := openLog(t, small(t))
	defer closeLog(t, l)
	appendNumbered(t, l, 20)
	if err := l.PruneBefore(15); err != nil {
		t.Fatal(err)
	}
	for _, seq := range []uint64{0, 1, 14, 21, 1 << 63} {
		_, err := l.Read(seq)
		checkIs(t, err, ErrNotFound)
	}
	checkNumbered(t, l)
}

func TestValuesOutliveEverything(t *testing.T) {
	o := small(t)
	l := openLog(t, o)
	steps := []func() error{
		func() error { return l.Set("term", []byte("1")) },
		func() error { return l.Set("vote", []byte("b")) },
		func() error { return l.Set("term", []byte("2")) },
		func() error { appendNumbered(t, l, 30); return nil },
		func() error { return l.PruneBefore(30) },
		func() error { return l.TruncateAfter(29) },
		func() error { return l.Set("empty", nil) },
		func() error { return l.Reset(7) },
		func() error { return l.SetSoon("late", []byte("x")) },
	}
	for i, step := range steps {
		if err := step(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	closeLog(t, l)
	l = openLog(t, o)
	defer closeLog(t, l)
	want := map[string]string{"term": "2", "vote": "b", "empty": "", "late": "x"}
	for key, val := range want {
		if got, ok := l.Get(key); !ok || string(got) != val {
			t.Errorf("Get(%q) = %q, %v, want %q", key, got, ok, val)
		}
	}
	if got, ok := l.Get("other"); ok {
		t.Errorf("Get of a key never set = %q", got)
	}
}

func TestValuesHaveABound(t *testing.T) {
	o := small(t)
	l := openLog(t, o)
	defer func() { closeLog(t, l) }()
	checkIs(t, l.Set(strings.Repeat("k", 256), nil), ErrTooLarge)
	checkIs(t, l.Set("k", make([]byte, maxValues)), ErrTooLarge)
	var err error
	n := 0
	for ; err == nil; n++ {
		err = l.Set(fmt.Sprint(n), make([]byte, 100))
	}
	checkIs(t, err, ErrTooLarge)
	appendNumbered(t, l, 20) // each new segment carries them all
	closeLog(t, l)
	l = openLog(t, o)
	for i := range n - 1 {
		if got, ok := l.Get(fmt.Sprint(i)); !ok || len(got) != 100 {
			t.Errorf("Get(%d) = %d bytes, %v, want 100", i, len(got), ok)
		}
	}
}

func TestSegmentsAreRecycled(t *testing.T) {
	o := small(t)
	l := openLog(t, o)
	defer closeLog(t, l)
	for range 40 {
		appendNumbered(t, l, 7)
		if err := l.PruneBefore(l.Last()); err != nil {
			t.Fatal(err)
		}
	}
	checkNumbered(t, l)
	files, err := filepath.Glob(filepath.Join(o.Dir, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) > 2+keptSpares+1 { // written, one to prune, spares, one being filled
		t.Errorf("%d files after pruning 40 segments: %v", len(files), files)
	}
	if got, want := l.Bytes(), int64(2*minSegment); got > want {
		t.Errorf("Bytes = %d, want at most %d", got, want)
	}
}

func TestFilesArePrivate(t *testing.T) {
	o := small(t)
	o.Dir = filepath.Join(o.Dir, "deep", "journal")
	l := openLog(t, o)
	appendNumbered(t, l, 20)
	closeLog(t, l)
	err := filepath.WalkDir(o.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := os.Stat(path)
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if got := st.Mode().Perm(); got != want {
			t.Errorf("mode of %s = %o, want %o", d.Name(), got, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestClosedLogRefusesEverything(t *testing.T) {
	l := openLog(t, small(t))
	appendNumbered(t, l, 3)
	closeLog(t, l)
	_, appendErr := l.Append([]byte("x"))
	_, readErr := l.Read(1)
	for name, err := range map[string]error{
		"Append": appendErr, "Read": readErr, "TruncateAfter": l.TruncateAfter(1), "PruneBefore": l.PruneBefore(2),
		"Reset": l.Reset(9), "Set": l.Set("k", nil), "SetSoon": l.SetSoon("k", nil), "Usable": l.Usable(), "Close": l.Close(),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s after Close = %v, want ErrClosed", name, err)
		}
	}
}

func TestSegmentLengthIsChecked(t *testing.T) {
	for _, n := range []int64{-1, 1, minSegment - block, minSegment + 1, maxSegment + block} {
		if _, err := OpenLog(LogOptions{Dir: t.TempDir(), SegmentBytes: n}); err == nil {
			t.Errorf("OpenLog with segments of %d bytes succeeded", n)
		}
	}
}

func TestWrittenBefore(t *testing.T) {
	o := small(t)
	clock := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	o.Now = func() time.Time { return clock }
	l := openLog(t, o)
	defer closeLog(t, l)
	for range 3 { // seven records at 9:00 and the eighth at 10:00, when the second segment begins, and so on
		appendNumbered(t, l, 7)
		clock = clock.Add(time.Hour)
	}
	tests := []struct {
		at   string
		want uint64
	}{{"08:00", 0}, {"09:00", 0}, {"10:00", 0}, {"10:01", 7}, {"11:00", 7}, {"11:01", 14}, {"23:00", 14}}
	for _, tt := range tests {
		at, err := time.Parse("2006-01-02 15:04", "2026-01-01 "+tt.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := l.WrittenBefore(at); got != tt.want {
			t.Errorf("WrittenBefore(%s) = %d, want %d", tt.at, got, tt.want)
		}
	}
}
