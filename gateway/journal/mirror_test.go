package journal

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// patience bounds waits; what is waited for comes within milliseconds when all is well.
const patience = time.Minute

func mirrorOptions(t testing.TB) MirrorOptions {
	return MirrorOptions{Dir: t.TempDir(), Gateway: "library", SameDisk: true, Again: time.Millisecond}
}

func openMirror(t testing.TB, j *Journal, o MirrorOptions) *Mirror {
	t.Helper()
	m, err := j.Mirror(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// copyOnce brings a mirror equal with the journal and lets it go.
func copyOnce(t testing.TB, j *Journal, o MirrorOptions) *Mirror {
	t.Helper()
	m := openMirror(t, j, o)
	until(t, m, func(s MirrorState) bool { return s.Up && s.Behind == 0 })
	m.Close(patience)
	return m
}

// until waits for a state of a mirror.
func until(t testing.TB, m *Mirror, reached func(MirrorState) bool) {
	t.Helper()
	limit := time.After(patience)
	for {
		s := m.State()
		if reached(s) {
			return
		}
		select {
		case <-limit:
			t.Fatalf("mirror stays %+v", s)
		case <-time.After(time.Millisecond):
		}
	}
}

// all is every record of a journal.
func all(t testing.TB, j *Journal) [][]byte {
	t.Helper()
	records, err := j.Read(1, math.MaxInt, math.MaxInt)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// checkCopy holds a directory against what it should hold of a stream, number by number.
func checkCopy(t testing.TB, dir string, key *Key, stream contract.Stream, want [][]byte) *Remains {
	t.Helper()
	r, err := Salvage(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	if r.Stream != stream || r.Len() != len(want) || len(r.Damage) > 0 {
		t.Errorf("%s holds %d records of stream %s, damage %v; want %d of %s", dir, r.Len(), r.Stream, r.Damage, len(want), stream)
	}
	for i, record := range want {
		if got, err := r.Read(uint64(i)+1, 1, 1); err != nil || !bytes.Equal(got[0], record) {
			t.Errorf("number %d on the mirror differs: %v", i+1, err)
		}
	}
	return r
}

func live(o MirrorOptions) string { return filepath.Join(o.Dir, liveDir) }

// aside are the directories that a mirror set aside.
func aside(t testing.TB, o MirrorOptions) []Aside {
	t.Helper()
	found, err := SetAside(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// What was there before the mirror, what comes while it runs and what comes after a restart are on it, octet for octet and
// under their numbers, in a form that is read like a journal.
func TestMirrorHoldsWhatTheJournalHolds(t *testing.T) {
	for _, key := range []*Key{nil, testKey(t, 1)} {
		t.Run(fmt.Sprint("encrypted ", key != nil), func(t *testing.T) {
			o, mo := options(t), mirrorOptions(t)
			o.Key = key
			j := openJournal(t, o)
			for range 20 {
				appendTaps(t, j, "before the mirror")
			}
			m := openMirror(t, j, mo)
			for range 20 {
				appendTaps(t, j, "beside the mirror")
			}
			until(t, m, func(s MirrorState) bool { return s == MirrorState{Dir: mo.Dir, Up: true, Copied: 40} })
			if err := j.Acknowledge(30); err != nil {
				t.Fatal(err)
			}
			appendTaps(t, j, "rides with what central had")
			m.Close(patience)
			want, stream := all(t, j), j.Stream()
			closeJournal(t, j)
			if r := checkCopy(t, live(mo), key, stream, want); r.Acknowledged != 30 {
				t.Errorf("Acknowledged on the mirror = %d, want 30", r.Acknowledged)
			}

			j = openJournal(t, o)
			appendTaps(t, j, "after the restart")
			copyOnce(t, j, mo)
			checkCopy(t, live(mo), key, stream, all(t, j))
			closeJournal(t, j)
			if found := aside(t, mo); len(found) > 0 {
				t.Errorf("a sound mirror was set aside: %+v", found)
			}
			if dirs, err := Directories(mo.Dir); err != nil || len(dirs) != 1 {
				t.Errorf("Directories of the mirror = %q, %v", dirs, err)
			}
			if found := on(t, mo.Dir, secrets("after the restart")...); (len(found) > 0) != (key == nil) {
				t.Errorf("to be read on the mirror: %v", found)
			}
		})
	}
}

// The card was replaced: the journal begins a new stream whatever the mirror holds, and what that holds is set aside whole.
func TestMirrorIsNeverContinued(t *testing.T) {
	o, mo := options(t), mirrorOptions(t)
	j := openJournal(t, o)
	appendTaps(t, j, "1", "2", "3")
	copyOnce(t, j, mo)
	old, lost := j.Stream(), all(t, j)
	closeJournal(t, j)

	o.Dir = t.TempDir()
	j = openJournal(t, o)
	defer closeJournal(t, j)
	m := openMirror(t, j, mo)
	<-m.Judged()
	found, err := m.SetAside()
	if err != nil || len(found) != 1 {
		t.Fatalf("SetAside = %+v, %v once it was judged", found, err)
	}
	if id := appendTaps(t, j, "new"); id.Seq != 1 || id.Stream == old || j.Stream() != id.Stream {
		t.Errorf("first tap of the new card is %s, the mirror has stream %s", id, old)
	}
	until(t, m, func(s MirrorState) bool { return s.Copied == 1 })
	m.Close(patience)
	if m.Twin() != "" {
		t.Errorf("Twin = %q", m.Twin())
	}
	checkCopy(t, found[0].Dir, nil, old, lost)
	checkCopy(t, live(mo), nil, j.Stream(), all(t, j))
}

// A stream that ends while it is mirrored is set aside on the mirror too, and the next one is followed.
func TestMirrorFollowsANewStream(t *testing.T) {
	mo := mirrorOptions(t)
	j := openJournal(t, options(t))
	defer closeJournal(t, j)
	m := openMirror(t, j, mo)
	appendTaps(t, j, "1", "2")
	until(t, m, func(s MirrorState) bool { return s.Copied == 2 })
	old, was := j.Stream(), all(t, j)
	if _, err := j.NewStream("test"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-m.Aside():
	case <-time.After(patience):
		t.Fatal("nothing was set aside")
	}
	appendTaps(t, j, "3")
	m.Close(patience)
	checkCopy(t, live(mo), nil, j.Stream(), all(t, j))
	found := aside(t, mo)
	if len(found) != 1 {
		t.Fatalf("set aside: %+v", found)
	}
	checkCopy(t, found[0].Dir, nil, old, was)
}

// The journal's disk is an old image: the mirror knows numbers that it lacks, or other records under its numbers. Either is
// said before it is followed, restarts included, and the mirror's own history stays whole.
func TestMirrorKnowsAnOldImage(t *testing.T) {
	for _, tt := range []struct {
		name string
		more []string // taps of the image before it meets the mirror
		why  string
	}{
		{"the journal ends before the mirror", nil, "number 6 of"},
		{"the journal has gone on otherwise", []string{"a", "b", "c", "d"}, "number 6 of"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, mo := options(t), mirrorOptions(t)
			j := openJournal(t, o)
			appendTaps(t, j, "1", "2", "3")
			image := t.TempDir()
			if err := os.CopyFS(image, os.DirFS(o.Dir)); err != nil {
				t.Fatal(err)
			}
			appendTaps(t, j, "4", "5", "6")
			copyOnce(t, j, mo)
			stream, was := j.Stream(), all(t, j)
			closeJournal(t, j)

			o.Dir = image
			j = openJournal(t, o)
			appendTaps(t, j, tt.more...)
			for range 2 { // nothing is forgotten by a restart
				m := openMirror(t, j, mo)
				<-m.Judged()
				if !strings.Contains(m.Twin(), tt.why) || !strings.Contains(m.State().Trouble, tt.why) {
					t.Errorf("Twin = %q, state %+v, want %q", m.Twin(), m.State(), tt.why)
				}
				m.Close(patience)
				checkCopy(t, live(mo), nil, stream, was)
			}
			m := openMirror(t, j, mo)
			if _, err := j.NewStream(m.Twin()); err != nil {
				t.Fatal(err)
			}
			appendTaps(t, j, "new")
			until(t, m, func(s MirrorState) bool { return s.Copied == 1 })
			m.Close(patience)
			if m.Twin() != "" {
				t.Errorf("Twin of the new stream = %q", m.Twin())
			}
			found := aside(t, mo)
			if len(found) != 1 {
				t.Fatalf("set aside: %+v", found)
			}
			checkCopy(t, found[0].Dir, nil, stream, was)
			checkCopy(t, live(mo), nil, j.Stream(), all(t, j))
			closeJournal(t, j)
		})
	}
}

// What is not this gateway's mirror, or would be lost with the journal, is refused by name and not touched.
func TestMirrorIsRefused(t *testing.T) {
	other := options(t)
	wreck := openJournal(t, other)
	appendTaps(t, wreck, "of another gateway")
	closeJournal(t, wreck)
	for _, tt := range []struct {
		name    string
		prepare func(t *testing.T, o *MirrorOptions)
		want    string
	}{
		{"another gateway's", func(t *testing.T, o *MirrorOptions) {
			o.Dir = other.Dir
			writeFile(t, filepath.Join(o.Dir, ownerFile), []byte("science\n"))
		}, "the mirror of gateway science"},
		{"nobody's", func(t *testing.T, o *MirrorOptions) {
			if err := os.CopyFS(o.Dir, os.DirFS(other.Dir)); err != nil {
				t.Fatal(err)
			}
			remove(t, filepath.Join(o.Dir, ownerFile))
		}, "does not say of which gateway"},
		{"not mounted", func(t *testing.T, o *MirrorOptions) { remove(t, o.Dir) }, "is not there"},
		{"the same disk", func(t *testing.T, o *MirrorOptions) { o.SameDisk = false }, "lies on the disk of the journal"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j, mo := openJournal(t, options(t)), mirrorOptions(t)
			defer closeJournal(t, j)
			tt.prepare(t, &mo)
			before := tree(t, mo.Dir)
			m := openMirror(t, j, mo)
			<-m.Judged()
			appendTaps(t, j, "goes on")
			if s := m.State(); s.Up || s.Behind != 1 || !strings.Contains(s.Trouble, tt.want) {
				t.Errorf("state = %+v, want trouble %q", s, tt.want)
			}
			if found, err := m.SetAside(); err != nil || len(found) > 0 {
				t.Errorf("SetAside of a stranger = %+v, %v", found, err)
			}
			m.Close(patience)
			if diff := cmp.Diff(before, tree(t, mo.Dir)); diff != "" {
				t.Errorf("it was touched (-before +after):\n%s", diff)
			}
		})
	}
}

// tree is every file below a directory; nil if that is not there.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			found[path] = string(readFile(t, path))
		}
		return err
	})
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Whatever the mirror's disk does, taps are kept, it is said, and once it works again the mirror is brought equal.
func TestMirrorThatFailsHarmsNothing(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  func(fs *faultFS, on *atomic.Bool)
		want string
	}{
		{"write", func(fs *faultFS, on *atomic.Bool) {
			fail := onSegment(on, unix.EIO)
			fs.write = func(name string, _ int64) error { return fail(name) }
		}, "input/output error"},
		{"fdatasync", func(fs *faultFS, on *atomic.Bool) { fs.datasync = onSegment(on, unix.EIO) }, "input/output error"},
		{"full", func(fs *faultFS, on *atomic.Bool) {
			fs.space = func() (free, total int64, err error) {
				if on.Load() {
					return 0, 1 << 30, nil
				}
				return 1 << 30, 1 << 30, nil
			}
		}, "no space left"},
		{"read only", func(fs *faultFS, on *atomic.Bool) {
			fs.rename = func(_, to string) error { return onSegment(on, unix.EROFS)(to) }
		}, "read-only file system"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fault, on := &faultFS{FS: disk{}}, new(atomic.Bool)
			tt.set(fault, on)
			o, mo, registry := options(t), mirrorOptions(t), prometheus.NewPedanticRegistry()
			mo.FS, mo.Registerer = fault, registry
			j := openJournal(t, o)
			defer closeJournal(t, j)
			m := openMirror(t, j, mo)
			appendTaps(t, j, "1", "2")
			until(t, m, func(s MirrorState) bool { return s.Copied == 2 })
			checkMirrorMetrics(t, registry, 1, 0)
			on.Store(true)
			for n := range 30 { // more than one segment
				appendTaps(t, j, fmt.Sprint(n))
			}
			until(t, m, func(s MirrorState) bool { return strings.Contains(s.Trouble, tt.want) })
			if s := m.State(); s.Up || s.Behind == 0 || s.Behind > 30 {
				t.Errorf("state = %+v", s)
			}
			checkMirrorMetrics(t, registry, 0, float64(m.State().Behind))
			if err := j.Usable(); err != nil {
				t.Errorf("the journal is not usable: %v", err)
			}
			on.Store(false)
			until(t, m, func(s MirrorState) bool { return s.Up && s.Behind == 0 && s.Trouble == "" })
			m.Close(patience)
			checkCopy(t, live(mo), nil, j.Stream(), all(t, j))
		})
	}
}

func checkMirrorMetrics(t *testing.T, registry *prometheus.Registry, up, behind float64) {
	t.Helper()
	want := fmt.Sprintf(`
# HELP rollcall_gateway_journal_mirror_behind_records Records of the journal that are not on its mirror.
# TYPE rollcall_gateway_journal_mirror_behind_records gauge
rollcall_gateway_journal_mirror_behind_records %g
# HELP rollcall_gateway_journal_mirror_up 1 while the mirror follows the journal.
# TYPE rollcall_gateway_journal_mirror_up gauge
rollcall_gateway_journal_mirror_up %g
`, behind, up)
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

// A stick that never answers holds up neither a tap nor the end.
func TestMirrorThatHangsHoldsUpNothing(t *testing.T) {
	fault, mo := &faultFS{FS: disk{}}, mirrorOptions(t)
	hang, hung := make(chan struct{}), make(chan struct{}, 100)
	var on atomic.Bool
	fault.datasync = func(string) error {
		if on.Load() {
			hung <- struct{}{}
			<-hang
		}
		return nil
	}
	mo.FS = fault
	j := openJournal(t, options(t))
	m := openMirror(t, j, mo)
	until(t, m, func(s MirrorState) bool { return s.Up })
	on.Store(true)
	appendTaps(t, j, "1")
	<-hung
	appendTaps(t, j, "2", "3")
	if s := m.State(); s.Behind != 3 {
		t.Errorf("state = %+v, want 3 behind", s)
	}
	m.mu.Lock()
	m.busy = m.busy.Add(-2 * mirrorStalls)
	m.mu.Unlock()
	if s := m.State(); s.Up || !strings.Contains(s.Trouble, "does not answer since") {
		t.Errorf("state = %+v, want trouble", s)
	}
	m.Close(time.Millisecond)
	closeJournal(t, j)
	close(hang)
	<-m.ended
}

// The stick is pulled and put back: it is brought equal without a restart.
func TestMirrorComesBack(t *testing.T) {
	mo := mirrorOptions(t)
	j := openJournal(t, options(t))
	defer closeJournal(t, j)
	appendTaps(t, j, "1")
	copyOnce(t, j, mo)
	away := mo.Dir + "-away"
	if err := os.Rename(mo.Dir, away); err != nil {
		t.Fatal(err)
	}
	m := openMirror(t, j, mo)
	<-m.Judged()
	appendTaps(t, j, "2")
	if s := m.State(); s.Up || !strings.Contains(s.Trouble, "is not there") {
		t.Errorf("state = %+v", s)
	}
	if err := os.Rename(away, mo.Dir); err != nil {
		t.Fatal(err)
	}
	until(t, m, func(s MirrorState) bool { return s.Up && s.Copied == 2 })
	m.Close(patience)
	checkCopy(t, live(mo), nil, j.Stream(), all(t, j))
}

// A mirror that decayed is set aside with its reason, and made anew from the journal.
func TestDamagedMirrorIsMadeAnew(t *testing.T) {
	for id := uint64(1); id <= 3; id++ {
		t.Run(fmt.Sprint("segment ", id), func(t *testing.T) {
			mo := mirrorOptions(t)
			j := openJournal(t, options(t))
			defer closeJournal(t, j)
			for range 20 {
				appendTaps(t, j, "x")
				copyOnce(t, j, mo) // each in a block of its own
			}
			w := wreck{dir: live(mo)}
			w.inBlock(t, id, 2, func(b []byte) { b[60] ^= 1 })
			copyOnce(t, j, mo)
			checkCopy(t, live(mo), nil, j.Stream(), all(t, j))
			found := aside(t, mo)
			if len(found) != 1 || !strings.Contains(found[0].Reason, segmentName(id)) {
				t.Errorf("set aside: %+v", found)
			}
		})
	}
}

// The mirror lets go of what the journal lets go of; one that was away so long that its next records are pruned begins there.
func TestMirrorIsPrunedWithTheJournal(t *testing.T) {
	mo, late := mirrorOptions(t), mirrorOptions(t)
	j := openJournal(t, options(t))
	defer closeJournal(t, j)
	m := openMirror(t, j, mo)
	appendTaps(t, j, "1", "2", "3")
	copyOnce(t, j, late)
	for range 27 {
		id := appendTaps(t, j, "x")
		until(t, m, func(s MirrorState) bool { return s.Copied == id.Seq })
	}
	if err := j.log.PruneBefore(25); err != nil {
		t.Fatal(err)
	}
	first := j.log.First()
	if first < 20 {
		t.Fatalf("the journal still begins at %d", first)
	}
	appendTaps(t, j, "31")
	m.Close(patience)
	copyOnce(t, j, late)
	for _, o := range []MirrorOptions{mo, late} {
		r, err := Salvage(live(o), nil)
		if err != nil || r.First() < first-8 || r.First() > first || r.Last() != 31 || len(r.Missing()) > 0 {
			t.Errorf("mirror holds %d to %d, missing %v, %v; the journal begins at %d", r.First(), r.Last(), r.Missing(), err, first)
		}
	}
}

// The power of the mirror's disk goes at every call in turn, or the process is killed there. What was said to be on it is on
// it, and the next attempt brings it equal; nothing is set aside for that.
func TestMirrorPowerCut(t *testing.T) {
	o := options(t)
	o.FS = lazyFS{disk{}}
	j := openJournal(t, o)
	defer closeJournal(t, j)
	for range 12 {
		appendTaps(t, j, "x")
	}
	rng := rand.New(rand.NewPCG(4, 1))
	want := all(t, j)
	mirror := func(disk *cutFS) (*Mirror, error) {
		m := newMirror(j, MirrorOptions{Dir: "/m", Gateway: "library", SameDisk: true, FS: disk})
		close(m.stop) // it copies what there is and ends
		return m, m.follow(j.Stream())
	}
	whole := false
	for calls := 0; !whole; calls++ {
		first := newCutFS(calls)
		m, err := mirror(first)
		whole = err == nil
		if err != nil && !errors.Is(err, errCut) {
			t.Fatalf("%d calls: %v", calls, err)
		}
		next := first.afterCut(rng, math.MaxInt)
		if calls%2 == 1 {
			next = first.afterKill(math.MaxInt)
		}
		checkOnMirror(t, next, m.State().Copied, want)
		if m, err = mirror(next); err != nil || m.State().Copied != 12 {
			t.Fatalf("after %d calls and a cut: %+v, %v", calls, m.State(), err)
		}
		checkOnMirror(t, next, 12, want)
		if names, err := next.List("/m"); err != nil || len(names) != 1 {
			t.Errorf("after %d calls: %v, %v on the mirror, want the live directory alone", calls, names, err)
		}
	}
}

// checkOnMirror holds at least the first n records against the journal's.
func checkOnMirror(t *testing.T, on *cutFS, n uint64, want [][]byte) {
	t.Helper()
	l := openLog(t, LogOptions{Dir: "/m/live", SegmentBytes: minSegment, ReserveBytes: -1, FS: on})
	defer closeLog(t, l)
	if l.Last() < n {
		t.Fatalf("the mirror ends at %d, it was said to hold %d", l.Last(), n)
	}
	for seq := l.First(); seq != 0 && seq <= l.Last(); seq++ {
		if got, err := l.Read(seq); err != nil || !bytes.Equal(got, want[seq-1]) {
			t.Errorf("number %d on the mirror: %v", seq, err)
		}
	}
}
