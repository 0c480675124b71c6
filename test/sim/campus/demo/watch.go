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
	if d.o.Columns > 0 {
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
			if ctx.Err() == nil {
				d.screen.show(d.summary(ctx))
			}
		}
	}
}

// summary is the campus in one line: what people saw, the records in the journals since the run began, how many of all records
// the cluster and central still lack, and who leads.
func (d *Demo) summary(ctx context.Context) string {
	presented, lights := d.crowd.Counts()
	var b strings.Builder
	fmt.Fprintf(&b, "%4.0fs  taps %d  green %d  red %d", time.Since(d.began).Seconds(), presented, lights[lamp.Green], lights[lamp.Red]+lights[lamp.RedDouble])
	for _, seldom := range []lamp.Light{lamp.BlueBlink, lamp.Amber, lamp.None} {
		if lights[seldom] > 0 {
			fmt.Fprintf(&b, "  %s %d", seldom, lights[seldom])
		}
	}
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
	fmt.Fprintf(&b, "  journal %d  cluster -%d  central -%d  leader %s", max(durable, d.base)-d.base, durable-copied, durable-central, leader)
	if silent != "" {
		fmt.Fprintf(&b, "  no answer from%s", silent)
	}
	return b.String()
}
