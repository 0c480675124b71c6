package lab

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/site"
	"github.com/rollcall-edge/rollcall/test/outage/wire"
)

var onSwitch = []site.Layer{site.Network}

var networkFaults = map[int]method{
	27: {lane: oneGateway, needs: onSwitch, lasts: 25 * time.Second, short: true, do: isolate},
	28: {lane: leader, needs: onSwitch, lasts: 25 * time.Second, do: isolate},
	29: {lane: oneGateway, needs: onSwitch, lasts: 15 * time.Second, do: split},
	30: {lane: oneGateway, needs: onSwitch, lasts: 12 * time.Second, short: true, do: oneWay},
	31: {lane: oneGateway, needs: onSwitch, lasts: 15 * time.Second, do: bridge},
	32: {lane: oneGateway, needs: onSwitch, lasts: 12 * time.Second, do: flap},
	33: {lane: oneGateway, needs: onSwitch, lasts: 12 * time.Second, short: true, do: impair(wire.Impairment{Loss: 0.2}, lost)},
	34: {lane: oneGateway, needs: onSwitch, lasts: 12 * time.Second, do: delays},
	35: {lane: oneGateway, needs: onSwitch, lasts: 12 * time.Second, do: impair(wire.Impairment{Duplicate: 0.3}, duplicated)},
	36: {lane: oneGateway, needs: onSwitch, lasts: 12 * time.Second, do: impair(wire.Impairment{Reorder: 0.3}, reordered)},
	37: {lane: oneGateway, needs: onSwitch, lasts: 12 * time.Second, do: impair(wire.Impairment{Corrupt: 0.1}, corrupted)},
	38: {lane: oneGateway, needs: onSwitch, lasts: 15 * time.Second, do: impair(wire.Impairment{Rate: 1e6}, delayed)},
	39: {lane: central, lasts: 20 * time.Second, short: true, do: centralDown},
	40: {lane: central, lasts: 40 * time.Second, do: centralSilent},
	41: {lane: central, needs: onSwitch, lasts: 12 * time.Second, do: nonsense},
	42: {lane: centralAndGateway, needs: onSwitch, lasts: 15 * time.Second, short: true, do: answersLost},
	43: {lane: oneGateway, needs: onSwitch, lasts: 12 * time.Second, do: impair(wire.Impairment{MTU: 600}, tooBig)},
}

// counted is one of the things that a switch counts.
type counted struct {
	what string
	of   func(wire.Counts) uint64
}

var (
	lost       = counted{"frames lost", func(c wire.Counts) uint64 { return c.Lost }}
	duplicated = counted{"frames duplicated", func(c wire.Counts) uint64 { return c.Duplicated }}
	reordered  = counted{"frames reordered", func(c wire.Counts) uint64 { return c.Reordered }}
	corrupted  = counted{"frames corrupted", func(c wire.Counts) uint64 { return c.Corrupted }}
	delayed    = counted{"frames delayed", func(c wire.Counts) uint64 { return c.Delayed }}
	tooBig     = counted{"packets too large", func(c wire.Counts) uint64 { return c.TooBig }}
	severed    = counted{"frames met the cut", func(c wire.Counts) uint64 { return c.Cut }}
)

// around sums what the switch counted in both directions between a host and all others.
func (i *injury) around(host string, c counted) uint64 {
	var n uint64
	for _, other := range i.lab.hosts() {
		if other != host {
			n += c.of(i.lab.site.Net.Counts(host, other)) + c.of(i.lab.site.Net.Counts(other, host))
		}
	}
	return n
}

// between sums what the switch counted in both directions between two hosts.
func (i *injury) between(a, b string, c counted) uint64 {
	return c.of(i.lab.site.Net.Counts(a, b)) + c.of(i.lab.site.Net.Counts(b, a))
}

// meanwhile breaks something for the fault's time, mends it, and lets what was counted be the proof.
func (i *injury) meanwhile(ctx context.Context, spoil, mend func(), count func() uint64, what string) error {
	before := count()
	spoil()
	i.hold(ctx)
	mend()
	n := count() - before
	return i.proved(n > 0, "%d %s", n, what)
}

// impair lets the gateway's network be bad for a time.
func impair(how wire.Impairment, c counted) func(context.Context, *injury) error {
	return func(ctx context.Context, i *injury) error {
		net, host := i.lab.site.Net, i.host()
		return i.meanwhile(ctx, func() { net.Around(host, how) }, func() { net.Around(host, wire.Impairment{}) },
			func() uint64 { return i.around(host, c) }, c.what)
	}
}

func isolate(ctx context.Context, i *injury) error {
	return impair(wire.Impairment{Cut: true}, severed)(ctx, i)
}

// delays are first those of a long way, then those of a satellite.
func delays(ctx context.Context, i *injury) error {
	if err := impair(wire.Impairment{Delay: 50 * time.Millisecond, Jitter: 10 * time.Millisecond}, delayed)(ctx, i); err != nil {
		return err
	}
	return impair(wire.Impairment{Delay: 500 * time.Millisecond}, delayed)(ctx, i)
}

// split keeps a gateway from its peers; central hears all.
func split(ctx context.Context, i *injury) error {
	apart := func(how wire.Impairment) func() {
		return func() {
			for _, p := range i.peers() {
				i.lab.site.Net.Between(i.host(), p.Host, how)
			}
		}
	}
	return i.meanwhile(ctx, apart(wire.Impairment{Cut: true}), apart(wire.Impairment{}),
		func() uint64 { return i.around(i.host(), severed) }, severed.what)
}

// bridge keeps two gateways apart that both reach the third.
func bridge(ctx context.Context, i *injury) error {
	net, host, other := i.lab.site.Net, i.host(), i.peers()[0].Host
	return i.meanwhile(ctx, func() { net.Between(host, other, wire.Impairment{Cut: true}) }, func() { net.Between(host, other, wire.Impairment{}) },
		func() uint64 { return i.between(host, other, severed) }, severed.what)
}

// oneWay lets a gateway hear everybody, and nobody hear it.
func oneWay(ctx context.Context, i *injury) error {
	net, host := i.lab.site.Net, i.host()
	mute := func() {
		for _, other := range i.lab.hosts() {
			if other != host {
				net.Set(host, other, wire.Impairment{Cut: true})
			}
		}
	}
	return i.meanwhile(ctx, mute, func() { net.Around(host, wire.Impairment{}) },
		func() uint64 { return i.around(host, severed) }, severed.what)
}

// flap cuts and heals every second.
func flap(ctx context.Context, i *injury) error {
	net, host := i.lab.site.Net, i.host()
	before := i.around(host, severed)
	for until := time.Now().Add(i.lasts); time.Now().Before(until) && ctx.Err() == nil; {
		net.Around(host, wire.Impairment{Cut: true})
		sleep(ctx, time.Second)
		net.Around(host, wire.Impairment{})
		sleep(ctx, time.Second)
	}
	n := i.around(host, severed) - before
	return i.proved(n > 0, "%d %s", n, severed.what)
}

// centralDown kills central and leaves it dead for a time.
func centralDown(ctx context.Context, i *injury) error {
	c := i.lab.site.Central
	if err := c.Process.Hold(); err != nil {
		return err
	}
	silent := !c.API.Healthy(ctx)
	i.hold(ctx)
	return errors.Join(c.Process.Resume(), c.Await(ctx), i.proved(silent, "nobody answered at its address"))
}

// centralSilent lets connections to central succeed and nothing be answered.
func centralSilent(ctx context.Context, i *injury) error {
	c := i.lab.site.Central
	if err := c.Process.Pause(); err != nil {
		return err
	}
	asked, cancel := context.WithTimeout(ctx, 2*time.Second)
	silent := !c.API.Healthy(asked)
	cancel()
	i.hold(ctx)
	return errors.Join(c.Process.Continue(), c.Await(ctx), i.proved(silent, "it was asked and did not answer"))
}

// nonsense puts somebody in central's place who answers with octets that mean nothing, or hangs up half-way.
func nonsense(ctx context.Context, i *injury) error {
	c := i.lab.site.Central
	if err := c.Process.Hold(); err != nil {
		return err
	}
	listener, err := c.Impostor(ctx)
	if err != nil {
		return errors.Join(err, c.Process.Resume())
	}
	var answered atomic.Int64
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if answered.Add(1)%2 == 0 {
				_, _ = conn.Write([]byte("HTTP/1.1 500 Nonsense\r\nContent-Length: 9\r\n\r\n{\"through\"")) // as much as goes
			}
			_ = conn.Close()
		}
	}()
	i.hold(ctx)
	err = errors.Join(listener.Close(), c.Process.Resume(), c.Await(ctx))
	return errors.Join(err, i.proved(answered.Load() > 0, "%d connections got nonsense", answered.Load()))
}

// answersLost lets a gateway's batches reach central and central's answers vanish.
func answersLost(ctx context.Context, i *injury) error {
	s, host := i.lab.site, i.host()
	before := severed.of(s.Net.Counts(site.CentralHost, host))
	s.Net.Set(site.CentralHost, host, wire.Impairment{Cut: true})
	name, held, known := i.gateway.Building.ID, uint64(0), uint64(0)
	moved := await(ctx, i.lasts, func() bool {
		now := s.Sample(ctx) // asks the gateway before central
		own, answered := now.Gateways[name]
		held, known = now.Central[own.Stream], own.Acknowledged
		return answered && held > known
	})
	i.hold(ctx)
	s.Net.Set(site.CentralHost, host, wire.Impairment{})
	n := severed.of(s.Net.Counts(site.CentralHost, host)) - before
	return i.proved(moved && n > 0, "central held %d records of its stream, it knew of %d; %d frames of answers were lost", held, known, n)
}
