package central

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/report"
	"github.com/rollcall-edge/rollcall/central/timetable"
)

// gate is a lecture in two rooms of building A, and what its gateway told of both from opening to close.
type gate struct{ *lecture }

func newGate(t *testing.T, r *rig) gate {
	t.Helper()
	g := gate{newLecture(t, r)}
	r.take(timetable.Rooms, "building_id,building_name,room_id,room_name,point_id", "A,A,A-1,A-1,A-1/door", "A,A,A-2,A-2,A-2/door", "B,B,B-1,B-1,B-1/door")
	day := g.session.StartsAt.Format(time.DateOnly)
	lines := []string{"event_id,date,start,end,room_id,module_id,student_id"}
	for _, student := range []string{"ada", "bob"} {
		for _, room := range []string{"A-1", "A-2"} {
			lines = append(lines, fmt.Sprintf("law,%s,09:00,10:00,%s,LAW,%s", day, room, student))
		}
	}
	r.take(timetable.Sessions, lines...)
	g.session = r.register(t, g.token).Session
	if len(g.session.Rooms) != 2 {
		t.Fatalf("the lecture is in %v, want two rooms", g.session.Rooms)
	}
	return g
}

// minute is a moment of the window, counted from its opening.
func (g gate) minute(n int) time.Time { return g.session.OpensAt.Add(time.Duration(n) * time.Minute) }

// whole is the length of the window in minutes.
func (g gate) whole() int { return int(g.session.ClosesAt.Sub(g.session.OpensAt).Minutes()) }

// listen says for minutes from..to which of the two doors heard everything.
func (g gate) listen(t *testing.T, from, to int, one, two bool) {
	t.Helper()
	g.beats(t, g.minute(from), g.minute(to), contract.PointState{Point: "A-1/door", Up: one}, contract.PointState{Point: "A-2/door", Up: two})
}

// deliver brings everything but the last records to central some time after the close; they are known to exist.
func (g gate) deliver(t *testing.T, keep int) {
	t.Helper()
	g.advance(g.minute(g.whole() + 5).Sub(g.clock()))
	last := len(g.records) - keep
	for first := 1; first <= last; first += 400 {
		g.send(t, first, min(first+399, last))
	}
	g.report(t, contract.StreamState{Stream: g.stream, Durable: uint64(len(g.records)), Own: true})
}

// report tells central what gateway A holds.
func (g gate) report(t *testing.T, streams ...contract.StreamState) {
	t.Helper()
	_, err := g.gateway.SendReport(t.Context(), contract.Report{
		Version: contract.ReportVersion, Build: "test", At: g.clock(), Quality: "synchronised", Streams: streams,
		Points: []contract.PointReport{{Point: "A-1/door", Up: true}, {Point: "A-2/door", Up: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// reasons are the gaps that the register's API answers with, in minutes of the window.
func (g gate) reasons(t *testing.T) (out []string) {
	t.Helper()
	for _, room := range g.rig.register(t, g.token).NotCovered {
		for _, gap := range room.Gaps {
			var why []string
			for _, cause := range gap.Causes {
				why = append(why, string(cause.Reason))
			}
			out = append(out, fmt.Sprintf("%s %g-%g %s", room.Room.ID, gap.Since.Sub(g.session.OpensAt).Minutes(), gap.Until.Sub(g.session.OpensAt).Minutes(), strings.Join(why, " ")))
		}
	}
	return out
}

// Nobody is absent from a session whose rooms were not covered, and central says which were not, when and why: through the doors that
// gateways use and the pages that staff read.
func TestNobodyIsAbsentFromAnUncoveredRoom(t *testing.T) {
	for name, tt := range map[string]struct {
		tell func(t *testing.T, g gate)
		bob  report.Code // who did not tap
		want func(whole int) []string
	}{
		"both doors heard everything": {func(t *testing.T, g gate) {
			g.listen(t, 0, g.whole(), true, true)
			g.deliver(t, 0)
		}, "A", func(int) []string { return nil }},
		"one of the two was unplugged for twenty minutes": {func(t *testing.T, g gate) {
			g.listen(t, 0, 30, true, true)
			g.listen(t, 30, 50, true, false)
			g.listen(t, 50, g.whole(), true, true)
			g.deliver(t, 0)
		}, "U", func(int) []string { return []string{"A-2 30-50 reader"} }},
		"a minute was missed": {func(t *testing.T, g gate) {
			g.listen(t, 0, 30, true, true)
			g.listen(t, 31, g.whole(), true, true)
			g.deliver(t, 0)
		}, "A", func(int) []string { return []string{"A-1 30-31 gateway_off", "A-2 30-31 gateway_off"} }},
		"ten minutes of heartbeats are missing": {func(t *testing.T, g gate) {
			g.listen(t, 0, 30, true, true)
			g.listen(t, 40, g.whole(), true, true)
			g.deliver(t, 0)
		}, "U", func(int) []string { return []string{"A-1 30-40 gateway_off", "A-2 30-40 gateway_off"} }},
		"one number short of the close": {func(t *testing.T, g gate) {
			g.listen(t, 0, g.whole(), true, true)
			g.deliver(t, 1)
		}, "U", func(whole int) []string {
			return []string{fmt.Sprintf("A-1 %d-%d not_here_yet", whole-1, whole), fmt.Sprintf("A-2 %d-%d not_here_yet", whole-1, whole)}
		}},
		"the gateway is silent from the middle on": {func(t *testing.T, g gate) {
			g.listen(t, 0, 45, true, true)
			g.deliver(t, 0)
			g.advance(10 * time.Minute)
		}, "U", func(whole int) []string {
			return []string{fmt.Sprintf("A-1 45-%d gateway_silent", whole), fmt.Sprintf("A-2 45-%d gateway_silent", whole)}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t, startRig(t))
			g.tap(t, g.session.OpensAt.Add(time.Second), "w26:1:1")
			tt.tell(t, g)
			g.expect(t, "after the close", "P", string(tt.bob))
			if diff := cmp.Diff(g.reasons(t), tt.want(g.whole())); diff != "" {
				t.Errorf("not covered (-got +want):\n%s", diff)
			}
		})
	}
}

// A gateway died for ever. Its neighbour says how far it holds the dead one's stream: central knows what it has not got, and has it
// once the neighbour sends it.
func TestCentralKnowsWhatADeadGatewayLeft(t *testing.T) {
	g := newGate(t, startRig(t))
	neighbour := g.enrolled("gw-b", "B")
	g.listen(t, 0, g.whole(), true, true)
	g.deliver(t, len(g.records)-10)
	g.advance(time.Hour) // nothing is heard of it any more
	held := contract.StreamState{Stream: g.stream, Durable: uint64(len(g.records))}
	if _, err := neighbour.SendReport(t.Context(), contract.Report{Version: contract.ReportVersion, At: g.clock(), Quality: "synchronised", Streams: []contract.StreamState{held}}); err != nil {
		t.Fatal(err)
	}
	wantMissing := func(want int) {
		t.Helper()
		gateways, err := report.New(g.store.ReportSource(), g.clock).Gateways(t.Context())
		if err != nil || len(gateways) != 2 || gateways[0].ID != "gw-a" || !gateways[0].Silent || gateways[0].Missing != uint64(want) {
			t.Errorf("gateways = %+v, %v; want gw-a silent with %d to come", gateways, err, want)
		}
	}
	wantMissing(len(g.records) - 10)
	g.expect(t, "before", "U", "U")
	if _, err := neighbour.SendBatch(t.Context(), g.batch(11, len(g.records))); err != nil {
		t.Fatal(err)
	}
	wantMissing(0)
	g.expect(t, "the neighbour brought the rest", "A", "A")
}
