package system

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// The promise of deciding: same arguments, same light. Two gateways of one building with the same timetable answer every
// card alike, although one of them was started anew behind a cut cable and has the timetable from its disk alone.
func TestSameTapsSameLights(t *testing.T) {
	t.Parallel()
	open1, shut := room("north", 1), room("north", 2)
	c := open(t, plan{
		posts:   []post{{"north", "north"}, {"north-b", "north"}},
		classes: []class{on("class", open1, people[:4]...), on("elsewhere", room("north", desk), people[4:]...)},
	})
	cutOff := c.gateways["north-b"]
	cutOff.uplink.Cut()
	cutOff.stop()
	c.start("north-b")
	c.awaitSteady(cutOff, open1, lamp.Blue)

	tests := []struct {
		name string
		room string
		who  person
		want lamp.Light
	}{
		{"W-2 on the list", open1, people[0], lamp.Green},
		{"W-2 on the list, the last", open1, people[3], lamp.Green},
		{"W-2 again", open1, people[0], lamp.Green},
		{"W-2 not on the list", open1, people[4], lamp.Red},
		{"W-2 unknown card", open1, stranger, lamp.Red},
		{"W-2 no register is open", shut, people[0], lamp.Red},
	}
	for _, tt := range tests {
		for _, gateway := range []string{"north", "north-b"} {
			result, err := c.present(gateway, tt.room, tt.who)
			if err != nil || result.Light != tt.want {
				t.Errorf("%s: light of %s = %v, %v, want %v", tt.name, gateway, result.Light, err, tt.want)
			}
		}
	}

	cutOff.uplink.Heal()
	c.awaitLevel()
	c.checkTaps()
	decisions := map[string][]string{}
	taps, err := c.taps()
	must(t, err)
	for _, tap := range taps {
		decisions[tap.Gateway] = append(decisions[tap.Gateway], tap.Outcome+" "+tap.Reason)
	}
	want := []string{"accepted ", "accepted ", "duplicate ", "refused not_listed", "refused unknown_card", "refused window_closed"}
	if _, unanswered := c.answered(); len(unanswered) > 0 {
		t.Logf("%d people saw no light and tapped again: the order of the decisions is not compared", len(unanswered))
		return
	}
	for _, gateway := range []string{"north", "north-b"} {
		if diff := cmp.Diff(want, decisions[gateway]); diff != "" {
			t.Errorf("decisions of %s (-want +got):\n%s", gateway, diff)
		}
	}
}
