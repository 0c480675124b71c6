package system

import (
	"fmt"
	"testing"

	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// The promise of hearing: a damaged frame is never a read. On a line on which a third of all frames comes broken or not at
// all, everybody who comes is heard once, and nobody who did not come. A light may be lost on such a line,
// and then people try again.
func TestDamagedFrameIsNeverARead(t *testing.T) {
	t.Parallel()
	c := open(t, plan{posts: alone, classes: []class{on("first", room("north", 1), people...), on("second", room("north", 2), people...)}})
	g := c.gateways["north"]
	g.bus.SetFaults(reader.Faults{Flip: 0.15, Noise: 0.2, Drop: 0.05, Deaf: 0.05, Split: 0.2})
	g.desk.SetFaults(reader.Faults{Noise: 0.3, Drop: 0.2, Split: 0.3})
	for _, p := range people {
		for n := 1; n <= doors; n++ {
			c.tap("north", room("north", n), p, lamp.Green)
		}
	}
	_, err := c.present("north", room("north", desk), people[0])
	must(t, err)
	bus, pushed := g.bus.Counts(), g.desk.Counts()
	for fault, struck := range map[string]int{
		"flips": bus.Flips, "noises": bus.Noises, "drops": bus.Drops, "deafs": bus.Deafs, "splits": bus.Splits,
		"noises at the desk": pushed.Noises, "drops at the desk": pushed.Drops,
	} {
		if struck == 0 {
			t.Errorf("%s on the line = 0; the line was not bad enough to show anything", fault)
		}
	}
	g.bus.SetFaults(reader.Faults{})
	g.desk.SetFaults(reader.Faults{})
	c.awaitLevel()
	c.checkTaps()
	if _, unanswered := c.answered(); len(unanswered) > len(people)/2 {
		t.Errorf("people without a light = %d of %d, want at most a quarter even on such a line", len(unanswered), doors*len(people))
	}
}

// The promise of capture, first half: a held card is one tap, although the reader repeats it every 50 ms for longer than the
// hold-off; a card that comes again is another.
func TestHeldCardIsOneTap(t *testing.T) {
	t.Parallel()
	c := open(t, plan{posts: alone, classes: []class{on("class", room("north", desk), people...)}})
	g := c.gateways["north"]
	for _, p := range []person{people[0], people[1], people[0]} {
		_, err := c.present("north", room("north", desk), p)
		must(t, err)
	}
	if frames := g.desk.Counts().Sent; frames < 60 {
		t.Errorf("frames sent = %d, want at least 60: the cards were not held long enough to show anything", frames)
	}
	c.awaitLevel()
	c.checkTaps()
	taps, err := c.taps()
	must(t, err)
	var outcomes []string
	for _, tap := range taps {
		outcomes = append(outcomes, tap.Outcome)
	}
	if got, want := fmt.Sprint(outcomes), "[accepted accepted duplicate]"; got != want {
		t.Errorf("outcomes = %s, want %s", got, want)
	}
}

// The promise of capture, second half: a dead reader is reopened. An adapter that is unplugged and a reader that falls
// silent are named within seconds, hold up nobody else, and come back by themselves.
func TestDeadReaderIsReopened(t *testing.T) {
	t.Parallel()
	first, second, third := room("north", 1), room("north", 2), room("north", desk)
	c := open(t, plan{posts: alone, classes: []class{on("first", first, people...), on("second", second, people...), on("third", third, people...)}})
	g := c.gateways["north"]

	must(t, g.bus.Unplug())
	c.awaitReader(g, first, false)
	c.awaitReader(g, second, false)
	_, err := c.present("north", third, people[0])
	must(t, err)
	c.awaitTaps(1) // the other line works on

	must(t, g.bus.Replug())
	c.awaitReader(g, first, true)
	c.tap("north", first, people[1], lamp.Green)

	g.panels[first].SetSilent(true)
	c.awaitReader(g, first, false)
	c.tap("north", second, people[2], lamp.Green) // on the same line
	g.panels[first].SetSilent(false)
	c.awaitReader(g, first, true)
	c.tap("north", first, people[3], lamp.Green)

	c.awaitLevel()
	c.checkTaps()
}

// awaitReader waits until the gateway says that a reader is up, or down.
func (c *campus) awaitReader(g *gateway, room string, up bool) {
	c.t.Helper()
	c.await(fmt.Sprintf("the gateway says that the reader of %s is up: %v", room, up), func() error {
		m, err := g.metrics()
		if err != nil {
			return err
		}
		series := fmt.Sprintf(`rollcall_gateway_reader_up{bus="bus",reader=%q}`, point(room))
		value, known := m[series]
		if !known || (value == 1) != up {
			return fmt.Errorf("%s = %v, known %v", series, value, known)
		}
		return nil
	})
}
