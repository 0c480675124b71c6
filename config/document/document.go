// Package document reads a YAML document into plain values and reports every fault of it at once, each with its line, its
// path and what to write instead. What a value means is checked by whoever asked for it, through the same Checker.
package document

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/token"
)

// Fault is one thing wrong with a document.
type Fault struct {
	File   string
	Line   int    // from 1; 0 when the fault has no place of its own
	Column int    // from 1
	Path   string // e.g. "buses[0].baud"
	Detail string // what is wrong and what to write instead
}

// String is "file:line:column: path: detail", which editors can jump to.
func (f Fault) String() string {
	place := f.File
	if f.Line > 0 {
		place = fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
	}
	if f.Path == "" {
		return place + ": " + f.Detail
	}
	return place + ": " + f.Path + ": " + f.Detail
}

// Faults is every fault of one document, in its order.
type Faults []Fault

// Error lists the faults, one a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// Checker walks a document beside the Go value it fills, and remembers where each path stood.
type Checker struct {
	file   string
	faults Faults
	places map[string]*token.Position
}

// NewChecker checks one document; file is its name in faults.
func NewChecker(file string) *Checker {
	return &Checker{file: file, places: map[string]*token.Position{}}
}

// Read decodes text into the struct that into points to and then has it checked. Fields are found by their yaml tag and keep
// what they hold when the document does not name them. The error is Faults, in the order of the document. Values are checked
// only when the document could be read, because what was never set would only be reported twice.
func Read(file string, text []byte, into any, check func(*Checker)) error {
	c := NewChecker(file)
	c.Decode(text, into)
	if len(c.faults) == 0 {
		check(c)
	}
	return c.Err()
}

// Err is every fault so far, in the order of the document; nil when there is none.
func (c *Checker) Err() error {
	if len(c.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(c.faults, func(a, b Fault) int { return a.Line - b.Line })
	return c.faults
}

// Fault reports something wrong at a path; its line is that of the path or of the nearest parent in the document.
func (c *Checker) Fault(path, format string, args ...any) {
	f := Fault{File: c.file, Path: path, Detail: fmt.Sprintf(format, args...)}
	if p := c.place(path); p != nil {
		f.Line, f.Column = p.Line, p.Column
	}
	c.faults = append(c.faults, f)
}

func parent(path string) string { return path[:max(strings.LastIndexAny(path, ".["), 0)] }

// Line is where the document has a path, or the nearest parent that it has; 0 when it has neither.
func (c *Checker) Line(path string) int {
	if p := c.place(path); p != nil {
		return p.Line
	}
	return 0
}

func (c *Checker) place(path string) *token.Position {
	for ; path != ""; path = parent(path) {
		if p := c.places[path]; p != nil {
			return p
		}
	}
	return nil
}

// Names reports whether the document has something at a path, a value or a key without one.
func (c *Checker) Names(path string) bool { return c.places[path] != nil }
