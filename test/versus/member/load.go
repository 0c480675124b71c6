package member

import (
	"errors"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/test/load/sample"
)

// LoadWith has so many clients call do, each one call after the other, for so long, and gives how long each call took. Every
// contender is loaded by it.
func LoadWith(clients int, d time.Duration, do func() error) (sample.Times, error) {
	var (
		all  sync.WaitGroup
		mu   sync.Mutex // guards the next two
		took sample.Times
		errs []error
	)
	until := time.Now().Add(d)
	for range clients {
		all.Go(func() {
			times, err := repeat(until, do)
			mu.Lock()
			defer mu.Unlock()
			took, errs = append(took, times...), append(errs, err)
		})
	}
	all.Wait()
	return took, errors.Join(errs...)
}

func repeat(until time.Time, do func() error) (took sample.Times, err error) {
	for {
		began := time.Now()
		if began.After(until) {
			return took, nil
		}
		if err := do(); err != nil {
			return took, err
		}
		took = append(took, time.Since(began))
	}
}

// PaceWith begins a call of do every so often for so long, whether or not the one before has returned, and waits for all.
func PaceWith(every, d time.Duration, do func() error) (sample.Times, error) {
	var (
		all  sync.WaitGroup
		mu   sync.Mutex // guards the next two
		took sample.Times
		errs []error
	)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for range int(d / every) {
		<-ticker.C
		all.Go(func() {
			began := time.Now()
			err := do()
			mu.Lock()
			defer mu.Unlock()
			took, errs = append(took, time.Since(began)), append(errs, err)
		})
	}
	all.Wait()
	return took, errors.Join(errs...)
}
