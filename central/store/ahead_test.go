package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/ingest"
)

// aheadModel is what central must hold of a stream, kept as a map and a number.
type aheadModel struct {
	through int
	ahead   map[int]bool
}

func (m *aheadModel) next(first, n int) contract.Receipt {
	before := m.through
	m.through = max(m.through, first+n-1)
	for seq := range m.ahead {
		if seq <= m.through {
			delete(m.ahead, seq)
		}
	}
	return m.receipt(n, m.through-before)
}

func (m *aheadModel) early(first, n int) contract.Receipt {
	stored := 0
	for seq := first; seq < first+n; seq++ {
		if seq > m.through && !m.ahead[seq] {
			m.ahead[seq] = true
			stored++
		}
	}
	return m.receipt(n, stored)
}

func (m *aheadModel) receipt(n, stored int) contract.Receipt {
	greatest := 0
	for seq := range m.ahead {
		greatest = max(greatest, seq)
	}
	return contract.Receipt{Through: uint64(m.through), Stored: stored, Known: n - stored, Ahead: uint64(greatest)}
}

// However a stream comes, in its order and ahead of it, each record is stored once as it was sent, each tap is there once, and
// the stream is complete only as far as nothing is missing.
func TestAnyDeliveryAheadStoresEachRecordOnce(t *testing.T) {
	const length = 40
	d := newDoor(t)
	rapid.Check(t, func(rt *rapid.T) {
		stream, m := contract.NewStream(), &aheadModel{ahead: map[int]bool{}}
		records := batchOf(t, stream, 1, taps(1, length)...).Records
		for range rapid.IntRange(1, 14).Draw(rt, "batches") {
			early := rapid.Bool().Draw(rt, "early")
			first := rapid.IntRange(1, length).Draw(rt, "first")
			n := rapid.IntRange(1, length-first+1).Draw(rt, "n")
			if !early && first > m.through+1 {
				first, n = m.through+1, min(n, length-m.through)
			}
			b := contract.Batch{Version: 1, Stream: stream, First: uint64(first), Records: records[first-1 : first-1+n]}
			send, say := d.intake.Ingest, m.next
			if early {
				send, say = d.intake.Ahead, m.early
			}
			if n == 0 {
				continue
			}
			got, err := send(context.Background(), "gw-a", b)
			want := say(first, n)
			want.Stream = stream
			if err != nil || got != want {
				rt.Fatalf("early %v, %d from %d: %+v, %v; want %+v", early, n, first, got, err, want)
			}
		}
		m.check(rt, d, stream, records)
	})
}

func (m *aheadModel) check(t *rapid.T, d *door, stream contract.Stream, records [][]byte) {
	inPlace, err := list(context.Background(), d.store.read, scanOctets, `SELECT octets FROM record WHERE stream_id = $1 ORDER BY seq`, stream[:])
	if err != nil {
		t.Fatal(err)
	}
	if len(inPlace) != m.through || m.through > 0 && !cmp.Equal(inPlace, records[:m.through:m.through]) {
		t.Fatalf("%d records are in their place, want the first %d as sent", len(inPlace), m.through)
	}
	var early [][]byte
	var taps int
	for seq := 1; seq <= len(records); seq++ {
		if m.ahead[seq] {
			early = append(early, records[seq-1])
		}
	}
	got, err := list(context.Background(), d.store.read, scanOctets, `SELECT octets FROM record_ahead WHERE stream_id = $1 ORDER BY seq`, stream[:])
	if err != nil || !cmp.Equal(got, early) {
		t.Fatalf("%d records are ahead (%v), want %d as sent", len(got), err, len(early))
	}
	err = d.store.read.QueryRowContext(context.Background(), `SELECT count(*) FROM tap WHERE stream_id = $1`, stream[:]).Scan(&taps)
	if err != nil || taps != m.through+len(m.ahead) {
		t.Fatalf("%d taps are stored (%v), want %d", taps, err, m.through+len(m.ahead))
	}
}

// What was sent ahead makes its holder's marks be judged, and says nothing of those who did not tap.
func TestWhatIsSentAheadVouchesForNothing(t *testing.T) {
	d := newDoor(t)
	d.now = nine.Add(time.Hour)
	furnish(t, d)
	lateBeat := beat(nine.Add(-time.Hour), nine.Add(time.Hour), "A-101/door")
	if _, err := d.intake.Ahead(t.Context(), "gw-a", batchOf(t, streamA, 5, tapAt(nine, "w26:1:2"), lateBeat)); err != nil {
		t.Fatal(err)
	}
	for _, empty := range []string{"coverage", "watermark", "record"} {
		if got := d.column(t, `SELECT count(*) FROM `+empty); got[0] != "0" {
			t.Errorf("%s has %s rows, want none before the stream is complete", empty, got[0])
		}
	}
	if got := d.column(t, `SELECT CAST(through AS TEXT) || ' ' || durable || ' ' || ahead FROM stream`); len(got) != 1 || got[0] != "0 6 6" {
		t.Errorf("stream is through, exists to and is ahead to %q, want 0 6 6", got)
	}
	first := batchOf(t, streamA, 1, append(taps(1, 4), tapAt(nine, "w26:1:2"), lateBeat)...)
	if _, err := d.intake.Ingest(t.Context(), "gw-a", first); err != nil {
		t.Fatal(err)
	}
	if got := d.column(t, `SELECT point_id FROM coverage`); len(got) != 1 {
		t.Errorf("coverage = %v, want what the heartbeat says in its place", got)
	}
	if got := d.column(t, `SELECT CAST(through AS TEXT) || ' ' || ahead FROM stream`); got[0] != "6 0" {
		t.Errorf("stream is through and ahead to %q, want 6 0", got)
	}
}

// A record that comes otherwise than it was sent ahead is a second history, whichever of the two came first.
func TestForkOfWhatWasSentAhead(t *testing.T) {
	early := func(d *door) func(context.Context, string, contract.Batch) (contract.Receipt, error) {
		return d.intake.Ahead
	}
	inTurn := func(d *door) func(context.Context, string, contract.Batch) (contract.Receipt, error) {
		return d.intake.Ingest
	}
	other := tapAt(nine, "w26:9:9")
	for name, tt := range map[string]struct {
		send  func(*door) func(context.Context, string, contract.Batch) (contract.Receipt, error)
		batch contract.Batch
	}{
		"its place is reached":             {inTurn, batchOf(t, streamA, 3, taps(3, 1)[0], other)},
		"sent ahead again":                 {early, batchOf(t, streamA, 4, other)},
		"sent ahead of what is stored now": {early, batchOf(t, streamA, 2, other, taps(3, 1)[0])},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t)
			if _, err := d.intake.Ingest(t.Context(), "gw-a", batchOf(t, streamA, 1, taps(1, 2)...)); err != nil {
				t.Fatal(err)
			}
			if _, err := d.intake.Ahead(t.Context(), "gw-a", batchOf(t, streamA, 4, taps(4, 1)...)); err != nil {
				t.Fatal(err)
			}
			if _, err := tt.send(d)(t.Context(), "clone", tt.batch); !errors.Is(err, ingest.ErrFork) {
				t.Fatalf("another history = %v, want ErrFork", err)
			}
			for _, send := range []func(context.Context, string, contract.Batch) (contract.Receipt, error){d.intake.Ahead, d.intake.Ingest} {
				if _, err := send(t.Context(), "gw-a", batchOf(t, streamA, 3, taps(3, 1)...)); !errors.Is(err, ingest.ErrFork) {
					t.Errorf("after the fork = %v, want ErrFork", err)
				}
			}
			if got := d.column(t, `SELECT count(*) FROM tap`); got[0] != "3" {
				t.Errorf("%s taps are kept, want the 3 of the first history", got[0])
			}
		})
	}
}

// What is sent ahead is bounded: a stream that is never completed does not fill the database.
func TestTooMuchAheadIsSentBack(t *testing.T) {
	d := newDoor(t)
	d.exec(t, `INSERT INTO stream (id, gateway_id, through, durable, ahead, heard_at) VALUES ($1, 'gw-a', 0, 60000, 60000, 0)`, streamA[:])
	d.exec(t, `INSERT INTO record_ahead (stream_id, seq, received_at, octets)
		WITH RECURSIVE held (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM held WHERE n < $2)
		SELECT $1, 10000 + n, 0, $3 FROM held`, streamA[:], maxAhead-1, []byte{1})
	if _, err := d.intake.Ahead(t.Context(), "gw-a", batchOf(t, streamA, 5, taps(5, 1)...)); err != nil {
		t.Errorf("the last that fits = %v, want nil", err)
	}
	_, err := d.intake.Ahead(t.Context(), "gw-a", batchOf(t, streamA, 6, taps(6, 1)...))
	if !errors.Is(err, ingest.ErrAhead) {
		t.Errorf("one more = %v, want ErrAhead", err)
	}
	if want := fmt.Sprintf("%d are here", maxAhead); err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("error %q does not say %q", err, want)
	}
}
