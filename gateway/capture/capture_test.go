package capture

import (
	"context"
	"errors"
	"fmt"
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

	"github.com/rollcall-edge/rollcall/drivers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

// bus is a driver whose line is the test: put makes a card, silence stops frames, and everything shown is written down.
type bus struct {
	cards chan drivers.Read
	runs  chan error // what the next Run is to return before its time

	mu     sync.Mutex // guards everything that follows
	line   drivers.LineStatus
	states map[string]drivers.Status
	silent map[string]bool // answers no poll: HeardAt stands still
	shown  []string
}

func newBus(supervised bool, readers ...string) *bus {
	b := &bus{cards: make(chan drivers.Read), runs: make(chan error, 1), states: map[string]drivers.Status{}, silent: map[string]bool{}}
	for _, r := range readers {
		b.states[r] = drivers.Status{Reader: r, Up: true, Since: time.Now(), Supervised: supervised}
	}
	return b
}

func (b *bus) Run(ctx context.Context, reads chan<- drivers.Read) error {
	for {
		select {
		case <-ctx.Done():
			b.note("off")
			return nil
		case err := <-b.runs:
			return err
		case r := <-b.cards:
			select {
			case reads <- r:
			case <-ctx.Done():
				b.note("off")
				return nil
			}
		}
	}
}

func (b *bus) Show(reader string, s drivers.Signal) { b.note(reader + " " + s.String()) }

func (b *bus) note(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shown = append(b.shown, what)
}

func (b *bus) Line() drivers.LineStatus { return b.line }

func (b *bus) Status() []drivers.Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []drivers.Status
	for reader, s := range b.states {
		if s.Supervised && !b.silent[reader] {
			s.HeardAt = time.Now()
		}
		all = append(all, s)
	}
	return all
}

// log takes what was shown since it was last asked.
func (b *bus) log() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	shown := b.shown
	b.shown = nil
	return shown
}

// desk answers each tap after a while, or when released, and writes down what it began and ended.
type desk struct {
	takes time.Duration
	holds string                   // readers that are held, by their letters
	hold  map[string]chan struct{} // for each of them: answered when closed

	mu  sync.Mutex // guards everything that follows
	did []string
}

func (d *desk) Tap(_ context.Context, r drivers.Read) drivers.Signal {
	if hold, ok := d.hold[r.Reader]; ok {
		<-hold
	}
	time.Sleep(d.takes)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.did = append(d.did, r.Reader+" "+r.Credential)
	return drivers.Accepted
}

func (d *desk) log() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.did...)
}

// door lights that a test sets.
type doors struct {
	mu      sync.Mutex // guards everything that follows
	steady  drivers.Signal
	opensAt time.Time // from then on Ready; zero: never
	changed chan struct{}
}

func (d *doors) Steady(_ string, now time.Time) drivers.Signal {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.opensAt.IsZero() && !now.Before(d.opensAt) {
		return drivers.Ready
	}
	return d.steady
}

func (d *doors) Next(now time.Time) (time.Time, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.opensAt, d.opensAt.After(now)
}

func (d *doors) Changed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changed
}

// capturing runs a capture over one bus inside a bubble of fake time.
func capturing(t *testing.T, b func() *bus, d *desk, test func(c *Capture, b *bus, lights *doors, stop func())) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		line, lights := b(), &doors{changed: make(chan struct{})}
		d.hold = map[string]chan struct{}{}
		for _, reader := range d.holds {
			d.hold[string(reader)] = make(chan struct{}) // here, or the bubble would not know it
		}
		c := New(Options{Buses: []Bus{{Name: "bus", Driver: line, Readers: names(line)}}, Handler: d, Lights: lights, Log: quiet})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- c.Run(ctx) }()
		synctest.Wait()
		stop := sync.OnceFunc(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("Run = %v", err)
			}
		})
		test(c, line, lights, stop)
		stop()
	})
}

func names(b *bus) []string {
	var all []string
	for _, s := range b.Status() {
		all = append(all, s.Reader)
	}
	return all
}

func read(reader string, n int) drivers.Read {
	return drivers.Read{Reader: reader, Credential: fmt.Sprint("card ", n), HeardAt: time.Now()}
}

func only(readers ...string) func() *bus { return func() *bus { return newBus(true, readers...) } }

func TestEachReadIsAnsweredInItsReadersOrder(t *testing.T) {
	d := &desk{takes: 8 * time.Millisecond}
	capturing(t, only("a"), d, func(c *Capture, b *bus, _ *doors, _ func()) {
		b.log()
		for n := range 50 {
			b.cards <- read("a", n)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		var want, shown []string
		for n := range 50 {
			want, shown = append(want, fmt.Sprint("a card ", n)), append(shown, "a accepted")
		}
		if diff := cmp.Diff(d.log(), want); diff != "" {
			t.Errorf("taps (-got +want):\n%s", diff)
		}
		if diff := cmp.Diff(b.log(), shown); diff != "" {
			t.Errorf("lights (-got +want):\n%s", diff)
		}
	})
}

// Eight readers of a bus flush together: eight taps take as long as one.
func TestReadersDoNotWaitForOneAnother(t *testing.T) {
	readers := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	d := &desk{takes: 8 * time.Millisecond}
	capturing(t, only(readers...), d, func(c *Capture, b *bus, _ *doors, _ func()) {
		for n, r := range readers {
			b.cards <- read(r, n)
		}
		time.Sleep(9 * time.Millisecond)
		synctest.Wait()
		if got := len(d.log()); got != 8 {
			t.Errorf("%d taps answered after 9 ms, want 8", got)
		}
	})
}

func TestAHeldReaderStopsItsBusOnlyWhenItsQueueIsFull(t *testing.T) {
	d := &desk{holds: "a"}
	capturing(t, only("a", "b"), d, func(c *Capture, b *bus, _ *doors, _ func()) {
		for n := range queued + 1 { // one in the worker's hand
			b.cards <- read("a", n)
		}
		b.cards <- read("b", 0)
		synctest.Wait()
		if diff := cmp.Diff(d.log(), []string{"b card 0"}); diff != "" {
			t.Errorf("taps while a is held (-got +want):\n%s", diff)
		}
		b.cards <- read("a", queued+1) // taken by the dispatcher, which waits for room
		b.cards <- read("a", queued+2) // taken by the driver alone
		synctest.Wait()
		select {
		case b.cards <- read("b", 1):
			t.Error("the bus still takes cards although nobody does")
		default:
		}
		close(d.hold["a"])
		b.cards <- read("b", 1)
		synctest.Wait()
		if got, want := len(d.log()), queued+5; got != want {
			t.Errorf("%d taps answered in the end, want %d: none is dropped", got, want)
		}
	})
}

// Stop hearing, answer the card in hand, let it be seen, lights off.
func TestOrderOfStopping(t *testing.T) {
	d := &desk{takes: 50 * time.Millisecond}
	capturing(t, only("a"), d, func(c *Capture, b *bus, _ *doors, stop func()) {
		b.log()
		b.cards <- read("a", 1)
		b.cards <- read("a", 2)
		synctest.Wait()
		startedAt := time.Now()
		stop()
		if diff := cmp.Diff(d.log(), []string{"a card 1", "a card 2"}); diff != "" {
			t.Errorf("taps (-got +want):\n%s", diff)
		}
		if diff := cmp.Diff(b.log(), []string{"a accepted", "a accepted", "off"}); diff != "" {
			t.Errorf("lights (-got +want):\n%s", diff)
		}
		if took, want := time.Since(startedAt), 100*time.Millisecond+lastLight; took != want {
			t.Errorf("stopping took %v, want %v", took, want)
		}
	})
}

func TestStoppingAnIdleLineTakesNoTime(t *testing.T) {
	capturing(t, only("a"), &desk{}, func(c *Capture, b *bus, _ *doors, stop func()) {
		startedAt := time.Now()
		stop()
		if took := time.Since(startedAt); took != 0 {
			t.Errorf("stopping took %v", took)
		}
	})
}

func TestBusThatGivesUpIsRunAgain(t *testing.T) {
	d := &desk{}
	capturing(t, only("a"), d, func(c *Capture, b *bus, _ *doors, _ func()) {
		b.runs <- errors.New("out of memory")
		synctest.Wait()
		time.Sleep(restartAfter)
		b.cards <- read("a", 1)
		synctest.Wait()
		if got := len(d.log()); got != 1 {
			t.Errorf("%d taps after the restart, want 1", got)
		}
	})
}

func TestReadOfAnUnknownReaderIsLeftAside(t *testing.T) {
	d := &desk{}
	capturing(t, only("a"), d, func(c *Capture, b *bus, _ *doors, _ func()) {
		b.cards <- read("nobody", 1)
		b.cards <- read("a", 2)
		synctest.Wait()
		if diff := cmp.Diff(d.log(), []string{"a card 2"}); diff != "" {
			t.Errorf("taps (-got +want):\n%s", diff)
		}
	})
}

func TestSteadyLights(t *testing.T) {
	capturing(t, only("a"), &desk{}, func(c *Capture, b *bus, lights *doors, _ func()) {
		if diff := cmp.Diff(b.log(), []string{"a off"}); diff != "" {
			t.Errorf("at start (-got +want):\n%s", diff)
		}
		lights.mu.Lock()
		lights.opensAt = time.Now().Add(90*time.Minute + time.Millisecond)
		close(lights.changed) // a new timetable
		lights.changed = make(chan struct{})
		lights.mu.Unlock()
		time.Sleep(90 * time.Minute)
		synctest.Wait()
		if diff := cmp.Diff(b.log(), []string(nil)); diff != "" {
			t.Errorf("before the register opens (-got +want):\n%s", diff)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if diff := cmp.Diff(b.log(), []string{"a ready"}); diff != "" {
			t.Errorf("as it opens (-got +want):\n%s", diff)
		}
		lights.mu.Lock()
		lights.opensAt, lights.steady = time.Time{}, drivers.Fault // without any sign, as when a disk fails
		lights.mu.Unlock()
		time.Sleep(guard)
		synctest.Wait()
		if diff := cmp.Diff(b.log(), []string{"a fault"}); diff != "" {
			t.Errorf("a second after the disk failed (-got +want):\n%s", diff)
		}
	})
}

func TestNewTimetableIsShownAtOnce(t *testing.T) {
	capturing(t, only("a"), &desk{}, func(c *Capture, b *bus, lights *doors, _ func()) {
		b.log()
		lights.mu.Lock()
		lights.steady = drivers.Ready
		close(lights.changed)
		lights.changed = make(chan struct{})
		lights.mu.Unlock()
		synctest.Wait() // no time passes
		if diff := cmp.Diff(b.log(), []string{"a ready"}); diff != "" {
			t.Errorf("lights (-got +want):\n%s", diff)
		}
	})
}

// Only an OSDP reader that has a key and does not speak under it is an alarm, so the others must be told apart.
func TestKeyedReadersAreTold(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	panel, desk := newBus(true, "a", "b"), newBus(true, "c")
	panel.line = drivers.LineStatus{Bus: "panel", Driver: "osdp"}
	panel.states["a"] = drivers.Status{Reader: "a", Keyed: true}
	desk.line = drivers.LineStatus{Bus: "desk", Driver: "twn4"}
	New(Options{Buses: []Bus{{Name: "panel", Driver: panel, Readers: []string{"a", "b"}}, {Name: "desk", Driver: desk, Readers: []string{"c"}}},
		Lights: &doors{}, Registerer: registry, Log: quiet})
	want := `
# HELP rollcall_gateway_reader_keyed 1 where the OSDP reader has a key of its own.
# TYPE rollcall_gateway_reader_keyed gauge
rollcall_gateway_reader_keyed{bus="panel",reader="a"} 1
rollcall_gateway_reader_keyed{bus="panel",reader="b"} 0
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "rollcall_gateway_reader_keyed"); err != nil {
		t.Error(err)
	}
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	synctest.Test(t, func(t *testing.T) {
		b := newBus(true, "a")
		c := New(Options{Buses: []Bus{{Name: "bus", Driver: b, Readers: []string{"a"}}}, Handler: &desk{takes: 20 * time.Millisecond},
			Lights: &doors{}, Registerer: registry, Log: quiet})
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = c.Run(ctx) }()
		b.cards <- read("a", 1)
		time.Sleep(time.Second)
		stop()
		synctest.Wait()
	})
	want := `
# HELP rollcall_gateway_tap_light_seconds Time from the last octet of a card to the moment its light is ordered.
# TYPE rollcall_gateway_tap_light_seconds histogram
rollcall_gateway_tap_light_seconds_bucket{le="0.001"} 0
rollcall_gateway_tap_light_seconds_bucket{le="0.0025"} 0
rollcall_gateway_tap_light_seconds_bucket{le="0.005"} 0
rollcall_gateway_tap_light_seconds_bucket{le="0.01"} 0
rollcall_gateway_tap_light_seconds_bucket{le="0.025"} 1
rollcall_gateway_tap_light_seconds_bucket{le="0.05"} 1
rollcall_gateway_tap_light_seconds_bucket{le="0.1"} 1
rollcall_gateway_tap_light_seconds_bucket{le="0.15"} 1
rollcall_gateway_tap_light_seconds_bucket{le="0.25"} 1
rollcall_gateway_tap_light_seconds_bucket{le="0.5"} 1
rollcall_gateway_tap_light_seconds_bucket{le="1"} 1
rollcall_gateway_tap_light_seconds_bucket{le="2.5"} 1
rollcall_gateway_tap_light_seconds_bucket{le="+Inf"} 1
rollcall_gateway_tap_light_seconds_sum 0.02
rollcall_gateway_tap_light_seconds_count 1
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}
