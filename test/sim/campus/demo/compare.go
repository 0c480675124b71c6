package demo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
	"github.com/rollcall-edge/rollcall/test/sim/campus/site"
	"github.com/rollcall-edge/rollcall/test/sim/campus/verdict"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// compareLive compares the registers of the classes of this run.
func (d *Demo) compareLive(ctx context.Context, a *account) error {
	a.allowed = verdict.Marks{}
	for _, late := range []bool{false, true} {
		taps := slices.Concat(d.earlier, d.modelTaps(a, late))
		w := d.world(a.at, slices.Concat(d.before, d.live), taps, late)
		a.allowed.Allow(of(d.live, w.Marks()))
	}
	central, err := d.registers(ctx, d.live)
	if err != nil {
		return err
	}
	a.compared = len(a.allowed)
	a.mismatches, a.problems = a.allowed.Compare(central)
	a.absences = 0
	for key, code := range central {
		if s := sessionOf(d.live, key.Session); code == "A" && s.End.Before(a.at) && s.End.Sub(s.Start) < time.Hour {
			a.absences++
		}
	}
	return nil
}

// of keeps the marks of some sessions.
func of(sessions []model.Session, marks map[model.Key]byte) map[model.Key]byte {
	maps.DeleteFunc(marks, func(k model.Key, _ byte) bool { return sessionOf(sessions, k.Session).ID == "" })
	return marks
}

func sessionOf(sessions []model.Session, id string) model.Session {
	for _, s := range sessions {
		if s.ID == id {
			return s
		}
	}
	return model.Session{}
}

// world is what happened in some classes. Poor leaves out what the readers of a gateway that has just started, or was about to
// die, may have been unable to vouch for.
func (d *Demo) world(now time.Time, sessions []model.Session, taps []model.Tap, poor bool) model.World {
	w := model.World{Sessions: sessions, Taps: taps, Rooms: map[string]model.Coverage{}, Now: now}
	for _, a := range d.campus.Absences {
		w.Absences = append(w.Absences, a.Absence)
	}
	for _, b := range campus.Buildings {
		working := append(d.campus.Working(b.ID), d.vouched)
		for _, life := range d.site.Gateways[b.Number-1].Lives() {
			if i, some := vouching(life, now, poor); some {
				working = append(working, i)
			}
		}
		for _, r := range b.Rooms {
			w.Rooms[r.ID] = model.Coverage{Working: working, CompleteT: now}
		}
	}
	return w
}

// beat is how long a gateway may take to vouch for its readers: a minute from heartbeat to heartbeat, and some seconds until
// all readers answer.
const beat = 65 * time.Second

// vouching is the time for which a gateway vouches in one life: at best all of it; at worst neither the first minute, in which
// its readers came up, nor the last, if nobody asked it to end.
func vouching(life site.Span, now time.Time, poor bool) (model.Interval, bool) {
	i := model.Interval{From: life.From, To: life.To}
	if i.To.IsZero() {
		i.To = now
	} else if poor {
		i.To = i.To.Add(-beat)
	}
	if poor {
		i.From = i.From.Add(beat)
	}
	return i, i.From.Before(i.To)
}

// registers reads central's marks of some classes.
func (d *Demo) registers(ctx context.Context, sessions []model.Session) (map[model.Key]string, error) {
	const askers = 4
	var (
		mu     sync.Mutex
		failed error
		marks  = map[model.Key]string{}
		work   = make(chan string)
		all    sync.WaitGroup
	)
	for range askers {
		all.Go(func() {
			for id := range work {
				rows, err := d.site.Central.API.Register(ctx, id)
				mu.Lock()
				if err != nil {
					failed = err
				}
				for _, r := range rows {
					marks[model.Key{Student: r.Student, Session: id}] = r.Mark.Code
				}
				mu.Unlock()
			}
		})
	}
	for _, s := range sessions {
		work <- s.ID
	}
	close(work)
	all.Wait()
	return marks, failed
}

// compare fills in the result from the last account, compares the registers of the whole term, and then stops the gateways to
// see for itself what is on their disks.
func (d *Demo) compare(ctx context.Context, r *verdict.Result, a *account) error {
	if err := d.compareTerm(ctx, r, a); err != nil {
		return err
	}
	m := a.matching
	r.Lost, r.Duplicated, r.Unheard, r.Unlike = m.Lost, m.Duplicated, m.Unheard, m.Unlike
	r.Absences = a.absences
	r.Problems = append(r.Problems, m.Problems...)
	d.countLights(r, a)
	r.Central = len(a.taps)
	if err := d.site.StopGateways(); err != nil {
		return err
	}
	var recorded []contract.TapID
	for _, g := range d.site.Gateways {
		taps, err := g.Recorded(d.began.Add(-slack))
		if err != nil {
			return err
		}
		recorded = append(recorded, taps...)
	}
	a.follow(r, recorded)
	return nil
}

// follow counts how far the taps on the gateways' disks came.
func (a *account) follow(r *verdict.Result, recorded []contract.TapID) {
	r.Journalled, r.Replicated = len(recorded), map[string]int{}
	for name := range a.copies {
		r.Replicated[name] = 0
	}
	atCentral := map[string]bool{}
	for _, t := range a.taps {
		atCentral[t.ID] = true
	}
	for _, id := range recorded {
		for name, held := range a.copies {
			if id.Seq <= held[id.Stream.String()] {
				r.Replicated[name]++
			}
		}
		if !atCentral[id.String()] {
			r.Missing++
			r.Problems = append(r.Problems, fmt.Sprintf("tap %s is on its gateway's disk and not at central", id))
		}
	}
}

// compareTerm compares all registers of the weeks before with what the readers heard then.
func (d *Demo) compareTerm(ctx context.Context, r *verdict.Result, a *account) error {
	var taps []model.Tap
	for _, s := range d.campus.Swipes() {
		taps = append(taps, s.Tap)
	}
	allowed := verdict.Marks{}
	allowed.Allow(d.world(a.at, d.campus.Sessions, taps, false).Marks())
	central, err := d.registers(ctx, d.campus.Sessions)
	if err != nil {
		return err
	}
	n, problems := allowed.Compare(central)
	r.RegisterMismatches, r.MarksCompared = a.mismatches+n, a.compared+len(allowed)
	r.Problems = append(append(r.Problems, a.problems...), problems...)
	return nil
}

// countLights counts what people saw, how soon, and what they should not have seen.
func (d *Demo) countLights(r *verdict.Result, a *account) {
	r.Presented = len(a.seen)
	r.Lights = map[verdict.Light]int{verdict.Green: 0, verdict.Red: 0, verdict.BlueBlink: 0, verdict.Amber: 0, verdict.None: 0}
	doors := model.NewDoors(d.live)
	var after []time.Duration
	for _, p := range a.seen {
		light := lightOf(p.Light)
		if light == verdict.RedDouble {
			light = verdict.Red
		}
		r.Lights[light]++
		if p.Lightless {
			r.Lightless++
		}
		if p.Lit() {
			after = append(after, p.After())
		}
		green, red := doors.Green(p.Student, p.Room, p.PlacedAt, p.EndedAt)
		if !p.Behind && (p.Light == lamp.Green && !green || light == verdict.Red && !red) {
			r.LightSurprises++
			r.Problems = append(r.Problems, fmt.Sprintf("%s was shown at %s of %s and does not follow from the rules", light, p.Room, p.PlacedAt.UTC().Format("15:04:05.000Z")))
		}
	}
	r.LightMS = verdict.SpreadOf(after)
}

func (d *Demo) gatewayOf(room string) *site.Gateway {
	return d.site.Gateways[campus.BuildingOf(room).Number-1]
}

func pointOf(room string) string { return campus.Room{ID: room}.Point() }
