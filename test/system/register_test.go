package system

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// record is what central tells of one student: every class with its mark, and what is behind it.
type record struct {
	Standing struct {
		Rate    struct{ Attended, Counted int }
		Missed  int
		Pending int
	}
	Contacts []struct {
		Session    struct{ ID string }
		Mark       mark
		Credited   *evidence
		Others     []evidence
		Amendments []amendment
	}
	Elsewhere []evidence
}

type evidence struct{ ID, Point, Digest, Outcome string }

type amendment struct{ Code, Reason string }

func (c *campus) record(who person) record {
	c.t.Helper()
	var r record
	must(c.t, c.central.read("/api/v1/students/"+who.id+"/marks", &r))
	return r
}

// The promise of the register, first half: an amendment adds, never erases. A mark that staff change twice follows the last
// change, and the tap and every change stay on the record.
func TestAmendmentAddsNeverErases(t *testing.T) {
	t.Parallel()
	door, who := room("north", 1), people[0]
	c := open(t, plan{posts: alone, classes: []class{on("class", door, people[:2]...)}})
	c.tap("north", door, who, lamp.Green)
	c.central.awaitMark("class", who, "P", "Tapped at")
	before := c.record(who).Contacts[0]
	if before.Credited == nil || len(before.Amendments) != 0 {
		t.Fatalf("before: %+v, want a tap and no amendment", before)
	}
	octets, err := c.central.get("/taps/" + before.Credited.ID)
	must(t, err)

	changes := []amendment{{"A", "left at once, seen by the lecturer"}, {"E", "was sent to the first-aid room"}}
	for _, change := range changes {
		form := url.Values{"student": {who.id}, "code": {change.Code}, "reason": {change.Reason}}
		must(t, c.central.post("/registers/class/amend", form))
		c.central.awaitMark("class", who, change.Code, change.Reason)
	}
	c.tap("north", door, who, lamp.Green) // does not undo what a person decided
	c.tap("north", door, people[1], lamp.Green)
	c.central.awaitMark("class", people[1], "P", "Tapped at")

	after := c.record(who).Contacts[0]
	if diff := cmp.Diff(changes, after.Amendments); diff != "" {
		t.Errorf("amendments (-made +kept):\n%s", diff)
	}
	if after.Mark.Code != "E" || len(after.Others) == 0 || after.Credited == nil || *after.Credited != *before.Credited {
		t.Errorf("after: %+v, want E, the tap of before still credited, and one since", after)
	}
	if again, err := c.central.get("/taps/" + before.Credited.ID); err != nil || again != octets {
		t.Errorf("the tap's page changed, %v:\n%s", err, cmp.Diff(octets, again))
	}
	c.awaitLevel()
	c.checkTaps()
}

// The promise of the register, second half: nobody is absent where nobody listened. While a building is cut off its silence
// means nothing; when the cable is healed it means absence. Where no reader worked, it never does.
func TestAbsenceOnlyWhenRoomWasHeard(t *testing.T) {
	t.Parallel()
	heard, unheard, later := room("north", 1), room("south", 1), room("south", 2)
	c := open(t, plan{posts: []post{{"north", "north"}, {"south", "south"}}})
	north, south := c.gateways["north"], c.gateways["south"]
	south.kill()

	// A gateway that has just started vouches for its readers from its second heartbeat on. The first comes at the close of the
	// first class.
	first := soon("first", room("north", 2), 5*time.Second, 2*time.Second, people[0])
	long := within(class{id: "heard", room: heard, start: first.end.Add(3 * time.Second), end: first.end.Add(15 * time.Second), who: people[:3]}, time.Now())
	alike := long
	alike.id, alike.room, alike.who = "unheard", unheard, people[3:4]
	c.central.take("timetable", timetable([]class{first, long, alike}))
	c.awaitSteady(north, heard, lamp.Blue)
	c.tap("north", heard, people[0], lamp.Green)
	c.central.awaitMark("heard", people[0], "P", "Tapped at")
	north.uplink.Cut()
	c.tap("north", heard, people[1], lamp.Green)
	c.awaitSteady(north, heard, lamp.Off) // the register has closed

	for _, silent := range []person{people[1], people[2]} {
		c.central.awaitMark("heard", silent, "U", "Not known yet")
	}
	c.central.awaitMark("unheard", people[3], "U", "Not known yet")
	north.uplink.Heal()
	c.central.awaitMark("heard", people[1], "P", "Tapped at")
	c.central.awaitMark("heard", people[2], "A", "the readers were working and everything they heard is here")

	// The other building comes back. At the close of its second class it can say that it heard everybody since the first.
	c.start("south")
	c.central.take("timetable", timetable([]class{
		soon("later", later, 4*time.Second, time.Second, people[4]), soon("at-last", later, 8*time.Second, time.Second, people[4]),
	}))
	c.central.awaitMark("unheard", people[3], "U", "worked for 0.0 % of the time")
	c.awaitLevel()
	c.checkTaps()
}

// The promise of the report: every figure leads back to taps. From the list of students by links alone to each student and
// from there to each tap and the very record that the gateway wrote; and the figures are the count of what is found there.
func TestEveryFigureLeadsToTaps(t *testing.T) {
	t.Parallel()
	door, other := room("north", 1), room("north", 2)
	c := open(t, plan{posts: alone})
	classes := []class{soon("class", door, 2*time.Second, 18*time.Second, people[:3]...), soon("other", other, 2*time.Second, 18*time.Second, people[3:5]...)}
	c.central.take("timetable", timetable(classes))
	c.awaitOpen(classes)
	c.tap("north", door, people[0], lamp.Green)
	c.tap("north", door, people[0], lamp.Green)
	c.tap("north", door, people[1], lamp.Green)
	c.tap("north", other, people[2], lamp.Red)
	c.tap("north", other, people[3], lamp.Green)
	c.awaitLevel()
	c.checkTaps()
	for _, p := range []struct {
		class string
		who   person
	}{{"class", people[0]}, {"class", people[1]}, {"other", people[3]}} {
		c.central.awaitMark(p.class, p.who, "P", "Tapped at")
	}

	c.await("the classes are over and count", func() error {
		for _, p := range []person{people[0], people[2], people[3]} {
			if s := c.record(p).Standing; s.Rate.Counted+s.Pending == 0 {
				return fmt.Errorf("standing of %s is %+v", p.id, s)
			}
		}
		return nil
	})
	taps, err := c.taps()
	must(t, err)
	found := map[string]bool{}
	list, err := c.central.get("/engagement")
	must(t, err)
	attended := map[string]int{people[0].id: 1, people[1].id: 1, people[3].id: 1}
	for _, p := range people {
		page := c.follow(list, "/students/"+p.id)
		figure := c.record(p).Standing.Rate
		if figure.Attended != attended[p.id] || figure.Counted != attended[p.id] {
			t.Errorf("rate of %s = %+v, want %d of %[3]d", p.id, figure, attended[p.id])
		}
		credited := 0
		for _, contact := range c.record(p).Contacts {
			if contact.Credited != nil && contact.Mark.Code == "P" {
				credited++
			}
		}
		if credited != figure.Attended {
			t.Errorf("%s attended %d of the classes by the figure, and %d by the taps", p.id, figure.Attended, credited)
		}
		for _, tap := range taps {
			if c.holders()[tap.Digest] == p.id {
				found[tap.ID] = true
				c.checkEvidence(c.follow(page, "/taps/"+tap.ID), tap.Digest, tap.Point)
			}
		}
	}
	if len(found) != len(taps) || len(taps) < 5 {
		t.Errorf("the pages lead to %d of %d taps, want all, and at least 5", len(found), len(taps))
	}
}

// follow reads the page behind a link that must be on another page.
func (c *campus) follow(page, path string) string {
	c.t.Helper()
	target := linkTo(page, path)
	if target == "" {
		c.t.Fatalf("no link leads to %s; the page says:\n%s", path, page)
	}
	text, err := c.central.get(target)
	must(c.t, err)
	return text
}

// checkEvidence compares the page of a tap with the octets of its record, which are on it.
func (c *campus) checkEvidence(page, digest, point string) {
	c.t.Helper()
	octets, r, err := recordOn(page)
	if err != nil {
		c.t.Fatal(err)
	}
	if r.Tap == nil || r.Tap.Digest.String() != digest || r.Tap.Point != point {
		c.t.Errorf("the record on the page is %+v, want digest %s at %s; its octets are %x", r, digest, point, octets)
	}
	if !strings.Contains(page, ">"+r.ID.String()+"<") {
		c.t.Errorf("the page does not name the record as %v", r.ID)
	}
}
