package polled

import (
	"errors"
	"time"
)

// A reader that gives no usable answer so often in a row is lost; its worst look then has taken less than the hold-off.
const failuresToLose = 3

// The pause before a lost reader is met again.
const (
	shortestPause = 250 * time.Millisecond
	longestPause  = 5 * time.Second
)

// health is what the answers of the reader, or their absence, say of it.
type health struct {
	known    bool // has been met since the start
	failures int  // in a row
	pause    time.Duration
}

// answered ends a row of failures.
func (h *health) answered() { h.failures = 0 }

// met begins a life of the reader.
func (h *health) met() { *h = health{known: true} }

// failed notes a failure; lost is true when it was one too many.
func (h *health) failed() (lost bool) {
	h.failures++
	return h.failures >= failuresToLose
}

// away is the pause before the next greeting.
func (h *health) away() time.Duration {
	h.failures = 0
	h.pause = min(max(shortestPause, 2*h.pause), longestPause)
	return h.pause
}

// trouble is a sentence for the technician on a reader that gave err; hint is what only its driver knows.
func (h *health) trouble(err error, hint string) string {
	switch {
	case errors.Is(err, ErrRestarted):
		return "lost its power for a moment: check its supply"
	case errors.Is(err, ErrRefused):
		return "refuses what it is asked: " + hint
	case errors.Is(err, ErrSilent) && h.known:
		return "stopped answering: check its power and its cable"
	case errors.Is(err, ErrSilent):
		return "has never answered: check its power, its cable and the speed of the line; " + hint
	}
	return "answers, but not a word can be read: check the speed of the line and its cable; " + hint
}
