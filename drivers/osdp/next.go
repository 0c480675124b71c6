package osdp

import (
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
)

// greetings are the commands of the stages before present; each answer leads to the next stage.
var greetings = map[stage]command{
	away:       {id: cmdID, data: []byte{0}},
	greetProbe: {id: cmdID, data: []byte{0}},
	greetID:    {id: cmdID, data: []byte{0}},
	greetCap:   {id: cmdCap, data: []byte{0}},
	greetLocal: {id: cmdLstat},
	greetPoll:  {id: cmdPoll},
}

// urgent reports whether a person waits for a light that can be sent now.
func (d *device) urgent() bool { return len(d.flashes) > 0 && d.flight == nil && d.stage != parked }

// hasty reports whether the next step of a meeting is due that must not wait for its turn: a handshake, and the way of a
// reader that was up a moment ago back to its first poll. It holds a card perhaps, and gives it no sooner.
func (d *device) hasty(now time.Time) bool {
	first, last := greetProbe, greetProof
	if d.online && d.keyed() {
		last = greetPoll
	}
	return d.stage >= first && d.stage <= last && d.stage != parked && d.flight == nil && !d.dueAt.After(now)
}

// due tells when the device next has something to send; ok is false while it is away.
func (d *device) due(now time.Time) (at time.Time, ok bool) {
	switch {
	case d.stage == away:
		return time.Time{}, false
	case d.flight != nil:
		return d.dueAt, true
	case d.stage == parked && !d.sendsKey():
		return now.Add(idleEvery), true
	case d.urgent() || d.sendsKey() || d.moves() || (d.lit() && !now.Before(d.paintAt)):
		return now, true
	case d.held && d.stage >= greetPoll:
		return d.aliveAt, true
	}
	return d.dueAt, true
}

// next gives the octets to send now: those of the flight again, or a new command.
func (d *device) next(now time.Time) []byte {
	if d.flight == nil {
		d.flight = d.takeOff(d.choose(now), now)
	}
	d.flight.tries++
	return d.flight.octets
}

// takeOff makes the octets of c, once for all tries.
func (d *device) takeOff(c command, now time.Time) *flight {
	f := frame{address: d.Address, sequence: d.sequence, checksum: d.Checksum, block: c.block, id: c.id, data: c.data}
	d.out = append(d.out[:0], mark)
	sealed := d.secure()
	if sealed {
		d.out = d.guard.session.seal(d.out, f)
	} else {
		d.out = f.append(d.out)
	}
	return &flight{command: c, octets: d.out, sealed: sealed, sentAt: now}
}

// choose picks the next command: the handshake, a flash, the steady light, a technician's wish, the greeting of the
// stage, a sign of life, a poll.
func (d *device) choose(now time.Time) command {
	if c, ok := d.handshake(); ok {
		return c
	}
	if d.parting != nil {
		return *d.parting
	}
	if c, ok := d.flash(now); ok {
		return c
	}
	switch {
	case d.moves() && d.lit() && d.shown != drivers.Off: // a reader that keeps its light out of our reach would look open
		return d.paint(drivers.Off, now)
	case d.moves():
		return d.order.comset()
	case d.lit() && !now.Before(d.paintAt):
		return d.paint(d.wanted, now)
	case d.held && d.stage >= greetPoll:
		return command{id: cmdLstat}
	case d.stage == present && (d.health.tamper || d.health.power) && !now.Before(d.lookAt):
		d.lookAt = now.Add(ailingEvery)
		return command{id: cmdLstat}
	}
	if c, ok := greetings[d.stage]; ok {
		return c
	}
	return command{id: cmdPoll}
}

// paint is the command for a steady light.
func (d *device) paint(s drivers.Signal, now time.Time) command {
	return command{id: cmdLED, data: permanent(d.palette.steady(s)), shows: s, askedAt: now, repaints: true}
}

// flash is the oldest flash that somebody may still wait for.
func (d *device) flash(now time.Time) (c command, ok bool) {
	for len(d.flashes) > 0 {
		c, d.flashes = d.flashes[0], d.flashes[1:]
		if now.Sub(c.askedAt) < flashWithin {
			return c, true
		}
		d.unshown++
	}
	return command{}, false
}

// landed ends the flight with a reply: the sequence moves on, 1 2 3 1 2 3.
func (d *device) landed(now time.Time) command {
	f := d.flight
	d.flight = nil
	d.sequence = d.sequence%3 + 1
	if f.sealed {
		d.guard.session.follow()
	}
	d.dueAt, d.aliveAt = now.Add(idleEvery), now.Add(aliveEvery)
	if d.wanted == drivers.Ready || d.stage < present {
		d.dueAt = f.sentAt.Add(readyEvery)
	}
	return f.command
}
