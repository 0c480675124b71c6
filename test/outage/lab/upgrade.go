package lab

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/site"
)

// versionRead is how the leader tells which version of commands a member reads.
var versionRead = regexp.MustCompile(`version ([0-9]+)`)

// newer is the version of commands that the next build knows, and the present one, which all run, does not.
func (i *injury) newer(ctx context.Context) (byte, error) {
	present := ""
	await(ctx, time.Minute, func() bool {
		m := versionRead.FindStringSubmatch(i.lab.membership(ctx))
		if m != nil {
			present = m[1]
		}
		return m != nil
	})
	n, err := strconv.ParseUint(present, 10, 7)
	if err != nil {
		return 0, fmt.Errorf("nobody who leads says which version it reads: %w", err)
	}
	return byte(n + 1), nil
}

// reads waits until the leader knows that so many members read a version.
func (i *injury) reads(ctx context.Context, version byte, members int) bool {
	return await(ctx, time.Minute, func() bool {
		n := 0
		for _, m := range versionRead.FindAllStringSubmatch(i.lab.membership(ctx), -1) {
			if m[1] == strconv.Itoa(int(version)) {
				n++
			}
		}
		return n == members
	})
}

// install ends a gateway as a package does, and starts the other build in its place.
func install(ctx context.Context, g *site.Gateway, b site.Build) error {
	g.Install(b)
	return restart(ctx, g)
}

// upgraded brings one gateway after the other to the next build, and leaves them there: from the last one on the cluster
// writes what the present build cannot read.
func upgraded(ctx context.Context, i *injury) error {
	next, err := i.newer(ctx)
	if err != nil {
		return err
	}
	for _, g := range i.targets() {
		if err := install(ctx, g, site.Next); err != nil {
			return err
		}
		i.hold(ctx)
	}
	known := i.reads(ctx, next, len(i.targets()))
	i.hold(ctx)
	written, err := commandsOf(ctx, i.anybody(), next)
	if err != nil {
		return err
	}
	return i.proved(known && written > 0, "the leader knew that all read version %d: %v; %d commands of it were written", next, known, written)
}

// downgraded tries the next build on one gateway and goes back: nobody has written anything by then that the present build cannot
// read. Once all have been upgraded there is no way back but the one over the journals.
func downgraded(ctx context.Context, i *injury) error {
	g := i.gateway
	next, err := i.newer(ctx)
	if err != nil {
		return err
	}
	if err := install(ctx, g, site.Next); err != nil {
		return err
	}
	ran := i.reads(ctx, next, 1)
	i.hold(ctx)
	if err := install(ctx, g, site.Present); err != nil {
		return err
	}
	written, err := commandsOf(ctx, g, next)
	if err != nil {
		return err
	}
	return i.proved(ran && written == 0, "the leader knew that it read version %d: %v; %d commands of it were written", next, ran, written)
}

// commandsOf counts the commands of a version in the Raft log of a gateway, which is stopped for it.
func commandsOf(ctx context.Context, g *site.Gateway, version byte) (n int, err error) {
	if err := g.Process.Stop(stopPatience); err != nil {
		return 0, err
	}
	versions, err := g.Commands()
	if err != nil {
		return 0, err
	}
	if err := g.Process.Resume(); err != nil {
		return 0, err
	}
	return versions[version], g.Await(ctx)
}

// membership is what the leader says of the members, "" while nobody leads or it does not answer.
func (l *Lab) membership(ctx context.Context) string {
	g := l.leader(ctx)
	if g == nil {
		return ""
	}
	text, err := g.Command(ctx, "cluster", "status", "--config", g.Config())
	if err != nil {
		return ""
	}
	return text
}

// leader is who leads, nil while nobody does.
func (l *Lab) leader(ctx context.Context) *site.Gateway {
	for _, g := range l.site.Gateways {
		if p, err := g.Progress(ctx); err == nil && p.Leader {
			return g
		}
	}
	return nil
}
