package clock

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/contract"
)

var elsewhere = contract.Boot{9}

func stamped(boot contract.Boot, at time.Time, uptime time.Duration, q contract.Quality) contract.Record {
	return contract.Record{Stamp: contract.Stamp{At: at, Boot: boot, Uptime: uptime, Quality: q}}
}

func anchored(boot contract.Boot, at time.Time, uptime time.Duration) contract.Record {
	return contract.Record{Stamp: contract.Stamp{At: time.Unix(0, 0), Boot: boot, Uptime: uptime, Quality: contract.NeverSet},
		Anchor: &contract.Anchor{Boot: boot, Uptime: uptime, At: at}}
}

// The start estimate of a boot without a time source: from the last stored time, which it never runs behind.
func TestTimeAtTheStart(t *testing.T) {
	noon := time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name    string
		records []contract.Record // the journal, the oldest first
		passed  time.Time         // by a neighbour's record
		want    time.Time         // a minute after the start, at uptime 2 min
	}{
		{"nothing is known", nil, time.Time{}, time.Unix(60, 0)},
		{"an earlier boot's last record", []contract.Record{stamped(elsewhere, noon, time.Hour, contract.Synchronised)}, time.Time{}, noon.Add(time.Minute)},
		{"one that was itself only reckoned", []contract.Record{
			stamped(elsewhere, noon, time.Hour, contract.Synchronised), stamped(contract.Boot{8}, noon.Add(time.Hour), time.Hour, contract.NeverSet)},
			time.Time{}, noon.Add(time.Hour + time.Minute)},
		{"one that was back in 1970 does not count", []contract.Record{
			stamped(elsewhere, noon, time.Hour, contract.Synchronised), stamped(contract.Boot{8}, time.Unix(9, 0), 0, contract.NeverSet)},
			time.Time{}, noon.Add(time.Minute)},
		{"a clock that was ten years ahead, until somebody vouched for another", []contract.Record{
			stamped(contract.Boot{8}, noon.AddDate(10, 0, 0), 0, contract.NeverSet), stamped(elsewhere, noon, time.Hour, contract.Synchronised)},
			time.Time{}, noon.Add(time.Minute)},
		{"the same boot knew the time before the gateway was restarted", []contract.Record{stamped(boot, noon, time.Minute, contract.Synchronised)},
			time.Time{}, noon.Add(time.Minute)},
		{"central told the same boot", []contract.Record{anchored(boot, noon, time.Minute)}, time.Time{}, noon.Add(time.Minute)},
		{"a neighbour's record is newer", []contract.Record{stamped(elsewhere, noon, time.Hour, contract.Synchronised)}, noon.Add(3 * time.Hour), noon.Add(3*time.Hour + time.Minute)},
		{"a neighbour's record is older", []contract.Record{stamped(elsewhere, noon, time.Hour, contract.Synchronised)}, noon.Add(-3 * time.Hour), noon.Add(time.Minute)},
		{"a neighbour is not asked once the time is known", []contract.Record{anchored(boot, noon, time.Minute)}, noon.Add(3 * time.Hour), noon.Add(time.Minute)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newKernel()
				k.offset = time.Until(time.Unix(0, 0)) // it boots in 1970
				c := open(t, k)
				for _, r := range tt.records {
					c.Recall(r)
				}
				if !tt.passed.IsZero() {
					c.Passed(tt.passed)
				}
				time.Sleep(time.Minute)
				if got := c.TimeOf(time.Now()); !got.Equal(tt.want) {
					t.Errorf("TimeOf = %v, want %v", got, tt.want)
				}
			})
		})
	}
}

// A board in 1970 that reaches central: it goes by central's time from then on, whatever the kernel's clock does, and an anchor says so.
func TestHearWithoutATimeSource(t *testing.T) {
	watching(t, func(k *kernel, c *Clock, anchors *[]contract.Anchor) {
		k.shift(-50 * 365 * 24 * time.Hour)
		pass(10 * time.Second)
		central := func(ahead time.Duration) time.Time { return time.Now().Add(ahead) }
		c.Hear(time.Now(), central(0), 1500*time.Microsecond)
		pass(2 * time.Second)
		heard := time.Now().Add(-2 * time.Second).UTC().Round(0)
		want := []contract.Anchor{{Boot: boot, Uptime: time.Minute + 10*time.Second, At: heard, Within: 2 * time.Millisecond}}
		if diff := cmp.Diff(*anchors, want); diff != "" {
			t.Fatalf("anchors (-got +want):\n%s", diff)
		}
		steps := c.Stepped()
		k.shift(7 * time.Hour)
		pass(2 * time.Second)
		if got := c.Stamp(time.Now()); !got.At.Equal(time.Now()) || got.Quality != contract.NeverSet || !c.Sure() || c.Stepped() != steps {
			t.Errorf("stamp = %+v, sure %v, %d steps; want the time central told, and that the kernel did not", got, c.Sure(), c.Stepped()-steps)
		}
		if says := c.Warning(); !strings.Contains(says, "goes by what central says") {
			t.Errorf("Warning = %q", says)
		}
		for range 6 * 59 { // central answers every ten seconds
			c.Hear(time.Now(), central(0), 20*time.Millisecond)
			pass(10 * time.Second)
		}
		if len(*anchors) != 1 {
			t.Errorf("%d anchors within the hour, want one", len(*anchors))
		}
		for range 12 {
			c.Hear(time.Now(), central(0), 20*time.Millisecond)
			pass(10 * time.Second)
		}
		if len(*anchors) != 2 {
			t.Errorf("%d anchors after the hour, want two", len(*anchors))
		}
		c.Hear(time.Now(), central(-10*time.Minute), 20*time.Millisecond) // central was set right
		pass(2 * time.Second)
		if got := c.TimeOf(time.Now()); len(*anchors) != 3 || !got.Equal(time.Now().Add(-10*time.Minute)) {
			t.Errorf("%d anchors, time %v; want a third at once, and central's time", len(*anchors), got)
		}
	})
}

// A clock that nobody disciplines and that central confirms is kept: its stamps do not jump by the way of each answer.
func TestHearConfirmsAClockWithoutATimeSource(t *testing.T) {
	watching(t, func(_ *kernel, c *Clock, anchors *[]contract.Anchor) {
		pass(time.Second)
		heard := time.Now()
		c.Hear(heard, heard.Add(20*time.Millisecond), 30*time.Millisecond)
		pass(2 * time.Second)
		want := []contract.Anchor{{Boot: boot, Uptime: time.Minute + time.Second, At: heard.UTC().Round(0), Within: 50 * time.Millisecond}}
		if diff := cmp.Diff(*anchors, want); diff != "" {
			t.Errorf("anchors (-got +want):\n%s", diff)
		}
		if got := c.TimeOf(time.Now()); !got.Equal(time.Now()) {
			t.Errorf("time = %v, want the kernel's %v", got, time.Now())
		}
	})
}

// A coarse word is replaced by a fine one, and an anchor says so; a fine one by a finer without.
func TestHearBetter(t *testing.T) {
	watching(t, func(k *kernel, c *Clock, anchors *[]contract.Anchor) {
		k.shift(-time.Hour)
		pass(time.Second)
		for n, within := range []time.Duration{1500 * time.Millisecond, 40 * time.Millisecond, 5 * time.Millisecond} {
			c.Hear(time.Now(), time.Now(), within)
			pass(2 * time.Second)
			if want := min(n+1, 2); len(*anchors) != want {
				t.Errorf("%d anchors after a word within %v, want %d", len(*anchors), within, want)
			}
		}
	})
}

func TestHearWhatIsWorthNothing(t *testing.T) {
	watching(t, func(k *kernel, c *Clock, anchors *[]contract.Anchor) {
		k.shift(-time.Hour)
		pass(2 * time.Second)
		c.Hear(time.Now(), time.Now(), 11*time.Second)
		pass(2 * time.Second)
		if len(*anchors) > 0 || c.Sure() {
			t.Error("an answer that was on its way for 22 seconds was believed")
		}
	})
}

// Kernel and central disagree by ten minutes, both sure of themselves: the clock is left alone, and anchors put its stamps in doubt.
func TestHearAgainstASynchronisedKernel(t *testing.T) {
	watching(t, func(k *kernel, c *Clock, anchors *[]contract.Anchor) {
		k.discipline(true, 5*time.Millisecond)
		pass(2 * time.Second) // the kernel's own anchor
		for range 6 * 30 {
			c.Hear(time.Now(), time.Now().Add(10*time.Minute), 20*time.Millisecond)
			pass(10 * time.Second)
		}
		if got := c.TimeOf(time.Now()); !got.Equal(time.Now()) {
			t.Errorf("time %v, want the kernel's %v", got, time.Now())
		}
		if len(*anchors) != 4 { // its own, at once, after ten and after twenty minutes
			t.Errorf("%d anchors in half an hour, want 4", len(*anchors))
		}
		for _, a := range (*anchors)[1:] {
			if off := a.At.Sub((*anchors)[0].At) - (a.Uptime - (*anchors)[0].Uptime); off != 10*time.Minute {
				t.Errorf("anchor is %v off the kernel's, want central's time", off)
			}
		}
		if says := c.Warning(); !strings.Contains(says, "central's is 10m0s away") {
			t.Errorf("Warning = %q", says)
		}
		c.Hear(time.Now(), time.Now().Add(time.Second), 20*time.Millisecond)
		if says := c.Warning(); says != "" {
			t.Errorf("Warning = %q although a second may be reading", says)
		}
	})
}

// While both agree, an anchor an hour bounds what a later disagreement puts in doubt.
func TestHearConfirms(t *testing.T) {
	watching(t, func(k *kernel, c *Clock, anchors *[]contract.Anchor) {
		k.discipline(true, 5*time.Millisecond)
		for range 6 * 125 {
			c.Hear(time.Now(), time.Now(), 20*time.Millisecond)
			pass(10 * time.Second)
		}
		if len(*anchors) != 3 { // when it was synchronised, after one hour and after two
			t.Errorf("%d anchors in 125 minutes, want 3", len(*anchors))
		}
	})
}

// When the time source is lost, the time goes on by the time since boot, and nobody's hand moves it.
func TestTimeIsKeptWhenItsSourceIsLost(t *testing.T) {
	watching(t, func(k *kernel, c *Clock, _ *[]contract.Anchor) {
		k.discipline(true, 0)
		pass(2 * time.Second)
		k.discipline(false, 0)
		k.shift(2 * time.Hour)
		pass(2 * time.Second)
		if got := c.Stamp(time.Now()); got.Quality != contract.FreeRunning || !got.At.Equal(time.Now()) {
			t.Errorf("stamp = %+v, want the true time", got)
		}
	})
}
