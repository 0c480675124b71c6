package store

import (
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/engagement"
)

// Who has left is on class lists for a while. They miss nothing there, until they enrol again.
func TestWhoLeftMissesNothing(t *testing.T) {
	c := newCourt(t)
	for n := range 6 {
		c.lesson(n)
	}
	c.heard(monday.Add(-time.Hour), monday.AddDate(0, 0, 15))
	c.now = monday.AddDate(0, 0, 7)
	c.settle()
	c.expect("marks before anybody knows", c.marks(), "day00=A day01=A day02=A day03=A day04=A day05=A")
	note := func(f engagement.Fact) {
		t.Helper()
		if err := c.store.AddFacts(t.Context(), []engagement.Noted{{Student: "s1", Fact: f}}, nil, c.now); err != nil {
			t.Fatal(err)
		}
		c.settle()
	}
	note(engagement.Fact{Kind: engagement.Change, Of: "withdrawal", At: monday.AddDate(0, 0, 1), By: "registry"})
	c.expect("marks of a student who left on Tuesday", c.marks(), "day00=A day01=A")
	note(engagement.Fact{Kind: engagement.Enrolled, Of: "Law", At: monday.AddDate(0, 0, 4), By: "registry"})
	c.expect("and enrolled again on Friday", c.marks(), "day00=A day01=A day04=A day05=A")
}
