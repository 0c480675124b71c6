package demo

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/campus/crowd"
	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
	"github.com/rollcall-edge/rollcall/test/sim/campus/site"
	"github.com/rollcall-edge/rollcall/test/sim/campus/verdict"
	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

func TestVouching(t *testing.T) {
	at := func(minutes int) time.Time { return reference.Add(time.Duration(minutes) * time.Minute) }
	tests := []struct {
		name       string
		life       site.Span
		poor       bool
		from, to   time.Time
		isNotEmpty bool
	}{
		{"still running, at best", site.Span{From: at(0)}, false, at(0), at(10), true},
		{"still running, at worst", site.Span{From: at(0)}, true, at(0).Add(beat), at(10), true},
		{"killed, at best", site.Span{From: at(0), To: at(5)}, false, at(0), at(5), true},
		{"killed, at worst", site.Span{From: at(0), To: at(5)}, true, at(0).Add(beat), at(5).Add(-beat), true},
		{"killed soon, at worst", site.Span{From: at(0), To: at(2)}, true, at(0).Add(beat), at(2).Add(-beat), false},
	}
	for _, tt := range tests {
		got, some := vouching(tt.life, at(10), tt.poor)
		if some != tt.isNotEmpty || !got.From.Equal(tt.from) || !got.To.Equal(tt.to) {
			t.Errorf("%s: %v %v, want %v to %v, %v", tt.name, got, some, tt.from, tt.to, tt.isNotEmpty)
		}
	}
}

// presentation is a card of a student held at the reference, and answered after 40 ms.
func presentation(student string, light lamp.Light) crowd.Presentation {
	p := crowd.Presentation{Room: "LIB-0.01", Student: student, Result: reader.Result{Light: light, PlacedAt: reference}}
	if light.Lit() {
		p.ShownAt = reference.Add(40 * time.Millisecond)
	}
	return p
}

// What a light promised counts by what people saw; without a promise central's record decides, if there is one.
func TestModelTaps(t *testing.T) {
	d := &Demo{}
	a := &account{
		seen: []crowd.Presentation{
			presentation("green", lamp.Green), presentation("red, lost", lamp.Red), presentation("none, kept", lamp.None),
			presentation("none, not kept", lamp.None), presentation("amber", lamp.Amber),
		},
		taps:     []site.Tap{{At: reference.Add(10 * time.Millisecond)}, {At: reference.Add(9 * time.Second)}},
		matching: verdict.Matching{Of: []int{0, -1, 1, -1, -1}},
	}
	for late, want := range map[bool][]string{
		false: {"green 0s", "red, lost 0s", "none, kept 9s"},
		true:  {"green 40ms", "red, lost 40ms", "none, kept 9s"},
	} {
		var got []string
		for _, tap := range d.modelTaps(a, late) {
			got = append(got, tap.Student+" "+tap.At.Sub(reference).String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("late %v: %q, want %q", late, got, want)
		}
	}
}

func TestEqual(t *testing.T) {
	whole := func() *account {
		return &account{
			journals: map[string]site.Journal{"a": {Durable: 5, Replicated: 5, Acknowledged: 5}, "b": {Durable: 3, Replicated: 3, Acknowledged: 3}},
			own:      map[string]string{"a": "s1", "b": "s2"},
			copies:   map[string]map[string]uint64{"a": {"s1": 5, "s2": 3}, "b": {"s1": 5, "s2": 3}},
			through:  map[string]uint64{"s1": 5, "s2": 3},
		}
	}
	tests := []struct {
		name  string
		plant func(*account)
		want  bool
	}{
		{"all equal", func(*account) {}, true},
		{"not replicated", func(a *account) { a.journals["a"] = site.Journal{Durable: 5, Replicated: 4, Acknowledged: 5} }, false},
		{"not acknowledged", func(a *account) { a.journals["a"] = site.Journal{Durable: 5, Replicated: 5, Acknowledged: 4} }, false},
		{"central behind", func(a *account) { a.through["s2"] = 2 }, false},
		{"central ahead", func(a *account) { a.through["s2"] = 4 }, false},
		{"a replica behind", func(a *account) { a.copies["b"]["s1"] = 4 }, false},
		{"a replica without the stream", func(a *account) { delete(a.copies["b"], "s1") }, false},
		{"an empty journal", func(a *account) { a.journals["b"] = site.Journal{} }, false},
	}
	for _, tt := range tests {
		a := whole()
		tt.plant(a)
		if got := a.isEqual(); got != tt.want {
			t.Errorf("%s: equal = %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestFollow(t *testing.T) {
	one, two := contract.Stream{1}, contract.Stream{2}
	a := &account{
		taps:   []site.Tap{{ID: contract.TapID{Stream: one, Seq: 1}.String()}, {ID: contract.TapID{Stream: two, Seq: 4}.String()}},
		copies: map[string]map[string]uint64{"a": {one.String(): 2, two.String(): 4}, "b": {one.String(): 1}},
	}
	r := &verdict.Result{}
	a.follow(r, []contract.TapID{{Stream: one, Seq: 1}, {Stream: one, Seq: 2}, {Stream: two, Seq: 4}})
	if r.Journalled != 3 || r.Replicated["a"] != 3 || r.Replicated["b"] != 1 || r.Missing != 1 || len(r.Problems) != 1 {
		t.Errorf("journalled %d, replicated %v, missing %d, want 3, a 3 and b 1, 1", r.Journalled, r.Replicated, r.Missing)
	}
}

func TestOfKeepsSomeSessions(t *testing.T) {
	marks := map[model.Key]byte{{Student: "a", Session: "now"}: 'P', {Student: "a", Session: "before"}: 'X'}
	got := of([]model.Session{{ID: "now"}}, marks)
	if len(got) != 1 || got[model.Key{Student: "a", Session: "now"}] != 'P' {
		t.Errorf("of = %v, want the mark of now alone", got)
	}
}

func TestScreen(t *testing.T) {
	for columns, want := range map[int]string{
		0:  "one\ntwo\nsaid\n",
		80: "\r\x1b[Kone\r\x1b[Ktwo\r\x1b[Ksaid\n",
		3:  "\r\x1b[Kon\r\x1b[Ktw\r\x1b[Ksaid\n",
	} {
		var b bytes.Buffer
		s := &screen{out: &b, columns: columns}
		s.show("one")
		s.show("two")
		s.say("said")
		if b.String() != want {
			t.Errorf("%d columns: %q, want %q", columns, b.String(), want)
		}
	}
}

func TestPointOfARoom(t *testing.T) {
	if got, want := pointOf("LIB-0.01"), campus.Buildings[0].Rooms[0].Point(); got != want {
		t.Errorf("point = %q, want %q", got, want)
	}
}
