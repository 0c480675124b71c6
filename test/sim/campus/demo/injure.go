package demo

import (
	"context"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus/fault"
	"github.com/rollcall-edge/rollcall/test/sim/campus/verdict"
)

// injure lets every fault happen and be mended, and says whether it was seen to bite.
func (d *Demo) injure(ctx context.Context) []verdict.Injury {
	injuries := make([]verdict.Injury, len(d.o.Faults))
	var all sync.WaitGroup
	for i, f := range d.o.Faults {
		all.Go(func() {
			injuries[i] = verdict.Injury{Fault: f.String(), Note: "the run ended before"}
			if !sleep(ctx, time.Until(d.began.Add(f.At))) {
				return
			}
			do := d.kill
			if f.Kind == fault.Cut {
				do = d.cut
			}
			injuries[i].Bit, injuries[i].Note = do(ctx, f)
		})
	}
	all.Wait()
	return injuries
}

// kill ends a process without warning and starts it again.
func (d *Demo) kill(ctx context.Context, f fault.Fault) (bit bool, note string) {
	process, silent, up := &d.site.Central.Process, func() bool { return !d.site.Central.API.Healthy(ctx) }, d.site.Central.Up
	if f.Target != fault.Central {
		g := d.site.Gateways[f.Target-1]
		process, silent, up = &g.Process, func() bool { return g.Dead(ctx) }, g.Up
	}
	d.screen.say("%s is killed", process.Name)
	killed := process.Kill()
	quiet := silent()
	if !sleep(ctx, time.Until(d.began.Add(f.Mended))) {
		return false, "the run ended before it was up again"
	}
	d.screen.say("%s is started again", process.Name)
	if err := up(ctx); err != nil {
		return false, err.Error()
	}
	switch {
	case !killed:
		return false, "the process was not ended by the signal"
	case !quiet:
		return false, "somebody still answered at its address"
	}
	return true, ""
}

// cut severs a gateway from central and from its peers and joins the cables again.
func (d *Demo) cut(ctx context.Context, f fault.Fault) (bit bool, note string) {
	d.screen.say("gateway %d is cut off from central and from its peers", f.Target)
	d.site.Links.Cut(f.Target)
	whole := sleep(ctx, time.Until(d.began.Add(f.Mended)))
	central, peers := d.site.Links.Held(f.Target)
	d.site.Links.Heal(f.Target)
	d.screen.say("gateway %d is joined again", f.Target)
	switch {
	case !whole:
		return false, "the run ended before it was healed"
	case central == 0:
		return false, "nothing was on its way between the gateway and central"
	case peers == 0:
		return false, "nothing was on its way between the gateway and its peers"
	}
	return true, ""
}
