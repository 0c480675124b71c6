package sheet

import "fmt"

// Diff is what an import changes, or would change.
type Diff struct {
	Added     int      `json:"added"`
	Changed   int      `json:"changed"`
	Removed   int      `json:"removed"`
	Unchanged int      `json:"unchanged"`
	Warnings  []string `json:"warnings,omitempty"`
	Examples  []string `json:"examples,omitempty"` // a few of the changes, in words
}

// Empty reports whether nothing changes.
func (d *Diff) Empty() bool { return d.Added+d.Changed+d.Removed == 0 }

const (
	maxExamples = 20
	maxWarnings = 50
)

// Example adds a change in words, as long as people would read them.
func (d *Diff) Example(format string, args ...any) {
	if len(d.Examples) < maxExamples {
		d.Examples = append(d.Examples, fmt.Sprintf(format, args...))
	}
}

// Warn adds a warning, as long as people would read them.
func (d *Diff) Warn(format string, args ...any) {
	if len(d.Warnings) < maxWarnings {
		d.Warnings = append(d.Warnings, fmt.Sprintf(format, args...))
	}
}
