package gateway

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// smallDisk is the size of the disk: twice what the journal leaves in reserve, and less than the replica wants.
const smallDisk = 128 << 20

// smallDiskAt tells the test's second process where to mount it.
const smallDiskAt = "ROLLCALL_TEST_SMALL_DISK"

// cannotMount is the status of that process when it is not allowed to.
const cannotMount = 77

// A real file system fills up: there is an alarm while taps go on, what central has sealed makes room, then readers are amber and
// nothing is lost, and when there is space again taps go on by themselves. It runs in a mount namespace of its own.
func TestSmallDiskFromAlarmToRecovery(t *testing.T) {
	if at := os.Getenv(smallDiskAt); at != "" {
		if err := unix.Mount("tmpfs", at, "tmpfs", 0, fmt.Sprint("size=", smallDisk)); err != nil {
			fmt.Println("mount:", err)
			os.Exit(cannotMount)
		}
		fillAndFree(t, at)
		return
	}
	self := exec.Command(os.Args[0], "-test.run=^TestSmallDiskFromAlarmToRecovery$", "-test.v")
	self.Env = append(os.Environ(), smallDiskAt+"="+t.TempDir())
	self.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	out, err := self.CombinedOutput()
	ended, ran := errors.AsType[*exec.ExitError](err)
	switch {
	case err != nil && !ran:
		t.Skipf("no user and mount namespaces here, so no small disk can be mounted: %v", err)
	case ran && ended.ExitCode() == cannotMount:
		t.Skipf("no file system may be mounted in a namespace here: %s", out)
	case err != nil:
		t.Errorf("%v:\n%s", err, out)
	}
}

// fillingDisk is a gateway on a small disk, and the taps it answered.
type fillingDisk struct {
	t       *testing.T
	g       *Gateway
	ballast string
	kept    map[contract.Digest]bool
	tapped  int
}

// tap holds up another card, and reports whether it was kept.
func (d *fillingDisk) tap() bool {
	d.tapped++
	credential := fmt.Sprint("uid:", d.tapped)
	switch light := d.g.Tap(d.t.Context(), drivers.Read{Reader: "lib/door", Credential: credential, HeardAt: time.Now()}); light {
	case drivers.Stored:
		d.kept[contract.DigestOf(d.g.identity.CampusKey(), credential)] = true
		return true
	case drivers.NotKept:
		return false
	default:
		d.t.Fatalf("light = %v", light)
		return false
	}
}

// leave makes the disk's other user take all but so many octets.
func (d *fillingDisk) leave(free int64) {
	d.t.Helper()
	if err := os.Remove(d.ballast); err != nil && !errors.Is(err, os.ErrNotExist) {
		d.t.Fatal(err)
	}
	var st unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(d.ballast), &st); err != nil {
		d.t.Fatal(err)
	}
	f, err := os.Create(d.ballast)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := errors.Join(unix.Fallocate(int(f.Fd()), 0, 0, int64(st.Bavail)*st.Bsize-free), f.Close()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *fillingDisk) warned(name string) bool {
	for _, w := range d.g.warnings(time.Now(), nil) {
		if w.Name == name {
			return true
		}
	}
	return false
}

func fillAndFree(t *testing.T, at string) {
	const reserve, segment = 64 << 20, 4 << 20
	m, r := newModel(t), newReader(t)
	c := site(t, m, r)
	c.Data = filepath.Join(at, "data")
	if _, _, err := Enrol(t.Context(), c, m.invitation(), nil); err != nil {
		t.Fatal(err)
	}
	d := &fillingDisk{t: t, g: stopped(t, c), ballast: filepath.Join(at, "ballast"), kept: map[contract.Digest]bool{}}
	for range 2500 { // two segments and more
		d.tap()
	}
	sealed := d.g.journal.Durable()
	if err := errors.Join(d.g.journal.Acknowledge(sealed), d.g.journal.Seal(sealed, []byte("a tree"))); err != nil {
		t.Fatal(err)
	}
	if d.warned("disk") {
		t.Error("alarm on a disk with space")
	}

	d.leave(reserve + 3*segment) // about 81 %
	if !d.warned("disk") || d.warned("storage") {
		t.Error("no alarm, or too much of one, while the disk fills up")
	}
	if _, err := d.g.journal.Read(1, 1, contract.MaxRecord); err != nil || !d.tap() {
		t.Errorf("at the alarm: record 1 = %v, want it to be kept, and taps too", err)
	}

	d.leave(reserve + segment + segment/4) // 92 %: one more segment, were there nothing to drop
	for range 4000 {
		if !d.tap() {
			t.Fatalf("tap %d was not kept although sealed records could make room", d.tapped)
		}
		if _, err := d.g.journal.Read(1, 1, contract.MaxRecord); errors.Is(err, journal.ErrNotFound) {
			break
		}
	}
	if _, err := d.g.journal.Read(1, 1, contract.MaxRecord); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("record 1 = %v, want it to have made room", err)
	}

	d.leave(reserve)
	for d.tap() {
		if d.tapped > 20_000 {
			t.Fatal("taps are kept in the reserve")
		}
	}
	if err := d.g.healthy(); !errors.Is(err, journal.ErrFull) || !d.warned("storage") || d.tap() {
		t.Errorf("full disk: healthy = %v, want ErrFull, a warning, and no tap kept", err)
	}

	if err := os.Remove(d.ballast); err != nil {
		t.Fatal(err)
	}
	until(t, "readers are no longer amber", func() bool { return d.g.healthy() == nil })
	if !d.tap() || d.warned("storage") {
		t.Error("no tap is kept although there is space again")
	}
	closeStopped(t, d.g)
	d.everyTapIsThere(stopped(t, c), sealed)
}

// everyTapIsThere compares what a fresh start finds with the lights that were shown. What was sealed may be gone.
func (d *fillingDisk) everyTapIsThere(g *Gateway, sealed uint64) {
	found := map[contract.Digest]bool{}
	for next := firstKept(g.writer, 0, g.journal.Durable()); next <= g.journal.Durable(); {
		records, err := g.writer.Read(next, recallStep)
		if err != nil {
			d.t.Fatal(err)
		}
		for _, r := range records {
			if r.Tap != nil {
				found[r.Tap.Digest] = true
			}
		}
		next += uint64(len(records))
	}
	var lost []string
	for n := 1; n <= d.tapped; n++ {
		digest := contract.DigestOf(g.identity.CampusKey(), fmt.Sprint("uid:", n))
		switch {
		case found[digest] && !d.kept[digest]:
			d.t.Errorf("tap %d is on the disk and its light said that it is not", n)
		case !found[digest] && d.kept[digest] && uint64(n) > sealed:
			lost = append(lost, fmt.Sprint(n))
		}
	}
	if len(lost) > 0 {
		d.t.Errorf("%d taps are lost: %s", len(lost), strings.Join(slices.Concat(lost[:1], lost[len(lost)-1:]), " to "))
	}
}
