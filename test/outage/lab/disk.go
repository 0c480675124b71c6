package lab

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/card"
	"github.com/rollcall-edge/rollcall/test/outage/site"
)

var onCards = []site.Layer{site.Cards}

var diskFaults = map[int]method{
	10: {lane: oneGateway, needs: onCards, lasts: time.Second, short: true, do: cut(card.DropAll)},
	11: {lane: oneGateway, needs: onCards, lasts: time.Second, short: true, do: cut(card.TornPrefix)},
	12: {lane: oneGateway, needs: onCards, lasts: time.Second, short: true, do: cut(card.RandomSectors)},
	13: {lane: everybody, needs: onCards, lasts: time.Second, short: true, do: cut(card.RandomSectors)},
	14: {lane: oneGateway, needs: onCards, lasts: time.Second, do: cutAgain},
	15: {lane: oneGateway, needs: onCards, lasts: 6 * time.Second, short: true, do: blindWhile(failing(card.Fault{FailWrites: true}))},
	16: {lane: oneGateway, needs: onCards, lasts: 6 * time.Second, short: true, do: blindWhile(failing(card.Fault{FailFlushes: true}))},
	17: {lane: oneGateway, needs: onCards, lasts: 8 * time.Second, short: true, do: full},
	18: {lane: oneGateway, needs: onCards, lasts: 8 * time.Second, do: fullAtStart},
	19: {lane: oneGateway, needs: onCards, lasts: 8 * time.Second, short: true, do: slow},
	20: {lane: oneGateway, needs: onCards, lasts: 6 * time.Second, do: blindWhile(readOnly)},
}

// cut takes the power from gateways and gives it back.
func cut(kind card.Cut) func(context.Context, *injury) error {
	return func(ctx context.Context, i *injury) error {
		pending, kept, torn := 0, 0, 0
		var errs []error
		for _, g := range i.targets() {
			d, err := powerOff(g, kind)
			errs = append(errs, err)
			i.fault.Cuts++
			pending, kept, torn = pending+d.Pending, kept+d.Kept, torn+d.Torn
		}
		i.hold(ctx)
		for _, g := range i.targets() {
			errs = append(errs, powerOn(ctx, g), g.Await(ctx))
		}
		err := errors.Join(errs...)
		return errors.Join(err, i.proved(err == nil, "%d cards lost power with %d writes unflushed, of which %d survived and %d were torn", i.fault.Cuts, pending, kept, torn))
	}
}

// mostCuts is how often the power is cut until a gateway is found starting: on a busy machine it is up before it is looked at.
const mostCuts = 5

// cutAgain cuts the power a second time while the gateway comes up.
func cutAgain(ctx context.Context, i *injury) error {
	starting := false
	for i.fault.Cuts < mostCuts && !starting {
		if _, err := offOn(ctx, i.gateway, card.RandomSectors); err != nil {
			return err
		}
		i.fault.Cuts++
		sleep(ctx, time.Duration(i.chance.Int64N(int64(120*time.Millisecond))))
		starting = !i.gateway.Healthy(ctx)
	}
	i.fault.Cuts++
	d, err := offOn(ctx, i.gateway, card.TornPrefix)
	return errors.Join(err, i.gateway.Await(ctx),
		i.proved(starting, "the last of %d cuts found it starting, with %d writes unflushed", i.fault.Cuts, d.Pending))
}

// failing lets the card fail. The gateway ends after the first error; a technician puts the card right by taking its power,
// since the file system stays read-only after an error.
func failing(f card.Fault) func(context.Context, *injury) error {
	return func(ctx context.Context, i *injury) error {
		g := i.gateway
		before, lives := g.Card.Counts(), len(g.Process.Lives())
		g.Card.SetFault(f)
		i.hold(ctx)
		met := g.Card.Counts()
		ended := await(ctx, 20*time.Second, func() bool { return len(g.Process.Lives()) > lives })
		g.Card.SetFault(card.Fault{})
		_, err := offOn(ctx, g, card.KeepAll)
		failures := met.FailedWrites - before.FailedWrites + met.FailedFlushes - before.FailedFlushes
		return errors.Join(err, g.Await(ctx), i.proved(failures > 0 && ended, "%d writes or flushes failed, and the gateway ended: %v", failures, ended))
	}
}

// full takes all space from the card. What was laid out ahead may still take taps.
func full(ctx context.Context, i *injury) error {
	g := i.gateway
	if err := g.Card.Fill(0); err != nil {
		return err
	}
	refusing := await(ctx, i.lasts, func() bool { return !g.Healthy(ctx) })
	i.hold(ctx)
	free, err := g.Card.Free()
	return errors.Join(err, g.Card.Drain(), g.Await(ctx), i.proved(free < 1<<20, "it ran with %d octets left; its page said that no tap can be kept: %v", free, refusing))
}

// fullAtStart starts a gateway on a full card. What was laid out ahead may still take taps; no more is promised than that.
func fullAtStart(ctx context.Context, i *injury) error {
	g, lives := i.gateway, len(i.gateway.Process.Lives())
	err := errors.Join(g.Process.Hold(), g.Card.Fill(0), g.Process.Resume())
	i.hold(ctx)
	free, failed := g.Card.Free()
	started := len(g.Process.Lives()) - lives
	return errors.Join(err, failed, g.Card.Drain(), restart(ctx, g), i.proved(started > 0 && free < 1<<20, "it started %d times with %d octets left", started, free))
}

// slow lets every flush take a second.
func slow(ctx context.Context, i *injury) error {
	before := i.gateway.Card.Counts().SlowFlushes
	i.gateway.Card.SetFault(card.Fault{SlowFlush: time.Second})
	i.hold(ctx)
	i.gateway.Card.SetFault(card.Fault{})
	n := i.gateway.Card.Counts().SlowFlushes - before
	return i.proved(n > 0, "%d flushes took a second each", n)
}

// readOnly is what the kernel does with a card that it no longer trusts; only a fresh start makes it writable.
func readOnly(ctx context.Context, i *injury) error {
	g, lives := i.gateway, len(i.gateway.Process.Lives())
	if err := g.Card.ReadOnly(); err != nil {
		return fmt.Errorf("remount read-only: %w", err)
	}
	refusing := await(ctx, i.lasts, func() bool { return !g.Healthy(ctx) })
	i.hold(ctx)
	ended := len(g.Process.Lives()) > lives
	_, err := offOn(ctx, g, card.KeepAll)
	return errors.Join(err, g.Await(ctx), i.proved(refusing, "its page said that no tap can be kept, or did not answer; the gateway ended: %v", ended))
}
