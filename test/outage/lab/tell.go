package lab

import (
	"fmt"
	"io"
	"slices"

	"github.com/rollcall-edge/rollcall/test/outage/check"
	"github.com/rollcall-edge/rollcall/test/outage/history"
)

// Totals are what a run or several come to in figures.
type Totals struct {
	Kinds      []int // of faults that bit
	Faults     int
	Cuts       int // of running gateways, and images of what cuts would have left
	Presented  int
	Lights     int // that promised
	Checked    int // taps at central
	Lost       int
	Duplicated int
}

// Totals counts.
func (o *Outcome) Totals() Totals {
	t := Totals{Presented: len(o.History.Presentations), Checked: len(o.History.End.Taps)}
	for _, f := range o.History.Faults {
		if f.Bit {
			t.Kinds, t.Faults, t.Cuts = append(t.Kinds, f.Kind), t.Faults+1, t.Cuts+f.Cuts
		}
	}
	t.Cuts += len(o.History.Images)
	slices.Sort(t.Kinds)
	t.Kinds = slices.Compact(t.Kinds)
	held := map[string]int{}
	for _, tap := range o.History.End.Taps {
		held[tap.Nonce]++
	}
	t.Duplicated = check.Doubled(o.History)
	for _, p := range o.History.Presentations {
		if p.Light.Promises() {
			t.Lights++
			if held[p.Nonce] == 0 && !p.Behind {
				t.Lost++
			}
		}
	}
	return t
}

// Word is the run in one word.
func (o *Outcome) Word() string {
	switch {
	case o.Failed():
		return "failed"
	case len(o.Void) > 0:
		return "void"
	}
	return "passed"
}

// Tell writes the outcome for people.
func (o *Outcome) Tell(w io.Writer) {
	t := o.Totals()
	lights := map[history.Light]int{}
	for _, p := range o.History.Presentations {
		lights[p.Light]++
	}
	fmt.Fprintf(w, "\nseed %d: %d people came (%d of %d in time) and saw green %d, red %d, blue blinking %d, amber %d, none %d\n", o.History.Seed, t.Presented, o.History.Made, o.History.Planned,
		lights[history.Green], lights[history.Red], lights[history.BlueBlink], lights[history.Amber], lights[history.None])
	fmt.Fprintf(w, "%d faults of %d kinds bit; %d power cuts of a card; %d taps at central, %d lost, %d twice\n", t.Faults, len(t.Kinds), t.Cuts, t.Checked, t.Lost, t.Duplicated)
	for _, lack := range o.Lacks {
		fmt.Fprintf(w, "not injected: %s\n", lack)
	}
	for _, r := range o.Results {
		word := "holds"
		switch {
		case !r.OK():
			word = fmt.Sprintf("VIOLATED %d times", r.Count)
		case r.Checked == 0:
			word = "not shown by this run"
		}
		fmt.Fprintf(w, "I%-3d %-72s %8d checked  %s\n", r.Invariant, r.Promise, r.Checked, word)
		for _, v := range r.Violations {
			fmt.Fprintf(w, "       %s\n", v)
		}
	}
	for _, why := range o.Void {
		fmt.Fprintf(w, "void: %s\n", why)
	}
	fmt.Fprintf(w, "%s\n", o.Word())
}
