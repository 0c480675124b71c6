package reader

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// exactly is how long the end of a pause is left to the kernel. Go's own timers are up to a millisecond late when a
// program is idle, which is four octets at 38400 baud and would be charged to the panel.
const exactly = 10 * time.Millisecond

// sleepUntil reports false when the line is closed first.
func (l *Line) sleepUntil(at time.Time) bool {
	if wait := time.Until(at); wait > 2*exactly {
		timer := time.NewTimer(wait - exactly)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-l.done:
			return false
		}
	}
	for {
		wait := time.Until(at)
		if wait <= 0 {
			return true
		}
		rest := unix.NsecToTimespec(wait.Nanoseconds())
		if err := unix.Nanosleep(&rest, nil); err != nil && !errors.Is(err, unix.EINTR) {
			return false // the kernel refuses only a time that makes no sense
		}
	}
}
