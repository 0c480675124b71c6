package central

import (
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/account"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/report"
	"github.com/rollcall-edge/rollcall/central/timetable"
)

// lecture is furnish's lecture with a second student, and records of the gateway in its building.
type lecture struct {
	*rig
	gateway *gatewayRig
	token   string
	stream  contract.Stream
	session report.Session
	records [][]byte
}

func newLecture(t *testing.T, r *rig) *lecture {
	t.Helper()
	r.furnish()
	r.take(timetable.Students, "student_id,name", "ada,Ada", "bob,Bob")
	tomorrow := r.clock().AddDate(0, 0, 1).Format(time.DateOnly)
	r.take(timetable.Sessions, "event_id,date,start,end,room_id,module_id,student_id",
		"law,"+tomorrow+",09:00,10:00,A-1,LAW,ada", "law,"+tomorrow+",09:00,10:00,A-1,LAW,bob")
	l := &lecture{rig: r, gateway: r.enrolled("gw-a", "A"), stream: contract.Stream{1}}
	var err error
	if l.token, err = r.Accounts.IssueToken(t.Context(), "test", "register", account.Compliance, 48*time.Hour); err != nil {
		t.Fatal(err)
	}
	l.session = r.register(t, l.token).Session
	return l
}

// keep gives a record its number, as a journal does.
func (l *lecture) keep(t *testing.T, r contract.Record) {
	t.Helper()
	r.ID = contract.TapID{Stream: l.stream, Seq: uint64(len(l.records) + 1)}
	if r.Stamp.Quality == 0 {
		r.Stamp.Quality = contract.Synchronised
	}
	octets, err := contract.AppendRecord(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	l.records = append(l.records, octets)
}

func (l *lecture) tap(t *testing.T, at time.Time, card string) {
	t.Helper()
	l.keep(t, contract.Record{Stamp: contract.Stamp{At: at}, Tap: &contract.Tap{
		Point: "A-1/door", Digest: contract.DigestOf(l.gateway.credentials.CampusKey, card), Evidence: contract.EvidenceCard, Outcome: contract.Accepted, Session: "law",
	}})
}

// beats says for every minute of a time that points heard everything, or not.
func (l *lecture) beats(t *testing.T, from, to time.Time, points ...contract.PointState) {
	t.Helper()
	for at := from.Add(time.Minute); !at.After(to); at = at.Add(time.Minute) {
		l.keep(t, contract.Record{Stamp: contract.Stamp{At: at}, Heartbeat: &contract.Heartbeat{Since: at.Add(-time.Minute), Points: points}})
	}
}

// batch is records first to last.
func (l *lecture) batch(first, last int) contract.Batch {
	return contract.Batch{Version: contract.BatchVersion, Stream: l.stream, First: uint64(first), Records: l.records[first-1 : last]}
}

func (l *lecture) send(t *testing.T, first, last int) {
	t.Helper()
	if _, err := l.gateway.SendBatch(t.Context(), l.batch(first, last)); err != nil {
		t.Fatal(err)
	}
}

// marks waits until central has judged all that it was told, and reads the marks.
func (l *lecture) marks(t *testing.T) map[string]report.Mark {
	t.Helper()
	if err := l.judge.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	marks := map[string]report.Mark{}
	for _, row := range l.register(t, l.token).Rows {
		marks[row.Student] = row.Mark
	}
	return marks
}

func (l *lecture) expect(t *testing.T, when, ada, bob string) {
	t.Helper()
	marks := l.marks(t)
	if string(marks["ada"].Code) != ada || string(marks["bob"].Code) != bob {
		t.Errorf("%s: ada %s (%s), bob %s (%s); want %s and %s", when,
			marks["ada"].Code, marks["ada"].Reason, marks["bob"].Code, marks["bob"].Reason, ada, bob)
	}
}

func TestATapSentAheadCountsAndSilenceDoesNot(t *testing.T) {
	onEachEngine(t, aTapSentAheadCounts)
}

func aTapSentAheadCounts(t *testing.T, r *rig) {
	l := newLecture(t, r)
	opens, closes := l.session.OpensAt, l.session.ClosesAt
	up := contract.PointState{Point: "A-1/door", Up: true}
	l.beats(t, opens.Add(-20*time.Hour), opens, up) // the backlog
	backlog := len(l.records)
	l.tap(t, l.session.StartsAt.Add(-time.Minute), "w26:1:1")
	l.beats(t, opens, closes.Add(2*time.Minute), up)
	r.advance(closes.Add(3 * time.Minute).Sub(r.clock()))

	l.send(t, 1, 200)
	receipt, err := l.gateway.SendAhead(t.Context(), l.batch(backlog+1, len(l.records)))
	want := contract.Receipt{Stream: l.stream, Through: 200, Stored: len(l.records) - backlog, Ahead: uint64(len(l.records))}
	if err != nil || receipt != want {
		t.Fatalf("sent ahead: %+v, %v; want %+v", receipt, err, want)
	}
	l.expect(t, "sent ahead", "P", "U")
	for first := 201; first <= backlog; first += 400 {
		l.send(t, first, min(first+399, backlog))
	}
	l.expect(t, "the backlog is in, what went ahead is not in its place", "P", "U")
	l.send(t, backlog+1, len(l.records)-3)
	l.expect(t, "one number short of the close", "P", "U")
	l.send(t, len(l.records)-2, len(l.records)-2)
	l.expect(t, "that number too", "P", "A")
}
