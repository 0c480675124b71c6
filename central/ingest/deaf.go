package ingest

import (
	"cmp"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Deaf is a time for which a gateway said itself that a point does not vouch for its taps. Nothing is judged by it: it is the reason
// that a page gives for a gap in coverage.
type Deaf struct {
	Point        string
	Since, Until time.Time
	Why          string // DeafReader or DeafClock
	Seq          uint64 // of the heartbeat that said so
}

// Why a point was deaf. Pages and the database know these words.
const (
	DeafReader = "reader" // it could not be heard for all of the time
	DeafClock  = "clock"  // the gateway did not know what time it was
)

// deafness lists what heartbeats say of points that did not hear everything.
func deafness(records []contract.Record) []Deaf {
	var out []Deaf
	for _, r := range records {
		if r.Heartbeat == nil || !r.Heartbeat.Since.Before(r.Stamp.At) || r.Stamp.At.Sub(r.Heartbeat.Since) > longestBeat {
			continue
		}
		for _, p := range r.Heartbeat.Points {
			d := Deaf{Point: p.Point, Since: r.Heartbeat.Since, Until: r.Stamp.At, Why: DeafReader, Seq: r.ID.Seq}
			if r.Stamp.Quality == contract.NeverSet {
				d.Why = DeafClock
			} else if p.Up {
				continue
			}
			out = append(out, d)
		}
	}
	return out
}

// DeafFrom are the times of records from a number on, those that touch as one.
func (d Delivery) DeafFrom(first uint64) []Deaf {
	all := slices.DeleteFunc(slices.Clone(d.Deaf), func(x Deaf) bool { return x.Seq < first })
	slices.SortFunc(all, func(a, b Deaf) int {
		return cmp.Or(cmp.Compare(a.Point, b.Point), cmp.Compare(a.Why, b.Why), a.Since.Compare(b.Since))
	})
	var out []Deaf
	for _, x := range all {
		if n := len(out); n > 0 && out[n-1].Point == x.Point && out[n-1].Why == x.Why && !x.Since.After(out[n-1].Until) {
			if x.Until.After(out[n-1].Until) {
				out[n-1].Until = x.Until
			}
			continue
		}
		out = append(out, x)
	}
	return out
}
