package sheet

import (
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing wrong with a file.
type Fault struct {
	Line    int    `json:"line"`             // from 1; 0 if the fault is of the whole file
	Column  string `json:"column,omitempty"` // name of the column; empty if the fault is of the whole line
	Problem string `json:"problem"`
	Advice  string `json:"advice,omitempty"` // what to do about it
}

// String is "line 3, card: problem; advice".
func (f Fault) String() string {
	var b strings.Builder
	if f.Line > 0 {
		fmt.Fprintf(&b, "line %d", f.Line)
		if f.Column != "" {
			fmt.Fprintf(&b, ", %s", f.Column)
		}
		b.WriteString(": ")
	}
	b.WriteString(f.Problem)
	if f.Advice != "" {
		b.WriteString("; " + f.Advice)
	}
	return b.String()
}

// maxFaults is how many faults are reported at once: nobody reads more, and a wrong file may have one in every cell.
const maxFaults = 100

// Faults is every fault of a file, in the order of its lines. Nothing of a faulty file is applied.
type Faults []Fault

// Error lists the faults, one a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// Sorted puts faults in the order of the file and cuts what nobody would read.
func (f Faults) Sorted() Faults {
	slices.SortStableFunc(f, func(a, b Fault) int { return a.Line - b.Line })
	if len(f) <= maxFaults {
		return f
	}
	rest := Fault{Line: f[maxFaults].Line, Problem: fmt.Sprintf("and %d more faults from here on", len(f)-maxFaults)}
	return append(f[:maxFaults:maxFaults], rest)
}
