package lab

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/site"
	"github.com/rollcall-edge/rollcall/test/outage/skew"
	"github.com/rollcall-edge/rollcall/test/sim/campus"
)

var timeFaults = map[int]method{
	44: {lane: oneGateway, needs: onClocks, lasts: 10 * time.Second, short: true, do: step3h},
	45: {lane: oneGateway, needs: onClocks, lasts: 10 * time.Second, do: overMidnight},
	46: {lane: oneGateway, needs: onClocks, lasts: 20 * time.Second, do: drift},
	47: {lane: oneGateway, needs: onClocks, lasts: 10 * time.Second, short: true, do: wakesIn1970},
	48: {lane: oneGateway, needs: onClocks, lasts: 10 * time.Second, do: strobe},
	49: {lane: everybody, needs: onClocks, lasts: 12 * time.Second, do: disagree},
}

var onClocks = []site.Layer{site.Clocks}

// inOrder is a clock that is disciplined again.
var inOrder = skew.Discipline{Synchronised: true, Within: time.Millisecond}

// wrong lets the clock of a gateway be wrong, by somebody's hand, and be put right by the network afterwards.
func wrong(ctx context.Context, i *injury, offset time.Duration) error {
	clock := i.gateway.Clock
	clock.SetDiscipline(skew.Discipline{})
	clock.Set(offset)
	shown := time.Until(clock.Now())
	i.hold(ctx)
	clock.Set(0)
	clock.SetDiscipline(inOrder)
	off := shown - offset
	return i.proved(off.Abs() < time.Minute, "its clock was %v off", shown.Round(time.Second))
}

func step3h(ctx context.Context, i *injury) error {
	offset := 3 * time.Hour
	if i.chance.IntN(2) == 0 {
		offset = -offset
	}
	return wrong(ctx, i, offset)
}

// overMidnight takes the clock to the next day in London, which is also another class.
func overMidnight(ctx context.Context, i *injury) error {
	y, m, d := time.Now().In(campus.London).Date()
	return wrong(ctx, i, time.Until(time.Date(y, m, d+1, 0, 0, 1, 0, campus.London)))
}

// drift lets the clock run away at 500 parts in a million, as an undisciplined crystal in the heat may.
func drift(ctx context.Context, i *injury) error {
	clock := i.gateway.Clock
	clock.SetDiscipline(skew.Discipline{})
	away, cancel := context.WithTimeout(ctx, i.lasts)
	clock.Drift(away, 500)
	cancel()
	off := clock.Offset()
	clock.Set(0)
	clock.SetDiscipline(inOrder)
	return i.proved(off != 0, "its clock was %v off in the end", off)
}

// wakesIn1970 is a power failure of a board without a battery.
func wakesIn1970(ctx context.Context, i *injury) error {
	g := i.gateway
	err := g.Process.Hold()
	g.Clock.SetTo(time.Unix(12, 0))
	g.Clock.SetDiscipline(skew.Discipline{})
	err = errors.Join(err, g.Clock.Boot(), g.Process.Resume(), g.Await(ctx))
	year := g.Clock.Now().UTC().Year()
	i.hold(ctx)
	g.Clock.Set(0)
	g.Clock.SetDiscipline(inOrder)
	return errors.Join(err, i.proved(year == 1970, "it ran in %d", year))
}

// strobe steps the clock to and fro.
func strobe(ctx context.Context, i *injury) error {
	away, cancel := context.WithTimeout(ctx, i.lasts)
	defer cancel()
	i.gateway.Clock.SetDiscipline(skew.Discipline{})
	seen := make(chan bool, 1)
	go func() {
		seen <- await(away, i.lasts, func() bool { return i.gateway.Clock.Offset().Abs() > time.Minute })
	}()
	i.gateway.Clock.Strobe(away, 20*time.Minute, time.Second)
	i.gateway.Clock.SetDiscipline(inOrder)
	return i.proved(<-seen, "its clock went to and fro by 20 minutes every second")
}

// disagree sets two gateways ten minutes apart.
func disagree(ctx context.Context, i *injury) error {
	gateways := i.lab.site.Gateways
	for k, offset := range []time.Duration{-5 * time.Minute, 5 * time.Minute} {
		gateways[k].Clock.SetDiscipline(skew.Discipline{})
		gateways[k].Clock.Set(offset)
	}
	apart := gateways[1].Clock.Now().Sub(gateways[0].Clock.Now())
	i.hold(ctx)
	for _, g := range gateways {
		g.Clock.Set(0)
		g.Clock.SetDiscipline(inOrder)
	}
	return i.proved(apart > 9*time.Minute, "two clocks were %v apart", apart.Round(time.Second))
}
