//go:build !mutant_continue_after_eio

package journal

import "fmt"

// fail latches the first storage error and returns what is latched.
func (l *Log) fail(doing string, err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed == nil {
		l.failed = fmt.Errorf("%w: %s: %w", ErrFailed, doing, err)
	}
	return l.failed
}
