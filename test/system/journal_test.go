package system

import (
	"testing"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// The promise of the journal: on disk before any light, numbered once, for ever. A gateway that is cut off and killed the
// moment a light is seen, again and again, has every tap under a number of its own without a gap.
func TestGreenLightSurvivesKill(t *testing.T) {
	t.Parallel()
	const kills = 5
	door := room("north", 1)
	c := open(t, plan{posts: alone, classes: []class{on("class", door, people[:4]...)}})
	g := c.gateways["north"]
	stream := g.stream()
	g.uplink.Cut()
	for i := range kills {
		light := lamp.Green
		if i >= 4 {
			light = lamp.Red // not on the list: kept all the same
		}
		c.tap("north", door, people[i], light)
		g.kill()
		c.start("north")
		c.awaitSteady(g, door, lamp.Blue)
	}
	if through, err := c.central.through(stream); err != nil || through > 1 {
		t.Errorf("central holds %d records, %v; the cable was not cut and the disk not needed", through, err)
	}
	g.uplink.Heal()
	c.awaitLevel()
	c.checkTaps()

	taps, err := c.taps()
	must(t, err)
	g.stop()
	id, records := g.journal()
	if id.String() != stream {
		t.Errorf("stream = %v, want %v as before the kills", id, stream)
	}
	kept := map[string]contract.Record{}
	for i, octets := range records {
		r, err := contract.DecodeRecord(octets)
		if want := (contract.TapID{Stream: id, Seq: uint64(i) + 1}); err != nil || r.ID != want {
			t.Fatalf("record %d is %v, %v, want %v", i+1, r.ID, err, want)
		}
		kept[r.ID.String()] = r
	}
	for _, tap := range taps {
		if r := kept[tap.ID]; r.Tap == nil || r.Tap.Digest.String() != tap.Digest {
			t.Errorf("tap %s of central is not the journal's record of that number", tap.ID)
		}
	}
}
