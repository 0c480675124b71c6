package lab

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/card"
	"github.com/rollcall-edge/rollcall/test/outage/catalogue"
	"github.com/rollcall-edge/rollcall/test/outage/history"
	"github.com/rollcall-edge/rollcall/test/outage/site"
)

// lane is what a fault needs for itself while it is on.
type lane int

const (
	oneGateway lane = iota // some gateway
	leader                 // the gateway that leads
	follower               // one that does not
	everybody              // all gateways, and nothing else may be on
	central
	centralAndGateway
)

// method is how one kind of fault is injected.
type method struct {
	lane   lane
	needs  []site.Layer
	lasts  time.Duration // for which it is on in a short run; a long one takes longer where that shows more
	takes  time.Duration // besides, until it is mended; 0 is little
	settle time.Duration // left alone afterwards, before the next fault of the same gateway; 0 is settleFor
	short  bool          // part of the short run
	do     func(ctx context.Context, i *injury) error
}

// injury is one fault that is being injected.
type injury struct {
	lab     *Lab
	kind    catalogue.Kind
	gateway *site.Gateway // nil when it is everybody or central
	lasts   time.Duration
	chance  *rand.Rand
	fault   *history.Fault
}

// errNoBite means that the fault had no effect that could be seen.
var errNoBite = errors.New("it did not bite")

// proved notes what showed that the fault bit.
func (i *injury) proved(bit bool, format string, args ...any) error {
	i.fault.Proof = fmt.Sprintf(format, args...)
	if !bit {
		return errNoBite
	}
	return nil
}

// hold lets the fault be on for its time; false when the run ends before.
func (i *injury) hold(ctx context.Context) bool { return sleep(ctx, i.lasts) }

// host is the gateway's machine on the switch.
func (i *injury) host() string { return i.gateway.Host }

// peers are the other gateways.
func (i *injury) peers() []*site.Gateway {
	var others []*site.Gateway
	for _, g := range i.lab.site.Gateways {
		if g != i.gateway {
			others = append(others, g)
		}
	}
	return others
}

// targets are the gateways that the fault strikes.
func (i *injury) targets() []*site.Gateway {
	if i.gateway != nil {
		return []*site.Gateway{i.gateway}
	}
	return i.lab.site.Gateways
}

// offOn cuts the power of a machine: its programs stop, the card loses what it does not keep, and all comes up again.
func offOn(ctx context.Context, g *site.Gateway, kind card.Cut) (card.Damage, error) {
	damage, err := powerOff(g, kind)
	return damage, errors.Join(err, powerOn(ctx, g))
}

func powerOff(g *site.Gateway, kind card.Cut) (card.Damage, error) {
	if err := g.Process.Pause(); err != nil && g.Process.Running() {
		return card.Damage{}, err
	}
	return g.Card.Off(kind), g.Process.Hold()
}

func powerOn(ctx context.Context, g *site.Gateway) error {
	return errors.Join(g.Card.On(ctx), g.Process.Resume())
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// await asks every 50 ms until done or the time is up.
func await(ctx context.Context, within time.Duration, done func() bool) bool {
	until := time.Now().Add(within)
	for !done() {
		if time.Now().After(until) || !sleep(ctx, 50*time.Millisecond) {
			return false
		}
	}
	return true
}
