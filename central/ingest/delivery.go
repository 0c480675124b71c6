package ingest

import (
	"cmp"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

const (
	// aheadLimit is how far a stamp may lie in central's future before the tap is flagged; flagged, never dropped.
	aheadLimit = 2 * time.Hour

	// longestBeat bounds what one heartbeat may vouch for. It is written every minute; one that speaks for more than a
	// day has crossed a clock that was set in between, and says nothing about any room.
	longestBeat = 24 * time.Hour
)

// Delivery is an opened batch, ready to be stored.
type Delivery struct {
	Stream     contract.Stream
	First      uint64
	Octets     [][]byte // as encoded at the gateway, from First on
	Taps       []Tap    // those of the records that are taps, in order
	Coverage   []Coverage
	Watermarks []Watermark
	Deaf       []Deaf
	ReceivedAt time.Time
	Checkpoint []byte // of the stream at the last record, signed by its gateway; empty if none came
	Met        bool   // some of the records were sent ahead, and take their place now
}

// Tap is a tap with its identity and stamp.
type Tap struct {
	ID    contract.TapID
	Stamp contract.Stamp
	contract.Tap
	Suspect bool // stamped more than two hours ahead of central's clock
}

// Coverage says that a point was alive from Since to Until and that all its taps of that time are at central.
type Coverage struct {
	Point        string
	Since, Until time.Time
	seq          uint64 // of the last heartbeat that said so
}

// Watermark says that all taps of a point up to Until are at central, whether or not its reader worked.
type Watermark struct {
	Point string
	Until time.Time
	seq   uint64
}

func deliver(batch contract.Batch, records []contract.Record, now time.Time) Delivery {
	d := Delivery{Stream: batch.Stream, First: batch.First, Octets: batch.Records, ReceivedAt: now, Checkpoint: batch.Checkpoint}
	for _, r := range records {
		switch {
		case r.Tap != nil:
			d.Taps = append(d.Taps, Tap{ID: r.ID, Stamp: r.Stamp, Tap: *r.Tap, Suspect: r.Stamp.At.Sub(now) > aheadLimit})
		case r.Heartbeat != nil:
			d.Coverage = append(d.Coverage, covered(r)...)
			d.Watermarks = append(d.Watermarks, watermarks(r, now)...)
		}
	}
	return d
}

// covered lists what one heartbeat vouches for.
func covered(r contract.Record) []Coverage {
	length := r.Stamp.At.Sub(r.Heartbeat.Since)
	if length <= 0 || length > longestBeat {
		return nil
	}
	var out []Coverage
	for _, p := range r.Heartbeat.Points {
		if p.Up {
			out = append(out, Coverage{Point: p.Point, Since: r.Heartbeat.Since, Until: r.Stamp.At, seq: r.ID.Seq})
		}
	}
	return out
}

// watermarks lists how far the taps of each point are complete by one heartbeat. For a reader that did not work all the
// time, a tap may still have been on its way at the end of the interval: only what was before it is complete. Nor is anything complete
// that has yet to happen: a gateway whose clock runs ahead must not close tomorrow's registers.
func watermarks(r contract.Record, now time.Time) []Watermark {
	if r.Stamp.At.Sub(r.Heartbeat.Since) < 0 {
		return nil
	}
	var out []Watermark
	for _, p := range r.Heartbeat.Points {
		until := r.Heartbeat.Since
		if p.Up {
			until = r.Stamp.At
		}
		if until.After(now) {
			until = now
		}
		out = append(out, Watermark{Point: p.Point, Until: until, seq: r.ID.Seq})
	}
	return out
}

func (d Delivery) last() uint64 { return d.First + uint64(len(d.Octets)) - 1 }

// after is the delivery without its first n records, with adjacent coverage joined.
func (d Delivery) after(n int) Delivery {
	first := d.First + uint64(n)
	rest := d
	rest.First, rest.Octets = first, d.Octets[n:]
	rest.Taps = slices.DeleteFunc(slices.Clone(d.Taps), func(t Tap) bool { return t.ID.Seq < first })
	rest.Watermarks = newest(slices.DeleteFunc(slices.Clone(d.Watermarks), func(w Watermark) bool { return w.seq < first }))
	rest.Coverage = join(slices.DeleteFunc(slices.Clone(d.Coverage), func(c Coverage) bool { return c.seq < first }))
	return rest
}

// newest keeps the highest watermark of each point.
func newest(in []Watermark) []Watermark {
	slices.SortFunc(in, func(a, b Watermark) int { return cmp.Or(cmp.Compare(a.Point, b.Point), b.Until.Compare(a.Until)) })
	return slices.CompactFunc(in, func(a, b Watermark) bool { return a.Point == b.Point })
}

// join merges intervals of the same point that touch or overlap.
func join(in []Coverage) []Coverage {
	slices.SortFunc(in, func(a, b Coverage) int { return cmp.Or(cmp.Compare(a.Point, b.Point), a.Since.Compare(b.Since)) })
	var out []Coverage
	for _, c := range in {
		if n := len(out); n > 0 && out[n-1].Point == c.Point && !c.Since.After(out[n-1].Until) {
			if c.Until.After(out[n-1].Until) {
				out[n-1].Until = c.Until
			}
			continue
		}
		out = append(out, c)
	}
	return out
}
