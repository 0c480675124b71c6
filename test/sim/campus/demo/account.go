package demo

import (
	"context"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/test/sim/campus/crowd"
	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
	"github.com/rollcall-edge/rollcall/test/sim/campus/site"
	"github.com/rollcall-edge/rollcall/test/sim/campus/verdict"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// account is the whole campus at one moment: what people saw, and what is where.
type account struct {
	at         time.Time
	seen       []crowd.Presentation
	journals   map[string]site.Journal      // gateway → its journal
	own        map[string]string            // gateway → its stream
	copies     map[string]map[string]uint64 // gateway → stream → how far its replica holds it
	through    map[string]uint64            // stream → how far central holds it
	taps       []site.Tap                   // of this run, of the gateways in service
	matching   verdict.Matching
	allowed    verdict.Marks
	equal      bool
	mismatches int // of the registers of this run
	problems   []string
	compared   int
	absences   int
}

// slack allows for stamps in whole milliseconds.
const slack = 5 * time.Millisecond

// takeAccount asks everybody.
func (d *Demo) takeAccount(ctx context.Context) (*account, error) {
	a := &account{
		at: time.Now(), seen: d.crowd.Presentations(),
		journals: map[string]site.Journal{}, own: map[string]string{}, copies: map[string]map[string]uint64{}, through: map[string]uint64{},
	}
	for _, g := range d.site.Gateways {
		var err error
		name := g.Building.ID
		if a.journals[name], err = g.Journal(ctx); err != nil {
			return nil, err
		}
		if a.own[name], a.copies[name], err = g.Copies(ctx); err != nil {
			return nil, err
		}
	}
	streams, err := d.site.Central.API.Streams(ctx)
	if err != nil {
		return nil, err
	}
	for id, s := range streamsOf(streams) {
		a.through[id] = s.Through
	}
	a.equal = a.isEqual() && d.crowd.Unfetched() == 0
	if err := d.readTaps(ctx, a); err != nil {
		return nil, err
	}
	a.matching = verdict.Match(d.presentations(a.seen), verdictTaps(a.taps))
	return a, d.compareLive(ctx, a)
}

// isEqual reports whether every journal is at central and in every replica, to the last record.
func (a *account) isEqual() bool {
	for name, j := range a.journals {
		stream := a.own[name]
		if j.Durable == 0 || j.Replicated != j.Durable || j.Acknowledged != j.Durable || a.through[stream] != j.Durable {
			return false
		}
		for _, held := range a.copies {
			if held[stream] != j.Durable {
				return false
			}
		}
	}
	return true
}

// readTaps reads what the gateways in service recorded since the run began.
func (d *Demo) readTaps(ctx context.Context, a *account) error {
	taps, err := d.site.Central.API.Taps(ctx, d.began.Add(-slack), a.at.Add(time.Hour))
	if err != nil {
		return err
	}
	for _, t := range taps {
		if stream, _, _ := strings.Cut(t.ID, "/"); a.mine(stream) {
			a.taps = append(a.taps, t)
		}
	}
	return nil
}

func (a *account) mine(stream string) bool {
	for _, own := range a.own {
		if own == stream {
			return true
		}
	}
	return false
}

func verdictTaps(taps []site.Tap) []verdict.Tap {
	all := make([]verdict.Tap, len(taps))
	for i, t := range taps {
		all[i] = verdict.Tap{ID: t.ID, At: t.At, Point: t.Point, Digest: t.Digest, Outcome: t.Outcome, Reason: t.Reason}
	}
	return all
}

var lights = map[lamp.Light]verdict.Light{
	lamp.None: verdict.None, lamp.Green: verdict.Green, lamp.Red: verdict.Red, lamp.RedDouble: verdict.RedDouble,
	lamp.Amber: verdict.Amber, lamp.BlueBlink: verdict.BlueBlink,
}

func lightOf(l lamp.Light) verdict.Light {
	if known, ok := lights[l]; ok {
		return known
	}
	return verdict.Light(l.String())
}

// presentations are what people saw, as the verdict takes it: cards by their digests.
func (d *Demo) presentations(seen []crowd.Presentation) []verdict.Presentation {
	all := make([]verdict.Presentation, len(seen))
	for i, p := range seen {
		all[i] = verdict.Presentation{
			Point: pointOf(p.Room), Digest: contract.DigestOf(d.campusKey, p.Card.Key).String(),
			PlacedAt: p.PlacedAt, ShownAt: p.ShownAt, EndedAt: p.EndedAt, Light: lightOf(p.Light), Behind: p.Behind,
			Heard: p.Lightless && d.wasUp(p.Room, p.PlacedAt, p.EndedAt),
		}
	}
	return all
}

// wasUp reports whether a room's gateway ran for a while before and after.
func (d *Demo) wasUp(room string, from, to time.Time) bool {
	const settled, after = 5 * time.Second, time.Second
	for _, life := range d.gatewayOf(room).Lives() {
		if from.Sub(life.From) >= settled && (life.To.IsZero() || life.To.Sub(to) >= after) {
			return true
		}
	}
	return false
}

// modelTaps are the taps of this run as the model takes them: what a light promised, and what central holds of the rest. The
// moment of a tap lies between card and light; late picks the end of that time.
func (d *Demo) modelTaps(a *account, late bool) []model.Tap {
	var taps []model.Tap
	for i, p := range a.seen {
		t := model.Tap{Student: p.Student, Room: p.Room, At: p.PlacedAt}
		switch k := a.matching.Of[i]; {
		case p.Lit() && p.Light != lamp.Amber:
			if late {
				t.At = p.ShownAt
			}
		case k >= 0:
			t.At = a.taps[k].At
		default:
			continue
		}
		taps = append(taps, t)
	}
	return taps
}
