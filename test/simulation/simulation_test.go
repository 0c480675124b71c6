package simulation

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var (
	seed  = flag.Uint64("seed", 1, "seed of the simulation")
	days  = flag.Float64("days", 0.05, "days to simulate; make simulate does three")
	noisy = flag.Bool("noisy", false, "print what the parts log")
)

// TestNothingIsLostInDaysOfFaults is the simulation. The same seed gives the same people and faults; the order in which goroutines of
// one moment run is Go's.
func TestNothingIsLostInDaysOfFaults(t *testing.T) {
	dir := fastDir(t)
	began, during := time.Now(), time.Duration(*days*24*float64(time.Hour))
	var ledger *ledger
	synctest.Test(t, func(t *testing.T) { ledger = simulate(t, dir, *seed, during) })
	took := time.Since(began)
	fmt.Printf("simulation: seed %d, %v of fake time, %d taps answered, %d at dark readers, times %v, marks %v, %d seals of streams and %d of days verified, %d old images put back, %d cards dead of which %d had what their mirror alone had, %.0f records sent ahead, %d steps of the plan, in %.0f s: %.0f times as fast as the clock\n",
		*seed, during, len(ledger.taps), ledger.missed, ledger.times, ledger.marks, ledger.seals, ledger.days, ledger.images, len(ledger.lost), ledger.alone, ledger.ahead, ledger.steps, took.Seconds(), during.Seconds()/took.Seconds())
}

// fastDir is a directory whose flushes cost nothing, if there is one: what would survive a power cut is not asked of these files.
func fastDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "simulation")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func simulate(t *testing.T, dir string, seed uint64, during time.Duration) *ledger {
	log := slog.New(slog.DiscardHandler)
	if *noisy {
		log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	w, err := newWorld(t, dir, seed, log)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	p := newPeople(seed, during)
	if err := w.furnish(p); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var coming sync.WaitGroup
	for i, b := range w.buildings {
		coming.Go(func() { w.come(ctx, b, p.arrivals(i)) })
	}
	err = w.play(plan(seed, during), during)
	stop()
	coming.Wait()
	if err == nil {
		err = w.rest()
	}
	if err != nil {
		t.Fatal(err)
	}
	w.judge()
	w.ledger.ahead = w.central.ahead + w.central.sentAhead()
	w.isVoid(during)
	return w.ledger
}

// isVoid names what the plan was to bring about and did not, in a time in which it must.
func (w *world) isVoid(during time.Duration) {
	const day = 24 * time.Hour
	if during >= day && w.ledger.images == 0 {
		w.fault("void: no old image was put back in %v", during)
	}
	if during >= 3*day && w.ledger.alone == 0 {
		w.fault("void: no card died with what its mirror alone had in %v", during)
	}
	if during >= 3*day && w.ledger.ahead == 0 {
		w.fault("void: nothing was sent ahead of a backlog in %v", during)
	}
}
