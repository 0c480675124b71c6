// Package check judges the history of a run by the fourteen invariants of the outage laboratory. Every checker is exact: it
// looks at everything that was recorded, says how much that was, and names each thing that is not as it must be. It is pure;
// it asks nobody and shares no code with the product.
package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/history"
)

// Result is what one invariant came to.
type Result struct {
	Invariant  int      `json:"invariant"` // 1 to 14
	Promise    string   `json:"promise"`
	Checked    int      `json:"checked"`    // things looked at: 0 means that the run shows nothing about it
	Violations []string `json:"violations"` // the first of them, in words
	Count      int      `json:"count"`      // of violations
}

// OK reports whether nothing was wrong; it says nothing when nothing was checked.
func (r *Result) OK() bool { return r.Count == 0 }

// mostViolations bounds what is told of one invariant; Count tells the rest.
const mostViolations = 25

func (r *Result) violated(format string, args ...any) {
	r.Count++
	if len(r.Violations) < mostViolations {
		r.Violations = append(r.Violations, fmt.Sprintf(format, args...))
	}
}

// invariant is one line of the list.
type invariant struct {
	promise string
	check   func(*history.History, *Result)
}

// invariants by number from 1.
var invariants = []invariant{
	{"every light that promised is at central exactly once and in every replica", keptOnce},
	{"every tap at central was heard at a reader, and its light is its outcome", heard},
	{"numbers of a stream have no gaps and no repeats", gapless},
	{"central has the taps of a reader in the order of the cards", ordered},
	{"no acknowledgement is ahead of central's disk", acknowledged},
	{"replicas, journals and central hold the same octets", identical},
	{"the register is what an independent model says", register},
	{"no absence is concluded where nobody could be heard", covered},
	{"an isolated building answers as before, and its backlog drains", isolated},
	{"times at central are those of the cards", timed},
	{"no two gateways own one stream", owned},
	{"who is not trusted adds nothing, and tampering is found", trusted},
	{"no panic, no crash loop, bounded memory", healthy},
	{"there is a leader soon after every fault", led},
}

// All checks every invariant.
func All(h *history.History) []Result {
	results := make([]Result, len(invariants))
	for i, inv := range invariants {
		results[i] = Result{Invariant: i + 1, Promise: inv.promise, Violations: []string{}}
		inv.check(h, &results[i])
	}
	return results
}

// tapsByNonce are central's taps by the card that made them.
func tapsByNonce(h *history.History) map[string][]history.Tap {
	taps := map[string][]history.Tap{}
	for _, t := range h.End.Taps {
		taps[t.Nonce] = append(taps[t.Nonce], t)
	}
	return taps
}

// stretch is how much longer anything may take than it should on a machine of one's own: what was measured of the time for
// which this one let the laboratory itself wait, and for a simple answer of a gateway.
func stretch(h *history.History, from, to time.Time) time.Duration {
	var worst time.Duration
	for _, s := range h.Samples {
		if !s.At.Before(from.Add(-s.Late)) && !s.At.After(to.Add(s.Late)) {
			worst = max(worst, s.Late)
			for _, g := range s.Gateways {
				worst = max(worst, s.Late+g.Took)
			}
		}
	}
	return worst
}

// moment is how times are written in violations.
func moment(t time.Time) string { return t.UTC().Format("15:04:05.000Z") }

// rank is the nearest rank of a share, e.g. 0.99, among durations; 0 when there are none.
func rank(durations []time.Duration, share float64) time.Duration {
	if len(durations) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(durations))
	return sorted[max(0, int(float64(len(sorted))*share+0.999999)-1)]
}

// doors are the presentations of each point in the order in which the cards were held to it.
func doors(h *history.History) map[string][]*history.Presentation {
	byPoint := map[string][]*history.Presentation{}
	for i := range h.Presentations {
		p := &h.Presentations[i]
		byPoint[p.Point] = append(byPoint[p.Point], p)
	}
	for _, ps := range byPoint {
		slices.SortStableFunc(ps, func(a, b *history.Presentation) int { return a.Placed.Compare(b.Placed) })
	}
	return byPoint
}
