package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/history"
	"github.com/rollcall-edge/rollcall/test/outage/site"
	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/reader"
)

var readerFaults = map[int]method{
	50: {lane: oneGateway, lasts: 4 * time.Second, short: true, do: unplug},
	51: {lane: oneGateway, lasts: 10 * time.Second, short: true, do: bad(reader.Faults{Split: 0.5, SplitGap: 3 * time.Millisecond}, "frames came in pieces", func(c reader.LineCounts) int { return c.Splits })},
	52: {lane: oneGateway, lasts: 10 * time.Second, do: badBus(reader.Faults{Noise: 0.3}, "frames had noise before them", func(c reader.LineCounts) int { return c.Noises })},
	53: {lane: oneGateway, lasts: 10 * time.Second, short: true, do: badBus(reader.Faults{Flip: 0.2}, "frames were damaged", func(c reader.LineCounts) int { return c.Flips })},
	54: {lane: oneGateway, lasts: 10 * time.Second, do: bad(reader.Faults{Drop: 0.2}, "frames were lost and sent again", func(c reader.LineCounts) int { return c.Drops })},
	55: {lane: oneGateway, lasts: 3 * time.Second, short: true, do: readersRestart},
	56: {lane: oneGateway, lasts: 6 * time.Second, short: true, do: stuck},
	57: {lane: oneGateway, lasts: 10 * time.Second, short: true, do: sameAddress},
	58: {lane: oneGateway, lasts: 8 * time.Second, do: otherSpeed},
	59: {lane: oneGateway, lasts: 8 * time.Second, do: swapped},
	60: {lane: oneGateway, lasts: 10 * time.Second, do: bad(reader.Faults{Deaf: 0.3}, "commands were not heard", func(c reader.LineCounts) int { return c.Deafs })},
}

// bad lets all lines of a gateway be bad for a time.
func bad(f reader.Faults, what string, of func(reader.LineCounts) int) func(context.Context, *injury) error {
	return func(ctx context.Context, i *injury) error { return i.badLines(ctx, i.gateway.Lines.All, f, what, of) }
}

// badBus lets the bus of a gateway garble octets. The other lines are spared: a scanner's text has no check, and those of the other
// readers are so weak that a garbled number can pass for another card, of which nobody could say afterwards who held it.
func badBus(f reader.Faults, what string, of func(reader.LineCounts) int) func(context.Context, *injury) error {
	return func(ctx context.Context, i *injury) error {
		return i.badLines(ctx, i.gateway.Lines.All[:1], f, what, of)
	}
}

func (i *injury) badLines(ctx context.Context, lines []*site.Line, f reader.Faults, what string, of func(reader.LineCounts) int) error {
	struck := 0
	for _, l := range lines {
		struck -= of(l.Counts())
		l.SetFaults(f)
	}
	i.hold(ctx)
	for _, l := range lines {
		l.SetFaults(reader.Faults{})
		struck += of(l.Counts())
	}
	return i.proved(struck > 0, "%d %s", struck, what)
}

// unplug pulls all adapters and puts them back.
func unplug(ctx context.Context, i *injury) error {
	var errs []error
	for _, l := range i.gateway.Lines.All {
		errs = append(errs, l.Unplug())
	}
	_, gone := os.Stat(i.gateway.Lines.All[0].Path())
	i.hold(ctx)
	for _, l := range i.gateway.Lines.All {
		errs = append(errs, l.Replug())
	}
	return errors.Join(errors.Join(errs...), i.proved(errors.Is(gone, os.ErrNotExist), "%d adapters were gone", len(errs)/2))
}

// readersRestart takes the power from the readers of a bus.
func readersRestart(ctx context.Context, i *injury) error {
	n := 0
	for _, pd := range i.gateway.Lines.PDs {
		pd.PowerCycle()
		n++
	}
	i.hold(ctx)
	return i.proved(n > 0, "%d readers restarted", n)
}

// stuck tapes a stranger's card to the reader of the building that has a line of its own.
func stuck(ctx context.Context, i *injury) error {
	for _, l := range i.gateway.Lines.All {
		if l.Kind == campus.OSDP || l.Kind == campus.QR {
			continue
		}
		v := i.guest(l.Rooms[0])
		v.Student, v.Expect = "", history.Red
		before := l.Counts().Sent
		_, err := i.lab.people.Stuck(ctx, v, i.lasts)
		n := l.Counts().Sent - before
		return errors.Join(err, i.proved(n > 20, "%d frames of one card", n))
	}
	return i.proved(false, "no reader of the building can have a card stuck to it")
}

// sameAddress hangs a second reader on the bus that has the address of the first.
func sameAddress(ctx context.Context, i *injury) error {
	l, spare := i.gateway.Lines.All[0], i.gateway.Lines.Spare
	before, own := l.Counts().Collisions, spare.Address()
	spare.SetAddress(i.gateway.Lines.PDs[l.Rooms[0].ID].Address())
	i.hold(ctx)
	spare.SetAddress(own)
	n := l.Counts().Collisions - before
	return i.proved(n > 0, "two readers answered at once %d times", n)
}

// otherSpeed moves the readers of a bus to another speed.
func otherSpeed(ctx context.Context, i *injury) error {
	l := i.gateway.Lines.All[0]
	before := l.Counts().WrongSpeed
	for _, pd := range i.gateway.Lines.PDs {
		pd.SetBaud(9600)
	}
	i.hold(ctx)
	for _, pd := range i.gateway.Lines.PDs {
		pd.SetBaud(38400)
	}
	n := l.Counts().WrongSpeed - before
	return i.proved(n > 0, "%d frames at another speed", n)
}

// swapped exchanges the names of two ports, as a boot that finds them in another order may.
func swapped(ctx context.Context, i *injury) error {
	lines := i.gateway.Lines.All
	if len(lines) < 2 {
		return i.proved(false, "the building has one line")
	}
	a, b := lines[0], lines[1]
	if err := exchange(a.Path(), b.Path()); err != nil {
		return err
	}
	// The adapters' own ends stay; the gateway opens them anew.
	err := restartOnly(ctx, i.gateway)
	i.hold(ctx)
	down := await(ctx, 10*time.Second, func() bool {
		m, err := i.gateway.Metrics(ctx)
		return err == nil && m[fmt.Sprintf("rollcall_gateway_line_up{line=%q}", a.Name)] == 0
	})
	return errors.Join(err, exchange(a.Path(), b.Path()), restart(ctx, i.gateway), i.proved(down, "its bus did not answer"))
}

func restartOnly(ctx context.Context, g *site.Gateway) error {
	return errors.Join(g.Process.Stop(stopPatience), g.Process.Resume(), g.Await(ctx))
}

// exchange swaps where two links lead.
func exchange(a, b string) error {
	toA, errA := os.Readlink(a)
	toB, errB := os.Readlink(b)
	if err := errors.Join(errA, errB); err != nil {
		return fmt.Errorf("swap ports: %w", err)
	}
	return errors.Join(relink(a, toB), relink(b, toA))
}

func relink(name, target string) error {
	fresh := name + ".new"
	if err := os.Symlink(target, fresh); err != nil {
		return fmt.Errorf("swap ports: %w", err)
	}
	if err := os.Rename(fresh, name); err != nil {
		return fmt.Errorf("swap ports: %w", err)
	}
	return nil
}

// litRoom is a room of the injured building whose reader has a light.
func (i *injury) litRoom() campus.Room {
	rooms := roomsOf(i.gateway.Building)
	return rooms[i.chance.IntN(len(rooms))]
}
