package timetable

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// roll is the set of student numbers that other files may refer to.
type roll struct {
	known    map[string]bool
	reported map[string]bool
}

func studentsOf(ctx context.Context, state State) (*roll, error) {
	students, err := state.Students(ctx)
	if err != nil {
		return nil, err
	}
	r := &roll{known: make(map[string]bool, len(students)), reported: map[string]bool{}}
	for _, s := range students {
		r.known[s.ID] = true
	}
	return r, nil
}

// check reports an unknown student, once for each number.
func (r *roll) check(p *plan, line int, id string) bool {
	if r.known[id] {
		return true
	}
	if r.reported[id] {
		return false
	}
	r.reported[id] = true
	advice := "import the student first"
	if full := r.withZeros(id); full != "" {
		advice = fmt.Sprintf("there is a student %s: if leading zeros were lost, format the column as text and export it again", full)
	}
	p.fault(line, "student_id", "student "+shown(id)+" is unknown", advice)
	return false
}

// withZeros finds the student whose number a spreadsheet may have shortened to id.
func (r *roll) withZeros(id string) string {
	if !isDigits(id) {
		return ""
	}
	for n := 1; n <= 8; n++ {
		if full := strings.Repeat("0", n) + id; r.known[full] {
			return full
		}
	}
	return ""
}

// lastInstant is the last millisecond of a day, since instants are stored in milliseconds.
func lastInstant(d calendar.Day) time.Time {
	return d.Add(1).Starts().Add(-time.Millisecond).UTC()
}
