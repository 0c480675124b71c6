package ble

import "time"

// backoff paces restarts. A worker costs a tenth of a second to start, so a crash is repaired almost at once and only
// one that repeats itself is slowed down.
type backoff struct {
	first, most time.Duration
	failures    int
}

// next is how long to wait after a worker that lasted for lasted. hopeless says that trying soon is of no use: there is
// no adapter, or no right to use it.
func (b *backoff) next(lasted time.Duration, hopeless bool) time.Duration {
	if hopeless {
		return b.most
	}
	if lasted >= b.most {
		b.failures = 0
	}
	d := b.first
	for range b.failures {
		d = min(2*d, b.most)
	}
	if d < b.most {
		b.failures++
	}
	return d
}
