package lab

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-edge/rollcall/test/outage/catalogue"
)

// Markdown is the section: where and when, the totals, each invariant, and the kinds that were not injected.
func (o *Outcome) Markdown() string {
	var b strings.Builder
	h, t := o.History, o.Totals()
	fmt.Fprintf(&b, "Written by `make outage` on %s, at commit %s, seed %d: **%s**.\n\n", h.Began.UTC().Format("2006-01-02 15:04 UTC"), h.Commit, h.Seed, o.Word())
	fmt.Fprintf(&b, "| kinds of fault that bit | power cuts | cards held to readers | lights that promised | taps checked at central | lost | doubled |\n|--:|--:|--:|--:|--:|--:|--:|\n")
	fmt.Fprintf(&b, "| %d of %d | %d | %d | %d | %d | %d | %d |\n\n", len(t.Kinds), len(catalogue.Kinds), t.Cuts, t.Presented, t.Lights, t.Checked, t.Lost, t.Duplicated)
	if t.Duplicated > 0 && !o.Failed() {
		fmt.Fprintf(&b, "Each card that is there twice was held to its reader while its gateway ended, and was heard again by the one that was started next (I1).\n\n")
	}
	fmt.Fprintf(&b, "|   | must hold | checked | violated |\n|--:|---|--:|--:|\n")
	for _, r := range o.Results {
		fmt.Fprintf(&b, "| I%d | %s | %d | %d |\n", r.Invariant, r.Promise, r.Checked, r.Count)
	}
	bit := map[int]bool{}
	for _, n := range t.Kinds {
		bit[n] = true
	}
	var missing []string
	for _, k := range catalogue.Kinds {
		if !bit[k.Number] && catalogue.Inapplicable[k.Number] == "" {
			missing = append(missing, fmt.Sprintf("%d %s", k.Number, k.Name))
		}
	}
	if len(missing) > 0 {
		fmt.Fprintf(&b, "\nNot shown by this run: %s.\n", strings.Join(missing, "; "))
	}
	for _, n := range slices.Sorted(maps.Keys(catalogue.Inapplicable)) {
		fmt.Fprintf(&b, "\nNot applicable: %d %s (%s).\n", n, catalogue.Of(n).Name, catalogue.Inapplicable[n])
	}
	for _, why := range o.Void {
		fmt.Fprintf(&b, "\nVoid: %s.\n", why)
	}
	return b.String()
}
