package system

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// The promise of the red light and of the blinking one: the tap is kept all the same. Somebody who is not on the list sees red,
// and is present once the list is mended; somebody at a gateway that lost its timetable and cannot reach central sees blinking
// blue, and is present once the cable is. Neither taps again.
func TestRedAndBlinkingTapsCountLater(t *testing.T) {
	t.Parallel()
	door, listed, forgotten := room("north", 1), people[0], people[1]
	lecture := on("class", door, listed)
	c := open(t, plan{posts: alone, classes: []class{lecture}})
	g := c.gateways["north"]
	c.tap("north", door, forgotten, lamp.Red)
	lecture.who = append(lecture.who, forgotten)
	c.central.take("timetable", timetable([]class{lecture}))
	c.central.awaitMark("class", forgotten, "P", "Tapped at")

	g.stop()
	g.uplink.Cut()
	must(t, os.RemoveAll(filepath.Join(g.data, "timetable")))
	c.start("north")
	c.tap("north", door, listed, lamp.BlueBlink)
	c.central.awaitMark("class", listed, "U", "The register is open")
	g.uplink.Heal()
	c.central.awaitMark("class", listed, "P", "Tapped at")
	c.awaitLevel()
	c.checkTaps()
}
