package check

import (
	"maps"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/history"
)

// The limits of the invariants, before they are stretched by what the machine took.
const (
	lightWithin  = 150 * time.Millisecond // I9, the 99th of a hundred in an isolated building
	settlesIn    = 10 * time.Second       // I9, after the isolation began
	drainsWithin = 5 * time.Minute        // I9
	nearTruth    = 2 * time.Second        // I10
	mostResident = 256 << 20              // I13, octets of a gateway
	mostRoutines = 1000                   // I13, of a gateway: a leak passes it, readers and peers do not
	mostRestarts = 3                      // I13, within a minute and by itself
	ledWithin    = 5 * time.Second        // I14
)

// Kinds that cut a gateway off from everybody.
var isolations = map[int]bool{27: true, 28: true}

// isolated is I9.
func isolated(h *history.History, r *Result) {
	for _, f := range h.Faults {
		if !isolations[f.Kind] || f.Off.Sub(f.On) <= settlesIn {
			continue
		}
		from, to := f.On.Add(settlesIn), f.Off
		var after []time.Duration
		for i := range h.Presentations {
			p := &h.Presentations[i]
			if p.Gateway != f.Target || p.Lightless || p.Behind || p.Placed.Before(from) || p.Left.After(to) || disturbed(h, f, p) {
				continue
			}
			r.Checked++
			if !p.Light.Promises() {
				r.violated("%s was isolated and answered the card at %s of %s with %s", f.Target, p.Point, moment(p.Placed), p.Light)
				continue
			}
			after = append(after, p.After())
		}
		if limit, p99 := lightWithin+stretch(h, f.On, f.Off), rank(after, 0.99); p99 > limit {
			r.violated("%s was isolated and 99 of 100 lights came within %v, want %v", f.Target, p99, limit)
		}
	}
	if len(h.Faults) == 0 {
		return
	}
	r.Checked++
	switch {
	case h.Converged.IsZero():
		r.violated("journals, replicas and central did not become equal after the last fault was mended")
	case h.Converged.Sub(h.Mended) > drainsWithin:
		r.violated("it took %v until all was equal, want %v", h.Converged.Sub(h.Mended), drainsWithin)
	}
}

// disturbed reports whether another fault that can touch the same building was on meanwhile.
func disturbed(h *history.History, except history.Fault, p *history.Presentation) bool {
	return slices.ContainsFunc(h.Faults, func(f history.Fault) bool {
		return f.Kind != except.Kind && (f.Target == except.Target || f.Target == "all") && f.Over(p.Placed.Add(-settlesIn), p.Left)
	})
}

// timed is I10: whatever the gateway's clock said, central files a tap at the time of its card, or marks it as doubtful.
func timed(h *history.History, r *Result) {
	taps := tapsByNonce(h)
	for i := range h.Presentations {
		p := &h.Presentations[i]
		for _, t := range taps[p.Nonce] {
			if t.Suspect || p.Light == history.None || p.Behind {
				continue // the card may have been fetched any time later
			}
			r.Checked++
			if early, late := p.Placed.Sub(t.At), t.At.Sub(p.Left); max(early, late) > nearTruth {
				r.violated("tap %s/%d of %s is filed at %s, its card was there from %s to %s", t.Stream, t.Seq, p.Point, moment(t.At), moment(p.Placed), moment(p.Left))
			}
		}
	}
}

// healthy is I13.
func healthy(h *history.History, r *Result) {
	for _, line := range h.Panics {
		r.violated("log: %s", line)
	}
	for _, name := range slices.Sorted(maps.Keys(h.Programs)) {
		loops(name, h.Programs[name], r)
	}
	told := map[string]bool{}
	for _, s := range h.Samples {
		for gateway, g := range s.Gateways {
			r.Checked++
			if told[gateway] {
				continue
			}
			if g.Resident > mostResident {
				told[gateway] = true
				r.violated("%s took %d MiB at %s", gateway, g.Resident>>20, moment(s.At))
			}
			if g.Goroutines > mostRoutines {
				told[gateway] = true
				r.violated("%s had %d goroutines at %s", gateway, g.Goroutines, moment(s.At))
			}
		}
	}
}

// loops finds more than mostRestarts ends within a minute that the laboratory did not cause.
func loops(name string, lives []history.Life, r *Result) {
	var ends []time.Time
	for _, l := range lives {
		r.Checked++
		if !l.Asked && !l.To.IsZero() {
			ends = append(ends, l.To)
		}
	}
	for i := mostRestarts; i < len(ends); i++ {
		if ends[i].Sub(ends[i-mostRestarts]) < time.Minute {
			r.violated("%s ended %d times within a minute up to %s", name, mostRestarts+1, moment(ends[i]))
			return
		}
	}
}

// led is I14: whenever no fault has been on for a while and all gateways answer, one of them leads.
func led(h *history.History, r *Result) {
	quietSince := time.Time{}
	for i, s := range h.Samples {
		broken := len(s.Gateways) < gateways(h) || slices.ContainsFunc(h.Faults, func(f history.Fault) bool { return f.Over(s.At, s.At) })
		if broken || i == 0 || hasLeader(s) {
			quietSince = s.At
			r.Checked++
			continue
		}
		if limit := ledWithin + 2*stretch(h, quietSince, s.At); s.At.Sub(quietSince) > limit {
			r.violated("nobody led from %s to %s, although no fault was on", moment(quietSince), moment(s.At))
			quietSince = s.At // one violation for each stretch
		}
	}
}

func hasLeader(s history.Sample) bool {
	for _, g := range s.Gateways {
		if g.Leader {
			return true
		}
	}
	return false
}

// gateways is how many take part.
func gateways(h *history.History) int {
	n := 0
	for name := range h.Programs {
		if name != "central" {
			n++
		}
	}
	return n
}
