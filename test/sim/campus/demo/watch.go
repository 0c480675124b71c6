package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// The pace of the summary.
const (
	redrawEvery = 500 * time.Millisecond // on a terminal
	tellEvery   = 5 * time.Second        // elsewhere
)

// watch does something and tells how the campus is meanwhile.
func (d *Demo) watch(ctx context.Context, do func(context.Context) error) error {
	every := tellEvery
	if d.o.Terminal {
		every = redrawEvery
	}
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-tick.C:
			d.screen.show(d.summary(ctx))
		}
	}
}

// summary is the campus in one line.
func (d *Demo) summary(ctx context.Context) string {
	presented, lights := d.crowd.Counts()
	var b strings.Builder
	fmt.Fprintf(&b, "%4.0fs  taps %d  green %d  red %d", time.Since(d.began).Seconds(), presented, lights[lamp.Green], lights[lamp.Red]+lights[lamp.RedDouble])
	fmt.Fprintf(&b, "  blue blink %d  amber %d  none %d", lights[lamp.BlueBlink], lights[lamp.Amber], lights[lamp.None])
	var durable, copied, central uint64
	leader, silent := "none", ""
	for _, g := range d.site.Gateways {
		j, err := g.Journal(ctx)
		if err != nil {
			silent += " " + g.Building.ID
			continue
		}
		durable, copied, central = durable+j.Durable, copied+min(j.Replicated, j.Durable), central+min(j.Acknowledged, j.Durable)
		if j.Leads {
			leader = g.Building.ID
		}
	}
	fmt.Fprintf(&b, "  journal records %d  not replicated %d  not at central %d  leader %s", max(durable, d.base)-d.base, durable-copied, durable-central, leader)
	if silent != "" {
		fmt.Fprintf(&b, "  no answer from%s", silent)
	}
	return b.String()
}
