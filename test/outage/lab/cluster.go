package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/site"
)

var clusterFaults = map[int]method{
	61: {lane: centralAndGateway, lasts: 5 * time.Second, do: blindWhile(replaced)},
	62: {lane: everybody, needs: onSwitch, lasts: 5 * time.Second, takes: 2 * time.Minute, do: snapshotCut},
	63: {lane: everybody, lasts: 4 * time.Second, takes: 30 * time.Second, do: upgraded},
	64: {lane: oneGateway, lasts: 6 * time.Second, do: downgraded},
	65: {lane: leader, lasts: 10 * time.Second, short: true, do: handedOver},
	66: {lane: everybody, needs: onSwitch, lasts: 6 * time.Second, takes: 30 * time.Second, do: removedWhileApart},
}

// quiet takes the readers of a gateway away and waits until all it has is at central and with its peers; back puts them back.
func quiet(ctx context.Context, g *site.Gateway) (back func() error, err error) {
	var errs []error
	for _, l := range g.Lines.All {
		errs = append(errs, l.Unplug())
	}
	back = func() error {
		var errs []error
		for _, l := range g.Lines.All {
			errs = append(errs, l.Replug())
		}
		return errors.Join(errs...)
	}
	drained := await(ctx, time.Minute, func() bool {
		p, err := g.Progress(ctx)
		return err == nil && p.Durable > 0 && p.Acknowledged == p.Durable && p.Replicated == p.Durable
	})
	if !drained {
		errs = append(errs, fmt.Errorf("what gateway %s has did not leave it within a minute", g.Building.ID))
	}
	return back, errors.Join(errs...)
}

// replaced puts a new machine in the place of a gateway, under the same name.
func replaced(ctx context.Context, i *injury) error {
	g := i.gateway
	back, err := quiet(ctx, g)
	if err != nil {
		return errors.Join(err, back())
	}
	before, err := g.Progress(ctx)
	if err != nil {
		return errors.Join(err, back())
	}
	err = errors.Join(g.Process.Hold(), os.RemoveAll(g.Data()), g.Configure(), g.EnrolAs(ctx, i.lab.site.Central, g.Building.ID), g.Process.Resume(), g.Await(ctx), back())
	if err != nil {
		return err
	}
	i.hold(ctx)
	after, err := g.Progress(ctx)
	return errors.Join(err, i.proved(after.Stream != "" && after.Stream != before.Stream, "the new machine writes stream %s, the old one wrote %s", after.Stream, before.Stream))
}

// handedOver ends the leader, which gives its office away before it goes.
func handedOver(ctx context.Context, i *injury) error {
	if err := i.gateway.Process.Terminate(); err != nil {
		return err
	}
	other := ""
	led := await(ctx, i.lasts, func() bool {
		for _, g := range i.peers() {
			if p, err := g.Progress(ctx); err == nil && p.Leader {
				other = g.Building.ID
				return true
			}
		}
		return false
	})
	return errors.Join(i.proved(led, "%s leads now", other), i.gateway.Await(ctx))
}

// files are those of a gateway that hold what it must not lose, by kind.
func files(g *site.Gateway) (map[string][]string, error) {
	kinds := map[string][]string{}
	for kind, pattern := range map[string]string{
		"journal": "journal/live/*.seg", "table": "cluster/replica/*.sst", "memtable": "cluster/replica/*.mem", "value log": "cluster/replica/*.vlog",
		"manifest": "cluster/replica/MANIFEST", "raft log": "cluster/*/*.seg",
	} {
		found, err := filepath.Glob(filepath.Join(g.Data(), pattern))
		if err != nil {
			return nil, fmt.Errorf("look for files: %w", err)
		}
		if len(found) > 0 {
			kinds[kind] = found
		}
	}
	return kinds, nil
}
