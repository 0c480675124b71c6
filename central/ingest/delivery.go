package ingest

import (
	"cmp"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/timeline"
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
	Anchors    []timeline.Anchor // those of the records that are anchors, in order
	ReceivedAt time.Time
	Checkpoint []byte // of the stream at the last record, signed by its gateway; empty if none came
	Met        bool   // some of the records were sent ahead, and take their place now

	records []contract.Record // the same as Octets
}

// Tap is a tap with its identity and stamp.
type Tap struct {
	ID    contract.TapID
	Stamp contract.Stamp
	contract.Tap
	Moment  timeline.Moment // when it was made, as far as can be told
	Suspect bool            // stamped more than two hours ahead of central's clock
}

// Coverage says that a point was alive from Since to Until and that all its taps of that time are at central.
type Coverage struct {
	Point        string
	Since, Until time.Time
}

// Watermark says that all taps of a point up to Until are at central, whether or not its reader worked.
type Watermark struct {
	Point string
	Until time.Time
}

func deliver(batch contract.Batch, records []contract.Record, now time.Time) Delivery {
	return Delivery{Stream: batch.Stream, First: batch.First, Octets: batch.Records, ReceivedAt: now, Checkpoint: batch.Checkpoint, records: records}
}

// after is the delivery without its first n records.
func (d Delivery) after(n int) Delivery {
	d.First, d.Octets, d.records = d.First+uint64(n), d.Octets[n:], d.records[n:]
	return d
}

// timed fills in what the records say, with the moment of each. It returns the last witness of time among them.
func (d *Delivery) timed(before timeline.Witness) timeline.Witness {
	for _, r := range d.records {
		if a, ok := timeline.AnchorOf(r); ok {
			d.Anchors = append(d.Anchors, a)
		}
	}
	walk := timeline.Walk{Before: before, Ahead: d.Anchors}
	b := beats{now: d.ReceivedAt}
	for _, r := range d.records {
		m := walk.Next(r, d.ReceivedAt)
		b.add(r, m)
		if r.Tap != nil {
			d.Taps = append(d.Taps, Tap{ID: r.ID, Stamp: r.Stamp, Tap: *r.Tap, Moment: m, Suspect: r.Stamp.At.Sub(d.ReceivedAt) > aheadLimit})
		}
	}
	d.Coverage, d.Watermarks = join(b.coverage), newest(b.watermarks)
	return walk.Before
}

// beats gathers what heartbeats vouch for.
type beats struct {
	now        time.Time // central's clock
	coverage   []Coverage
	watermarks []Watermark

	stamped, until time.Time // of the last heartbeat: its stamp, and the moment that stands for
}

// add takes in one record. A heartbeat whose moment is not known vouches for nothing: an absence may rest on it. One that was corrected is moved as a whole, and touches the one before it if
// it did by their stamps.
func (b *beats) add(r contract.Record, m timeline.Moment) {
	if r.Heartbeat == nil {
		return
	}
	if m.Kind == timeline.Uncertain {
		b.stamped = time.Time{}
		return
	}
	beat := beat{since: r.Heartbeat.Since.Add(m.At.Sub(r.Stamp.At)), at: m.At, points: r.Heartbeat.Points}
	if r.Heartbeat.Since.Equal(b.stamped) {
		beat.since = b.until
	}
	b.stamped, b.until = r.Stamp.At, m.At
	b.coverage = append(b.coverage, beat.covered()...)
	b.watermarks = append(b.watermarks, beat.watermarks(b.now)...)
}

// beat is a heartbeat at the moments it speaks of.
type beat struct {
	since, at time.Time
	points    []contract.PointState
}

// covered lists where the reader was up all the time.
func (b beat) covered() []Coverage {
	length := b.at.Sub(b.since)
	if length <= 0 || length > longestBeat {
		return nil
	}
	var out []Coverage
	for _, p := range b.points {
		if p.Up {
			out = append(out, Coverage{Point: p.Point, Since: b.since, Until: b.at})
		}
	}
	return out
}

// watermarks lists how far the taps of each point are complete. For a reader that did not work all the
// time, a tap may still have been on its way at the end of the interval: only what was before it is complete. Nor is anything complete
// that has yet to happen: a gateway whose clock runs ahead must not close tomorrow's registers.
func (b beat) watermarks(now time.Time) []Watermark {
	if b.at.Before(b.since) {
		return nil
	}
	var out []Watermark
	for _, p := range b.points {
		until := b.since
		if p.Up {
			until = b.at
		}
		if until.After(now) {
			until = now
		}
		out = append(out, Watermark{Point: p.Point, Until: until})
	}
	return out
}

func (d Delivery) last() uint64 { return d.First + uint64(len(d.Octets)) - 1 }

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
