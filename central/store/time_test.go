package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/ingest"
)

var bootOne = contract.Boot{1}

// unset stamps a record as a gateway does that booted in 1970, at a time since boot.
func unset(r contract.Record, uptime time.Duration) contract.Record {
	r.Stamp = contract.Stamp{At: time.Unix(0, 0).Add(uptime).UTC(), Boot: bootOne, Uptime: uptime, Quality: contract.NeverSet}
	if h := r.Heartbeat; h != nil {
		r.Heartbeat = &contract.Heartbeat{Since: r.Stamp.At.Add(-time.Minute), Points: h.Points}
	}
	return r
}

// anchorAt says that the boot was up for so long at an instant.
func anchorAt(at time.Time, uptime time.Duration) contract.Record {
	return contract.Record{
		Stamp:  contract.Stamp{At: at, Boot: bootOne, Uptime: uptime, Quality: contract.Synchronised},
		Anchor: &contract.Anchor{Boot: bootOne, Uptime: uptime, At: at, Within: 10 * time.Millisecond},
	}
}

func (d *door) take(t *testing.T, first uint64, records ...contract.Record) {
	t.Helper()
	if _, err := d.intake.Ingest(t.Context(), "gw-a", batchOf(t, streamA, first, records...)); err != nil {
		t.Fatal(err)
	}
}

const tapTimes = `SELECT CAST(t.seq AS TEXT) || ' at ' || t.at || ' stamped ' || coalesce(CAST(w.stamped_at AS TEXT), 'so') || CASE WHEN w.latest IS NULL THEN '' ELSE ' uncertain' END
	FROM tap t LEFT JOIN tap_time w ON w.stream_id = t.stream_id AND w.seq = t.seq ORDER BY t.seq`

// A boot in 1970, its taps and its heartbeat, and the anchor an hour later: both values are kept, the heartbeat counts from
// then on, and those are judged again whom it concerns.
func TestAnchorCorrectsWhatIsStored(t *testing.T) {
	d := newDoor(t)
	furnish(t, d) // s1 is expected in room R, whose register is open from 07:00Z to 07:45Z
	for card, student := range map[string]string{"w26:1:1": "s1", "w26:9:9": "s2"} {
		digest := contract.DigestOf([]byte("campus"), card)
		d.exec(t, `INSERT INTO card (digest, student_id) VALUES ($1, $2)`, digest[:], student)
	}
	up := clockTime(t, "06:30")
	d.now = clockTime(t, "08:00")
	d.take(t, 1, unset(tapAt(nine, "w26:1:1"), 40*time.Minute), unset(beat(nine, nine, "p"), 41*time.Minute))
	if got := d.column(t, tapTimes); !cmp.Equal(got, []string{fmt.Sprintf("1 at %d stamped 2400000 uncertain", d.now.UnixMilli())}) {
		t.Errorf("before the anchor: %v", got)
	}
	if got := d.column(t, `SELECT point_id FROM coverage UNION ALL SELECT point_id FROM watermark`); len(got) > 0 {
		t.Errorf("a heartbeat of 1970 vouches for %v", got)
	}
	d.exec(t, `DELETE FROM dirty`)
	d.take(t, 3, anchorAt(up.Add(time.Hour), time.Hour))
	if got, want := d.column(t, tapTimes), []string{fmt.Sprintf("1 at %d stamped 2400000", up.Add(40*time.Minute).UnixMilli())}; !cmp.Equal(got, want) {
		t.Errorf("after the anchor: %v, want %v", got, want)
	}
	coverage, err := list(t.Context(), d.store.read, scanCoverage, `SELECT point_id, since, until FROM coverage`)
	if err != nil || !cmp.Equal(coverage, []string{"p 07:10-07:11"}) {
		t.Errorf("coverage = %v, %v, want the minute before 07:11", coverage, err)
	}
	if got := d.column(t, `SELECT student_id FROM dirty`); !cmp.Equal(got, []string{"s1"}) {
		t.Errorf("dirty = %v, want the holder of the card alone", got)
	}
	var octets []byte
	if err := d.store.read.QueryRowContext(t.Context(), `SELECT octets FROM record WHERE seq = 1`).Scan(&octets); err != nil {
		t.Fatal(err)
	}
	if r, err := contract.DecodeRecord(octets); err != nil || r.Stamp.At.Year() != 1970 {
		t.Errorf("the record itself says %v, %v; it must stay as it was stamped", r.Stamp.At, err)
	}
}

// A backlog larger than one step, whose correction another central or a restart interrupts: the next batch finishes it first.
func TestCorrectionIsFinished(t *testing.T) {
	d := newDoor(t)
	d.now = nine.Add(24 * time.Hour)
	const n = 3*contract.MaxBatchRecords + 7
	for first := 1; first <= n; first += contract.MaxBatchRecords {
		var records []contract.Record
		for seq := first; seq < first+contract.MaxBatchRecords && seq <= n; seq++ {
			records = append(records, unset(tapAt(nine, "w26:1:1"), time.Duration(seq)*time.Second))
		}
		d.take(t, uint64(first), records...)
	}
	intake := d.intake
	d.intake = ingest.New(ingest.Options{
		Store: &failing{Store: d.store, left: 2}, // the batch itself, and one step
		Log:   slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Now: func() time.Time { return d.now },
	})
	d.take(t, n+1, anchorAt(nine.Add(n*time.Second), n*time.Second))
	uncertain := func() string { return d.column(t, `SELECT count(*) FROM tap_time WHERE latest IS NOT NULL`)[0] }
	if got, want := uncertain(), fmt.Sprint(n-contract.MaxBatchRecords); got != want {
		t.Fatalf("%s taps are uncertain after one step, want %s", got, want)
	}
	d.intake = intake
	d.take(t, n+2, unset(tapAt(nine, "w26:1:1"), (n+1)*time.Second))
	if got := uncertain(); got != "0" {
		t.Errorf("%s taps are uncertain after the next batch, want none", got)
	}
	wrong := d.column(t, `SELECT seq || ' at ' || at FROM tap WHERE at <> seq * 1000 + $1`, nine.UnixMilli())
	if len(wrong) != 1 || wrong[0] != fmt.Sprintf("%d at %d", n+2, nine.Add((n+1)*time.Second).UnixMilli()) { // its number is one more than its seconds
		t.Errorf("taps off their second: %v", wrong)
	}
}

// failing is a database that is gone after some transactions.
type failing struct {
	*Store
	left int
}

func (f *failing) Receive(ctx context.Context, do func(ingest.Tx) error) error {
	if f.left--; f.left < 0 {
		return ingest.ErrBusy
	}
	return f.Store.Receive(ctx, do)
}

// Two witnesses that contradict each other take back what the heartbeats between them proved, and with it the absences.
func TestDisputedHeartbeatsProveNothing(t *testing.T) {
	d := newDoor(t)
	furnish(t, d)
	at := clockTime(t, "06:50")
	d.now = clockTime(t, "08:30")
	claimed := beat(clockTime(t, "07:00"), clockTime(t, "07:50"), "p")
	claimed.Stamp.Boot, claimed.Stamp.Uptime = bootOne, time.Hour
	d.take(t, 1, anchorAt(at, 0), claimed)
	d.exec(t, `INSERT INTO mark_week SELECT 's1', `+weekOf("starts_at")+`, $1 FROM session WHERE id = 'x'`, `[["x","t",0,"A","","","",0,"",0,0]]`)
	d.exec(t, `DELETE FROM dirty`)
	d.take(t, 3, anchorAt(at.Add(10*time.Minute), time.Hour+10*time.Minute)) // an hour less went by than the time since boot
	if got := d.column(t, `SELECT point_id FROM coverage`); len(got) > 0 {
		t.Errorf("coverage = %v, want none of a heartbeat in dispute", got)
	}
	if got := d.column(t, `SELECT student_id FROM dirty`); !cmp.Equal(got, []string{"s1"}) {
		t.Errorf("dirty = %v, want s1, who is absent by it", got)
	}
}

func TestUncoverLeavesTheRest(t *testing.T) {
	d := newDoor(t)
	d.now = clockTime(t, "09:00")
	d.take(t, 1, parseBeat(t, "08:00-08:10 p"), parseBeat(t, "08:20-08:30 p"), parseBeat(t, "08:00-08:30 q"))
	err := d.store.transact(t.Context(), func(tx *transaction) error {
		gone := ingest.Coverage{Point: "p", Since: clockTime(t, "08:05"), Until: clockTime(t, "08:25")}
		return streamTx{tx}.uncover(t.Context(), ingest.Delivery{Stream: streamA, ReceivedAt: d.now}, gone)
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := list(t.Context(), d.store.read, scanCoverage, `SELECT point_id, since, until FROM coverage ORDER BY point_id, until`)
	if want := []string{"p 08:00-08:05", "p 08:25-08:30", "q 08:00-08:30"}; err != nil || !cmp.Equal(got, want) {
		t.Errorf("coverage = %v, %v, want %v", got, err, want)
	}
}

// A tap sent ahead of a backlog is timed by what was sent ahead with it, and by its place once it is there.
func TestTimesOfWhatIsSentAhead(t *testing.T) {
	d := newDoor(t)
	d.now = nine.Add(time.Hour)
	late := []contract.Record{anchorAt(nine, time.Hour), unset(tapAt(nine, "w26:1:1"), time.Hour+time.Minute)}
	if _, err := d.intake.Ahead(t.Context(), "gw-a", batchOf(t, streamA, 2, late...)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.intake.Ahead(t.Context(), "gw-a", batchOf(t, streamA, 4, unset(tapAt(nine, "w26:1:1"), time.Hour+2*time.Minute))); err != nil {
		t.Fatal(err)
	}
	want := []string{
		fmt.Sprintf("3 at %d stamped 3660000", nine.Add(time.Minute).UnixMilli()),
		fmt.Sprintf("4 at %d stamped 3720000", nine.Add(2*time.Minute).UnixMilli()),
	}
	if got := d.column(t, tapTimes); !cmp.Equal(got, want) {
		t.Errorf("sent ahead: %v, want %v", got, want)
	}
	d.take(t, 1, append([]contract.Record{unset(tapAt(nine, "w26:1:1"), 0)}, late...)...)
	want = append([]string{fmt.Sprintf("1 at %d stamped 0", nine.Add(-time.Hour).UnixMilli())}, want...)
	if got := d.column(t, tapTimes); !cmp.Equal(got, want) {
		t.Errorf("in their place: %v, want %v", got, want)
	}
}

// What the pages are told of a tap whose time was corrected, or is not known.
func TestReportTellsBothTimes(t *testing.T) {
	d := newDoor(t)
	d.now = nine.Add(time.Hour)
	d.take(t, 1, unset(tapAt(nine, "w26:1:1"), 0), anchorAt(nine, time.Hour))
	other := unset(tapAt(nine, "w26:1:1"), time.Minute)
	other.Stamp.Boot = contract.Boot{2}
	d.take(t, 3, other)
	taps, err := d.store.ReportSource().RecentTaps(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for _, p := range taps {
		earliest, latest := "none", "none"
		if p.Earliest != nil {
			earliest = p.Earliest.Format(time.TimeOnly)
		}
		if p.Latest != nil {
			latest = p.Latest.Format(time.TimeOnly)
		}
		told[p.ID] = fmt.Sprintf("%s at %s stamped %d within %d, %s to %s", p.Time, p.At.Format(time.TimeOnly), p.StampedAt.UnixMilli(), p.WithinMS, earliest, latest)
	}
	name := hex.EncodeToString(streamA[:])
	want := map[string]string{
		name + "/1": "corrected at 07:00:00 stamped 0 within 1810, none to none", // 10 ms, and 500 ppm of an hour
		name + "/3": "uncertain at 08:00:59 stamped 60000 within 0, 08:00:59 to 09:00:00",
	}
	if diff := cmp.Diff(told, want); diff != "" {
		t.Errorf("told (-got +want):\n%s", diff)
	}
}
