package card

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const ioPause = 20 * time.Millisecond

// open makes a small card, or skips with the name of what is missing.
func open(t *testing.T, o Options) *Card {
	t.Helper()
	if o.FileSystem == "" {
		o.FileSystem = Ext4
	}
	if err := Available(o.FileSystem); err != nil {
		t.Skip(err)
	}
	if o.Size == 0 && o.FileSystem == Ext4 && o.Image == nil {
		o.Size = 32 << 20
	}
	o.Name = t.Name()
	c, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(c.home()); !os.IsNotExist(err) {
			t.Errorf("%s is left behind: %v", c.home(), err)
		}
	})
	return c
}

// create makes a file of blocks, all of them zero and certain.
func create(t *testing.T, c *Card, name string, blocks int) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(c.Dir(), name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(make([]byte, blocks*pageSize)); err != nil {
		t.Fatal(err)
	}
	flush(t, f)
	if err := syncFileSystem(c.Dir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() }) // again, where the test has done so
	return f
}

// push hands writes to the card without a flush, as the kernel does when it wants memory back.
func push(t *testing.T, f *os.File) {
	t.Helper()
	if err := unix.SyncFileRange(int(f.Fd()), 0, 0, unix.SYNC_FILE_RANGE_WRITE|unix.SYNC_FILE_RANGE_WAIT_AFTER); err != nil {
		t.Fatal(err)
	}
}

func flush(t *testing.T, f *os.File) {
	t.Helper()
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
}

func block(fill byte) []byte { return bytes.Repeat([]byte{fill}, pageSize) }

func writeAt(t *testing.T, f *os.File, number int, fill byte) {
	t.Helper()
	if _, err := f.WriteAt(block(fill), int64(number*pageSize)); err != nil {
		t.Fatal(err)
	}
}

// sectors tells what stands in each sector of a file: the octet that fills it.
func sectors(t *testing.T, c *Card, name string) (fills []byte) {
	t.Helper()
	all, err := os.ReadFile(filepath.Join(c.Dir(), name))
	if err != nil {
		t.Fatal(err)
	}
	for len(all) > 0 {
		sector := all[:sectorSize]
		if !bytes.Equal(sector, bytes.Repeat(sector[:1], sectorSize)) {
			t.Fatalf("a sector of %s is itself torn", name)
		}
		fills, all = append(fills, sector[0]), all[sectorSize:]
	}
	return fills
}

// What was flushed survives every kind of cut; of what was not, each kind leaves what its name says.
func TestCut(t *testing.T) {
	const certain, doubtful = 1, 8 // blocks
	all := strings.Repeat("\x02", doubtful*pageSize/sectorSize)
	none := strings.Repeat("\x00", len(all))
	tests := []struct {
		cut  Cut
		want func(got string, d Damage) bool
	}{
		{KeepAll, func(got string, d Damage) bool { return got == all && d.Kept == d.Pending }},
		{DropAll, func(got string, d Damage) bool { return got == none && d.Kept == 0 }},
		{TornPrefix, func(got string, _ Damage) bool {
			return strings.TrimRight(got, "\x00") == all[:strings.Count(got, "\x02")]
		}},
		{RandomSectors, func(got string, d Damage) bool { return got != all && got != none && d.Torn > 0 }},
		{Reordered, func(got string, _ Damage) bool {
			for n := 0; n < len(got); n += pageSize / sectorSize { // whole blocks or nothing
				if b := got[n : n+pageSize/sectorSize]; b != all[:len(b)] && b != none[:len(b)] {
					return false
				}
			}
			return true
		}},
	}
	c := open(t, Options{Seed: 3})
	for _, tt := range tests {
		t.Run(tt.cut.String(), func(t *testing.T) {
			name := strings.ReplaceAll(tt.cut.String(), " ", "-")
			f := create(t, c, name, certain+doubtful)
			writeAt(t, f, 0, 1)
			flush(t, f)
			for n := range doubtful {
				writeAt(t, f, certain+n, 2)
				push(t, f)
			}
			damage := c.Off(tt.cut)
			_ = f.Close()
			if err := c.On(t.Context()); err != nil {
				t.Fatal(err)
			}
			if damage.Pending < doubtful {
				t.Errorf("Pending = %d, want at least %d", damage.Pending, doubtful)
			}
			got := sectors(t, c, name)
			if !bytes.Equal(got[:pageSize/sectorSize], bytes.Repeat([]byte{1}, pageSize/sectorSize)) {
				t.Errorf("what was flushed reads %d", got[:pageSize/sectorSize])
			}
			if rest := string(got[certain*pageSize/sectorSize:]); !tt.want(rest, damage) {
				t.Errorf("the cut left %d (%+v)", []byte(rest), damage)
			}
		})
	}
	if got := c.Counts().Cuts; got != uint64(len(tests)) {
		t.Errorf("Cuts = %d, want %d", got, len(tests))
	}
}

// A file that was created and never flushed is gone, and the file system is whole.
func TestCutReplaysTheFileSystem(t *testing.T) {
	c := open(t, Options{})
	for n := range 50 {
		if err := os.WriteFile(filepath.Join(c.Dir(), fmt.Sprint("young-", n)), block(7), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old := create(t, c, "old", 1)
	_ = old.Close()
	if err := os.WriteFile(filepath.Join(c.Dir(), "unborn"), block(7), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Cut(t.Context(), DropAll); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(c.Dir(), "old")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(c.Dir(), "unborn")); !os.IsNotExist(err) {
		t.Errorf("a file that was never flushed: %v", err)
	}
}

// Images of one run: each holds what was flushed before it, passes e2fsck, and neither the card nor another image changes it.
func TestCrash(t *testing.T) {
	c := open(t, Options{Seed: 9})
	const blocks = 12
	f := create(t, c, "log", blocks)
	var images []*Image
	for n := range blocks {
		writeAt(t, f, n, byte(n+1))
		flush(t, f)
		if n+1 < blocks {
			writeAt(t, f, n+1, 0xee) // doubtful
			push(t, f)
		}
		i, _ := c.Crash(Cut(n % 5))
		images = append(images, i)
	}
	_ = f.Close()
	for n, i := range images {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			after := open(t, Options{Image: i})
			got := sectors(t, after, "log")
			for b := range n + 1 {
				if s := got[b*pageSize/sectorSize:][:pageSize/sectorSize]; !bytes.Equal(s, bytes.Repeat([]byte{byte(b + 1)}, len(s))) {
					t.Errorf("block %d reads %d", b, s)
				}
			}
		})
	}
	check(t, images[3])
}

// A cut that keeps one sector of the superblock's two: what was flushed is there all the same after the check that every start does.
func TestTornSuperblockIsMended(t *testing.T) {
	const checksum = 1024 + 0x3fc // of the superblock, in its second sector
	c := open(t, Options{Seed: 10})
	f := create(t, c, "log", 1)
	writeAt(t, f, 0, 7)
	flush(t, f)
	_ = f.Close()
	image, _ := c.Crash(KeepAll)
	image.pages.write(checksum, []byte{1, 2, 3, 4})
	after := open(t, Options{Image: image})
	if got := sectors(t, after, "log")[0]; got != 7 {
		t.Errorf("the file reads %d, want 7", got)
	}
}

func check(t *testing.T, i *Image) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image")
	if err := i.Save(path); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("e2fsck", "-fp", path).CombinedOutput(); err != nil { // 1 is repaired: nothing may need it but the journal
		if !bytes.Contains(out, []byte("recovering journal")) {
			t.Errorf("e2fsck: %v\n%s", err, out)
		}
	}
}

// Off while a flush takes its time: the flush fails and what it was to save is lost.
func TestOffDuringAFlush(t *testing.T) {
	c := open(t, Options{})
	f := create(t, c, "log", 1)
	c.SetFault(Fault{SlowFlush: time.Hour})
	writeAt(t, f, 0, 5)
	ended := make(chan error, 1)
	go func() { ended <- f.Sync() }()
	for c.Counts().SlowFlushes == 0 {
		time.Sleep(time.Millisecond)
	}
	c.Off(DropAll)
	if err := <-ended; !errors.Is(err, unix.EIO) {
		t.Errorf("Sync = %v, want %v", err, unix.EIO)
	}
	_ = f.Close()
	c.SetFault(Fault{})
	if err := c.On(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := sectors(t, c, "log"); got[0] != 0 {
		t.Errorf("what was being flushed reads %d", got)
	}
}

func TestFaults(t *testing.T) {
	tests := []struct {
		name  string
		fault Fault
		bit   func(c Counts) uint64
	}{
		{"writes fail", Fault{FailWrites: true}, func(c Counts) uint64 { return c.FailedWrites }},
		{"flushes fail", Fault{FailFlushes: true}, func(c Counts) uint64 { return c.FailedFlushes }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := open(t, Options{})
			f := create(t, c, "log", 2)
			c.SetFault(tt.fault)
			writeAt(t, f, 0, 5)
			if err := f.Sync(); !errors.Is(err, unix.EIO) {
				t.Errorf("Sync = %v, want %v", err, unix.EIO)
			}
			if tt.bit(c.Counts()) == 0 {
				t.Errorf("the fault was not counted: %+v", c.Counts())
			}
			c.SetFault(Fault{})
			_ = f.Close()
			if _, err := c.Cut(t.Context(), DropAll); err != nil {
				t.Fatal(err)
			}
			create(t, c, "after", 1).Close() //nolint:errcheck // create has synced it
		})
	}
}

func TestReadsFail(t *testing.T) {
	c := open(t, Options{})
	_ = create(t, c, "log", 2).Close()
	if _, err := c.Cut(t.Context(), DropAll); err != nil { // empties the kernel's cache
		t.Fatal(err)
	}
	c.SetFault(Fault{FailReads: true})
	if _, err := os.ReadFile(filepath.Join(c.Dir(), "log")); !errors.Is(err, unix.EIO) {
		t.Errorf("ReadFile = %v, want %v", err, unix.EIO)
	}
	c.SetFault(Fault{})
	if got := sectors(t, c, "log"); len(got) != 2*pageSize/sectorSize {
		t.Errorf("%d sectors after the fault", len(got))
	}
}

// A flush never takes less than its pace asks; how much more is the machine's affair.
func TestPace(t *testing.T) {
	c := open(t, Options{})
	f := create(t, c, "log", 64)
	c.SetPace(Pace{Flush: ioPause, Rate: 2 << 20})
	for n := range 64 {
		writeAt(t, f, n, 3)
	}
	before := time.Now()
	flush(t, f)
	if got, least := time.Since(before), ioPause+64*pageSize*time.Second/(2<<20); got < least {
		t.Errorf("the flush took %v, want at least %v", got, least)
	}
}

func TestCounts(t *testing.T) {
	c := open(t, Options{})
	f := create(t, c, "log", 1)
	before := c.Counts()
	for n := range 10 {
		writeAt(t, f, 0, byte(n))
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			t.Fatal(err)
		}
	}
	after := c.Counts()
	if got := after.Flushes - before.Flushes; got < 10 {
		t.Errorf("%d flushes of 10 fdatasyncs", got)
	}
	if got := after.BytesWritten - before.BytesWritten; got < 10*pageSize || got > 30*pageSize {
		t.Errorf("%d bytes written for ten blocks", got)
	}
}

func TestFill(t *testing.T) {
	for _, leave := range []int64{0, 1 << 20} {
		t.Run(fmt.Sprint(leave), func(t *testing.T) {
			c := open(t, Options{})
			if err := c.Fill(leave); err != nil {
				t.Fatal(err)
			}
			if free, err := c.Free(); err != nil || free > leave+pageSize {
				t.Errorf("Free = %d, %v, want %d", free, err, leave)
			}
			err := os.WriteFile(filepath.Join(c.Dir(), "more"), make([]byte, leave+64<<10), 0o600)
			if !errors.Is(err, unix.ENOSPC) {
				t.Errorf("a file of more than what is left: %v, want %v", err, unix.ENOSPC)
			}
			if _, err := c.Cut(t.Context(), TornPrefix); err != nil { // a full card comes back as well
				t.Fatal(err)
			}
			if err := c.Drain(); err != nil {
				t.Fatal(err)
			}
			if free, err := c.Free(); err != nil || free < 16<<20 {
				t.Errorf("Free = %d, %v after Drain", free, err)
			}
		})
	}
}

func TestInodes(t *testing.T) {
	c := open(t, Options{Inodes: 64})
	for n := range 64 {
		if err := os.WriteFile(filepath.Join(c.Dir(), fmt.Sprint(n)), nil, 0o600); err != nil {
			if !errors.Is(err, unix.ENOSPC) {
				t.Errorf("file %d: %v, want %v", n, err, unix.ENOSPC)
			}
			return
		}
	}
	t.Error("64 files fitted beside those of the file system")
}

func TestReadOnly(t *testing.T) {
	c := open(t, Options{})
	f := create(t, c, "log", 1)
	if err := c.ReadOnly(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Create(filepath.Join(c.Dir(), "new")); err == nil {
		t.Error("a file was created on a read-only card")
	}
	_, err := f.WriteAt(block(1), 0)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		t.Error("an open file takes writes on a read-only card")
	}
	_ = f.Close()
	if _, err := c.Cut(t.Context(), KeepAll); err != nil {
		t.Fatal(err)
	}
	create(t, c, "new", 1).Close() //nolint:errcheck // create has synced it
}

func TestFlip(t *testing.T) {
	c := open(t, Options{Seed: 5})
	_ = create(t, c, "log", 2).Close()
	if got, err := c.Flip("log", 8*700+3); err != nil || got != 8*700+3 {
		t.Fatalf("Flip = %d, %v", got, err)
	}
	if _, err := c.Cut(t.Context(), DropAll); err != nil {
		t.Fatal(err)
	}
	all, err := os.ReadFile(filepath.Join(c.Dir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	if want := append(append(make([]byte, 700), 1<<3), make([]byte, 2*pageSize-701)...); !bytes.Equal(all, want) {
		t.Error("another bit than the one asked for was flipped")
	}
	if got, err := c.Flip("log", -1); err != nil || got < 0 || got >= 16*pageSize {
		t.Errorf("Flip = %d, %v", got, err)
	}
	if _, err := c.Flip("../log", 0); err == nil {
		t.Error("a bit outside the card was flipped")
	}
}

func TestRestore(t *testing.T) {
	c := open(t, Options{})
	if err := os.WriteFile(filepath.Join(c.Dir(), "log"), []byte("monday"), 0o600); err != nil {
		t.Fatal(err)
	}
	monday, err := c.Copy()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.Dir(), "log"), []byte("tuesday"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the image must not change by being used
		if err := c.Restore(t.Context(), monday); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(c.Dir(), "log")); err != nil || string(got) != "monday" {
			t.Errorf("log = %q, %v, want monday", got, err)
		}
		if err := os.WriteFile(filepath.Join(c.Dir(), "log"), []byte("tuesday"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestExport(t *testing.T) {
	c := open(t, Options{})
	if err := os.MkdirAll(filepath.Join(c.Dir(), "data", "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.Dir(), "data", "deep", "file"), []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "copy")
	if err := c.Export("data", to); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(to, "deep", "file")); err != nil || string(got) != "kept" {
		t.Errorf("the copy holds %q, %v", got, err)
	}
	if err := c.Export("../data", to); err == nil {
		t.Error("something outside the card was exported")
	}
}

// On says so when a process still holds the dead card.
func TestOnWaitsForProcesses(t *testing.T) {
	c := open(t, Options{})
	f := create(t, c, "log", 1)
	c.Off(DropAll)
	ctx, stop := context.WithTimeout(t.Context(), ioPause)
	defer stop()
	if err := c.On(ctx); !errors.Is(err, unix.EBUSY) {
		t.Errorf("On = %v, want %v", err, unix.EBUSY)
	}
	go func() {
		time.Sleep(ioPause)
		_ = f.Close()
	}()
	if err := c.On(t.Context()); err != nil {
		t.Error(err)
	}
}

// The same faults on XFS, where it is installed.
func TestXFS(t *testing.T) {
	c := open(t, Options{FileSystem: XFS, Seed: 11})
	f := create(t, c, "log", 4)
	for _, k := range []Cut{DropAll, TornPrefix, RandomSectors} {
		writeAt(t, f, 0, byte(k))
		flush(t, f)
		writeAt(t, f, 1, 0xee)
		push(t, f)
		c.Off(k)
		_ = f.Close()
		if err := c.On(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := sectors(t, c, "log"); !bytes.Equal(got[:8], bytes.Repeat([]byte{byte(k)}, 8)) {
			t.Errorf("%v: what was flushed reads %d", k, got[:8])
		}
		var err error
		if f, err = os.OpenFile(filepath.Join(c.Dir(), "log"), os.O_RDWR, 0); err != nil {
			t.Fatal(err)
		}
	}
	_ = f.Close()
}

const dieWithCard = "ROLLCALL_DIE_WITH_CARD"

// What a run leaves that was killed, the next one removes.
func TestSweep(t *testing.T) {
	if err := Available(Ext4); err != nil {
		t.Skip(err)
	}
	dead := exec.Command(os.Args[0], "-test.run=^$")
	dead.Env = append(os.Environ(), dieWithCard+"=1")
	out, err := dead.Output()
	if err != nil || len(out) == 0 {
		t.Fatalf("%v: %q", err, out)
	}
	dir := string(out)
	if !mountedAt(t, dir) {
		t.Fatalf("%s is not mounted: the process that died tidied up", dir)
	}
	if err := Sweep(); err != nil {
		t.Fatal(err)
	}
	if mountedAt(t, dir) {
		t.Errorf("%s is still mounted", dir)
	}
	if _, err := os.Stat(filepath.Dir(dir)); !os.IsNotExist(err) {
		t.Errorf("%s is left behind", filepath.Dir(dir))
	}
}

func mountedAt(t *testing.T, dir string) bool {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(mounts, []byte(" "+dir+" "))
}

func TestMain(m *testing.M) {
	if os.Getenv(dieWithCard) == "" {
		os.Exit(m.Run())
	}
	c, err := Open(context.Background(), Options{Size: 32 << 20})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Print(c.Dir())
	os.Exit(0)
}
