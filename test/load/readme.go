package load

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// The lines around the section of the README that Write replaces.
const (
	sectionBegin = "<!-- bench:begin -->\n"
	sectionEnd   = "<!-- bench:end -->"
)

// ErrNoSection means that a file has not exactly one place for the figures.
var ErrNoSection = errors.New("the file needs one line <!-- bench:begin --> and after it one line <!-- bench:end -->")

// Write replaces the section in the file at path by text.
func Write(path, text string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	replaced, err := replace(string(old), text)
	if err != nil {
		return fmt.Errorf("write figures: %s: %w", path, err)
	}
	// Not by renaming: an editor or a person may hold the file open, and a torn README is in the repository.
	if err := os.WriteFile(path, []byte(replaced), 0o644); err != nil { //nolint:gosec // a README is for everybody
		return fmt.Errorf("write figures: %w", err)
	}
	return nil
}

func replace(file, text string) (string, error) {
	before, rest, ok := strings.Cut(file, sectionBegin)
	_, after, closed := strings.Cut(rest, sectionEnd)
	if !ok || !closed || strings.Contains(after, sectionBegin) || strings.Contains(after, sectionEnd) {
		return "", ErrNoSection
	}
	return before + sectionBegin + strings.TrimSuffix(text, "\n") + "\n" + sectionEnd + after, nil
}
