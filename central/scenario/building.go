package scenario

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/ingest"
	"github.com/rollcall-edge/rollcall/gateway/decide"
	"github.com/rollcall-edge/rollcall/gateway/timetable"
)

// building is a building's gateway: it judges taps with the gateway's own code and the timetable it was given last, and keeps
// a journal of contract records. While it is silent nothing reaches central, and nothing reaches it.
type building struct {
	name     string
	stream   contract.Stream
	points   []contract.PointState // by identifier; Up until something breaks
	index    *timetable.Index      // nil until a timetable has come
	credited *decide.Credited
	silent   bool

	began  time.Time     // when the gateway was switched on
	boot   byte          // counts how often it was
	wrong  time.Duration // what its clock shows, less the true time
	sure   contract.Quality
	beaten time.Time // up to where heartbeats speak
	seq    uint64    // of the last record
	kept   [][]byte  // records that central has no receipt for, ending with seq
}

// longestBeat is how much one heartbeat speaks of here. Real ones come every minute; over a whole term that would be a
// hundred thousand records which say nothing more.
const longestBeat = 12 * time.Hour

// usualBeat is how often a gateway reports. Of a reader that does not work, taps are complete up to the beginning of the last
// heartbeat only.
const usualBeat = time.Minute

func newBuilding(name string, place int, points []point, now time.Time) *building {
	b := &building{name: name, stream: contract.Stream{byte(place + 1)}, credited: decide.NewCredited(), began: now, beaten: now, sure: contract.Synchronised}
	for _, p := range points {
		if p.building == name {
			b.points = append(b.points, contract.PointState{Point: p.id, Up: true})
		}
	}
	return b
}

// take replaces the timetable by a published one.
func (b *building) take(document []byte) error {
	var t contract.Timetable
	if err := contract.DecodeReply(bytes.NewReader(document), 64<<20, &t); err != nil {
		return fmt.Errorf("timetable of %s: %w", b.name, err)
	}
	if err := t.Validate(); err != nil {
		return fmt.Errorf("timetable of %s: %w", b.name, err)
	}
	b.index = timetable.Build(&t)
	return nil
}

func (b *building) up(point string) bool {
	for _, p := range b.points {
		if p.Point == point {
			return p.Up
		}
	}
	return false
}

// isHurt reports whether some reader does not work.
func (b *building) isHurt() bool {
	return slices.ContainsFunc(b.points, func(p contract.PointState) bool { return !p.Up })
}

// setUp breaks or mends a reader. What was so far is said first.
func (b *building) setUp(point string, up bool, now time.Time) error {
	if err := b.beat(now); err != nil {
		return err
	}
	for i := range b.points {
		if b.points[i].Point == point {
			b.points[i].Up = up
		}
	}
	return nil
}

// tap is one presentation of cards: decided, kept, answered with a light. A reader that does not work hears nothing.
func (b *building) tap(point string, cards []contract.Digest, now time.Time) (Light, error) {
	if !b.up(point) {
		return Light{shows: dark}, nil
	}
	facts := decide.Facts{Point: point, Several: len(cards) > 1}
	if len(cards) == 1 {
		facts.Digest = cards[0]
	}
	d := b.credited.Decide(b.index, facts, now.Add(b.wrong))
	err := b.append(contract.Record{Tap: &contract.Tap{
		Point: point, Digest: facts.Digest, Evidence: evidenceOf(point),
		Outcome: d.Outcome, Reason: d.Reason, Session: d.Session, Timetable: d.Timetable,
	}}, now)
	return lightOf(d), err
}

// heardBy is what readers with these names prove; all others are for cards.
var heardBy = map[string]contract.Evidence{
	"beacon": contract.EvidenceBLEHeard, "phone": contract.EvidenceBLEReported, "screen": contract.EvidenceQR, "scanner": contract.EvidenceCode,
}

func evidenceOf(point string) contract.Evidence {
	return cmp.Or(heardBy[point[strings.LastIndexByte(point, '/')+1:]], contract.EvidenceCard)
}

// lightOf is what a decision looks like (W-2).
func lightOf(d decide.Decision) Light {
	l := Light{shows: green}
	switch {
	case d.Reason == contract.SeveralCards:
		l.shows = twice
	case d.Outcome == contract.Refused:
		l.shows = red
	case d.Outcome == contract.Unjudged:
		l.shows = stored
	}
	for words, r := range reasons {
		if r == d.Reason {
			l.why = words
		}
	}
	return l
}

// shows is what a reader shows by itself.
func (b *building) shows(point string, now time.Time) Light {
	if b.up(point) && b.index != nil && b.index.IsOpen(point, now.Add(b.wrong)) {
		return Light{shows: blue}
	}
	return Light{shows: dark}
}

// beat says that every tap up to now is in the journal, and which readers worked.
func (b *building) beat(now time.Time) error {
	for b.beaten.Before(now) {
		at := earlier(b.beaten.Add(longestBeat), now)
		if last := now.Add(-usualBeat); b.isHurt() && b.beaten.Before(last) {
			at = earlier(at, last)
		}
		points := append([]contract.PointState(nil), b.points...)
		if err := b.append(contract.Record{Heartbeat: &contract.Heartbeat{Since: b.beaten.Add(b.wrong), Points: points}}, at); err != nil {
			return err
		}
		b.beaten = at
	}
	return nil
}

// setClock has the clock show another time from now on. A heartbeat never spans that. Once the clock is right, an anchor says so.
func (b *building) setClock(c Clock, shows, now time.Time) error {
	if err := b.beat(now); err != nil {
		return err
	}
	b.sure = contract.FreeRunning
	if c.Restarted {
		b.boot, b.began, b.sure = b.boot+1, now, contract.NeverSet
	}
	if b.wrong = shows.Sub(now); c.Sure {
		b.sure = contract.Synchronised
	}
	if !c.Right {
		return nil
	}
	b.sure = contract.Synchronised
	return b.append(contract.Record{Anchor: &contract.Anchor{Boot: b.thisBoot(), Uptime: now.Sub(b.began), At: now, Within: errorBound}}, now)
}

func (b *building) thisBoot() contract.Boot { return contract.Boot{b.stream[0], b.boot} }

// errorBound is how far the gateways' clocks may be wrong.
const errorBound = 4 * time.Millisecond

func (b *building) append(r contract.Record, at time.Time) error {
	r.ID = contract.TapID{Stream: b.stream, Seq: b.seq + 1}
	r.Stamp = contract.Stamp{At: at.Add(b.wrong), Boot: b.thisBoot(), Uptime: at.Sub(b.began), Quality: b.sure}
	if b.sure == contract.Synchronised {
		r.Stamp.Within = errorBound
	}
	octets, err := contract.AppendRecord(nil, r)
	if err != nil {
		return fmt.Errorf("journal of %s: %w", b.name, err)
	}
	b.seq++
	b.kept = append(b.kept, octets)
	return nil
}

// deliver sends what central has not got, as batches of the size that the contract allows.
func (b *building) deliver(ctx context.Context, to *ingest.Intake) error {
	if b.silent {
		return nil
	}
	for len(b.kept) > 0 {
		n := min(len(b.kept), contract.MaxBatchRecords)
		first := b.seq - uint64(len(b.kept)) + 1
		batch := contract.Batch{Version: contract.BatchVersion, Stream: b.stream, First: first, Records: b.kept[:n]}
		if _, err := to.Ingest(ctx, b.name, batch); err != nil {
			return fmt.Errorf("deliver taps of %s: %w", b.name, err)
		}
		b.kept = b.kept[n:]
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
