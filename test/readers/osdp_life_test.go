package readers

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// both runs a test with readers without and with keys.
func both(t *testing.T, test func(t *testing.T, keyed bool)) {
	t.Helper()
	for _, keyed := range []bool{false, true} {
		t.Run(fmt.Sprintf("keyed %v", keyed), func(t *testing.T) {
			t.Parallel()
			test(t, keyed)
		})
	}
}

// A reader whose power was cut is dark, then blue again and reads on; the power cut is reported. Off after the gateway stopped.
func TestReaderComesBackAfterAPowerCut(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, keyed bool) {
		c := open(t, plug(t, quick), 115200, fleet(2, keyed)...)
		d := c.doors[0]
		c.awaitUp(t, c.names()...)
		queue(t, d.Reader, badges(1, 3))
		awaitSteady(t, d.Reader, lamp.Blue)
		d.PowerCycle()
		await(t, "the power failure is reported", func() error {
			if s := c.status(d.Name()); !s.PowerLost {
				return fmt.Errorf("status %+v", s)
			}
			return nil
		})
		awaitSteady(t, d.Reader, lamp.Blue)
		if seen := queue(t, d.Reader, badges(4, 3)); seen[0] != lamp.Green || seen[1] != lamp.Green || seen[2] != lamp.Green {
			t.Errorf("people saw %v after the power cut, want green", seen)
		}
		c.stop()
		for _, d := range c.doors {
			if d.Steady() != lamp.Off {
				t.Errorf("%s is %v after the gateway stopped, want off", d.Name(), d.Steady())
			}
		}
	})
}

func awaitSteady(t testing.TB, r *reader.Reader, want lamp.Light) {
	t.Helper()
	await(t, fmt.Sprintf("%s is %v", r.Name(), want), func() error {
		if got := r.Steady(); got != want {
			return fmt.Errorf("it is %v", got)
		}
		return nil
	})
}

// Opening the case is told, and closing it.
func TestTamperIsTold(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, keyed bool) {
		c := open(t, plug(t, quick), 115200, fleet(1, keyed)...)
		d := c.doors[0]
		c.awaitUp(t, d.Name())
		for _, opened := range []bool{true, false} {
			d.SetTamper(opened)
			await(t, fmt.Sprintf("tamper is %v", opened), func() error {
				if s := c.status(d.Name()); s.Tamper != opened || !s.Up {
					return fmt.Errorf("status %+v", s)
				}
				return nil
			})
		}
	})
}

// Seven readers give all their cards while the eighth is dead, and the eighth gives its own when it lives again.
func TestDeadReaderStarvesNobody(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, keyed bool) {
		c := open(t, plug(t, quick), 115200, fleet(8, keyed)...)
		c.awaitUp(t, c.names()...)
		dead := c.doors[3]
		dead.SetSilent(true)
		_, err := dead.Present(badges(9000, 1)[0])
		must(t, err)
		var people sync.WaitGroup
		for i, d := range c.doors {
			if d != dead {
				people.Go(func() { queue(t, d.Reader, badges(1000*i, 20)) })
			}
		}
		people.Wait()
		for i, d := range c.doors {
			if got := c.keys(d.Name()); d != dead && !slices.Equal(got, keysOf(1000*i, 20)) {
				t.Errorf("cards of %s: %q, want 20 from %d on", d.Name(), got, 1000*i)
			}
		}
		if got := c.keys(dead.Name()); len(got) > 0 {
			t.Errorf("read %q from a dead reader", got)
		}
		await(t, "the dead reader is down", func() error {
			if s := c.status(dead.Name()); s.Up || s.Trouble == "" {
				return fmt.Errorf("status %+v", s)
			}
			return nil
		})
		dead.SetSilent(false)
		c.awaitKey(t, dead.Name(), "w26:123:9000")
		awaitSteady(t, dead.Reader, lamp.Blue)
	})
}

// keysOf are what the gateway must know n badges by.
func keysOf(first, n int) []string {
	var keys []string
	for i := range n {
		keys = append(keys, fmt.Sprintf("w26:123:%d", first+i))
	}
	return keys
}

// While the adapter is pulled and put back, no card is lost that its reader keeps, and none is read twice. A reader throws a
// card away when its panel begins anew before it has confirmed the card; whether that one was heard nobody can know.
func TestPulledCableLosesNoCardThatIsKept(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, keyed bool) {
		const doors, each, pulls = 3, 40, 3
		line := plug(t, quick)
		c := open(t, line, 115200, fleet(doors, keyed)...)
		c.awaitUp(t, c.names()...)
		results := make([][]reader.Result, doors)
		var people sync.WaitGroup
		for i, d := range c.doors {
			people.Go(func() { results[i] = insist(t, d.Reader, 1000*i, each) })
		}
		for n := range pulls {
			await(t, "people come", func() error { return atLeast(c.doors[0].Counts().Presented, (n+1)*each/(pulls+1)) })
			must(t, line.Unplug())
			await(t, "the gateway notices", func() error {
				if c.bus.Line().Up {
					return fmt.Errorf("line %+v", c.bus.Line())
				}
				return nil
			})
			must(t, line.Replug())
		}
		people.Wait()
		if n := c.bus.Line().Reopens; n != pulls+1 {
			t.Errorf("the line was opened %d times, want %d", n, pulls+1)
		}
		for i, d := range c.doors {
			checkKept(t, c.keys(d.Name()), 1000*i, results[i])
			if lost := d.Counts().Lost; lost > pulls {
				t.Errorf("%s threw %d cards away in %d pulls", d.Name(), lost, pulls)
			}
		}
	})
}

func atLeast(got, want int) error {
	if got < want {
		return fmt.Errorf("%d, want %d", got, want)
	}
	return nil
}

// insist lets people hold badges to a reader, each until the reader is rid of the card.
func insist(t testing.TB, r *reader.Reader, first, n int) (results []reader.Result) {
	for _, card := range badges(first, n) {
		p, err := r.Present(card)
		if err != nil {
			t.Errorf("present %v: %v", card, err)
			return results
		}
		ctx, leave := context.WithCancel(context.Background())
		awaitRid(t, p)
		leave()
		p.Wait(ctx)
		results = append(results, p.Result())
	}
	return results
}

// checkKept compares what was read with the badges from first on and what became of them.
func checkKept(t testing.TB, keys []string, first int, results []reader.Result) {
	t.Helper()
	for i, key := range keysOf(first, len(results)) {
		n := 0
		for _, k := range keys {
			if k == key {
				n++
			}
		}
		if n > 1 || n == 0 && !results[i].Lost {
			t.Errorf("%s was read %d times: %+v", key, n, results[i])
		}
	}
	if !slices.IsSorted(order(keys, keysOf(first, len(results)))) {
		t.Errorf("cards are not in order: %q", keys)
	}
}

// order is the place of each key among all; -1 for one that is not there.
func order(keys, all []string) []int {
	var places []int
	for _, k := range keys {
		places = append(places, slices.Index(all, k))
	}
	return places
}

// After a refusal, whatever its reason, and after a while of being busy a reader gives its card, and shows its light.
func TestRefusalsAreGotOver(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, keyed bool) {
		for reason := byte(1); reason <= 9; reason++ {
			t.Run(fmt.Sprintf("NAK %d", reason), func(t *testing.T) {
				t.Parallel()
				getsOver(t, keyed, func(d *reader.OSDP) { d.Refuse(reason) })
			})
		}
		t.Run("BUSY", func(t *testing.T) {
			t.Parallel()
			getsOver(t, keyed, func(d *reader.OSDP) { d.SetBusy(6) })
		})
	})
}

func getsOver(t *testing.T, keyed bool, upset func(*reader.OSDP)) {
	t.Helper()
	c := open(t, plug(t, quick), 115200, fleet(1, keyed)...)
	d := c.doors[0]
	c.awaitUp(t, d.Name())
	awaitSteady(t, d.Reader, lamp.Blue)
	upset(d)
	if seen := queue(t, d.Reader, badges(1, 2)); seen[0] != lamp.Green || seen[1] != lamp.Green {
		t.Errorf("people saw %v, want green", seen)
	}
	if diff := cmp.Diff(keysOf(1, 2), c.keys(d.Name())); diff != "" {
		t.Errorf("cards (-presented +read; %+v):\n%s", d.Counts(), diff)
	}
	if s := c.status(d.Name()); !s.Up || s.Steady != drivers.Ready {
		t.Errorf("status %+v, want up and ready", s)
	}
}
