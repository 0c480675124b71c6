package lab

import (
	"context"
	"errors"
	"syscall"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/proc"
	"github.com/rollcall-edge/rollcall/test/outage/site"
)

var processFaults = map[int]method{
	1: {lane: leader, lasts: time.Second, short: true, do: kill},
	2: {lane: follower, lasts: time.Second, short: true, do: kill},
	3: {lane: everybody, lasts: time.Second, do: kill},
	4: {lane: leader, lasts: 6 * time.Second, short: true, do: pause},
	5: {lane: oneGateway, lasts: 5 * time.Second, needs: []site.Layer{site.Groups}, do: starve},
	6: {lane: oneGateway, lasts: 20 * time.Second, needs: []site.Layer{site.Groups}, do: noMemory},
	7: {lane: everybody, lasts: time.Second, takes: 3 * time.Minute, do: panicAtEach},
	8: {lane: oneGateway, lasts: time.Second, short: true, do: terminate},
	9: {lane: oneGateway, lasts: 10 * time.Second, short: true, do: driverPanics},
}

// kill ends gateways with SIGKILL; they are started again.
func kill(ctx context.Context, i *injury) error {
	before := map[*site.Gateway]int{}
	var errs []error
	for _, g := range i.targets() {
		before[g] = len(g.Process.Lives())
		errs = append(errs, g.Process.Kill())
	}
	i.hold(ctx)
	killed := 0
	for g, n := range before {
		if l := g.Process.Lives()[n-1]; l.State != nil && signalOf(l) == syscall.SIGKILL {
			killed++
		}
		errs = append(errs, g.Await(ctx))
	}
	return errors.Join(i.proved(killed == len(before), "%d of %d programs ended by SIGKILL", killed, len(before)), errors.Join(errs...))
}

func signalOf(l proc.Life) syscall.Signal {
	status, ok := l.State.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return 0
	}
	return status.Signal()
}

// pause stops a gateway where it stands.
func pause(ctx context.Context, i *injury) error {
	p := i.gateway.Process
	if err := p.Pause(); err != nil {
		return err
	}
	silent := !i.gateway.Healthy(ctx)
	i.hold(ctx)
	err := p.Continue()
	return errors.Join(i.proved(silent, "its page did not answer"), err, i.gateway.Await(ctx))
}

// terminate asks a gateway to end while people tap.
func terminate(ctx context.Context, i *injury) error {
	p := i.gateway.Process
	lives := len(p.Lives())
	if err := p.Terminate(); err != nil {
		return err
	}
	ended := await(ctx, 30*time.Second, func() bool { return len(p.Lives()) > lives })
	status := -1
	if l := p.Lives()[lives-1]; l.State != nil {
		status = l.State.ExitCode()
	}
	return errors.Join(i.proved(ended && status == 0, "it ended with status %d and was started again", status), i.gateway.Await(ctx))
}

// starve freezes a gateway, then lets it have a twentieth of a processor.
func starve(ctx context.Context, i *injury) error {
	group, err := proc.OpenGroup("starved-" + i.host())
	if err != nil {
		return err
	}
	p := i.gateway.Process
	pid := p.Lives()[len(p.Lives())-1].PID
	err = errors.Join(group.Add(pid), group.Freeze())
	silent := !i.gateway.Healthy(ctx)
	i.hold(ctx)
	err = errors.Join(err, group.Thaw(), group.SetCPU(0.05))
	i.hold(ctx)
	err = errors.Join(err, group.SetCPU(0))
	err = errors.Join(err, i.proved(silent, "its page did not answer while it was frozen"), i.gateway.Await(ctx))
	// The group can go only when its process has ended: a restart is part of the fault.
	return errors.Join(err, restart(ctx, i.gateway), group.Close())
}

// restart ends a gateway and waits until it can keep taps again.
func restart(ctx context.Context, g *site.Gateway) error {
	if err := g.Process.Stop(stopPatience); err != nil {
		return err
	}
	return errors.Join(g.Process.Resume(), g.Await(ctx))
}

const stopPatience = 30 * time.Second

// noMemory starts a gateway with less memory than it needs, until the kernel kills it.
func noMemory(ctx context.Context, i *injury) error {
	g := i.gateway
	group, err := proc.OpenGroup("hungry-" + i.host())
	if err != nil {
		return err
	}
	err = errors.Join(group.SetMemory(16<<20), g.Process.Stop(stopPatience))
	g.OnStart(group.Add)
	err = errors.Join(err, g.Process.Resume())
	killed := int64(0)
	await(ctx, i.lasts, func() bool { killed, _ = group.Killed(); return killed > 0 })
	g.OnStart(nil)
	err = errors.Join(err, group.SetMemory(0), restart(ctx, g), group.Close())
	return errors.Join(err, i.proved(killed > 0, "the kernel killed %d processes", killed))
}
