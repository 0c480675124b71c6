package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/catalogue"
	"github.com/rollcall-edge/rollcall/test/outage/history"
	"github.com/rollcall-edge/rollcall/test/outage/site"
)

// methods are the kinds of fault that this laboratory injects, by number.
var methods = join(processFaults, diskFaults, damageFaults, networkFaults, timeFaults, readerFaults, clusterFaults, trustFaults, dataFaults)

func join(families ...map[int]method) map[int]method {
	all := map[int]method{}
	for _, f := range families {
		maps.Copy(all, f)
	}
	return all
}

// All are the numbers of all kinds that can be injected.
func All() []int { return slices.Sorted(maps.Keys(methods)) }

// Short are those of the short run.
func Short() []int {
	return slices.DeleteFunc(All(), func(n int) bool { return !methods[n].short })
}

// plan is which faults come in which order.
type plan struct {
	steps []step
	lacks []string // kinds that this machine cannot show, and why
}

// step is one fault that is to come. Its targets are chosen when its turn comes, by chance from the seed.
type step struct {
	kind   catalogue.Kind
	method method
	chance *rand.Rand
}

// plan draws the order from the seed. Faults that need everybody come last, one after the other; the others overlap.
func (l *Lab) plan() *plan {
	chance := rand.New(rand.NewPCG(l.o.Seed, 0x706c_616e)) //nolint:gosec // the same seed must give the same plan
	p := &plan{}
	for _, n := range l.o.Kinds {
		m, known := methods[n]
		if why := catalogue.Inapplicable[n]; why != "" {
			p.lacks = append(p.lacks, fmt.Sprintf("%d, %s: not applicable: %s", n, catalogue.Of(n).Name, why))
			continue
		}
		if !known {
			p.lacks = append(p.lacks, fmt.Sprintf("%d, %s: not injected here", n, catalogue.Of(n).Name))
			continue
		}
		if lack := l.lacking(m); lack != "" {
			p.lacks = append(p.lacks, fmt.Sprintf("%d, %s: %s", n, catalogue.Of(n).Name, lack))
			continue
		}
		p.steps = append(p.steps, step{catalogue.Of(n), m, rand.New(rand.NewPCG(chance.Uint64(), uint64(n)))}) //nolint:gosec // likewise
	}
	chance.Shuffle(len(p.steps), func(i, j int) { p.steps[i], p.steps[j] = p.steps[j], p.steps[i] })
	slices.SortStableFunc(p.steps, func(a, b step) int { return cmp.Compare(alone(a), alone(b)) })
	return p
}

func alone(s step) int {
	if s.method.lane == everybody {
		return 1
	}
	return 0
}

func (l *Lab) lacking(m method) string {
	for _, layer := range m.needs {
		if err := l.site.Lacks[layer]; err != nil {
			return fmt.Sprintf("no %s: %v", layer, err)
		}
	}
	return ""
}

// longest is for how long people may come at most: twice what the faults should take.
func (p *plan) longest() time.Duration {
	var overlapping, single time.Duration
	for _, s := range p.steps {
		d := s.method.lasts + s.method.takes + cmp.Or(s.method.settle, settleFor) + overhead
		if alone(s) == 1 {
			single += d
		} else {
			overlapping += d
		}
	}
	return lead + tail + 30*time.Second + 2*(overlapping/2+single)
}

// inject lets the faults come, some at once, and returns when the last was mended.
func (l *Lab) inject(ctx context.Context, p *plan) []history.Fault {
	faults := make([]history.Fault, len(p.steps))
	next := make(chan int)
	var workers sync.WaitGroup
	for range together {
		workers.Go(func() {
			for i := range next {
				faults[i] = l.strike(ctx, p.steps[i])
			}
		})
	}
	for i, s := range p.steps {
		if alone(s) == 0 {
			next <- i
		}
	}
	close(next)
	workers.Wait()
	for i, s := range p.steps {
		if alone(s) == 1 {
			faults[i] = l.strike(ctx, s)
		}
	}
	return faults
}

// strike injects one fault and mends it.
func (l *Lab) strike(ctx context.Context, s step) history.Fault {
	f := history.Fault{Kind: s.kind.Number, Name: s.kind.Name, Proof: "the run ended, or for " + longestTurn.String() + " no machine was free for it"}
	g, leave, ok := l.yard.claim(ctx, l, s)
	if !ok {
		return f
	}
	defer leave()
	i := &injury{lab: l, kind: s.kind, gateway: g, lasts: s.method.lasts, chance: s.chance, fault: &f}
	f.Target = targetOf(s.method.lane, g)
	f.On = time.Now()
	l.o.Say("%2d %s: %s", f.Kind, f.Target, f.Name)
	err := s.method.do(ctx, i)
	f.Off = time.Now()
	f.Bit = err == nil
	if err != nil && !errors.Is(err, errNoBite) {
		f.Proof = cmp.Or(f.Proof, "it could not be injected") + ": " + err.Error()
	}
	l.o.Say("%2d %s: mended after %v: %s", f.Kind, f.Target, f.Off.Sub(f.On).Round(100*time.Millisecond), f.Proof)
	sleep(ctx, cmp.Or(s.method.settle, settleFor))
	return f
}

func targetOf(l lane, g *site.Gateway) string {
	switch {
	case l == central:
		return "central"
	case g != nil:
		return g.Building.ID
	}
	return "all"
}

// yard is which machines have a fault now.
type yard struct {
	mu      sync.Mutex // guards everything that follows
	busy    map[*site.Gateway]bool
	central bool
}

// longestTurn is how long a fault waits for its machines: any other fault is mended by then, and who leads is chosen.
const longestTurn = 5 * time.Minute

// claim waits until the machines that a fault needs are free.
func (y *yard) claim(ctx context.Context, l *Lab, s step) (g *site.Gateway, leave func(), ok bool) {
	ok = await(ctx, longestTurn, func() bool {
		g, leave, ok = y.try(ctx, l, s)
		return ok
	})
	return g, leave, ok
}

func (y *yard) try(ctx context.Context, l *Lab, s step) (*site.Gateway, func(), bool) {
	wanted := l.candidates(ctx, s)
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.busy == nil {
		y.busy = map[*site.Gateway]bool{}
	}
	needsCentral := s.method.lane == central || s.method.lane == centralAndGateway || s.method.lane == everybody
	if needsCentral && y.central {
		return nil, nil, false
	}
	switch s.method.lane {
	case central:
		return nil, y.takeLocked(nil, true), true
	case everybody:
		if slices.ContainsFunc(l.site.Gateways, func(g *site.Gateway) bool { return y.busy[g] }) {
			return nil, nil, false
		}
		return nil, y.takeLocked(l.site.Gateways, true), true
	}
	for _, g := range wanted {
		if !y.busy[g] {
			return g, y.takeLocked([]*site.Gateway{g}, needsCentral), true
		}
	}
	return nil, nil, false
}

// candidates are the gateways that a fault may strike, those it would rather strike first.
func (l *Lab) candidates(ctx context.Context, s step) []*site.Gateway {
	all := slices.Clone(l.site.Gateways)
	s.chance.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	if s.method.lane != leader && s.method.lane != follower {
		return all
	}
	return slices.DeleteFunc(all, func(g *site.Gateway) bool {
		p, err := g.Progress(ctx)
		return err != nil || p.Leader != (s.method.lane == leader)
	})
}

func (y *yard) takeLocked(gateways []*site.Gateway, central bool) (leave func()) {
	for _, g := range gateways {
		y.busy[g] = true
	}
	y.central = y.central || central
	return func() {
		y.mu.Lock()
		defer y.mu.Unlock()
		for _, g := range gateways {
			y.busy[g] = false
		}
		if central {
			y.central = false
		}
	}
}
