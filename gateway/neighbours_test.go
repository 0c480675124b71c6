package gateway

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/clock"
	"github.com/rollcall-edge/rollcall/gateway/replicate"
)

// epochKernel is the kernel of a board that woke in 1970 and has no time source.
type epochKernel struct{ clock.Linux }

func (epochKernel) Wall() time.Time                          { return time.Unix(30, 0) }
func (epochKernel) Discipline() (bool, time.Duration, error) { return false, 0, nil }

// In a boot that has not learnt the time, a neighbour's record tells that its time has passed, to lights and to certificates.
func TestNeighboursTellWhatTimeHasPassed(t *testing.T) {
	m, r := newModel(t), newReader(t)
	g := stopped(t, enrolledSite(t, m, r))
	var err error
	if g.clock, err = clock.Open(clock.Options{Kernel: epochKernel{}, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(3 * time.Hour).UTC().Round(0)
	neighbour := filledJournal(t, 3)
	if _, err := neighbour.Append(contract.Record{Stamp: contract.Stamp{At: later, Boot: contract.Boot{7}, Quality: contract.Synchronised}, Heartbeat: &contract.Heartbeat{Since: later}}); err != nil {
		t.Fatal(err)
	}
	shipping, stop := context.WithCancel(t.Context())
	shipped := make(chan error, 1)
	go func() {
		shipped <- replicate.NewShipper(neighbour, g.cluster, replicate.ShipperOptions{Log: slog.New(slog.DiscardHandler)}).Run(shipping)
	}()
	until(t, "the neighbour's records are here", func() bool {
		all := g.replicas()
		return len(all) == 1 && all[0].Replicated == neighbour.Durable()
	})
	stop()
	if err := <-shipped; err != nil {
		t.Fatal(err)
	}
	g.heedOnce()
	if got := g.clock.TimeOf(time.Now()); got.Before(later) {
		t.Errorf("time = %v, want at least the neighbour's %v", got, later)
	}
	if got := g.identity.Now(); got.Before(later) {
		t.Errorf("time for certificates = %v, want at least the neighbour's %v", got, later)
	}
}
