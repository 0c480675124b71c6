package clock

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/rollcall-edge/rollcall/central/contract"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var boot = contract.Boot{1, 2, 3}

// kernel is a clock that a test sets: offset is added to Go's wall time alone.
type kernel struct {
	began time.Time

	mu           sync.Mutex // guards everything that follows
	offset       time.Duration
	synchronised bool
	within       time.Duration
	err          error
}

func newKernel() *kernel { return &kernel{began: time.Now()} }

func (k *kernel) Wall() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return time.Now().Round(0).Add(k.offset)
}
func (k *kernel) Ago(at time.Time) time.Duration { return time.Since(at) }
func (k *kernel) Uptime() time.Duration          { return time.Minute + time.Since(k.began) }
func (k *kernel) Discipline() (bool, time.Duration, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.synchronised, k.within, k.err
}

func (k *kernel) shift(offset time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.offset = offset
}

func (k *kernel) discipline(synchronised bool, within time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.synchronised, k.within = synchronised, within
}

func open(t *testing.T, k Kernel) *Clock {
	t.Helper()
	c, err := Open(Options{Kernel: k, Boot: boot, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestStamp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKernel()
		k.synchronised, k.within = true, 1500*time.Microsecond
		c := open(t, k)
		heard := time.Now()
		time.Sleep(10 * time.Second)
		got := c.Stamp(heard)
		want := contract.Stamp{At: heard.UTC().Round(0), Boot: boot, Uptime: time.Minute, Quality: contract.Synchronised, Within: 2 * time.Millisecond}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("Stamp (-got +want):\n%s", diff)
		}
		if _, err := contract.AppendRecord(nil, contract.Record{ID: contract.TapID{Stream: contract.Stream{1}, Seq: 1}, Stamp: got, Anchor: &contract.Anchor{At: heard}}); err != nil {
			t.Errorf("the contract refuses the stamp: %v", err)
		}
		if got := c.Stamp(time.Now().Add(time.Second)); !got.At.Equal(time.Now()) { // never in the future
			t.Errorf("Stamp of a future moment is at %v, want now, %v", got.At, time.Now())
		}
	})
}

// A clock that is set between the card and its stamp corrects the stamp.
func TestStampAcrossAStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKernel()
		c := open(t, k)
		heard := time.Now()
		time.Sleep(time.Second)
		k.offset = 26 * 365 * 24 * time.Hour
		if got, want := c.Stamp(heard).At, heard.Add(k.offset).Round(0); !got.Equal(want) {
			t.Errorf("At = %v, want %v", got, want)
		}
	})
}

func TestQuality(t *testing.T) {
	recalled := contract.Record{Stamp: contract.Stamp{Boot: boot, Quality: contract.Synchronised}}
	elsewhen := contract.Record{Stamp: contract.Stamp{Boot: contract.Boot{9}, Quality: contract.Synchronised}}
	unsure := contract.Record{Stamp: contract.Stamp{Boot: boot, Quality: contract.NeverSet}}
	tests := []struct {
		name   string
		before func(k *kernel, c *Clock)
		want   contract.Quality
		says   string
	}{
		{"never in this boot", func(*kernel, *Clock) {}, contract.NeverSet, "not synchronised since boot"},
		{"synchronised", func(k *kernel, _ *Clock) { k.synchronised = true }, contract.Synchronised, ""},
		{"lost", func(k *kernel, c *Clock) { k.synchronised = true; c.Quality(); k.synchronised = false }, contract.FreeRunning, "runs freely"},
		{"synchronised before the gateway was restarted", func(_ *kernel, c *Clock) { c.Recall(recalled) }, contract.FreeRunning, "runs freely"},
		{"synchronised in another boot", func(_ *kernel, c *Clock) { c.Recall(elsewhen) }, contract.NeverSet, "not synchronised"},
		{"not synchronised before the restart", func(_ *kernel, c *Clock) { c.Recall(unsure) }, contract.NeverSet, "not synchronised"},
		{"the kernel will not say", func(k *kernel, _ *Clock) { k.synchronised, k.err = true, errors.New("operation not permitted") }, contract.NeverSet, "allow adjtimex"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k := newKernel()
			c := open(t, k)
			test.before(k, c)
			if got := c.Quality(); got != test.want {
				t.Errorf("Quality = %v, want %v", got, test.want)
			}
			if got := c.Stamp(time.Now()); got.Within != 0 && got.Quality != contract.Synchronised {
				t.Errorf("Within = %v at quality %v", got.Within, got.Quality)
			}
			if got := c.Warning(); (got == "") != (test.says == "") || !strings.Contains(got, test.says) {
				t.Errorf("Warning = %q, want one that says %q", got, test.says)
			}
		})
	}
}

// watching runs a clock inside a bubble of fake time and collects its anchors.
func watching(t *testing.T, test func(k *kernel, c *Clock, anchors *[]contract.Anchor)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		k, anchors := newKernel(), []contract.Anchor{}
		c := open(t, k)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- c.Run(ctx, func(a contract.Anchor) error {
				anchors = append(anchors, a)
				return nil
			})
		}()
		synctest.Wait()
		test(k, c, &anchors)
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// The repair of early stamps: an anchor gives back the true time of a tap made before time was gained.
func TestAnchorWhenTimeIsGained(t *testing.T) {
	watching(t, func(k *kernel, c *Clock, anchors *[]contract.Anchor) {
		k.shift(-30 * 365 * 24 * time.Hour)
		pass(10 * time.Second)
		early, truth := c.Stamp(time.Now()), time.Now()
		pass(time.Minute)
		k.shift(0)
		k.discipline(true, 38*time.Millisecond)
		pass(2 * time.Second)
		if len(*anchors) != 1 {
			t.Fatalf("%d anchors, want 1", len(*anchors))
		}
		a := (*anchors)[0]
		if got := a.At.Add(early.Uptime - a.Uptime); !got.Equal(truth) || a.Boot != boot || a.Within != 38*time.Millisecond {
			t.Errorf("repaired time = %v, want %v; anchor %+v", got, truth, a)
		}
		if c.Stepped() != 2 { // thirty years back at first, and forth
			t.Errorf("Stepped = %d, want 2", c.Stepped())
		}
	})
}

func TestAnchors(t *testing.T) {
	second := time.Second
	tests := []struct {
		name    string
		do      func(k *kernel)
		anchors int
		steps   int
	}{
		{"nothing happens", func(*kernel) {}, 0, 0},
		{"synchronised", func(k *kernel) { k.discipline(true, 0) }, 1, 0},
		{"synchronised, lost and regained", func(k *kernel) {
			k.discipline(true, 0)
			pass(5 * second)
			k.discipline(false, 0)
			pass(5 * second)
			k.discipline(true, 0)
		}, 2, 0},
		{"set by hand while unsynchronised is no anchor", func(k *kernel) { k.shift(time.Hour) }, 0, 1},
		{"set while synchronised", func(k *kernel) {
			k.discipline(true, 0)
			pass(5 * second)
			k.shift(-2 * second)
		}, 2, 1},
		{"half a second is steering", func(k *kernel) {
			k.discipline(true, 0)
			pass(5 * second)
			k.shift(500 * time.Millisecond)
		}, 1, 0},
		{"steering adds up", func(k *kernel) {
			k.discipline(true, 0)
			for n := range 5 {
				pass(5 * second)
				k.shift(time.Duration(n+1) * 400 * time.Millisecond)
			}
		}, 2, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			watching(t, func(k *kernel, c *Clock, anchors *[]contract.Anchor) {
				test.do(k)
				pass(5 * second)
				if len(*anchors) != test.anchors || c.Stepped() != test.steps {
					t.Errorf("%d anchors and %d steps, want %d and %d", len(*anchors), c.Stepped(), test.anchors, test.steps)
				}
			})
		})
	}
}

func TestRunEndsWhenAnchorsCannotBeKept(t *testing.T) {
	k := newKernel()
	k.synchronised = true
	full := errors.New("disk full")
	if err := open(t, k).Run(t.Context(), func(contract.Anchor) error { return full }); !errors.Is(err, full) {
		t.Errorf("Run = %v, want %v", err, full)
	}
}

// The kernel these tests run on, whatever it is: readings are consistent, and no privilege is needed.
func TestLinux(t *testing.T) {
	c, err := Open(Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	first, second := c.Stamp(c.Now()), c.Stamp(c.Now())
	if first.Boot == (contract.Boot{}) || first.Uptime <= 0 || second.Uptime < first.Uptime || second.At.Before(first.At) {
		t.Errorf("stamps = %+v, %+v", first, second)
	}
	if d := (second.At.Sub(first.At) - (second.Uptime - first.Uptime)).Abs(); d > time.Second {
		t.Errorf("wall time and uptime differ by %v within one test", d)
	}
	if q := first.Quality; q != contract.Synchronised && q != contract.NeverSet {
		t.Errorf("Quality = %v", q)
	}
}

func TestParseBoot(t *testing.T) {
	tests := []struct {
		text string
		want contract.Boot
		ok   bool
	}{
		{"01020304-0506-0708-090a-0b0c0d0e0f10\n", contract.Boot{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, true},
		{"01020304-0506-0708-090a-0b0c0d0e0f", contract.Boot{}, false},
		{"not a boot", contract.Boot{}, false},
		{"", contract.Boot{}, false},
	}
	for _, test := range tests {
		if got, err := parseBoot(test.text); got != test.want || (err == nil) != test.ok {
			t.Errorf("parseBoot(%q) = %v, %v, want %v", test.text, got, err, test.want)
		}
	}
}

func TestMetrics(t *testing.T) {
	k, registry := newKernel(), prometheus.NewPedanticRegistry()
	k.synchronised, k.within = true, 250*time.Millisecond
	c, err := Open(Options{Kernel: k, Boot: boot, Registerer: registry, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	c.step(time.Hour)
	want := `
# HELP rollcall_gateway_clock_max_error_seconds Bound of the clock's error as the kernel tells it.
# TYPE rollcall_gateway_clock_max_error_seconds gauge
rollcall_gateway_clock_max_error_seconds 0.25
# HELP rollcall_gateway_clock_steps_total How often the clock was set by more than a second.
# TYPE rollcall_gateway_clock_steps_total counter
rollcall_gateway_clock_steps_total 1
# HELP rollcall_gateway_clock_synchronised 1 while the kernel's clock is disciplined.
# TYPE rollcall_gateway_clock_synchronised gauge
rollcall_gateway_clock_synchronised 1
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}
