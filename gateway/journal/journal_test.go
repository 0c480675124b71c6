package journal

import (
	"bytes"
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/rollcall-edge/rollcall/central/contract"
)

var ninth = time.Date(2026, 2, 9, 9, 0, 0, 0, time.UTC)

// tap is a record whose session tells it apart.
func tap(session string) contract.Record {
	return contract.Record{
		Stamp: contract.Stamp{At: ninth, Boot: contract.Boot{1}, Uptime: time.Hour, Quality: contract.FreeRunning},
		Tap: &contract.Tap{
			Point: "A101", Digest: contract.Digest{1, 2, 3}, Evidence: contract.EvidenceCard,
			Outcome: contract.Accepted, Session: session, Timetable: 7,
		},
	}
}

func options(t testing.TB) Options {
	return Options{Dir: t.TempDir(), SegmentBytes: minSegment, ReserveBytes: -1, Now: func() time.Time { return ninth }}
}

func openJournal(t testing.TB, o Options) *Journal {
	t.Helper()
	j, err := Open(o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return j
}

func closeJournal(t testing.TB, j *Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func appendTaps(t testing.TB, j *Journal, sessions ...string) (last contract.TapID) {
	t.Helper()
	for _, s := range sessions {
		id, err := j.Append(tap(s))
		if err != nil {
			t.Fatalf("Append: %v", err)
		}
		last = id
	}
	return last
}

// sessions decodes what Read gives from first on.
func sessions(t testing.TB, j *Journal, first uint64) []string {
	t.Helper()
	encoded, err := j.Read(first, math.MaxInt, math.MaxInt)
	if err != nil {
		t.Fatalf("Read(%d): %v", first, err)
	}
	var got []string
	for i, b := range encoded {
		r, err := contract.DecodeRecord(b)
		if err != nil {
			t.Fatalf("record %d: %v", first+uint64(i), err)
		}
		if want := (contract.TapID{Stream: j.Stream(), Seq: first + uint64(i)}); r.ID != want {
			t.Errorf("record calls itself %s, want %s", r.ID, want)
		}
		got = append(got, r.Tap.Session)
	}
	return got
}

func TestJournalKeepsTapsAcrossRestarts(t *testing.T) {
	o := options(t)
	j := openJournal(t, o)
	stream := j.Stream()
	if stream.IsZero() || j.Durable() != 0 {
		t.Errorf("new journal: stream %s, Durable %d", stream, j.Durable())
	}
	if id := appendTaps(t, j, "a", "b"); id != (contract.TapID{Stream: stream, Seq: 2}) {
		t.Errorf("second id = %s, want %s/2", id, stream)
	}
	closeJournal(t, j)
	j = openJournal(t, o)
	defer closeJournal(t, j)
	if j.Stream() != stream || j.Durable() != 2 {
		t.Errorf("reopened: stream %s, Durable %d, want %s, 2", j.Stream(), j.Durable(), stream)
	}
	appendTaps(t, j, "c")
	if diff := cmp.Diff([]string{"a", "b", "c"}, sessions(t, j, 1)); diff != "" {
		t.Errorf("sessions (-want +got):\n%s", diff)
	}
	if _, is := j.Quarantined(); is {
		t.Error("Quarantined = true for a sound journal")
	}
}

func TestTapThatCannotBeEncodedUsesNoNumber(t *testing.T) {
	j := openJournal(t, options(t))
	defer closeJournal(t, j)
	bad := tap("a")
	bad.Tap.Point = ""
	_, err := j.Append(bad)
	checkIs(t, err, contract.ErrRecordField)
	if id := appendTaps(t, j, "b"); id.Seq != 1 {
		t.Errorf("number after a refused record = %d, want 1", id.Seq)
	}
}

func TestReadIsBounded(t *testing.T) {
	j := openJournal(t, options(t))
	defer closeJournal(t, j)
	appendTaps(t, j, "1", "2", "3", "4", "5")
	one, err := j.Read(1, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	size := len(one[0])
	tests := []struct {
		name              string
		first             uint64
		records, bytes, n int
	}{
		{"all", 1, 100, 1 << 20, 5},
		{"by records", 2, 3, 1 << 20, 3},
		{"by bytes", 1, 100, 2*size + 1, 2},
		{"by bytes exactly", 1, 100, 2 * size, 2},
		{"one at least", 4, 100, 1, 1},
		{"the last", 5, 100, 1 << 20, 1},
		{"past the end", 6, 100, 1 << 20, 0},
	}
	for _, tt := range tests {
		if got, err := j.Read(tt.first, tt.records, tt.bytes); err != nil || len(got) != tt.n {
			t.Errorf("%s: Read = %d records, %v, want %d", tt.name, len(got), err, tt.n)
		}
	}
	_, err = j.Read(0, 1, 1)
	checkIs(t, err, ErrNotFound)
}

func TestAcknowledgedIsMonotoneAndNeverAhead(t *testing.T) {
	o := options(t)
	j := openJournal(t, o)
	appendTaps(t, j, "a", "b", "c")
	for _, step := range []struct {
		seq  uint64
		want uint64
		err  error
	}{{2, 2, nil}, {1, 2, nil}, {4, 2, ErrAhead}, {2, 2, nil}, {3, 3, nil}} {
		err := j.Acknowledge(step.seq)
		if !errors.Is(err, step.err) || step.err == nil && err != nil {
			t.Errorf("Acknowledge(%d) = %v, want %v", step.seq, err, step.err)
		}
		if got := j.Acknowledged(); got != step.want {
			t.Errorf("Acknowledged after %d = %d, want %d", step.seq, got, step.want)
		}
	}
	closeJournal(t, j)
	j = openJournal(t, o)
	defer closeJournal(t, j)
	if got := j.Acknowledged(); got != 3 {
		t.Errorf("Acknowledged after a restart = %d, want 3", got)
	}
}

// A receipt costs no flush of its own and rides with the next tap.
func TestAcknowledgeRidesWithTheNextTap(t *testing.T) {
	o := options(t)
	j := openJournal(t, o)
	appendTaps(t, j, "a", "b")
	before := testutil.ToFloat64(j.metrics.flushes)
	if err := j.Acknowledge(2); err != nil {
		t.Fatal(err)
	}
	if got := testutil.ToFloat64(j.metrics.flushes); got != before {
		t.Errorf("Acknowledge made %v flushes", got-before)
	}
	appendTaps(t, j, "c")
	copied := options(t) // what a power cut now would leave
	j.log.filling.Lock() // so that no file is renamed under the copy
	err := os.CopyFS(copied.Dir, os.DirFS(o.Dir))
	j.log.filling.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	closeJournal(t, j)
	j = openJournal(t, copied)
	defer closeJournal(t, j)
	if got := j.Acknowledged(); got != 2 {
		t.Errorf("Acknowledged after the cut = %d, want 2", got)
	}
}

func TestPruneDropsOnlyWhatIsOldAndSealed(t *testing.T) {
	clock := ninth
	o := options(t)
	o.Now = func() time.Time { return clock }
	j := openJournal(t, o)
	defer closeJournal(t, j)
	first := func() uint64 { return j.log.First() }
	for range 4 { // seven taps a day; the stream's name takes the first block
		appendTaps(t, j, "1", "2", "3", "4", "5", "6", "7")
		clock = clock.Add(24 * time.Hour)
	}
	if err := j.Prune(clock); err != nil || first() != 1 {
		t.Errorf("First = %d, %v after pruning with nothing acknowledged, want 1", first(), err)
	}
	if err := j.Acknowledge(28); err != nil {
		t.Fatal(err)
	}
	if err := j.Prune(clock); err != nil || first() != 1 {
		t.Errorf("First = %d, %v after pruning with nothing sealed, want 1", first(), err)
	}
	if err := j.Seal(9, []byte("tree")); err != nil {
		t.Fatal(err)
	}
	if err := j.Prune(clock); err != nil || first() != 7 {
		t.Errorf("First = %d, %v after pruning what is sealed, want 7, which shares a segment with 10", first(), err)
	}
	if err := j.Seal(28, []byte("tree")); err != nil {
		t.Fatal(err)
	}
	if err := j.Prune(ninth.Add(12 * time.Hour)); err != nil || first() != 7 {
		t.Errorf("First = %d, %v after pruning the first day, want 7, which shares a segment with the second", first(), err)
	}
	if got := len(sessions(t, j, 7)); got != 22 {
		t.Errorf("%d taps left, want 22", got)
	}
	if err := j.Prune(clock.Add(time.Hour)); err != nil || first() == 0 || j.Durable() != 28 {
		t.Errorf("First = %d, Durable = %d, %v after pruning all", first(), j.Durable(), err)
	}
}

// A stream of which records were pruned before there were seals cannot be sealed any more; it would fill the disk.
func TestStreamWithoutATreeIsPrunedWhenAcknowledged(t *testing.T) {
	o := options(t)
	j := openJournal(t, o)
	for range 3 {
		appendTaps(t, j, "1", "2", "3", "4", "5", "6", "7")
	}
	if err := errors.Join(j.Acknowledge(14), j.log.PruneBefore(8)); err != nil {
		t.Fatal(err)
	}
	closeJournal(t, j)
	j = openJournal(t, o)
	defer closeJournal(t, j)
	if got := j.Expendable(); got != 14 {
		t.Errorf("Expendable = %d, want 14, which is acknowledged", got)
	}
}

func TestDiskUsed(t *testing.T) {
	for _, tt := range []struct {
		free, total int64
		want        float64
	}{{100, 100, 0}, {20, 100, 0.8}, {0, 100, 1}, {0, 0, 0}} {
		o, told := options(t), new(atomic.Bool)
		o.FS = &faultFS{FS: disk{}, space: func() (int64, int64, error) {
			if told.Load() {
				return tt.free, tt.total, nil
			}
			return 1 << 30, 1 << 30, nil
		}}
		j := openJournal(t, o)
		told.Store(true)
		if got, err := j.DiskUsed(); err != nil || math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("DiskUsed with %d of %d free = %v, %v, want %v", tt.free, tt.total, got, err, tt.want)
		}
		told.Store(false)
		closeJournal(t, j)
	}
}

func TestChangedTellsOfEveryAdvance(t *testing.T) {
	j := openJournal(t, options(t))
	defer closeJournal(t, j)
	for want := uint64(1); want <= 3; want++ {
		changed := j.Changed()
		select {
		case <-changed:
			t.Fatal("Changed before anything did")
		default:
		}
		appendTaps(t, j, "a")
		<-changed
		if got := j.Durable(); got != want {
			t.Errorf("Durable when Changed = %d, want %d", got, want)
		}
	}
	changed := j.Changed()
	if _, err := j.NewStream("test"); err != nil {
		t.Fatal(err)
	}
	<-changed
}

func TestNewStreamKeepsTheOldOne(t *testing.T) {
	o := options(t)
	j := openJournal(t, o)
	appendTaps(t, j, "a", "b")
	if err := j.Acknowledge(2); err != nil {
		t.Fatal(err)
	}
	old := j.Stream()
	if _, err := j.NewStream("the disk holds an old image"); err != nil {
		t.Fatal(err)
	}
	if j.Stream() == old || j.Durable() != 0 || j.Acknowledged() != 0 {
		t.Errorf("new stream %s (was %s), Durable %d, Acknowledged %d", j.Stream(), old, j.Durable(), j.Acknowledged())
	}
	if id := appendTaps(t, j, "c"); id.Seq != 1 {
		t.Errorf("first number of the new stream = %d, want 1", id.Seq)
	}
	if _, err := j.NewStream("twice in the same second"); err != nil {
		t.Fatal(err)
	}
	closeJournal(t, j)
	retired := glob(t, o.Dir, "retired-*")
	want := []string{filepath.Join(o.Dir, "retired-20260209T090000Z"), filepath.Join(o.Dir, "retired-20260209T090000Z-2")}
	if diff := cmp.Diff(want, retired); diff != "" {
		t.Fatalf("directories kept (-want +got):\n%s", diff)
	}
	if got := string(readFile(t, filepath.Join(retired[0], "REASON"))); got != "the disk holds an old image\n" {
		t.Errorf("REASON = %q", got)
	}
	l := openLog(t, LogOptions{Dir: retired[0]})
	defer closeLog(t, l)
	if l.Last() != 2 {
		t.Errorf("the retired stream holds %d records, want 2", l.Last())
	}
}

// rewrite replaces the records of a live journal by others, with everything below the records intact.
func rewrite(t *testing.T, o Options, stream contract.Stream, payloads ...[]byte) {
	t.Helper()
	dir := filepath.Join(o.Dir, "live")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	l := openLog(t, LogOptions{Dir: dir, SegmentBytes: minSegment, ReserveBytes: -1})
	defer closeLog(t, l)
	if err := l.Set(streamKey, stream[:]); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(payloads...); err != nil {
		t.Fatal(err)
	}
}

func encode(t *testing.T, stream contract.Stream, seq uint64) []byte {
	t.Helper()
	r := tap("s")
	r.ID = contract.TapID{Stream: stream, Seq: seq}
	b, err := contract.AppendRecord(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAuditQuarantinesWhatFails(t *testing.T) {
	mine, other := contract.Stream{1}, contract.Stream{2}
	tests := []struct {
		name   string
		damage func(t *testing.T, o Options)
		reason string
	}{
		{"a record under another's number", func(t *testing.T, o Options) {
			rewrite(t, o, mine, encode(t, mine, 1), encode(t, mine, 3))
		}, "audit record 2: record calls itself 0100000000000000/3"},
		{"a record of another stream", func(t *testing.T, o Options) {
			rewrite(t, o, mine, encode(t, mine, 1), encode(t, other, 2))
		}, "record calls itself 0200000000000000/2 in stream 0100000000000000"},
		{"all records of another stream", func(t *testing.T, o Options) {
			rewrite(t, o, mine, encode(t, other, 1))
		}, "records of stream 0200000000000000 in the journal of stream 0100000000000000"},
		{"a record that fails its own checksum", func(t *testing.T, o Options) {
			b := encode(t, mine, 1)
			b[len(b)-1] ^= 1
			rewrite(t, o, mine, b)
		}, contract.ErrRecordChecksum.Error()},
		{"records without a stream", func(t *testing.T, o Options) {
			rewrite(t, o, contract.Stream{}, encode(t, mine, 1))
		}, "in the journal of stream 0000000000000000"},
		{"a bit flipped in the middle", func(t *testing.T, o Options) {
			name := filepath.Join(o.Dir, "live", segmentName(1))
			b := readFile(t, name)
			b[2*block+100] ^= 1
			writeFile(t, name, b)
		}, "nothing readable at byte 8192, where number 1 should be"},
		{"an end cut off below what central has", func(t *testing.T, o Options) {
			name := filepath.Join(o.Dir, "live", segmentName(1))
			b := readFile(t, name)
			copy(b[2*block:], make([]byte, 6*block))
			copy(b[2*block:], acknowledgedOnly(t, b))
			writeFile(t, name, b)
		}, "it ends at number 0, but 3 has been acknowledged"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var logged bytes.Buffer
			o := options(t)
			o.Log = slog.New(slog.NewTextHandler(&logged, nil))
			j := openJournal(t, o)
			appendTaps(t, j, "a", "b", "c")
			if err := j.Acknowledge(3); err != nil {
				t.Fatal(err)
			}
			old := j.Stream()
			closeJournal(t, j)
			tt.damage(t, o)

			j = openJournal(t, o)
			defer closeJournal(t, j)
			q, is := j.Quarantined()
			if !is || !strings.Contains(q.Reason, tt.reason) || !q.At.Equal(ninth) {
				t.Fatalf("Quarantined = %+v, %v, want reason %q", q, is, tt.reason)
			}
			if want := filepath.Join(o.Dir, "quarantine-20260209T090000Z"); q.Dir != want {
				t.Errorf("Dir = %s, want %s", q.Dir, want)
			}
			if got := glob(t, q.Dir, "*"+segmentSuffix); len(got) == 0 {
				t.Error("the evidence is gone")
			}
			if j.Stream() == old || j.Stream().IsZero() {
				t.Errorf("Stream = %s, want a new one after %s", j.Stream(), old)
			}
			if id := appendTaps(t, j, "a"); id.Seq != 1 {
				t.Errorf("first number = %d, want 1", id.Seq)
			}
			if !strings.Contains(logged.String(), "journal quarantined") {
				t.Errorf("nothing was logged:\n%s", logged.String())
			}
		})
	}
}

// acknowledgedOnly gives a batch that says 3 is acknowledged, made for the place of the first tap in segment b.
func acknowledgedOnly(t *testing.T, b []byte) []byte {
	t.Helper()
	s, err := decodeHeader(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	var forged batch
	forged.reset(1)
	forged.addValue(value{acknowledgedKey, []byte{0, 0, 0, 0, 0, 0, 0, 3}})
	return forged.seal(s.nonce, 2*block)
}

// A record this build is too old for is no damage: the journal stays where it is until the program is upgraded.
func TestNewerRecordIsNotQuarantined(t *testing.T) {
	o := options(t)
	closeJournal(t, openJournal(t, o))
	b := encode(t, contract.Stream{1}, 1)
	b[0] = contract.RecordVersion + 1
	rewrite(t, o, contract.Stream{1}, b)
	_, err := Open(o)
	checkIs(t, err, contract.ErrRecordVersion)
	if got := glob(t, o.Dir, "quarantine-*"); len(got) > 0 {
		t.Errorf("quarantined: %v", got)
	}
}

func TestSecondJournalIsRefused(t *testing.T) {
	o := options(t)
	j := openJournal(t, o)
	defer closeJournal(t, j)
	_, err := Open(o)
	checkIs(t, err, ErrLocked)
	if got := glob(t, o.Dir, "quarantine-*"); len(got) > 0 {
		t.Errorf("a locked journal was quarantined: %v", got)
	}
}

func TestJournalMetrics(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	o := options(t)
	o.Registerer = registry
	j := openJournal(t, o)
	appendTaps(t, j, "a", "b", "c")
	if err := j.Acknowledge(2); err != nil {
		t.Fatal(err)
	}
	want := `
# HELP rollcall_gateway_journal_acknowledged Number up to which central holds the stream.
# TYPE rollcall_gateway_journal_acknowledged gauge
rollcall_gateway_journal_acknowledged 2
# HELP rollcall_gateway_journal_bytes Bytes of the journal's segments on disk.
# TYPE rollcall_gateway_journal_bytes gauge
rollcall_gateway_journal_bytes 32768
# HELP rollcall_gateway_journal_durable Number of the last record on disk.
# TYPE rollcall_gateway_journal_durable gauge
rollcall_gateway_journal_durable 3
# HELP rollcall_gateway_journal_flushes_total Flushes to disk.
# TYPE rollcall_gateway_journal_flushes_total counter
rollcall_gateway_journal_flushes_total 4
# HELP rollcall_gateway_journal_records_total Records made durable.
# TYPE rollcall_gateway_journal_records_total counter
rollcall_gateway_journal_records_total 3
`
	err := testutil.GatherAndCompare(registry, strings.NewReader(want),
		"rollcall_gateway_journal_acknowledged", "rollcall_gateway_journal_bytes", "rollcall_gateway_journal_durable",
		"rollcall_gateway_journal_flushes_total", "rollcall_gateway_journal_records_total")
	if err != nil {
		t.Error(err)
	}
	for _, name := range []string{"append", "sync"} {
		full := "rollcall_gateway_journal_" + name + "_seconds"
		if n, err := testutil.GatherAndCount(registry, full); err != nil || n != 1 {
			t.Errorf("%s: %d series, %v, want 1", full, n, err)
		}
	}
	closeJournal(t, j)
	closeJournal(t, openJournal(t, o)) // the same registry again
}

func TestUsableTellsWhyNot(t *testing.T) {
	fault := &faultFS{FS: disk{}}
	o := options(t)
	o.FS = fault
	j := openJournal(t, o)
	if err := j.Usable(); err != nil {
		t.Errorf("Usable = %v", err)
	}
	j.log.filling.Lock()
	fault.datasync = func(string) error { return os.ErrPermission }
	_, err := j.Append(tap("a"))
	fault.datasync = nil
	j.log.filling.Unlock()
	checkIs(t, err, ErrFailed)
	checkIs(t, j.Usable(), ErrFailed)
	checkIs(t, j.Close(), ErrFailed)
	checkIs(t, j.Close(), ErrClosed)
	checkIs(t, j.Usable(), ErrFailed)
}
