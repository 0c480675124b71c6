package forward

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// answers is a central that gives one answer after another, the last for ever, and notes when it was asked.
type answers struct {
	mu    sync.Mutex // guards everything that follows
	give  []func(contract.Batch) (contract.Receipt, error)
	asked []time.Time
}

// times is when it was asked.
func (a *answers) times() []time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked
}

// from now on gives one answer.
func (a *answers) from(give func(contract.Batch) (contract.Receipt, error)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.give = []func(contract.Batch) (contract.Receipt, error){give}
}

func (a *answers) SendBatch(_ context.Context, b contract.Batch) (contract.Receipt, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, time.Now())
	return a.give[min(len(a.asked), len(a.give))-1](b)
}

// SendAhead is for tests of what goes in its order alone.
func (a *answers) SendAhead(context.Context, contract.Batch) (contract.Receipt, error) {
	return contract.Receipt{}, errors.New("nothing is taken ahead")
}

func stored(b contract.Batch) (contract.Receipt, error) {
	return contract.Receipt{Stream: b.Stream, Through: b.First + uint64(len(b.Records)) - 1}, nil
}

func down(contract.Batch) (contract.Receipt, error) {
	return contract.Receipt{}, errors.New("no route")
}

func asksToWait(d time.Duration, status int) func(contract.Batch) (contract.Receipt, error) {
	return func(contract.Batch) (contract.Receipt, error) {
		return contract.Receipt{}, &contract.Problem{Type: contract.ProblemBusy, Status: status, RetryAfter: d}
	}
}

func TestPauseGrowsWithFullJitter(t *testing.T) {
	b := backoff{first: time.Second, most: time.Minute}
	for n, bound := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 6: 32 * time.Second, 7: time.Minute, 100: time.Minute} {
		var least, greatest time.Duration = time.Hour, 0
		for range 2000 {
			d := b.pause(n)
			least, greatest = min(least, d), max(greatest, d)
		}
		if greatest > bound+time.Millisecond || greatest < bound*9/10 || least > bound/10 {
			t.Errorf("pause(%d) is from %v to %v, want all of 0 to %v", n, least, greatest, bound)
		}
	}
}

func TestRetryAfterIsObeyedAndNotShortened(t *testing.T) {
	for _, status := range []int{429, 503} {
		synctest.Test(t, func(t *testing.T) {
			central := &answers{give: []func(contract.Batch) (contract.Receipt, error){asksToWait(40*time.Second, status), stored}}
			f := NewForwarder(NewUplink(Options{Central: central, Log: quiet}), newBox(3))
			ctx, stop := context.WithCancel(t.Context())
			go func() { _ = f.Run(ctx) }()
			synctest.Wait()
			f.Wake() // the reporter got through; central's word counts for more
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			stop()
			synctest.Wait()
			if len(central.times()) != 2 {
				t.Fatalf("central was asked %d times, want 2", len(central.times()))
			}
			if d := central.times()[1].Sub(central.times()[0]); d < 40*time.Second || d > 42*time.Second {
				t.Errorf("asked again after %v, want 40 s and a little", d)
			}
		})
	}
}

func TestConfusedRetryAfterIsBounded(t *testing.T) {
	if got := after(&contract.Problem{RetryAfter: 1000 * time.Hour}); got != maxRetryAfter {
		t.Errorf("after = %v, want %v", got, maxRetryAfter)
	}
}

func TestWakeEndsTheBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		central := &answers{give: []func(contract.Batch) (contract.Receipt, error){down}}
		b := newBox(3)
		f := NewForwarder(NewUplink(Options{Central: central, Log: quiet}), b)
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = f.Run(ctx) }()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if n := len(central.times()); n < 10 || n > 60 {
			t.Errorf("central was asked %d times in ten minutes of outage", n)
		}
		central.from(stored)
		f.Wake()
		synctest.Wait() // no time passes
		if got := b.Acknowledged(); got != 3 {
			t.Errorf("acknowledged %d at once after a wake, want 3", got)
		}
		stop()
		synctest.Wait()
	})
}

func forked(contract.Batch) (contract.Receipt, error) {
	return contract.Receipt{}, &contract.Problem{Type: contract.ProblemFork, Status: 409}
}

func TestForkStopsTheStreamAndNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		central := &answers{give: []func(contract.Batch) (contract.Receipt, error){forked, stored}}
		b := newBox(10)
		f := NewForwarder(NewUplink(Options{Central: central, Log: quiet}), b)
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = f.Run(ctx) }()
		synctest.Wait()
		b.write(5)
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := len(central.times()); n != 1 {
			t.Errorf("%d batches of a forked stream were sent, want 1", n)
		}
		s := f.State()
		if s.Fork != 1 || !s.Stopped() || !strings.Contains(s.Trouble, b.Stream().String()) || !strings.Contains(s.Trouble, "quarantined") {
			t.Errorf("State = %+v", s)
		}
		b.restart() // what the assembly does
		b.write(3)
		synctest.Wait()
		if got := b.Acknowledged(); got != 3 {
			t.Errorf("acknowledged %d of the new stream, want 3", got)
		}
		if s := f.State(); s.Stopped() || s.Trouble != "" {
			t.Errorf("State of the new stream = %+v", s)
		}
		stop()
		synctest.Wait()
	})
}

func TestSilentCentralIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link := NewUplink(Options{Central: silent{}, Log: quiet})
		startedAt := time.Now()
		_, err := link.send(t.Context(), contract.Batch{})
		if took := time.Since(startedAt); !errors.Is(err, context.DeadlineExceeded) || took != requestWithin {
			t.Errorf("send = %v after %v, want %v after %v", err, took, context.DeadlineExceeded, requestWithin)
		}
	})
}

type silent struct{}

func (s silent) SendAhead(ctx context.Context, b contract.Batch) (contract.Receipt, error) {
	return s.SendBatch(ctx, b)
}

func (silent) SendBatch(ctx context.Context, _ contract.Batch) (contract.Receipt, error) {
	<-ctx.Done()
	return contract.Receipt{}, ctx.Err()
}
