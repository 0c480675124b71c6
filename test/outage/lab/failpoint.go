package lab

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/gateway/failpoint"
	"github.com/rollcall-edge/rollcall/test/outage/site"
)

// everywhere are the failpoints that every gateway comes to while people tap.
var everywhere = []string{
	failpoint.CaptureAnswer, failpoint.JournalWrite, failpoint.JournalFlush, failpoint.JournalFlushed, failpoint.CaptureKept, failpoint.CaptureLit,
	failpoint.ReplicateStore, failpoint.ReplicateStored, failpoint.ReplicateApply, failpoint.ReplicateApplied, failpoint.SnapshotNote,
	failpoint.ForwardSend, failpoint.ForwardSent, failpoint.ForwardNoted,
}

// whenLeading are those that the leader alone comes to.
var whenLeading = []string{failpoint.ReplicatePropose}

// whenBehind are those that a gateway comes to which was away for so long that it needs a snapshot.
var whenBehind = []string{failpoint.SnapshotArrive, failpoint.SnapshotSwap}

// panicAtEach ends gateways at one failpoint after the other.
func panicAtEach(ctx context.Context, i *injury) error {
	missed := []string{}
	note := func(point string, struck bool, err error) error {
		if !struck {
			missed = append(missed, point)
		}
		return err
	}
	for _, point := range everywhere {
		struck, err := i.panicAt(ctx, i.anybody(), point)
		if err := note(point, struck, err); err != nil {
			return err
		}
	}
	for _, point := range whenLeading {
		struck, err := i.panicLeading(ctx, point)
		if err := note(point, struck, err); err != nil {
			return err
		}
	}
	g := i.anybody()
	struck, err := i.endBehind(ctx, g, whenBehind[0])
	if err := note(whenBehind[0], struck, err); err != nil {
		return err
	}
	for _, point := range whenBehind[1:] { // without a rest: it asks for the snapshot again as soon as it can
		struck, err := i.endAt(ctx, g, point)
		if err := note(point, struck, err); err != nil {
			return err
		}
	}
	if err := g.Await(ctx); err != nil {
		return err
	}
	all := len(everywhere) + len(whenLeading) + len(whenBehind)
	if len(missed) > 0 {
		return i.proved(false, "no gateway panicked at %s", strings.Join(missed, ", "))
	}
	return i.proved(true, "a gateway panicked at each of %d failpoints and was started again", all)
}

// driverPanics ends a gateway by a panic of a driver that has just heard a card.
func driverPanics(ctx context.Context, i *injury) error {
	struck, err := i.panicAt(ctx, i.gateway, failpoint.DriverRead)
	if err != nil {
		return err
	}
	return i.proved(struck, "a driver panicked, which ended the gateway, and it was started again")
}

func (i *injury) anybody() *site.Gateway {
	all := i.lab.site.Gateways
	return all[i.chance.IntN(len(all))]
}

// comesWithin is how long it may take until a gateway comes to a point: some are minutes apart in service, and seconds here.
const comesWithin = 30 * time.Second

// panicked is the status with which Go ends a program that panicked.
const panicked = 2

// panicAt is endAt, and waits until the gateway can keep taps again.
func (i *injury) panicAt(ctx context.Context, g *site.Gateway, point string) (struck bool, err error) {
	if struck, err = i.endAt(ctx, g, point); err != nil {
		return struck, err
	}
	if err := g.Await(ctx); err != nil {
		return struck, fmt.Errorf("after a panic at %s: %w", point, err)
	}
	return struck, nil
}

// endAt arms a point and waits for the end of the gateway there, and for its next start.
func (i *injury) endAt(ctx context.Context, g *site.Gateway, point string) (struck bool, err error) {
	lives := len(g.Process.Lives())
	if err := g.Arm(point); err != nil {
		return false, err
	}
	if !await(ctx, comesWithin, func() bool { return len(g.Process.Lives()) > lives }) {
		return false, g.Disarm(point)
	}
	ended := g.Process.Lives()[lives-1].State
	return g.Struck(point) && ended.ExitCode() == panicked, nil
}

// endBehind is endAt for a gateway that was off for so long that it needs a snapshot, and for longer if it did not.
func (i *injury) endBehind(ctx context.Context, g *site.Gateway, point string) (struck bool, err error) {
	for far := farBehind; far <= 4*farBehind && !struck && err == nil; far *= 2 {
		if err = i.fallBehind(ctx, g, far); err == nil {
			struck, err = i.endAt(ctx, g, point)
		}
	}
	return struck, err
}

// panicLeading is panicAt for the leader, who may give its office away before it comes to the point.
func (i *injury) panicLeading(ctx context.Context, point string) (struck bool, err error) {
	for try := 0; try < 3 && !struck && err == nil; try++ {
		await(ctx, comesWithin, func() bool { return i.lab.leader(ctx) != nil })
		if g := i.lab.leader(ctx); g != nil {
			struck, err = i.panicAt(ctx, g, point)
		}
	}
	return struck, err
}
