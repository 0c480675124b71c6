package journal

import (
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// inSegment tells whether a file opened under name is part of the log, not one being filled for later.
func inSegment(name string) bool { return !strings.HasSuffix(name, freshSuffix) }

// onSegment lets a hook fail calls on segments while on is set.
func onSegment(on *atomic.Bool, err error) func(string) error {
	return func(name string) error {
		if on.Load() && inSegment(name) {
			return err
		}
		return nil
	}
}

// The first storage error stays, though the disk works again at once: what the kernel did with the lost pages cannot be
// known. (Badger and raft-wal go on after it and lose what they acknowledge then.)
func TestFirstStorageErrorIsLatched(t *testing.T) {
	tests := []struct {
		name string
		set  func(fs *faultFS, on *atomic.Bool)
		do   func(l *Log) error
	}{
		{"write", func(fs *faultFS, on *atomic.Bool) {
			fail := onSegment(on, unix.EIO)
			fs.write = func(name string, _ int64) error { return fail(name) }
		}, func(l *Log) error { _, err := l.Append([]byte("x")); return err }},
		{"fdatasync", func(fs *faultFS, on *atomic.Bool) {
			fs.datasync = onSegment(on, unix.EIO)
		}, func(l *Log) error { _, err := l.Append([]byte("x")); return err }},
		{"fdatasync of a value", func(fs *faultFS, on *atomic.Bool) {
			fs.datasync = onSegment(on, unix.EIO)
		}, func(l *Log) error { return l.Set("k", []byte("v")) }},
		{"no space in an allocated file", func(fs *faultFS, on *atomic.Bool) {
			fail := onSegment(on, unix.ENOSPC)
			fs.write = func(name string, _ int64) error { return fail(name) }
		}, func(l *Log) error { _, err := l.Append([]byte("x")); return err }},
		{"read", func(fs *faultFS, on *atomic.Bool) {
			fs.read = onSegment(on, unix.EIO)
		}, func(l *Log) error { _, err := l.Read(1); return err }},
		{"rename of a new segment", func(fs *faultFS, on *atomic.Bool) {
			fs.rename = func(_, to string) error { return onSegment(on, unix.EROFS)(to) }
		}, func(l *Log) error { return l.Reset(50) }},
		{"rename of an old segment", func(fs *faultFS, on *atomic.Bool) {
			fs.rename = func(from, _ string) error { return onSegment(on, unix.EROFS)(from) }
		}, func(l *Log) error { return l.PruneBefore(8) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fault, on := &faultFS{FS: disk{}}, new(atomic.Bool)
			tt.set(fault, on)
			o := small(t)
			o.FS = fault
			l := openLog(t, o)
			appendNumbered(t, l, 10)
			on.Store(true)
			first := tt.do(l)
			on.Store(false)
			checkIs(t, first, ErrFailed)

			_, appendErr := l.Append([]byte("y"))
			_, readErr := l.Read(1)
			for name, err := range map[string]error{
				"Append": appendErr, "Read": readErr, "TruncateAfter": l.TruncateAfter(1), "PruneBefore": l.PruneBefore(9),
				"Reset": l.Reset(9), "Set": l.Set("k", nil), "Failed": l.Failed(), "Usable": l.Usable(), "Close": l.Close(),
			} {
				if !errors.Is(err, ErrFailed) {
					t.Errorf("%s afterwards = %v, want ErrFailed", name, err)
				}
			}
			l = openLog(t, o)
			defer closeLog(t, l)
			if l.Last() < 10 {
				t.Errorf("Last after restart = %d, want at least 10", l.Last())
			}
		})
	}
}

// An error of the disk while the spare is made in the background ends the log as well.
func TestErrorInBackgroundIsLatched(t *testing.T) {
	fault := &faultFS{FS: disk{}}
	o := small(t)
	o.FS = fault
	closeLog(t, openLog(t, o))
	fault.allocate = func() error { return unix.EIO }
	for _, f := range glob(t, o.Dir, "*"+spareSuffix) {
		if err := fault.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	l := openLog(t, o)
	checkIs(t, l.makeSpare(), ErrFailed)
	checkIs(t, l.Failed(), unix.EIO)
	checkIs(t, l.Close(), ErrFailed)
}

func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// A record changed behind our back is not returned.
func TestReadProvesTheRecord(t *testing.T) {
	o := small(t)
	l := openLog(t, o)
	appendNumbered(t, l, 3)
	name := filepath.Join(o.Dir, segmentName(1))
	b := readFile(t, name)
	copy(b[2*block:3*block], b[block:2*block]) // record 1 in the place of record 2: intact, but another's
	writeFile(t, name, b)
	_, err := l.Read(2)
	checkIs(t, err, ErrDamaged)
	checkIs(t, l.Close(), ErrFailed)
}

// fullDisk is a disk of 1000 segments with room for a number of them.
type fullDisk struct{ segments atomic.Int64 }

func (d *fullDisk) space() (free, total int64, err error) {
	return d.segments.Load() * minSegment, 1000 * minSegment, nil
}

func TestFullDiskIsRefusedCleanly(t *testing.T) {
	tests := []struct {
		name string
		set  func(fs *faultFS, full *atomic.Bool)
	}{
		{"the guard sees it coming", func(fs *faultFS, full *atomic.Bool) {
			fs.space = func() (int64, int64, error) {
				if full.Load() {
					return minSegment, 1000 * minSegment, nil
				}
				return 900 * minSegment, 1000 * minSegment, nil
			}
		}},
		{"somebody else was faster", func(fs *faultFS, full *atomic.Bool) {
			fs.allocate = func() error {
				if full.Load() {
					return unix.ENOSPC
				}
				return nil
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fault, full := &faultFS{FS: disk{}}, new(atomic.Bool)
			tt.set(fault, full)
			o := small(t)
			o.FS, o.ReserveBytes = fault, minSegment
			l := openLog(t, o)
			defer func() { closeLog(t, l) }()
			full.Store(true)
			var err error
			for err == nil {
				_, err = l.AppendFunc(1, func(first uint64, dst [][]byte) error {
					dst[0] = numbered(first)
					return nil
				})
			}
			checkIs(t, err, ErrFull)
			checkIs(t, l.Usable(), ErrFull)
			checkIs(t, l.Set("k", []byte("v")), ErrFull)
			if err := l.Failed(); err != nil {
				t.Errorf("Failed = %v, want nil: nothing is lost", err)
			}
			kept := l.Last()
			full.Store(false)
			appendNumbered(t, l, 1)
			if err := l.Usable(); err != nil {
				t.Errorf("Usable = %v with space again", err)
			}
			if l.Last() != kept+1 {
				t.Errorf("Last = %d, want %d: refused appends use no number", l.Last(), kept+1)
			}
			checkNumbered(t, l)
			closeLog(t, l)
			l = openLog(t, o)
			checkNumbered(t, l)
		})
	}
}

// On a disk 90 % full, what is expendable goes before the log grows; what is not stays, and the log is full then.
func TestNearlyFullDiskDropsTheExpendable(t *testing.T) {
	free := new(fullDisk)
	free.segments.Store(99)
	fault := &faultFS{FS: disk{}, space: free.space}
	var expendable atomic.Uint64
	o := small(t)
	o.FS, o.Expendable = fault, expendable.Load
	l := openLog(t, o)
	defer closeLog(t, l)
	for range 20 {
		appendNumbered(t, l, 7)
		expendable.Store(l.Last())
	}
	if got := l.Bytes(); got > 3*minSegment {
		t.Errorf("Bytes = %d after 20 segments of expendable records, want at most 3 segments", got)
	}
	kept := l.Last() + 1
	free.segments.Store(0)
	var err error
	for err == nil {
		_, err = l.Append([]byte("kept"))
	}
	checkIs(t, err, ErrFull)
	if _, err := l.Read(kept); err != nil {
		t.Errorf("Read of a record that is not expendable: %v", err)
	}
}

// Cluster and central are told of a record once it is on disk and no sooner: what they held of a tap that a power cut takes
// would contradict the one that gets its number next.
func TestNothingIsShownBeforeItIsDurable(t *testing.T) {
	fault, looking, flushes := &faultFS{FS: disk{}}, new(atomic.Bool), 0
	o := small(t)
	o.FS = fault
	var l *Log
	fault.datasync = func(name string) error {
		if !looking.Load() || !inSegment(name) {
			return nil
		}
		flushes++
		if got := l.Last(); got != 3 {
			t.Errorf("Last = %d while record 4 is being flushed, want 3", got)
		}
		if _, err := l.Read(4); !errors.Is(err, ErrNotFound) {
			t.Errorf("Read(4) while it is being flushed = %v, want ErrNotFound", err)
		}
		return nil
	}
	l = openLog(t, o)
	defer func() { closeLog(t, l) }()
	appendNumbered(t, l, 3)
	looking.Store(true)
	appendNumbered(t, l, 1)
	looking.Store(false)
	if flushes != 1 || l.Last() != 4 {
		t.Errorf("%d flushes and Last = %d, want 1 and 4", flushes, l.Last())
	}
}
