//go:build mutant_continue_after_eio

package journal

import "fmt"

// fail is planted: it tells of a storage error and goes on as if the next write made up for it.
func (l *Log) fail(doing string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrFailed, doing, err)
}
