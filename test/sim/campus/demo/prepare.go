package demo

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
	"github.com/rollcall-edge/rollcall/test/sim/campus/site"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// prepare brings the campus to where people can tap: what an earlier start has done is not done again.
func (d *Demo) prepare(ctx context.Context) (err error) {
	now := time.Now()
	if d.kept, err = open(d.o.Dir, d.o.Seed, now); err != nil {
		return err
	}
	d.campus = campus.New(d.kept.Seed, d.kept.MadeAt)
	if d.campus.Over(now) {
		return ErrOver
	}
	for _, step := range []func(context.Context) error{
		d.startCentral, d.importCampus, d.endClasses, d.site.Enrol, d.startGateways, d.recall, d.awaitJudged,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *Demo) startCentral(ctx context.Context) (err error) {
	if err := d.site.Central.Up(ctx); err != nil {
		return err
	}
	if d.login[0], d.login[1], err = d.site.Central.Login(ctx); err != nil {
		return err
	}
	return d.site.Central.Token(ctx)
}

func (d *Demo) importCampus(ctx context.Context) error {
	if d.kept.Imported {
		return nil
	}
	d.screen.say("first start: importing %d students, %d modules, %d classes of the term so far",
		len(d.campus.Students), len(d.campus.Modules), len(d.campus.Sessions))
	for _, f := range d.campus.Files() {
		if err := d.site.Central.Import(ctx, f); err != nil {
			return err
		}
	}
	d.kept.Imported = true
	return d.kept.save()
}

// endClasses cancels classes of an earlier run that would still be on: a student is in one class at a time.
func (d *Demo) endClasses(ctx context.Context) error {
	now := time.Now()
	sessions, err := d.site.Central.API.Sessions(ctx, now, now.Add(24*time.Hour))
	if err != nil {
		return err
	}
	var still []string
	for _, s := range sessions {
		if strings.HasPrefix(s.ID, campus.LivePrefix) && !s.Cancelled {
			still = append(still, s.ID)
		}
	}
	if len(still) == 0 {
		return nil
	}
	err = d.site.Central.Import(ctx, campus.File{
		Kind: "timetable", Name: "over.csv", Write: func(w io.Writer) error { return campus.WriteCancelled(w, still) },
	})
	if err != nil {
		return err
	}
	return d.kept.cancel(still)
}

func (d *Demo) startGateways(ctx context.Context) error { return d.site.StartGateways(ctx) }

// recall lets the retired gateways deliver the term, if they have not, as real ones would: enrolled, over mutual TLS, batch by
// batch.
func (d *Demo) recall(ctx context.Context) error {
	if err := d.site.Recall(ctx, d.campus); err != nil {
		return err
	}
	d.campusKey = d.site.Retired[0].CampusKey()
	if d.kept.History > 0 {
		return nil
	}
	began := time.Now()
	counts, failed := make([]int, len(d.site.Retired)), make([]error, len(d.site.Retired))
	var all sync.WaitGroup
	for i, r := range d.site.Retired {
		all.Go(func() { counts[i], failed[i] = r.Deliver(ctx) })
	}
	all.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	for _, n := range counts {
		d.kept.History += n
	}
	d.screen.say("%d records of the term delivered by the retired gateways in %.1f s", d.kept.History, time.Since(began).Seconds())
	return d.kept.save()
}

// awaitJudged waits until every mark has followed from the history.
func (d *Demo) awaitJudged(ctx context.Context) error {
	if d.kept.Judged {
		return nil
	}
	if err := d.site.AwaitJudged(ctx, time.Now(), 2*time.Minute); err != nil {
		return err
	}
	d.kept.Judged = true
	return d.kept.save()
}

// hour is how far back the retired gateways vouch on the morning of the hand-over: registers that are open now have been for
// some time.
const hour = 80 * time.Minute

// openClasses puts a class into every room, and waits until all readers show it.
func (d *Demo) openClasses(ctx context.Context, now, shortEnd time.Time) error {
	if err := d.endClasses(ctx); err != nil {
		return err
	}
	d.before = d.kept.classes(d.campus)
	d.live = d.campus.Live(now, shortEnd)
	if err := d.kept.add(round{At: now.UTC().Round(0), ShortEnd: shortEnd.UTC().Round(0)}); err != nil {
		return err
	}
	err := d.site.Central.Import(ctx, campus.File{
		Kind: "timetable", Name: "now.csv", Write: func(w io.Writer) error { return d.campus.WriteTimetable(w, d.live) },
	})
	if err != nil {
		return err
	}
	if err := d.site.AwaitDoors(ctx, lamp.Blue, 30*time.Second); err != nil {
		return err
	}
	if err := d.handOver(ctx, now); err != nil {
		return err
	}
	return d.readEarlier(ctx)
}

// readEarlier takes note of the taps of earlier runs that lie in the windows of the classes now on: they count there (W-1), as
// a tap before the start of a class does. That they arrived was the matter of their own run.
func (d *Demo) readEarlier(ctx context.Context) error {
	holders := map[string]string{}
	for i := range d.campus.Students {
		s := &d.campus.Students[i]
		for _, c := range s.Cards() {
			holders[contract.DigestOf(d.campusKey, c.Key).String()] = s.ID
		}
	}
	now := time.Now()
	taps, err := d.site.Central.API.Taps(ctx, now.Add(-recent), now)
	if err != nil {
		return err
	}
	d.earlier = nil
	for _, t := range taps {
		d.earlier = append(d.earlier, model.Tap{Student: holders[t.Digest], Room: strings.TrimSuffix(t.Point, pointOf("")), At: t.At})
	}
	return nil
}

// handOver ends the service of the retired gateways: they say what they heard until now, which is nothing, and are revoked.
func (d *Demo) handOver(ctx context.Context, now time.Time) error {
	if len(d.site.Retired) == 0 {
		return nil // done, in an earlier round
	}
	d.vouched = model.Interval{From: now.Add(-hour), To: time.Now()}
	for _, r := range d.site.Retired {
		if err := r.Vouch(ctx, d.vouched); err != nil {
			return err
		}
	}
	return d.site.Dismiss(ctx)
}

// streamsOf picks the journals of the gateways in service.
func streamsOf(streams []site.Stream) map[string]site.Stream {
	byID := map[string]site.Stream{}
	for _, s := range streams {
		if slices.ContainsFunc(campus.Buildings, func(b campus.Building) bool { return b.ID == s.Owner }) {
			byID[s.ID] = s
		}
	}
	return byID
}
