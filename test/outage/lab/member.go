package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/site"
	"github.com/rollcall-edge/rollcall/test/outage/wire"
)

// The Raft log of the laboratory's gateways (see variant.Eager).
const (
	farBehind      = 64 + 64 + 64 // entries after which what a gateway lacks is no longer in the leader's log: kept, not yet shortened, in whole files
	shortenedAfter = 12 * time.Second
	behindWithin   = 3 * time.Minute
)

const appliedIndex, commitIndex = "rollcall_gateway_raft_applied_index", "rollcall_gateway_raft_commit_index"

// indexOf is one of the numbers of a gateway's Raft, 0 when it does not answer.
func indexOf(ctx context.Context, g *site.Gateway, name string) float64 {
	m, err := g.Metrics(ctx)
	if err != nil {
		return 0
	}
	return m[name]
}

// awaitBehind waits until who had applied so many entries lacks far more, and the leader has had the time to shorten its log.
func (i *injury) awaitBehind(ctx context.Context, applied float64, far int) error {
	ahead := 0.0
	reached := await(ctx, behindWithin, func() bool {
		for _, g := range i.lab.site.Gateways {
			ahead = max(ahead, indexOf(ctx, g, commitIndex)-applied)
		}
		return ahead >= float64(far)
	})
	if !reached || !sleep(ctx, shortenedAfter) {
		return fmt.Errorf("the others are %v entries ahead after %v, want %d", ahead, behindWithin, far)
	}
	return nil
}

// fallBehind keeps a gateway off until it lacks so many entries, and starts it then.
func (i *injury) fallBehind(ctx context.Context, g *site.Gateway, far int) error {
	applied := indexOf(ctx, g, appliedIndex)
	if err := g.Process.Hold(); err != nil {
		return err
	}
	behind := i.awaitBehind(ctx, applied, far)
	if err := g.Process.Resume(); err != nil {
		return err
	}
	return behind
}

// replicaOf identifies the folder of a gateway's replica, which is exchanged as a whole for a snapshot.
func replicaOf(g *site.Gateway) uint64 {
	info, err := os.Stat(filepath.Join(g.Data(), "cluster", "replica"))
	if err != nil {
		return 0
	}
	return info.Sys().(*syscall.Stat_t).Ino
}

// snapshotCut keeps a gateway apart until it needs a snapshot, and cuts it off again while that is on the way. Entries that were
// written together take less room in the leader's log, and more of them are kept: then it is kept apart for longer.
func snapshotCut(ctx context.Context, i *injury) error {
	net, g := i.lab.site.Net, i.anybody()
	before, arriving := replicaOf(g), false
	for far := farBehind; far <= 4*farBehind && !arriving; far *= 2 {
		applied := indexOf(ctx, g, appliedIndex)
		net.Around(g.Host, wire.Impairment{Cut: true})
		err := i.awaitBehind(ctx, applied, far)
		net.Around(g.Host, wire.Impairment{Rate: 5e5})
		if err != nil {
			net.Around(g.Host, wire.Impairment{})
			return err
		}
		arriving = await(ctx, 20*time.Second, func() bool {
			_, err := os.Stat(filepath.Join(g.Data(), "cluster", "replica.new"))
			return err == nil
		})
	}
	net.Around(g.Host, wire.Impairment{Cut: true})
	cutThen := replicaOf(g) == before
	i.hold(ctx)
	net.Around(g.Host, wire.Impairment{})
	installed := await(ctx, time.Minute, func() bool { return replicaOf(g) != before })
	return i.proved(arriving && cutThen && installed, "%s: a snapshot was on the way when it was cut off: %v; it was not in place then: %v, and was after the cut: %v", g.Building.ID, arriving, cutThen, installed)
}

// removedWhileApart takes a gateway out of the cluster that cannot hear of it, and takes it in again later.
func removedWhileApart(ctx context.Context, i *injury) error {
	g := i.anybody()
	name, net := g.Building.ID, i.lab.site.Net
	net.Around(g.Host, wire.Impairment{Cut: true})
	peer := i.awaitOtherLeader(ctx, g)
	if peer == nil {
		net.Around(g.Host, wire.Impairment{})
		return fmt.Errorf("nobody leads without %s", name)
	}
	_, err := peer.Command(ctx, "cluster", "remove", "--config", peer.Config(), name)
	out := !strings.Contains(i.members(ctx, peer), name)
	i.hold(ctx)
	net.Around(g.Host, wire.Impairment{})
	if err != nil {
		return err
	}
	i.hold(ctx)
	stays := !strings.Contains(i.members(ctx, peer), name)
	_, err = peer.Command(ctx, "cluster", "join", "--config", peer.Config(), name, g.Peers())
	if err != nil {
		return err
	}
	return i.proved(out && stays, "%s was no member any more: %v, nor when it was heard again: %v; and joined anew", name, out, stays)
}

// awaitOtherLeader waits until somebody else leads, nil when nobody does.
func (i *injury) awaitOtherLeader(ctx context.Context, than *site.Gateway) (led *site.Gateway) {
	others := slices.DeleteFunc(slices.Clone(i.lab.site.Gateways), func(g *site.Gateway) bool { return g == than })
	await(ctx, time.Minute, func() bool {
		for _, g := range others {
			if p, err := g.Progress(ctx); err == nil && p.Leader {
				led = g
				return true
			}
		}
		return false
	})
	return led
}

// members is what a gateway says of its cluster.
func (i *injury) members(ctx context.Context, g *site.Gateway) string {
	text, err := g.Command(ctx, "cluster", "status", "--config", g.Config())
	if err != nil {
		return err.Error()
	}
	return text
}
