package check

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/history"
	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

var began = time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time {
	return began.Add(time.Duration(seconds * float64(time.Second)))
}

const (
	own   = "aaaaaaaaaaaaaaaa"
	other = "bbbbbbbbbbbbbbbb"
)

// sound is a short history in which every invariant holds and is checked: one building that was isolated, one fault at another,
// a class that ended with an absence.
func sound() *history.History {
	class := model.Session{ID: "class", Room: "R1", Start: at(-300), End: at(3600), Students: []string{"anna", "ben"}}
	early := model.Session{ID: "early", Room: "R1", Start: at(-300), End: at(60), Students: []string{"carl"}}
	h := &history.History{
		Began: at(0), Ended: at(80), Mended: at(80), Converged: at(90), Planned: 4,
		Faults: []history.Fault{{Kind: 27, Name: "a building isolated", Target: "library", On: at(10), Off: at(70), Bit: true}},
		Programs: map[string][]history.Life{
			"library": {{Span: history.Span{From: at(-60)}}}, "science": {{Span: history.Span{From: at(-60)}}}, "central": {{Span: history.Span{From: at(-90)}}},
		},
		Sessions: []model.Session{class, early},
		Rooms:    map[string]history.Room{"R1": {Working: []model.Interval{{From: at(-7200), To: at(-30)}, {From: at(-60), To: at(90)}}}},
		Trust:    []history.Trust{{What: "a revoked gateway", Refused: true}},
	}
	h.Presentations = []history.Presentation{
		shown("n1", "anna", history.Green, 1), shown("n2", "ben", history.Green, 30),
		shown("n3", "", history.Red, 40), {Nonce: "n4", Point: "R1/door", Room: "R1", Gateway: "library", Student: "ben", Expect: history.Green, Placed: at(75), Left: at(78), Light: history.None},
	}
	records := []history.Record{{Seq: 1, Digest: "d1"}, {Seq: 2, Digest: "d2"}, {Seq: 3, Digest: "d3"}, {Seq: 4, Digest: "d4"}}
	h.End = history.End{
		Streams: map[string]history.Stream{own: {Owner: "library", Through: 4}},
		Central: map[string][]history.Record{own: records},
		Taps:    []history.Tap{tap("n1", 1, 1, true), tap("n2", 2, 30, true), tap("n3", 4, 40, false)},
		Replicas: map[string]map[string][]history.Record{
			"library": {own: append([]history.Record(nil), records...)}, "science": {own: append([]history.Record(nil), records...)},
		},
		Journals: map[string]history.Journal{"library": {Stream: own, Records: append([]history.Record(nil), records...)}},
		Marks: map[model.Key]string{
			{Student: "anna", Session: "class"}: "P", {Student: "ben", Session: "class"}: "P", {Student: "carl", Session: "early"}: "A",
		},
	}
	for s := range 95 {
		h.Samples = append(h.Samples, history.Sample{At: at(float64(s)), Gateways: map[string]history.Progress{
			"library": {Stream: own, Durable: 4, Acknowledged: uint64(min(4, s/20)), Resident: 40 << 20, Goroutines: 80},
			"science": {Stream: other, Leader: true, Resident: 40 << 20, Goroutines: 80},
		}, Central: map[string]uint64{own: uint64(min(4, 1+s/20))}})
	}
	return h
}

func shown(nonce, student string, light history.Light, second float64) history.Presentation {
	return history.Presentation{
		Nonce: nonce, Point: "R1/door", Room: "R1", Gateway: "library", Student: student, Expect: light, Light: light,
		Placed: at(second), Sent: at(second + 0.01), Shown: at(second + 0.06), Left: at(second + 0.06),
	}
}

func tap(nonce string, seq uint64, second float64, green bool) history.Tap {
	return history.Tap{Stream: own, Seq: seq, At: at(second + 0.02), Point: "R1/door", Nonce: nonce, Green: green}
}

func TestSoundHistory(t *testing.T) {
	results := All(sound())
	if len(results) != 14 {
		t.Fatalf("%d invariants, want 14", len(results))
	}
	for _, r := range results {
		if !r.OK() || r.Checked == 0 {
			t.Errorf("I%d: %d checked, violations %q, want some and none", r.Invariant, r.Checked, r.Violations)
		}
	}
}

// Each planted violation is found by its invariant.
func TestPlantedViolations(t *testing.T) {
	tests := []struct {
		invariant int
		name      string
		plant     func(*history.History)
		want      string // in the first violation
	}{
		{1, "a green light is not at central", func(h *history.History) { h.End.Taps = h.End.Taps[1:] }, "1 lights at R1/door"},
		{1, "a red light is not at central", func(h *history.History) { h.End.Taps = h.End.Taps[:2] }, "1 lights at R1/door"},
		{1, "one card is at central twice", func(h *history.History) { h.End.Taps = append(h.End.Taps, tap("n1", 3, 1, true)) }, "is at central 2 times"},
		{1, "a light without its own tap behind one that waits", func(h *history.History) {
			h.Presentations[3].Behind, h.Presentations[3].Light, h.Presentations[3].Shown = true, history.Green, at(77)
		}, "2 lights at R1/door"},
		{1, "a tap is not in a replica", func(h *history.History) { h.End.Replicas["science"][own] = h.End.Replicas["science"][own][:3] }, "not in the replica of science"},
		{1, "a power cut would have lost a promise", func(h *history.History) { h.Images = []history.Image{{Gateway: "library", Promised: 3, Missing: 1}} }, "would have lost 1 of 3"},
		{1, "what a power cut left cannot be opened", func(h *history.History) { h.Images = []history.Image{{Gateway: "library", Fault: "no segment"}} }, "cannot be opened"},
		{2, "a tap nobody made", func(h *history.History) { h.End.Taps = append(h.End.Taps, tap("n9", 3, 50, true)) }, "nobody held to a reader"},
		{2, "a tap of another door", func(h *history.History) { h.End.Taps[0].Point = "R2/door" }, "its card was held to R1/door"},
		{2, "a red card counts", func(h *history.History) { h.End.Taps[2].Green = true }, "is recorded otherwise"},
		{2, "a green light is recorded as refused", func(h *history.History) { h.End.Taps[0].Green = false }, "is recorded otherwise"},
		{3, "a gap at central", func(h *history.History) {
			h.End.Central[own] = append(h.End.Central[own][:1:1], h.End.Central[own][2:]...)
		}, "has 3 where 2 is due"},
		{3, "a number twice", func(h *history.History) { h.End.Central[own][2].Seq = 2 }, "has 2 where 3 is due"},
		{3, "the beginning is missing", func(h *history.History) { h.End.Central[own] = h.End.Central[own][1:] }, "begins with 2"},
		{3, "a gap in a journal", func(h *history.History) {
			j := h.End.Journals["library"]
			j.Records = append(j.Records[:1:1], j.Records[3:]...)
			h.End.Journals["library"] = j
		}, "in the journal of library has 4 where 2 is due"},
		{4, "two cards out of order", func(h *history.History) { h.End.Taps[0].Seq, h.End.Taps[1].Seq = 2, 1 }, "one before it 2"},
		{5, "a receipt ahead of central", func(h *history.History) { h.Samples[50].Central[own] = 1 }, "central held 1"},
		{5, "central forgets what it confirmed", func(h *history.History) { h.End.Central[own] = h.End.Central[own][:3] }, "in the end central holds 3"},
		{6, "other octets in a replica", func(h *history.History) { h.End.Replicas["science"][own][1].Digest = "dX" }, "other octets"},
		{6, "other octets in a journal", func(h *history.History) { h.End.Journals["library"].Records[1].Digest = "dX" }, "the journal of library has other octets"},
		{6, "a replica is behind", func(h *history.History) { h.End.Replicas["science"][own] = h.End.Replicas["science"][own][:2] }, "holds 2 records"},
		{6, "a journal has what central has not", func(h *history.History) { h.End.Central[own] = h.End.Central[own][:3] }, "central has not"},
		{7, "a present student is marked absent", func(h *history.History) { h.End.Marks[model.Key{Student: "anna", Session: "class"}] = "A" }, "register of class"},
		{7, "a mark is missing", func(h *history.History) { delete(h.End.Marks, model.Key{Student: "ben", Session: "class"}) }, "register of class"},
		{8, "an absence while the reader was down", func(h *history.History) {
			h.Rooms["R1"] = history.Room{Working: []model.Interval{{From: at(-7200), To: at(-120)}, {From: at(30), To: at(90)}}}
		}, "an absence is concluded in early"},
		{9, "an isolated building shows nothing", func(h *history.History) {
			h.Presentations[1].Light, h.Presentations[1].Shown = history.None, time.Time{}
		}, "answered the card"},
		{9, "an isolated building is slow", func(h *history.History) { h.Presentations[1].Shown = at(31) }, "99 of 100 lights"},
		{9, "the backlog does not drain", func(h *history.History) { h.Converged = time.Time{} }, "did not become equal"},
		{9, "the backlog drains late", func(h *history.History) { h.Converged = at(80 + 301) }, "until all was equal"},
		{10, "a tap is filed ten minutes off", func(h *history.History) { h.End.Taps[1].At = at(630) }, "is filed at"},
		{11, "two gateways write one stream", func(h *history.History) {
			h.Samples[3].Gateways["science"] = history.Progress{Stream: own}
		}, "is written by [library science]"},
		{11, "central knows another owner", func(h *history.History) { h.End.Streams[own] = history.Stream{Owner: "union"} }, "takes union for the owner"},
		{12, "a rogue is let in", func(h *history.History) { h.Trust[0].Refused = false }, "was not turned away"},
		{13, "a panic in a log", func(h *history.History) { h.Panics = []string{"library: panic: nil"} }, "panic: nil"},
		{13, "a crash loop", func(h *history.History) {
			for i := range 4 {
				h.Programs["library"] = append(h.Programs["library"], history.Life{Span: history.Span{From: at(float64(i)), To: at(float64(i) + 0.5)}})
			}
		}, "ended 4 times within a minute"},
		{13, "memory runs away", func(h *history.History) {
			h.Samples[9].Gateways["library"] = history.Progress{Stream: own, Resident: 300 << 20}
		}, "took 300 MiB"},
		{13, "goroutines leak", func(h *history.History) {
			h.Samples[9].Gateways["library"] = history.Progress{Stream: own, Goroutines: 5000}
		}, "5000 goroutines"},
		{14, "nobody leads after the fault", func(h *history.History) {
			for _, s := range h.Samples[72:] {
				s.Gateways["science"] = history.Progress{Stream: other}
			}
		}, "nobody led"},
	}
	planted := map[int]bool{}
	for _, tt := range tests {
		planted[tt.invariant] = true
		t.Run(fmt.Sprintf("I%d %s", tt.invariant, tt.name), func(t *testing.T) {
			h := sound()
			tt.plant(h)
			r := All(h)[tt.invariant-1]
			if r.OK() || !strings.Contains(strings.Join(r.Violations, "\n"), tt.want) {
				t.Errorf("violations = %q, want one with %q", r.Violations, tt.want)
			}
		})
	}
	for i := range invariants {
		if !planted[i+1] {
			t.Errorf("no violation of I%d is planted", i+1)
		}
	}
}

// What is allowed must not be called a violation.
func TestWhatIsNoViolation(t *testing.T) {
	tests := []struct {
		name   string
		change func(*history.History)
	}{
		{"a card that saw no light is at central", func(h *history.History) {
			h.End.Taps = append(h.End.Taps, history.Tap{Stream: own, Seq: 4, At: at(76), Point: "R1/door", Nonce: "n4", Green: true})
			h.End.Taps[2].Seq = 3
		}},
		{"the light of the card before", func(h *history.History) {
			h.Presentations[3].Behind, h.Presentations[3].Light, h.Presentations[3].Shown = true, history.Red, at(77)
			h.Presentations[2].Light, h.Presentations[2].Shown = history.None, time.Time{}
			h.Faults[0].Off = at(35) // nobody is isolated any more
		}},
		{"a card heard again by a program that was started while it was held", func(h *history.History) {
			h.Programs["library"] = append(h.Programs["library"], history.Life{Span: history.Span{From: at(1.01)}, Asked: true})
			h.End.Taps = append(h.End.Taps, tap("n1", 3, 1.5, true))
			h.End.Taps[0].Seq, h.End.Taps[1].Seq, h.End.Taps[2].Seq, h.End.Taps[3].Seq = 1, 3, 4, 2
		}},
		{"amber is no promise", func(h *history.History) { h.Presentations[3].Light, h.Presentations[3].Shown = history.Amber, at(77) }},
		{"an absence without coverage stays open", func(h *history.History) {
			h.Rooms["R1"] = history.Room{Working: []model.Interval{{From: at(30), To: at(90)}}}
			h.End.Marks[model.Key{Student: "carl", Session: "early"}] = "U"
		}},
		{"three ends within a minute", func(h *history.History) {
			for i := range 3 {
				h.Programs["library"] = append(h.Programs["library"], history.Life{Span: history.Span{From: at(float64(i)), To: at(float64(i) + 0.5)}})
			}
		}},
		{"slow lights where the machine was slow", func(h *history.History) {
			h.Presentations[1].Shown = at(31)
			h.Samples[31].Late = 2 * time.Second
		}},
		{"a doubtful time that says so", func(h *history.History) { h.End.Taps[1].At, h.End.Taps[1].Suspect = at(9000), true }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := sound()
			tt.change(h)
			for _, r := range All(h) {
				if !r.OK() {
					t.Errorf("I%d: %q, want no violation", r.Invariant, r.Violations)
				}
			}
		})
	}
}
