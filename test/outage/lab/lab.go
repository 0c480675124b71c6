// Package lab is one run of the outage laboratory: it sets a campus up, lets people tap, breaks things by a seeded plan, mends
// them, waits until all is equal, stops everything, and has the history judged. How machines are made is in site, what must
// hold in check, and what there is to break in catalogue.
package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/card"
	"github.com/rollcall-edge/rollcall/test/outage/check"
	"github.com/rollcall-edge/rollcall/test/outage/history"
	"github.com/rollcall-edge/rollcall/test/outage/site"
	"github.com/rollcall-edge/rollcall/test/outage/traffic"
	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// Options say what to run.
type Options struct {
	Dir    string // for everything the run keeps; made anew
	Bin    string // holds the programs
	Commit string
	Seed   uint64
	Kinds  []int   // of faults; each is injected once for each time it is listed
	Rate   float64 // people a second
	Images int     // of power cuts, to be taken while people tap and looked into
	Slow   bool    // cards as slow as an ordinary one
	Say    func(format string, args ...any)

	NoClocks error // why the programs cannot run by clocks of their own; nil when they can
}

// Lab is one run. It is used once.
type Lab struct {
	o       Options
	site    *site.Site
	roster  *traffic.Roster
	people  *traffic.People
	keeper  *site.Visitor // an identity that knows how the campus tells cards
	vouched model.Interval
	yard    yard
	camera  camera
	history history.History
	began   time.Time

	mu     sync.Mutex // guards everything that follows, and what is imported while people tap
	extra  []model.Session
	guests int
}

const (
	settleFor    = 2 * time.Second // of a gateway after a fault
	lead         = 3 * time.Second // from the first tap to the first fault
	tail         = 3 * time.Second // and from the last fault to the last tap
	together     = 3               // faults that may be on at once
	overhead     = 8 * time.Second // of a fault besides its own time: ends, starts, waiting for its turn
	convergeIn   = 5 * time.Minute
	sampleEvery  = 250 * time.Millisecond
	leastTraffic = 95 // per cent of the planned presentations; a run with less is void
)

// Outcome is what a run came to.
type Outcome struct {
	History *history.History `json:"history"`
	Results []check.Result   `json:"results"`
	Void    []string         `json:"void"` // why the run shows nothing; empty when it does
	Lacks   []string         `json:"lacks"`
}

// Passed reports whether the run shows what it should.
func (o *Outcome) Passed() bool {
	return len(o.Void) == 0 && !slices.ContainsFunc(o.Results, func(r check.Result) bool { return !r.OK() })
}

// Failed reports whether an invariant was violated, whatever else the run shows.
func (o *Outcome) Failed() bool {
	return slices.ContainsFunc(o.Results, func(r check.Result) bool { return !r.OK() })
}

// Run runs the laboratory once. Everything it started has ended when it returns.
func Run(ctx context.Context, o Options) (_ *Outcome, err error) {
	l := &Lab{
		o: o, history: history.History{Seed: o.Seed, Commit: o.Commit},
		camera: camera{blind: map[*site.Gateway]bool{}, since: map[string]time.Time{}},
	}
	if err := os.RemoveAll(o.Dir); err != nil {
		return nil, fmt.Errorf("begin run: %w", err)
	}
	var pace card.Pace
	if o.Slow {
		pace = card.Typical
	}
	l.site, err = site.Open(ctx, site.Options{Dir: o.Dir, Bin: o.Bin, Seed: o.Seed, Pace: pace, NoClocks: o.NoClocks})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.site.Close()) }()
	plan := l.plan()
	if err := l.prepare(ctx, plan); err != nil {
		return nil, err
	}
	if err := l.disturb(ctx, plan); err != nil {
		return nil, err
	}
	if err := l.conclude(ctx); err != nil {
		return nil, err
	}
	return l.judge(plan), nil
}

// prepare brings the campus to where people can tap.
func (l *Lab) prepare(ctx context.Context, plan *plan) (err error) {
	for layer, lacks := range l.site.Lacks {
		l.o.Say("without %s: %v", layer, lacks)
	}
	now := time.Now()
	if l.roster, err = traffic.New(l.o.Seed, now, plan.longest(), l.o.Rate); err != nil {
		return err
	}
	c := l.site.Central
	if err := errors.Join(c.Start(ctx), c.Token(ctx)); err != nil {
		return err
	}
	for _, f := range l.roster.Files(now) {
		if err := c.Import(ctx, f); err != nil {
			return err
		}
	}
	if err := l.site.StartGateways(ctx); err != nil {
		return err
	}
	if err := l.vouch(ctx, now); err != nil {
		return err
	}
	return l.site.AwaitDoors(ctx, lamp.Blue, time.Minute)
}

// vouch has gateways that were in the buildings before say that nobody tapped until now, so that absences can be concluded at
// all; then they are revoked.
func (l *Lab) vouch(ctx context.Context, now time.Time) error {
	const hour = 80 * time.Minute
	l.vouched = model.Interval{From: now.Add(-hour), To: time.Now()}
	for _, g := range l.site.Gateways {
		v, err := l.site.Visit(ctx, g.Building.ID+"-before", g)
		if err != nil {
			return err
		}
		if err := errors.Join(v.Report(ctx), v.Vouch(ctx, l.vouched), l.site.Central.Revoke(ctx, v.Name)); err != nil {
			return err
		}
		l.keeper = v
	}
	return nil
}

// disturb lets people tap while faults come and go. They come until the last fault was mended.
func (l *Lab) disturb(ctx context.Context, plan *plan) error {
	l.people = traffic.NewPeople(l.site.Doors(), l.keeper.Digest)
	l.began = time.Now()
	l.history.Began = l.began
	until := l.began.Add(plan.longest())
	working, stop := context.WithCancel(ctx)
	sampled := make(chan struct{})
	go func() { defer close(sampled); l.sample(working) }()
	crowd, home := context.WithCancel(ctx)
	gone := make(chan struct{})
	go func() { defer close(gone); l.people.Run(crowd, l.roster.Visits, l.began, until) }()
	photographed := make(chan struct{})
	go func() {
		defer close(photographed)
		if l.site.Lacks[site.Cards] == nil {
			l.photograph(crowd, l.o.Images)
		}
	}()
	sleep(ctx, lead)
	deadline, cancel := context.WithDeadline(ctx, until)
	l.history.Faults = l.inject(deadline, plan)
	cancel()
	sleep(ctx, tail)
	l.history.Ended = time.Now()
	home()
	<-gone
	<-photographed
	l.history.Mended = time.Now()
	l.history.Presentations = l.people.Presentations()
	l.tally()
	l.o.Say("people have gone after %v; waiting until journals, replicas and central are equal", l.history.Ended.Sub(l.began).Round(time.Second))
	l.converge(ctx)
	stop()
	<-sampled
	return ctx.Err()
}

// inLine is how long somebody may wait at a door behind others: who came shortly before the end may not have been served.
const inLine = 5 * time.Second

// tally counts who should have been served by the end, and who was.
func (l *Lab) tally() {
	h := &l.history
	latest := h.Ended.Add(-inLine)
	for _, v := range l.roster.Visits {
		if l.began.Add(v.After).Before(latest) {
			h.Planned++
		}
	}
	for i := range h.Presentations {
		if h.Presentations[i].Due.Before(latest) {
			h.Made++
		}
	}
}

// sample asks everybody how far they are until ctx ends.
func (l *Lab) sample(ctx context.Context) {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for due := time.Now(); ctx.Err() == nil; due = time.Now().Add(sampleEvery) {
		at := time.Now()
		s := l.site.Sample(ctx)
		s.At, s.Late = at, max(0, at.Sub(due))
		l.history.Samples = append(l.history.Samples, s)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// conclude asks central what it makes of it all, stops everything and reads the disks.
func (l *Lab) conclude(ctx context.Context) error {
	h := &l.history
	h.Sessions = append(l.roster.Sessions, l.extra...)
	if err := l.site.Ask(ctx, &h.End, time.Unix(0, 0), h.Mended.Add(everywhen), h.Sessions); err != nil {
		return err
	}
	if err := errors.Join(l.site.StopGateways(), l.site.Central.Process.Stop(stopPatience)); err != nil {
		return err
	}
	h.Programs = l.site.Programs()
	h.Rooms = l.rooms()
	var err error
	if h.Panics, err = panics(l.site.Logs()); err != nil {
		return err
	}
	return l.site.ReadDisks(ctx, &h.End)
}

// judge has the history checked, and says whether it shows anything.
func (l *Lab) judge(plan *plan) *Outcome {
	h := &l.history
	o := &Outcome{History: h, Results: check.All(h), Void: []string{}, Lacks: plan.lacks}
	if 100*h.Made < leastTraffic*h.Planned || h.Planned == 0 {
		o.Void = append(o.Void, fmt.Sprintf("%d of %d people were served in time: this machine was too busy for so many", h.Made, h.Planned))
	}
	for _, f := range h.Faults {
		if !f.Bit {
			o.Void = append(o.Void, fmt.Sprintf("%d, %s at %s: %s", f.Kind, f.Name, f.Target, f.Proof))
		}
	}
	return o
}

// everywhen is farther than any clock is wrong here: taps are looked for wherever they are filed.
const everywhen = 400 * 24 * time.Hour

// hosts are the machines' names on the switch.
func (l *Lab) hosts() []string {
	names := []string{site.CentralHost}
	for _, g := range l.site.Gateways {
		names = append(names, g.Host)
	}
	return names
}
