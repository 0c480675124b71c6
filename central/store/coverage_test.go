package store

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/contract"
)

func scanOctets(r *sql.Rows) (b []byte, err error) { return b, r.Scan(&b) }

// clockTime reads "08:30" as an instant of the day of nine.
func clockTime(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse("15:04", text)
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(2026, 10, 5, at.Hour(), at.Minute(), 0, 0, time.UTC)
}

func TestCoverageJoinsWhatTouches(t *testing.T) {
	for _, tt := range []struct {
		name  string
		beats []string // "since-at points", each in a batch of its own unless joined by |
		want  []string
	}{
		{"one", []string{"08:00-08:01 p"}, []string{"p 08:00-08:01"}},
		{"a day without interruption is one row", []string{"08:00-08:01 p", "08:01-08:02 p", "08:02-08:03 p"}, []string{"p 08:00-08:03"}},
		{"in one batch", []string{"08:00-08:01 p|08:01-08:02 p"}, []string{"p 08:00-08:02"}},
		{"a gap stays a gap", []string{"08:00-08:01 p", "08:05-08:06 p"}, []string{"p 08:00-08:01", "p 08:05-08:06"}},
		{"points by themselves", []string{"08:00-08:01 p,q", "08:01-08:02 p", "08:02-08:03 p,q"}, []string{"p 08:00-08:03", "q 08:00-08:01", "q 08:02-08:03"}},
		{"overlapping", []string{"08:00-08:05 p", "08:03-08:07 p"}, []string{"p 08:00-08:07"}},
		{"a later one closes the gap of two", []string{"08:00-08:01 p", "08:04-08:05 p", "08:01-08:04 p"}, []string{"p 08:00-08:05"}},
		{"inside a known one", []string{"08:00-08:09 p", "08:03-08:04 p"}, []string{"p 08:00-08:09"}},
		{"a clock set back says nothing", []string{"08:05-08:01 p"}, nil},
		{"a point that was down says nothing", []string{"08:00-08:01 -p"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDoor(t)
			d.now = clockTime(t, "09:00") // all of them are past
			seq := uint64(1)
			for _, text := range tt.beats {
				var records []contract.Record
				for one := range strings.SplitSeq(text, "|") {
					records = append(records, parseBeat(t, one))
				}
				if _, err := d.intake.Ingest(t.Context(), "gw-a", batchOf(t, streamA, seq, records...)); err != nil {
					t.Fatal(err)
				}
				seq += uint64(len(records))
			}
			got, err := list(t.Context(), d.store.read, scanCoverage, `SELECT point_id, since, until FROM coverage ORDER BY point_id, until`)
			if err != nil {
				t.Fatal(err)
			}
			if !cmp.Equal(got, tt.want) {
				t.Errorf("coverage = %v, want %v", got, tt.want)
			}
		})
	}
}

func scanCoverage(r *sql.Rows) (string, error) {
	var point string
	var since, until int64
	err := r.Scan(&point, &since, &until)
	return point + " " + instant(since).Format("15:04") + "-" + instant(until).Format("15:04"), err
}

func parseBeat(t testing.TB, text string) contract.Record {
	t.Helper()
	times, points, _ := strings.Cut(text, " ")
	since, at, _ := strings.Cut(times, "-")
	r := beat(clockTime(t, since), clockTime(t, at))
	for p := range strings.SplitSeq(points, ",") {
		name, down := strings.CutPrefix(p, "-")
		r.Heartbeat.Points = append(r.Heartbeat.Points, contract.PointState{Point: name, Up: !down})
	}
	return r
}

func TestCoverageOfMoreThanADayIsNotBelieved(t *testing.T) {
	d := newDoor(t)
	b := batchOf(t, streamA, 1, beat(time.Unix(0, 0), nine, "p"), beat(nine.Add(-24*time.Hour), nine, "q"))
	if _, err := d.intake.Ingest(t.Context(), "gw-a", b); err != nil {
		t.Fatal(err)
	}
	if got, want := d.column(t, `SELECT point_id FROM coverage`), []string{"q"}; !cmp.Equal(got, want) {
		t.Errorf("covered points = %v, want %v: a clock set from 1970 to today vouches for nothing", got, want)
	}
}

// Two journals may speak of one point, before and after its gateway was replaced; each has its own coverage.
func TestCoverageOfTwoStreamsIsKeptApart(t *testing.T) {
	d := newDoor(t)
	for _, s := range []contract.Stream{streamA, streamB} {
		if _, err := d.intake.Ingest(t.Context(), "gw-a", batchOf(t, s, 1, parseBeat(t, "08:00-08:01 p"))); err != nil {
			t.Fatal(err)
		}
	}
	if got := d.column(t, `SELECT count(*) FROM coverage`); got[0] != "2" {
		t.Errorf("%s rows of coverage, want 2", got[0])
	}
}

// The register of session x in room R is open from 07:00Z to 07:45Z; s1 is expected there. Each heartbeat arrives a minute
// after it was made, unless the case says when.
func TestHeartbeatsMakeStudentsDirty(t *testing.T) {
	for _, tt := range []struct {
		name   string
		before []string // heartbeats whose dirt is judged before
		mark   string   // the mark s1 has for x; empty if none
		beat   string
		now    string // when it arrives
		want   []string
	}{
		{"the register is still open", nil, "", "07:00-07:30 p", "", nil},
		{"it closed within the interval", nil, "", "07:00-07:46 p", "", []string{"s1"}},
		{"it is told late of a part of the window", nil, "", "07:00-07:30 p", "08:00", []string{"s1"}},
		{"it closed before anything was heard of the reader", nil, "", "07:50-07:55 p", "", []string{"s1"}},
		{"it closed before anything was heard of another reader of the room", []string{"07:00-07:50 p"}, "", "07:50-07:55 q", "", []string{"s1"}},
		{"it closed in a gap that is over now", []string{"07:00-07:40 p"}, "", "07:50-07:55 p", "", []string{"s1"}},
		{"it closed before and was heard of then", []string{"07:00-07:50 p"}, "", "07:50-07:55 p", "", nil},
		{"an early part comes from another reader of the room", []string{"07:00-07:50 p"}, "", "07:00-07:20 q", "08:00", []string{"s1"}},
		{"marked unknown", nil, "U", "07:00-07:46 p", "", []string{"s1"}},
		{"marked present", nil, "P", "07:00-07:46 p", "", nil},
		{"marked absent", nil, "A", "07:00-07:46 p", "", nil},
		{"a reader of another room", nil, "", "07:00-07:46 elsewhere", "", nil},
		{"a reader that was down, and the register is open", nil, "", "07:00-07:30 -p", "", nil},
		{"a reader that was down when it closed, with its word past that now", []string{"07:00-07:40 -p"}, "", "07:46-07:50 -p", "", []string{"s1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDoor(t)
			furnish(t, d)
			if tt.mark != "" {
				d.exec(t, `INSERT INTO mark_week SELECT 's1', `+weekOf("starts_at")+`, $1 FROM session WHERE id = 'x'`,
					`[["x","t",0,"`+tt.mark+`","","","",0,"",0,0]]`)
			}
			for i, text := range append(tt.before, tt.beat) {
				d.exec(t, `DELETE FROM dirty`)
				r := parseBeat(t, text)
				d.now = r.Stamp.At.Add(time.Minute)
				if tt.now != "" && i == len(tt.before) {
					d.now = clockTime(t, tt.now)
				}
				if _, err := d.intake.Ingest(t.Context(), "gw-a", batchOf(t, streamA, uint64(i)+1, r)); err != nil {
					t.Fatal(err)
				}
			}
			if got := d.column(t, `SELECT student_id FROM dirty`); !cmp.Equal(got, tt.want) {
				t.Errorf("dirty = %v, want %v", got, tt.want)
			}
		})
	}
}

// furnish makes room R with points p and q, and session x whose register is open from 07:00Z to 07:45Z.
func furnish(t testing.TB, d *door) {
	t.Helper()
	d.exec(t, `INSERT INTO building VALUES ('B', 'Library')`)
	d.exec(t, `INSERT INTO room (id, building_id, name) VALUES ('R', 'B', 'Room'), ('S', 'B', 'Other room')`)
	d.exec(t, `INSERT INTO point (id, room_id) VALUES ('p', 'R'), ('q', 'R'), ('elsewhere', 'S')`)
	d.exec(t, `INSERT INTO module VALUES ('LAW', 'Law')`)
	d.exec(t, `INSERT INTO student (id, name) VALUES ('s1', 'Ada'), ('s2', 'Bob')`)
	opens, closes := milliseconds(clockTime(t, "07:00")), milliseconds(clockTime(t, "07:45"))
	d.exec(t, `INSERT INTO session (id, module_id, starts_at, ends_at, opens_at, closes_at) VALUES ('x', 'LAW', $1, $2, $1, $2)`, opens, closes)
	d.exec(t, `INSERT INTO session_room VALUES ('x', 'R')`)
	d.exec(t, `INSERT INTO expected (session_id, student_id) VALUES ('x', 's1')`)
}

func TestTapsMakeTheirHoldersDirty(t *testing.T) {
	d := newDoor(t)
	furnish(t, d)
	held := contract.DigestOf([]byte("campus"), "w26:1:1")
	d.exec(t, `INSERT INTO card (digest, student_id) VALUES ($1, 's2')`, held[:])
	if _, err := d.intake.Ingest(t.Context(), "gw-a", batchOf(t, streamA, 1, tapAt(nine, "w26:1:1"), tapAt(nine, "w26:1:99"))); err != nil {
		t.Fatal(err)
	}
	if got, want := d.column(t, `SELECT student_id FROM dirty`), []string{"s2"}; !cmp.Equal(got, want) {
		t.Errorf("dirty = %v, want %v", got, want)
	}
	if got := d.column(t, `SELECT count(*) FROM tap`); got[0] != "2" {
		t.Errorf("%s taps are kept, want 2: the tap of an unknown card too", got[0])
	}
}

// A judge clears what it read; a fact of the same millisecond must survive that.
func TestDirtGrowsWithinOneMillisecond(t *testing.T) {
	d := newDoor(t)
	furnish(t, d)
	held := contract.DigestOf([]byte("campus"), "w26:1:1")
	d.exec(t, `INSERT INTO card (digest, student_id) VALUES ($1, 's1')`, held[:])
	var read []string
	for seq := range uint64(2) {
		if _, err := d.intake.Ingest(t.Context(), "gw-a", batchOf(t, streamA, seq+1, tapAt(nine, "w26:1:1"))); err != nil {
			t.Fatal(err)
		}
		read = append(read, d.column(t, `SELECT since FROM dirty WHERE student_id = 's1'`)...)
	}
	if len(read) != 2 || read[0] == read[1] {
		t.Errorf("since = %v, want two different values", read)
	}
}
