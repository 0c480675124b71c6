package lab

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/gateway/failpoint"
	"github.com/rollcall-edge/rollcall/test/outage/catalogue"
	"github.com/rollcall-edge/rollcall/test/outage/check"
	"github.com/rollcall-edge/rollcall/test/outage/history"
	"github.com/rollcall-edge/rollcall/test/outage/site"
)

// A run shows something only when people came and every fault bit; an invariant that was violated is told whatever else.
func TestWord(t *testing.T) {
	sound := func() *history.History {
		return &history.History{Planned: 100, Made: 95, Faults: []history.Fault{{Kind: 1, Bit: true}}}
	}
	tests := []struct {
		name   string
		change func(*history.History)
		want   string
	}{
		{"all as planned", func(*history.History) {}, "passed"},
		{"too few people", func(h *history.History) { h.Made = 94 }, "void"},
		{"nobody was to come", func(h *history.History) { h.Planned, h.Made = 0, 0 }, "void"},
		{"a fault did not bite", func(h *history.History) { h.Faults[0].Bit = false }, "void"},
		{"a violation in a void run", func(h *history.History) { h.Made, h.Panics = 10, []string{"panic: nil"} }, "failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := &Lab{history: *sound()}
			l.history.Converged, l.history.Mended = time.Unix(9, 0), time.Unix(8, 0)
			tt.change(&l.history)
			o := l.judge(&plan{})
			if o.Word() != tt.want || o.Passed() != (tt.want == "passed") {
				t.Errorf("the run %s, want %s: %v", o.Word(), tt.want, o.Void)
			}
		})
	}
}

// The same seed draws the same order, faults of everybody come last, and what a machine cannot show is said and left out.
func TestPlan(t *testing.T) {
	draw := func(seed uint64, lacks map[site.Layer]error) *plan {
		l := &Lab{o: Options{Seed: seed, Kinds: []int{1, 3, 10, 27, 39, 50, 73}}, site: &site.Site{Lacks: lacks}}
		return l.plan()
	}
	order := func(p *plan) (kinds []int) {
		for _, s := range p.steps {
			kinds = append(kinds, s.kind.Number)
		}
		return kinds
	}
	first, again, other := order(draw(5, nil)), order(draw(5, nil)), order(draw(6, nil))
	if len(first) != 6 || first[5] != 3 {
		t.Errorf("order = %v, want six kinds, that of everybody last", first)
	}
	if !equal(first, again) || equal(first, other) {
		t.Errorf("order = %v, again %v, with another seed %v", first, again, other)
	}
	p := draw(5, map[site.Layer]error{site.Cards: errors.New("no FUSE")})
	if len(p.steps) != 5 || len(p.lacks) != 2 || !strings.Contains(strings.Join(p.lacks, "\n"), "10, power cut, nothing unflushed survives: no cards: no FUSE") {
		t.Errorf("without cards: %d steps, lacks %q", len(p.steps), p.lacks)
	}
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Every failpoint of the product is one at which the laboratory ends a gateway.
func TestFailpoints(t *testing.T) {
	source, err := os.ReadFile("../../../gateway/failpoint/doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var placed []string
	for _, m := range regexp.MustCompile(`= "([a-z]+\.[a-z]+)"`).FindAllStringSubmatch(string(source), -1) {
		placed = append(placed, m[1])
	}
	struck := slices.Concat(everywhere, whenLeading, whenBehind, []string{failpoint.DriverRead})
	slices.Sort(placed)
	slices.Sort(struck)
	if diff := cmp.Diff(struck, placed); diff != "" || len(placed) == 0 {
		t.Errorf("points at which gateways are ended (-) and that are placed (+):\n%s", diff)
	}
}

// A panic that was planted, with its trace, is no alarm; any other is.
func TestAlarms(t *testing.T) {
	const log = `level=INFO msg="all is well"
panic: failpoint journal.flush

goroutine 7 [running]:
github.com/rollcall-edge/rollcall/gateway/failpoint.Hit(...)
level=INFO msg="up again"
panic: runtime error: index out of range

goroutine 9 [running]:
`
	got, err := alarms(strings.NewReader(log))
	want := []string{"panic: runtime error: index out of range", "goroutine 9 [running]:"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("alarms (-want +got), %v:\n%s", err, diff)
	}
}

// What is injected is in the catalogue, and the short run has kinds of every family that can be injected.
func TestMethods(t *testing.T) {
	families := map[catalogue.Family]bool{}
	for _, n := range All() {
		if catalogue.Of(n).Number != n {
			t.Errorf("method %d is of no kind", n)
		}
	}
	for _, n := range Short() {
		families[catalogue.Of(n).Family] = true
	}
	for _, family := range []catalogue.Family{catalogue.Process, catalogue.Disk, catalogue.Network, catalogue.Reader, catalogue.Cluster, catalogue.Trust, catalogue.Data} {
		if !families[family] {
			t.Errorf("the short run has no fault of the family %q", family)
		}
	}
}

func TestMarkdown(t *testing.T) {
	h := &history.History{Seed: 7, Commit: "abc", Began: time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)}
	h.Faults = []history.Fault{{Kind: 1, Bit: true}, {Kind: 10, Bit: true, Cuts: 1}, {Kind: 11}}
	h.Images = make([]history.Image, 20)
	h.Presentations = []history.Presentation{{Nonce: "a", Light: history.Green}, {Nonce: "b", Light: history.Red}, {Nonce: "c", Light: history.None}}
	h.End.Taps = []history.Tap{{Nonce: "a"}, {Nonce: "a"}, {Nonce: "c"}}
	o := &Outcome{History: h, Results: []check.Result{{Invariant: 3, Promise: "no gaps", Checked: 12, Count: 1}}}
	text := o.Markdown()
	for _, want := range []string{"on 2026-11-25 10:00 UTC, at commit abc, seed 7: **failed**", "| 2 of 77 | 21 | 3 | 2 | 3 | 1 | 1 |", "| I3 | no gaps | 12 | 1 |", "; 11 power cut, torn prefix; "} {
		if !strings.Contains(text, want) {
			t.Errorf("the section lacks %q:\n%s", want, text)
		}
	}
}
