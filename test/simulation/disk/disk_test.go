package disk

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/gateway/journal"
)

func open(t *testing.T, d *Disk, name string) journal.File {
	t.Helper()
	f, err := d.OpenFile(name, os.O_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func put(t *testing.T, f journal.File, off int64, text string) {
	t.Helper()
	if _, err := f.WriteAt([]byte(text), off); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, f journal.File, size int) string {
	t.Helper()
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func try(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What was flushed is there after every cut; what was not may be there, sector by sector, and a killed program loses nothing.
func TestCutKeepsWhatWasFlushed(t *testing.T) {
	d := New()
	f := open(t, d, "/j/a")
	put(t, f, 0, "flushed ")
	try(t, f.Datasync())
	try(t, d.SyncDir("/j"))
	put(t, f, 0, "not yet ")
	open(t, d, "/j/b")
	seen := map[string]bool{}
	for seed := range uint64(50) {
		after := d.AfterCut(rand.New(rand.NewPCG(seed, 0)))
		seen[content(t, open(t, after, "/j/a"), 8)] = true
		names, err := after.List("/j")
		if err != nil || len(names) < 1 {
			t.Fatalf("names after a cut = %v, %v", names, err)
		}
	}
	if len(seen) != 2 || !seen["flushed "] || !seen["not yet "] {
		t.Errorf("contents after cuts = %v, want the flushed one at times and the newer one at times", seen)
	}
	if got := content(t, open(t, d.AfterKill(), "/j/a"), 8); got != "not yet " {
		t.Errorf("content after a kill = %q", got)
	}
	if got := content(t, open(t, d.Image(), "/j/a"), 8); got != "flushed " {
		t.Errorf("content of an image = %q", got)
	}
}

func TestCutComesInTheMiddle(t *testing.T) {
	d := New()
	f := open(t, d, "/j/a")
	d.CutIn(2)
	put(t, f, 0, "x")
	if err := f.Datasync(); !errors.Is(err, ErrCut) || !d.Cut() {
		t.Errorf("second call = %v, want the cut", err)
	}
	if _, err := d.List("/j"); !errors.Is(err, ErrCut) {
		t.Errorf("call after the cut = %v", err)
	}
}

// A disk that was pulled and put back holds what was flushed. Whoever had a file of it open has to open it again.
func TestPulledDiskIsPutBack(t *testing.T) {
	d := New()
	f := open(t, d, "/j/a")
	put(t, f, 0, "flushed ")
	try(t, f.Datasync())
	try(t, d.SyncDir("/j"))
	d.CutIn(0)
	if _, err := f.WriteAt([]byte("lost"), 0); !errors.Is(err, ErrCut) {
		t.Errorf("write to a pulled disk = %v", err)
	}
	d.PutBack(rand.New(rand.NewPCG(1, 0)))
	if _, err := f.WriteAt([]byte("lost"), 0); !errors.Is(err, ErrCut) {
		t.Errorf("write to a file of before = %v", err)
	}
	if err := f.Datasync(); !errors.Is(err, ErrCut) {
		t.Errorf("flush of a file of before = %v", err)
	}
	if got := content(t, open(t, d, "/j/a"), 8); got != "flushed " {
		t.Errorf("content = %q", got)
	}
	if got := d.Files("/j"); len(got) != 1 || string(got["a"]) != "flushed " {
		t.Errorf("files = %q", got)
	}
}

// A flush that failed is not made up for by the next one: the pages are seen, and nothing will write them.
func TestFailedFlushForgetsThePages(t *testing.T) {
	d := New()
	f := open(t, d, "/j/a")
	put(t, f, 0, "lost")
	d.FailFlush()
	if err := f.Datasync(); !errors.Is(err, unix.EIO) {
		t.Errorf("flush = %v, want EIO", err)
	}
	try(t, f.Datasync())
	if !d.Failed() || d.AfterKill().Failed() {
		t.Errorf("failed: %v, and for the next program %v; want the first alone", d.Failed(), d.AfterKill().Failed())
	}
	if got := content(t, f, 4); got != "lost" {
		t.Errorf("seen = %q", got)
	}
	try(t, f.DropCache())
	b := make([]byte, 4)
	f.ReadAt(b, 0)
	if !bytes.Equal(b, make([]byte, 4)) {
		t.Errorf("on the device = %q, want nothing", b)
	}
}

func TestRenameMovesADirectory(t *testing.T) {
	d := New()
	open(t, d, "/j/live/1")
	open(t, d, "/j/lively")
	try(t, d.Rename("/j/live", "/j/retired"))
	names, err := d.List("/j/retired")
	if err != nil || len(names) != 1 || names[0] != "1" {
		t.Errorf("names = %v, %v", names, err)
	}
	names, err = d.List("/j")
	if slices.Sort(names); err != nil || !slices.Equal(names, []string{"lively", "retired"}) {
		t.Errorf("names beside = %v, %v, want what only begins alike, and the directory", names, err)
	}
}

// Who shows a record between the write and the end of the flush that covers it is seen; who shows it because of another flush is not.
func TestWatchSeesWhatIsShownEarly(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, a, b journal.File, show func(uint64))
		want []uint64
	}{
		{"in order", func(t *testing.T, a, _ journal.File, show func(uint64)) {
			put(t, a, 0, "x")
			try(t, a.Datasync())
			show(1)
			put(t, a, 1, "y")
			try(t, a.Datasync())
			show(2)
		}, nil},
		{"early", func(t *testing.T, a, _ journal.File, show func(uint64)) {
			put(t, a, 0, "x")
			show(1)
			try(t, a.Datasync())
		}, []uint64{0, 1}},
		{"because of another file's flush", func(t *testing.T, a, b journal.File, show func(uint64)) {
			put(t, a, 0, "x")
			put(t, b, 0, "y")
			try(t, b.Datasync())
			show(1)
			try(t, a.Datasync())
		}, nil},
		{"because of a flush that ended before a file was prepared", func(t *testing.T, a, b journal.File, show func(uint64)) {
			put(t, a, 0, "x")
			try(t, a.Datasync())
			put(t, b, 0, "y")
			show(1)
			try(t, b.Datasync())
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := New()
			a, b := open(t, d, "/j/a.seg"), open(t, d, "/j/b.tmp")
			var shown uint64
			var early []uint64
			d.Watch(Watch{Of: ".seg", Shown: func() (uint64, bool) { return shown, true }, Early: func(was, is uint64) { early = append(early, was, is) }})
			tt.do(t, a, b, func(n uint64) { shown = n })
			if !slices.Equal(early, tt.want) {
				t.Errorf("shown early: %v, want %v", early, tt.want)
			}
		})
	}
}

// A flush may end while the program is asked what it shows: what it shows because of that flush is not early.
func TestWatchAllowsForAFlushDuringTheQuestion(t *testing.T) {
	d := New()
	a, b := open(t, d, "/j/a"), open(t, d, "/j/b")
	put(t, b, 0, "y")
	var shown uint64
	asked := false
	d.Watch(Watch{
		Shown: func() (uint64, bool) {
			if asked {
				return shown, true
			}
			asked = true
			try(t, b.Datasync())
			shown = 1
			return 0, true
		},
		Early: func(was, is uint64) { t.Errorf("shown early: %d after %d", is, was) },
	})
	put(t, a, 0, "x")
	try(t, a.Datasync())
}
