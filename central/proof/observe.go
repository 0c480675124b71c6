package proof

import (
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// stepped is how far wall time and time since boot must part for the clock to have been set.
const stepped = 2 * time.Second

// clock is the stamp of the record before.
type clock struct{ last contract.Stamp }

// observe counts what an opened record tells.
func (a *Account) observe(r contract.Record, c *clock) {
	s := r.Stamp
	if a.From.IsZero() || s.At.Before(a.From) {
		a.From = s.At
	}
	if s.At.After(a.To) {
		a.To = s.At
	}
	before := c.last
	c.last = s
	switch {
	case before.At.IsZero():
	case before.Boot != s.Boot:
		a.Restarts++
	case (s.At.Sub(before.At) - (s.Uptime - before.Uptime)).Abs() > stepped:
		a.Steps++
	}
	if r.Tap != nil {
		a.Taps++
	}
	if r.Heartbeat != nil {
		a.beat(r)
	}
}

// longestBeat is how long a heartbeat may speak of; one that crosses a clock that was set says nothing (as at ingest).
const longestBeat = 24 * time.Hour

func (a *Account) beat(r contract.Record) {
	a.Heartbeats++
	length := r.Stamp.At.Sub(r.Heartbeat.Since)
	if length <= 0 || length > longestBeat {
		return
	}
	a.Beaten += length
	for _, p := range r.Heartbeat.Points {
		if !p.Up {
			return
		}
	}
	a.Heard += length
}
