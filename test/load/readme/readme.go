// Package readme replaces the sections of a README that are written by program, and lays out their tables. What stands in them
// is not its business.
package readme

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// ErrNoSection means that a file has not exactly one place for the figures.
var ErrNoSection = errors.New("the file needs one line <!-- NAME:begin --> and after it one line <!-- NAME:end -->")

// Write replaces the section of this name in the file at path by text.
func Write(path, section, text string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	replaced, err := replace(string(old), section, text)
	if err != nil {
		return fmt.Errorf("write figures: %s: %s: %w", path, section, err)
	}
	// Not by renaming: an editor or a person may hold the file open, and a torn README is in the repository.
	if err := os.WriteFile(path, []byte(replaced), 0o644); err != nil { //nolint:gosec // a README is for everybody
		return fmt.Errorf("write figures: %w", err)
	}
	return nil
}

func replace(file, section, text string) (string, error) {
	begin, end := "<!-- "+section+":begin -->\n", "<!-- "+section+":end -->"
	before, rest, ok := strings.Cut(file, begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed || strings.Contains(after, begin) || strings.Contains(after, end) {
		return "", ErrNoSection
	}
	return before + begin + strings.TrimSuffix(text, "\n") + "\n" + end + after, nil
}

// Table lays rows out as Markdown; the first is the head. All columns but the first are figures.
func Table(rows ...[]string) string {
	var b strings.Builder
	for i, row := range rows {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString("|---|" + strings.Repeat("--:|", len(row)-1) + "\n")
		}
	}
	return b.String()
}
