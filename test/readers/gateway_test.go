package readers

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/rollcall-edge/rollcall/drivers"
)

// gateway is the least that can stand in for one: it runs a bus, keeps what it reads in order, and answers with a light.
type gateway struct {
	bus  drivers.Bus
	stop func() // ends the bus and waits for its end; further calls do nothing

	mu    sync.Mutex
	reads []drivers.Read
}

// start runs a bus until the test ends or stop is called. Every card is Accepted, what is no card Refused.
func start(t testing.TB, bus drivers.Bus) *gateway {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	g := &gateway{bus: bus}
	reads := make(chan drivers.Read)
	var work sync.WaitGroup
	work.Go(func() {
		defer close(reads)
		if err := bus.Run(ctx, reads); err != nil {
			t.Errorf("Run = %v", err)
		}
	})
	work.Go(func() {
		for r := range reads {
			g.take(r)
		}
	})
	g.stop = func() {
		cancel()
		work.Wait()
	}
	t.Cleanup(g.stop)
	return g
}

func (g *gateway) take(r drivers.Read) {
	g.mu.Lock()
	g.reads = append(g.reads, r)
	g.mu.Unlock()
	g.bus.Show(r.Reader, answerTo(r))
}

func answerTo(r drivers.Read) drivers.Signal {
	switch {
	case r.Several:
		return drivers.Several
	case r.Unsuitable:
		return drivers.Refused
	}
	return drivers.Accepted
}

// heard are the reads of one reader so far, in order.
func (g *gateway) heard(reader string) []drivers.Read {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(g.reads), func(r drivers.Read) bool { return r.Reader != reader })
}

// keys are the credentials of those reads; one that names nobody is "several" or "unsuitable".
func (g *gateway) keys(reader string) []string {
	var keys []string
	for _, r := range g.heard(reader) {
		switch {
		case r.Several:
			keys = append(keys, "several")
		case r.Unsuitable:
			keys = append(keys, "unsuitable")
		default:
			keys = append(keys, r.Credential)
		}
	}
	return keys
}

// status is the state of one reader.
func (g *gateway) status(reader string) drivers.Status {
	for _, s := range g.bus.Status() {
		if s.Reader == reader {
			return s
		}
	}
	return drivers.Status{}
}

// awaitUp waits until each reader answers.
func (g *gateway) awaitUp(t testing.TB, readers ...string) {
	t.Helper()
	for _, name := range readers {
		await(t, name+" is up", func() error {
			if s := g.status(name); !s.Up {
				return fmt.Errorf("status %+v", s)
			}
			return nil
		})
	}
}

// awaitKey waits until a reader has given a card.
func (g *gateway) awaitKey(t testing.TB, reader, key string) {
	t.Helper()
	await(t, reader+" gives "+key, func() error {
		if keys := g.keys(reader); !slices.Contains(keys, key) {
			return fmt.Errorf("%d cards of it: %q; status %+v", len(keys), keys, g.status(reader))
		}
		return nil
	})
}
