package scenario

import (
	"fmt"
	"io"
)

// Difference is an expectation that did not come true.
type Difference struct {
	File     string
	Line     int // of the expectation
	What     string
	Expected string
	Found    string
	Because  string // where the expectation comes from, as the scenario says
	Next     string // what to look at
}

// Print writes the difference for people.
func (d Difference) Print(w io.Writer) {
	fmt.Fprintf(w, "%s:%d: %s\n", d.File, d.Line, d.What)
	for _, l := range []struct{ label, text string }{
		{"expected", d.Expected}, {"found", d.Found}, {"because", d.Because}, {"next", d.Next},
	} {
		if l.text != "" {
			fmt.Fprintf(w, "    %-9s %s\n", l.label, l.text)
		}
	}
}

// Result is what came of one scenario.
type Result struct {
	File        string
	Title       string
	Steps       int
	Expected    int // expectations that were looked at
	Differences []Difference
}
