package capture

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/drivers"
)

func TestHeard(t *testing.T) {
	yes, no := map[string]bool{"a": true}, map[string]bool{"a": false}
	tests := []struct {
		name       string
		supervised bool
		change     func(b *bus)
		want       map[string]bool
		takes      time.Duration
	}{
		{"answers", true, func(*bus) {}, yes, handedAfter},
		{"push-only with an open line", false, func(*bus) {}, yes, silentAfter},
		{"down", true, func(b *bus) { b.set("a", func(s *drivers.Status) { s.Up = false }) }, no, 0},
		{"push-only with its line unplugged", false, func(b *bus) { b.set("a", func(s *drivers.Status) { s.Up = false }) }, no, 0},
		{"came up within the interval", true, func(b *bus) { b.set("a", func(s *drivers.Status) { s.Since = time.Now().Add(-time.Second) }) }, no, handedAfter},
		{"gives no sign of life", true, func(b *bus) { b.silent["a"] = true }, no, heardWithin},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			capturing(t, func() *bus { return newBus(test.supervised, "a") }, &desk{}, func(c *Capture, b *bus, _ *doors, _ func()) {
				since := time.Now()
				time.Sleep(time.Minute)
				test.change(b)
				at := time.Now()
				if diff := cmp.Diff(c.Heard(context.Background(), since, at), test.want); diff != "" {
					t.Errorf("Heard (-got +want):\n%s", diff)
				}
				if took := time.Since(at); took < test.takes || took > test.takes+heardLook {
					t.Errorf("Heard took %v, want %v", took, test.takes)
				}
			})
		})
	}
}

func (b *bus) set(reader string, change func(*drivers.Status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.states[reader]
	change(&s)
	b.states[reader] = s
}

// Everything heard before the moment has been answered when Heard returns, wherever it was on the way.
func TestHeardWaitsForEveryReadBeforeIt(t *testing.T) {
	d := &desk{takes: 100 * time.Millisecond}
	capturing(t, only("a", "b"), d, func(c *Capture, b *bus, _ *doors, _ func()) {
		since := time.Now()
		for n := range 5 {
			b.cards <- read("a", n)
		}
		heard := c.Heard(context.Background(), since, time.Now())
		if diff := cmp.Diff(heard, map[string]bool{"a": true, "b": true}); diff != "" {
			t.Errorf("Heard (-got +want):\n%s", diff)
		}
		if got := len(d.log()); got != 5 {
			t.Errorf("%d taps answered when Heard returned, want 5", got)
		}
	})
}

// A Read that the driver still offers because the dispatcher was busy is not overtaken. Repeated, since a choice between
// two that wait is made by lot.
func TestHeardDoesNotOvertakeAWaitingRead(t *testing.T) {
	for range 20 {
		d := &desk{holds: "a", takes: 10 * time.Millisecond}
		capturing(t, only("a"), d, func(c *Capture, b *bus, _ *doors, _ func()) {
			since := time.Now()
			for n := range queued + 3 { // worker, queue, dispatcher, driver: all hands are full
				b.cards <- read("a", n)
			}
			time.AfterFunc(time.Second, func() { close(d.hold["a"]) })
			heard := c.Heard(context.Background(), since, time.Now())
			if !heard["a"] {
				t.Error("reader is not spoken for")
			}
			if got, want := len(d.log()), queued+3; got != want {
				t.Errorf("%d taps answered when Heard returned, want %d", got, want)
			}
		})
	}
}

// A reader whose tap cannot be answered is not spoken for; the others are.
func TestHeardLeavesOutAReaderThatWaits(t *testing.T) {
	d := &desk{holds: "a"}
	capturing(t, only("a", "b"), d, func(c *Capture, b *bus, _ *doors, _ func()) {
		since := time.Now()
		b.cards <- read("a", 1)
		if diff := cmp.Diff(c.Heard(context.Background(), since, time.Now()), map[string]bool{"a": false, "b": true}); diff != "" {
			t.Errorf("Heard (-got +want):\n%s", diff)
		}
		close(d.hold["a"])
		synctest.Wait()
	})
}
