package system

import (
	"errors"
	"testing"
	"time"
)

const (
	// patience bounds what happens within seconds on a quiet machine. It is never waited out by a test that passes.
	patience = time.Minute
	// lookEvery is how often is looked.
	lookEvery = 50 * time.Millisecond
)

// errEnded is wrapped by what can never come true any more.
var errEnded = errors.New("it cannot happen any more")

// await looks until done returns nil. When that takes too long, the test ends with what it waited for and what was the case
// instead; errEnded ends it at once.
func await(t testing.TB, within time.Duration, what string, done func() error) {
	t.Helper()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	tooLate := time.NewTimer(within)
	defer tooLate.Stop()
	for {
		err := done()
		if err == nil {
			return
		}
		if errors.Is(err, errEnded) {
			t.Fatalf("waited until %s: %v", what, err)
		}
		select {
		case <-tick.C:
		case <-tooLate.C:
			t.Fatalf("waited %v until %s; it stands so: %v", within, what, err)
		}
	}
}
