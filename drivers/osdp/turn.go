package osdp

import "time"

// pick chooses whom to talk to: a reader whose light somebody waits for; nobody, while a card waits for its decision; a
// reader in the middle of a handshake; a reader that is due, in turn; once a round, an away reader. When there is nobody
// it tells until when.
func (l *loop) pick(now time.Time) (d *device, until time.Time) {
	if d := l.urgent(); d != nil {
		return d, now
	}
	if l.awaits != nil && now.Before(l.awaitUntil) {
		return nil, l.awaitUntil
	}
	l.stopWaiting()
	if d := l.hasty(now); d != nil {
		return d, now
	}
	if d := l.inTurn(now); d != nil {
		return d, now
	}
	if d := l.probe(now); d != nil {
		return d, now
	}
	if d := l.inTurn(now); d != nil { // the rest of the round was empty: the next one begins
		return d, now
	}
	return nil, l.nextDue(now)
}

// stopWaiting gives up on the light of a card. A card that nobody took in that time waits, and its reader with it.
func (l *loop) stopWaiting() {
	if l.awaits != nil && l.awaits.held {
		l.awaits.counts.Waits++
		l.meters.waits.WithLabelValues(l.awaits.Name).Inc()
	}
	l.awaits = nil
}

// hasty is a reader whose handshake goes on.
func (l *loop) hasty(now time.Time) *device {
	for _, d := range l.devices {
		if d.hasty(now) {
			return d
		}
	}
	return nil
}

// urgent is the reader whose flash has waited longest.
func (l *loop) urgent() (first *device) {
	for _, d := range l.devices {
		if d.urgent() && (first == nil || d.flashes[0].askedAt.Before(first.flashes[0].askedAt)) {
			first = d
		}
	}
	return first
}

// inTurn goes on with the round; nil is its end.
func (l *loop) inTurn(now time.Time) *device {
	for l.turn < len(l.devices) {
		d := l.devices[l.turn]
		l.turn++
		if at, ok := d.due(now); ok && !at.After(now) {
			return d
		}
	}
	l.turn = 0
	if !l.roundAt.IsZero() {
		l.meters.cycle.Observe(now.Sub(l.roundAt).Seconds())
		l.cycle.Add(now.Sub(l.roundAt))
		l.roundAt = time.Time{}
	}
	return nil
}

// probe is the away reader that has waited longest for a question. It is asked between two rounds, so one silent
// reader at most costs the others its 200 ms in each round. Its key is looked up anew: somebody may have put it right.
func (l *loop) probe(now time.Time) *device {
	for {
		first := l.longestAway(now)
		if first == nil {
			return nil
		}
		if first.guard.install == nil {
			l.unlock(first)
		}
		if first.usable() {
			return first
		}
		first.lose(now)
		l.publish(first)
	}
}

func (l *loop) longestAway(now time.Time) (first *device) {
	for _, d := range l.devices {
		if d.stage == away && !d.probeAt.After(now) && (first == nil || d.probeAt.Before(first.probeAt)) {
			first = d
		}
	}
	return first
}

// nextDue is when the next reader wants something.
func (l *loop) nextDue(now time.Time) time.Time {
	until := now.Add(idleEvery)
	for _, d := range l.devices {
		at, ok := d.due(now)
		if !ok {
			at = d.probeAt
		}
		until = earlier(until, at)
	}
	return until
}
