package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"pgregory.net/rapid"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/ingest"
)

// door is an intake over a real database, at nine o'clock.
type door struct {
	store    *Store
	intake   *ingest.Intake
	registry *prometheus.Registry
	now      time.Time
}

var nine = time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)

func newDoor(t testing.TB) *door {
	t.Helper()
	return newDoorAt(t, openTest(t))
}

func newDoorAt(t testing.TB, s *Store) *door {
	t.Helper()
	d := &door{store: s, registry: prometheus.NewRegistry(), now: nine}
	d.intake = ingest.New(ingest.Options{
		Store: d.store, Log: slog.New(slog.DiscardHandler), Registerer: d.registry, Now: func() time.Time { return d.now },
	})
	return d
}

func (d *door) exec(t testing.TB, query string, args ...any) {
	t.Helper()
	if _, err := d.store.write.ExecContext(context.Background(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	d.store.timetable.forget() // no import says that it changed
	d.store.heard.forget()
}

// column reads the first column of a query as text.
func (d *door) column(t testing.TB, query string, args ...any) []string {
	t.Helper()
	rows, err := d.store.read.QueryContext(context.Background(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

var (
	streamA = contract.Stream{0xaa}
	streamB = contract.Stream{0xbb}
)

func tapAt(at time.Time, card string) contract.Record {
	return contract.Record{
		Stamp: contract.Stamp{At: at, Quality: contract.Synchronised},
		Tap: &contract.Tap{
			Point: "A-101/door", Digest: contract.DigestOf([]byte("campus"), card),
			Evidence: contract.EvidenceCard, Outcome: contract.Refused, Reason: contract.UnknownCard,
		},
	}
}

func beat(since, at time.Time, up ...string) contract.Record {
	h := &contract.Heartbeat{Since: since}
	for _, p := range up {
		h.Points = append(h.Points, contract.PointState{Point: p, Up: true})
	}
	return contract.Record{Stamp: contract.Stamp{At: at, Quality: contract.Synchronised}, Heartbeat: h}
}

// batchOf numbers records from first on and encodes them.
func batchOf(t testing.TB, stream contract.Stream, first uint64, records ...contract.Record) contract.Batch {
	t.Helper()
	b := contract.Batch{Version: contract.BatchVersion, Stream: stream, First: first}
	for i, r := range records {
		r.ID = contract.TapID{Stream: stream, Seq: first + uint64(i)}
		octets, err := contract.AppendRecord(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		b.Records = append(b.Records, octets)
	}
	return b
}

// taps are n taps whose content depends on their number alone.
func taps(first uint64, n int) []contract.Record {
	out := make([]contract.Record, n)
	for i := range out {
		seq := first + uint64(i)
		out[i] = tapAt(nine.Add(time.Duration(seq)*time.Second), fmt.Sprintf("w26:1:%d", seq))
	}
	return out
}

func TestIngestStoresEachRecordOnce(t *testing.T) {
	d := newDoor(t)
	steps := []struct {
		name    string
		first   uint64
		records int
		want    contract.Receipt
	}{
		{"new", 1, 3, contract.Receipt{Through: 3, Stored: 3}},
		{"row 52: the same again, its answer was lost", 1, 3, contract.Receipt{Through: 3, Known: 3}},
		{"overlapping", 2, 4, contract.Receipt{Through: 5, Stored: 2, Known: 2}},
		{"an old part of it", 2, 2, contract.Receipt{Through: 5, Known: 2}},
		{"next", 6, 1, contract.Receipt{Through: 6, Stored: 1}},
	}
	for _, s := range steps {
		got, err := d.intake.Ingest(t.Context(), "gw-a", batchOf(t, streamA, s.first, taps(s.first, s.records)...))
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		s.want.Stream = streamA
		if got != s.want {
			t.Errorf("%s: receipt = %+v, want %+v", s.name, got, s.want)
		}
	}
	if got, want := d.column(t, `SELECT seq FROM tap ORDER BY seq`), []string{"1", "2", "3", "4", "5", "6"}; !cmp.Equal(got, want) {
		t.Errorf("taps = %v, want %v", got, want)
	}
	for seq, want := range batchOf(t, streamA, 1, taps(1, 6)...).Records {
		got := d.column(t, `SELECT octets FROM record WHERE seq = $1`, seq+1)
		if len(got) != 1 || got[0] != string(want) {
			t.Errorf("record %d was not kept octet for octet", seq+1)
		}
	}
	wantMetric(t, d, "rollcall_central_ingest_records_total", `
		# HELP rollcall_central_ingest_records_total Records in batches: new ones stored, known ones that were there already, refused ones of batches not taken.
		# TYPE rollcall_central_ingest_records_total counter
		rollcall_central_ingest_records_total{result="known"} 7
		rollcall_central_ingest_records_total{result="new"} 6
		rollcall_central_ingest_records_total{result="refused"} 0
	`)
}

func wantMetric(t *testing.T, d *door, name, want string) {
	t.Helper()
	if err := testutil.GatherAndCompare(d.registry, bytes.NewBufferString(want), name); err != nil {
		t.Error(err)
	}
}

func TestIngestRefuses(t *testing.T) {
	whole := batchOf(t, streamA, 4, taps(4, 2)...)
	damaged := batchOf(t, streamA, 4, taps(4, 2)...)
	damaged.Records[1] = append([]byte(nil), damaged.Records[1]...)
	damaged.Records[1][20] ^= 1
	renumbered := contract.Batch{Version: 1, Stream: streamA, First: 5, Records: whole.Records}
	other := batchOf(t, streamA, 3, tapAt(nine, "w26:9:9"), taps(4, 1)[0])
	many := contract.Batch{Version: 1, Stream: streamA, First: 4, Records: make([][]byte, contract.MaxBatchRecords+1)}
	trailing := batchOf(t, streamA, 4, taps(4, 1)...)
	trailing.Records[0] = lengthened(trailing.Records[0])

	for _, tt := range []struct {
		name  string
		batch contract.Batch
		want  error
	}{
		{"row 51: a gap", batchOf(t, streamA, 5, taps(5, 2)...), ingest.ErrGap},
		{"a gap in a stream never heard of", batchOf(t, streamB, 2, taps(2, 1)...), ingest.ErrGap},
		{"row 53: another record under a stored number", other, ingest.ErrFork},
		{"row 55: too many records", many, ingest.ErrTooLarge},
		{"no records", contract.Batch{Version: 1, Stream: streamA, First: 4}, contract.ErrBatch},
		{"a version of the future", contract.Batch{Version: 2, Stream: streamA, First: 4, Records: whole.Records}, contract.ErrBatch},
		{"a flipped bit", damaged, contract.ErrRecordChecksum},
		{"an octet too many inside", trailing, contract.ErrRecordTrailing},
		{"records of other numbers", renumbered, contract.ErrBatch},
		{"records of another stream", contract.Batch{Version: 1, Stream: streamB, First: 1, Records: whole.Records}, contract.ErrBatch},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDoor(t)
			if _, err := d.intake.Ingest(t.Context(), "gw-a", batchOf(t, streamA, 1, taps(1, 3)...)); err != nil {
				t.Fatal(err)
			}
			if _, err := d.intake.Ingest(t.Context(), "gw-a", tt.batch); !errors.Is(err, tt.want) {
				t.Errorf("Ingest = %v, want %v", err, tt.want)
			}
			if got, want := d.column(t, `SELECT seq FROM record ORDER BY seq`), []string{"1", "2", "3"}; !cmp.Equal(got, want) {
				t.Errorf("records = %v, want %v as before", got, want)
			}
		})
	}
}

// lengthened puts an octet before the checksum of a record and makes the checksum right again.
func lengthened(record []byte) []byte {
	body := append(append([]byte(nil), record[:len(record)-4]...), 0)
	return binary.BigEndian.AppendUint32(body, crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
}

func TestGapNamesTheNumberThatCloses(t *testing.T) {
	d := newDoor(t)
	if _, err := d.intake.Ingest(t.Context(), "gw-a", batchOf(t, streamA, 1, taps(1, 3)...)); err != nil {
		t.Fatal(err)
	}
	_, err := d.intake.Ingest(t.Context(), "gw-a", batchOf(t, streamA, 9, taps(9, 1)...))
	gap, ok := errors.AsType[*ingest.GapError](err)
	if !ok || gap.Expected != 4 || gap.First != 9 {
		t.Errorf("Ingest = %v, want a gap from 9 with 4 expected", err)
	}
}

func TestForkQuarantinesTheStream(t *testing.T) {
	d := newDoor(t)
	ctx := t.Context()
	if _, err := d.intake.Ingest(ctx, "gw-a", batchOf(t, streamA, 1, taps(1, 3)...)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.intake.Ingest(ctx, "clone", batchOf(t, streamA, 3, tapAt(nine, "w26:9:9"), taps(4, 1)[0])); !errors.Is(err, ingest.ErrFork) {
		t.Fatalf("Ingest of the clone = %v, want ErrFork", err)
	}
	if _, err := d.intake.Ingest(ctx, "gw-a", batchOf(t, streamA, 4, taps(4, 1)...)); !errors.Is(err, ingest.ErrFork) {
		t.Errorf("Ingest after the fork = %v, want ErrFork", err)
	}
	if _, err := d.intake.Ingest(ctx, "gw-b", batchOf(t, streamB, 1, taps(1, 1)...)); err != nil {
		t.Errorf("Ingest of another stream = %v, want nil", err)
	}
	why := d.column(t, `SELECT quarantined FROM stream WHERE id = $1`, streamA[:])
	want := "batch contradicts what is stored; the stream is quarantined: record aa00000000000000/3 of gateway gw-a is stored with other content (sent by clone)"
	if len(why) != 1 || why[0] != want {
		t.Errorf("quarantined = %q, want %q", why, want)
	}
}

// A failure anywhere inside leaves nothing: no record, no tap, no watermark.
func TestIngestIsAllOrNothing(t *testing.T) {
	for _, table := range []string{"record", "tap", "coverage", "dirty"} {
		t.Run(table, func(t *testing.T) {
			d := newDoor(t)
			d.exec(t, `INSERT INTO student (id, name) VALUES ('s1', 'Ada')`)
			digest := contract.DigestOf([]byte("campus"), "w26:1:2")
			d.exec(t, `INSERT INTO card (digest, student_id) VALUES ($1, 's1')`, digest[:])
			b := batchOf(t, streamA, 1, append(taps(1, 3), beat(nine.Add(-time.Minute), nine, "A-101/door"))...)
			mend := breakTable(t, d.store, table)
			if _, err := d.intake.Ingest(t.Context(), "gw-a", b); err == nil {
				t.Fatal("Ingest = nil, want the failure")
			}
			for _, left := range []string{"stream", "record", "tap", "coverage", "dirty"} {
				if got := d.column(t, `SELECT count(*) FROM `+left); got[0] != "0" {
					t.Errorf("%s has %s rows after the failure, want 0", left, got[0])
				}
			}
			mend()
			got, err := d.intake.Ingest(t.Context(), "gw-a", b)
			if want := (contract.Receipt{Stream: streamA, Through: 4, Stored: 4}); err != nil || got != want {
				t.Errorf("Ingest after repair = %+v, %v; want %+v", got, err, want)
			}
			if got := d.column(t, `SELECT count(*) FROM record`); got[0] != "4" {
				t.Errorf("%s records are there after that, want 4", got[0])
			}
		})
	}
}

func TestStreamsArriveSideBySide(t *testing.T) {
	d := newDoor(t)
	const streams, batches, size = 6, 8, 25
	var senders sync.WaitGroup
	for s := range streams {
		senders.Go(func() {
			stream := contract.Stream{0xcc, byte(s)}
			for b := range batches {
				first := uint64(b*size + 1)
				if _, err := d.intake.Ingest(t.Context(), "gw", batchOf(t, stream, first, taps(first, size)...)); err != nil {
					t.Errorf("stream %d batch %d: %v", s, b, err)
				}
			}
		})
	}
	senders.Wait()
	got := d.column(t, `SELECT count(*) || '/' || max(seq) FROM tap GROUP BY stream_id`)
	for _, v := range got {
		if v != "200/200" {
			t.Errorf("taps of a stream = %s, want 200/200", v)
		}
	}
	if len(got) != streams {
		t.Errorf("%d streams are stored, want %d", len(got), streams)
	}
}

// However a stream is cut into batches, and however often a part of it comes again, each record is stored once.
func TestAnyDeliveryOfAStreamStoresItOnce(t *testing.T) {
	const length = 40
	d := newDoor(t)
	rapid.Check(t, func(rt *rapid.T) {
		stream := contract.NewStream()
		records := batchOf(t, stream, 1, taps(1, length)...).Records
		through := 0
		for range rapid.IntRange(1, 12).Draw(rt, "batches") {
			first := rapid.IntRange(1, length).Draw(rt, "first")
			n := rapid.IntRange(1, length-first+1).Draw(rt, "n")
			b := contract.Batch{Version: 1, Stream: stream, First: uint64(first), Records: records[first-1 : first-1+n]}
			receipt, err := d.intake.Ingest(context.Background(), "gw-a", b)
			if first > through+1 {
				if !errors.Is(err, ingest.ErrGap) {
					rt.Fatalf("batch from %d over %d = %v, want a gap", first, through, err)
				}
				continue
			}
			before := through
			through = max(through, first+n-1)
			want := contract.Receipt{Stream: stream, Through: uint64(through), Stored: through - before, Known: n - (through - before)}
			if err != nil || receipt != want {
				rt.Fatalf("receipt = %+v, %v; want %+v", receipt, err, want)
			}
		}
		stored, err := list(context.Background(), d.store.read, scanOctets, `SELECT octets FROM record WHERE stream_id = $1 ORDER BY seq`, stream[:])
		if err != nil {
			rt.Fatal(err)
		}
		if !cmp.Equal(stored, records[:through:through]) && through > 0 {
			rt.Fatalf("%d records are stored, want the first %d as sent", len(stored), through)
		}
	})
}

func TestTapsOfTheFutureAreFlaggedAndKept(t *testing.T) {
	d := newDoor(t)
	b := batchOf(t, streamA, 1, tapAt(nine.Add(2*time.Hour), "w26:1:1"), tapAt(nine.Add(2*time.Hour+time.Millisecond), "w26:1:1"))
	if _, err := d.intake.Ingest(t.Context(), "gw-a", b); err != nil {
		t.Fatal(err)
	}
	if got, want := d.column(t, `SELECT CASE WHEN suspect THEN 'yes' ELSE 'no' END FROM tap ORDER BY seq`), []string{"no", "yes"}; !cmp.Equal(got, want) {
		t.Errorf("suspect = %v, want %v", got, want)
	}
	wantMetric(t, d, "rollcall_central_ingest_suspect_records_total", `
		# HELP rollcall_central_ingest_suspect_records_total Taps stored although stamped more than two hours in the future.
		# TYPE rollcall_central_ingest_suspect_records_total counter
		rollcall_central_ingest_suspect_records_total 1
	`)
}
