package sheet

import "fmt"

// Lines remembers in which line of a file each key was first seen.
type Lines map[string]int

// First reports whether a key is new; if not, it is a fault that names both lines.
func (l Lines) First(r Row, column, key string) bool {
	if line, seen := l[key]; seen {
		r.Fault(column, fmt.Sprintf("%s is in line %d already", Shown(key), line), "delete one of the two lines")
		return false
	}
	l[key] = r.Line
	return true
}

// Note keeps the first line that named a key.
func (l Lines) Note(key string, line int) {
	if _, seen := l[key]; !seen {
		l[key] = line
	}
}
