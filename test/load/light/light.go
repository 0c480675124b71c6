// Package light measures the time from a card in a reader's field to the light that the person sees, with the real gateway
// at the other end of the line, and says beside it what the wire alone would take. It judges nothing.
package light

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/rollcall-edge/rollcall/test/load/appliance"
	"github.com/rollcall-edge/rollcall/test/load/sample"
	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// Times of a person at a door.
const (
	patience = 5 * time.Second
	// restAtLeast lets the bus finish the beep and go back to polling; restAtMost spreads cards over its rounds.
	restAtLeast = 80 * time.Millisecond
	restAtMost  = 200 * time.Millisecond
)

// Cell is one line and what was measured on it.
type Cell struct {
	appliance.Wiring
	Taps   int
	Tap    sample.Times // from the card in the field to the light
	Answer sample.Times // from the last octet of the card's frame to the light: the gateway, the LED frame, the lamp
}

// ErrNotGreen means that somebody did not see what the timetable says.
var ErrNotGreen = errors.New("the light was not green")

// Measure lets people tap, one at a time, at readers and moments drawn at random, each expected in the room they come to.
func Measure(ctx context.Context, s *appliance.Site, w appliance.Wiring, taps int) (cell Cell, err error) {
	line, err := s.NewLine(w)
	if err != nil {
		return Cell{}, err
	}
	defer func() { err = errors.Join(err, line.Close()) }()
	g, err := s.Start(line)
	if err != nil {
		return Cell{}, err
	}
	defer func() { err = errors.Join(err, g.Stop()) }()
	if err := errors.Join(g.Serving(ctx), g.Settled(ctx)); err != nil {
		return Cell{}, err
	}
	cell = Cell{Wiring: w, Taps: taps}
	people := queues(s, w.Readers)
	for i := range taps {
		door := rand.IntN(w.Readers) //nolint:gosec // a person's choice
		if err := pause(ctx); err != nil {
			return Cell{}, err
		}
		queue := people[door]
		r, err := present(ctx, line.Doors[door], queue[i%len(queue)])
		if err != nil {
			return Cell{}, err
		}
		cell.Tap = append(cell.Tap, r.ShownAt.Sub(r.PlacedAt))
		cell.Answer = append(cell.Answer, r.After())
	}
	return cell, nil
}

// queues are the people of each door.
func queues(s *appliance.Site, readers int) [][]card.Card {
	var all [][]card.Card
	for room := range readers {
		all = append(all, s.Cards(room))
	}
	return all
}

func pause(ctx context.Context) error {
	t := time.NewTimer(restAtLeast + rand.N(restAtMost-restAtLeast)) //nolint:gosec // a person's leisure
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func present(ctx context.Context, door *reader.OSDP, c card.Card) (reader.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	p, err := door.Present(c)
	if err != nil {
		return reader.Result{}, fmt.Errorf("present card at %s: %w", door.Name(), err)
	}
	r := p.Wait(ctx)
	if r.Light != lamp.Green {
		return r, fmt.Errorf("%w: %s at %s", ErrNotGreen, r.Light, door.Name())
	}
	return r, nil
}
