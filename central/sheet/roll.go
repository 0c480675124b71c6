package sheet

import (
	"fmt"
	"iter"
	"strings"
)

// Roll is the set of student numbers that other files may refer to.
type Roll struct {
	known    map[string]bool
	reported map[string]bool
}

// NewRoll is the roll of some students.
func NewRoll(students iter.Seq[string]) *Roll {
	r := &Roll{known: map[string]bool{}, reported: map[string]bool{}}
	for id := range students {
		r.known[id] = true
	}
	return r
}

// Knows reports whether there is such a student.
func (r *Roll) Knows(id string) bool { return r.known[id] }

// Check adds an unknown student to the faults, once for each number.
func (r *Roll) Check(faults *Faults, line int, id string) bool {
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
	*faults = append(*faults, Fault{Line: line, Column: "student_id", Problem: "student " + Shown(id) + " is unknown", Advice: advice})
	return false
}

// withZeros finds the student whose number a spreadsheet may have shortened to id.
func (r *Roll) withZeros(id string) string {
	if !IsDigits(id) {
		return ""
	}
	for n := 1; n <= 8; n++ {
		if full := strings.Repeat("0", n) + id; r.known[full] {
			return full
		}
	}
	return ""
}

// IsDigits reports whether text is made of digits alone.
func IsDigits(s string) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}
