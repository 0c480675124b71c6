package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/campus/verdict"
)

const (
	retryFor   = 20 * time.Second // people who saw no light keep trying so long after the last newcomer
	settleFor  = 90 * time.Second // everything must be equal so long after the last fault was mended
	settleLook = 500 * time.Millisecond
	lead       = 3 * time.Second // from the import of the classes to the first tap, roughly
)

// bounded lets people tap for the time asked, injects the faults, waits until all is equal again, and compares.
func (d *Demo) bounded(ctx context.Context) (*verdict.Result, error) {
	now := time.Now()
	if err := d.openClasses(ctx, now, now.Add(lead+d.o.For/2)); err != nil {
		return nil, err
	}
	d.begin(ctx)
	until := d.began.Add(d.o.For)
	rate := d.o.Rate
	if rate == 0 {
		rate = boundedRate
	}
	visits := d.campus.Visits(d.live, campus.Pace{From: d.began, Until: until, Rush: d.o.For, Rate: rate})
	d.screen.say("tapping for %v", d.o.For)
	var injuries []verdict.Injury
	err := d.watch(ctx, func(ctx context.Context) error {
		injured := make(chan struct{})
		go func() {
			defer close(injured)
			injuries = d.injure(ctx)
		}()
		err := d.crowd.Run(ctx, visits, until, retryFor)
		<-injured
		return err
	})
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return d.conclude(ctx, injuries)
}

// conclude waits for convergence, compares and writes the result.
func (d *Demo) conclude(ctx context.Context, injuries []verdict.Injury) (*verdict.Result, error) {
	d.screen.say("tapping is over; waiting until journals, replicas and central are equal")
	mended := time.Now()
	r := &verdict.Result{Faults: injuries, Seed: d.kept.Seed, History: d.kept.History, Seconds: d.o.For.Seconds()}
	var a *account
	err := d.watch(ctx, func(ctx context.Context) (err error) {
		a, err = d.settle(ctx, mended.Add(settleFor))
		return err
	})
	if err != nil {
		return nil, err
	}
	r.Converged, r.ConvergedMS = a.equal, time.Since(mended).Milliseconds()
	ended := d.site.Ended()
	if err := d.compare(ctx, r, a); err != nil {
		return nil, err
	}
	if err := d.judgeAgain(ctx, r); err != nil {
		return nil, err
	}
	r.Decide()
	if ended != nil {
		r.OK, r.Reasons = false, append(r.Reasons, ended.Error())
	}
	d.screen.say("%s", verdictText(r))
	if d.o.JSON == "" {
		return r, nil
	}
	return r, r.Write(d.o.JSON)
}

// judgeAgain stops the campus and has central's program derive every judgement from the facts and compare.
func (d *Demo) judgeAgain(ctx context.Context, r *verdict.Result) error {
	d.screen.say("stopping: gateways first, then central; then every judgement is made again from the facts")
	if err := errors.Join(d.site.StopGateways(), d.site.Central.Stop()); err != nil {
		return err
	}
	var err error
	r.Judged, r.JudgedDifferently, err = d.site.Central.CheckJudgements(ctx)
	return err
}

func verdictText(r *verdict.Result) string {
	text := fmt.Sprintf("presented %d, journalled %d, at central %d; lost %d, duplicated %d; light p50 %.1f ms, p99 %.1f ms; %d marks compared, %d differ; "+
		"%d students judged again, %d differ",
		r.Presented, r.Journalled, r.Central, r.Lost, r.Duplicated, r.LightMS.P50, r.LightMS.P99, r.MarksCompared, r.RegisterMismatches,
		r.Judged, r.JudgedDifferently)
	if r.OK {
		return text + "\nok: nothing lost, nothing duplicated, every mark as the rules say"
	}
	for _, why := range r.Reasons {
		text += "\nnot ok: " + why
	}
	for _, p := range r.Problems {
		text += "\n  " + p
	}
	return text
}

// settle looks until everything is equal and every mark has followed, or the time is up; the last account is returned.
func (d *Demo) settle(ctx context.Context, deadline time.Time) (*account, error) {
	var last *account
	for {
		a, err := d.takeAccount(ctx)
		if err == nil {
			last = a
			if a.equal && a.mismatches == 0 {
				return a, nil
			}
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if time.Now().After(deadline) {
			if last == nil {
				return nil, errors.Join(errors.New("the campus cannot be asked"), err)
			}
			return last, nil
		}
		sleep(ctx, settleLook)
	}
}
