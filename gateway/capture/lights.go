package capture

import (
	"context"
	"time"
)

// guard is how soon a steady light is looked at again without any sign: the clock may be set, a journal may fail.
const guard = time.Second

// keepLit shows each reader its steady signal whenever that changes.
func (c *Capture) keepLit(ctx context.Context) {
	for {
		changed := c.o.Lights.Changed() // before looking, or a change in between would be missed
		now := c.o.Now()
		c.light(now)
		t := time.NewTimer(c.untilNext(now))
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-changed:
		case <-t.C:
		}
		t.Stop()
	}
}

func (c *Capture) light(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.lines {
		for _, reader := range l.bus.Readers {
			s := c.o.Lights.Steady(reader, now)
			if t := c.trials[reader]; t != nil {
				if s != t.before { // mostly because a register opened
					c.endTrialLocked(l, reader, ErrOpen)
				}
				continue
			}
			if shown, ok := c.steady[reader]; ok && shown == s {
				continue
			}
			c.steady[reader] = s
			l.bus.Driver.Show(reader, s)
		}
	}
}

func (c *Capture) untilNext(now time.Time) time.Duration {
	at, ok := c.o.Lights.Next(now)
	if !ok {
		return guard
	}
	return min(at.Sub(now), guard)
}
