package campus

import (
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

// habit is how one student attends.
type habit struct {
	comes int // of a thousand classes
	late  int // of a thousand classes attended
}

// drawHabits makes most students reliable, some careless, and a few hardly ever there, so that every rung of the ladder of
// warnings has somebody on it.
func (c *Campus) drawHabits() []habit {
	r := c.rng("habits")
	habits := make([]habit, len(c.Students))
	for i := range habits {
		h := habit{comes: 935 + r.IntN(62), late: 10 + r.IntN(60)}
		switch kind := r.IntN(100); {
		case kind < 4:
			h = habit{comes: 450 + r.IntN(300), late: 150}
		case kind < 14:
			h = habit{comes: 780 + r.IntN(100), late: 100 + r.IntN(100)}
		}
		habits[i] = h
	}
	return habits
}

var absenceReasons = []string{"illness, certificate seen", "hospital appointment", "bereavement", "university sports fixture", "interview", "religious observance"}

// absences excuses some students for one to five days.
func (c *Campus) absences() []Absence {
	const count = 45
	r := c.rng("absences")
	var all []Absence
	for _, i := range r.Perm(len(c.Students))[:count] {
		first := c.First.AddDate(0, 0, r.IntN(7*weeksBefore-5))
		last := first.AddDate(0, 0, r.IntN(5))
		all = append(all, Absence{
			model.Absence{Student: c.Students[i].ID, From: first, To: last.AddDate(0, 0, 1).Add(-time.Millisecond)},
			absenceReasons[r.IntN(len(absenceReasons))],
		})
	}
	return all
}
