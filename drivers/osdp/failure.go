package osdp

import "time"

// onBusy keeps the command for later, unless the reader has been busy for too long.
func (d *device) onBusy(now time.Time) answer {
	f := d.flight
	if f.busyAt.IsZero() {
		f.busyAt = now
	}
	if now.Sub(f.busyAt) >= awayAfter {
		return d.giveUp(resultBusy, now)
	}
	f.tries--
	d.dueAt = now.Add(busyPause)
	return answer{result: resultBusy}
}

// onNak handles each refusal by its code. It is in plain from a reader without a key, and sealed from one with a key.
func (d *device) onNak(code byte, now time.Time) answer {
	switch code {
	case nakCheck:
		return d.again(resultNak, now)
	case nakSequence:
		return d.onLostCount(now)
	case nakNoSecurity, nakSecurityOnly:
		if d.keyed() {
			return d.broken(resultNak, now)
		}
		return d.onDemand(now)
	}
	return d.withdraw(code, now)
}

// onDemand takes a reader's word that it wants the secure channel when it says so twice with no poll answered in between.
func (d *device) onDemand(now time.Time) answer {
	if !d.health.doubted {
		d.health.doubted = true
		d.restart(now)
		return answer{result: resultNak, restart: true}
	}
	d.health.securityOnly = true
	d.lose(now)
	return answer{result: resultNak, lost: true}
}

// onLostCount begins the sequence again.
func (d *device) onLostCount(now time.Time) answer {
	switch {
	case d.keyed():
		return d.broken(resultNak, now)
	case d.sequence == 0:
		return d.giveUp(resultNak, now)
	}
	d.restart(now)
	return answer{result: resultNak, restart: true}
}

// withdraw gives up a command that the reader will never take; the acquaintance goes on without it.
func (d *device) withdraw(code byte, now time.Time) answer {
	c := d.landed(now)
	d.blame(c, code)
	if c.id == cmdLED {
		d.painted(c, now)
	}
	d.dark = d.dark || c.last
	return answer{result: resultNak, up: d.advance(c, now)}
}

// blame notes which command the reader refused, so that it is not sent again and a technician hears of it.
func (d *device) blame(c command, code byte) {
	faults := &d.health.faults
	switch {
	case c.order != nil:
		d.finish(c.order, outcome{err: refusedError(code)})
	case c.id == cmdLED && code == nakUnknown:
		faults.unlit = true
	case c.id == cmdLED:
		faults.badRecord = true
	case c.id == cmdBuz:
		faults.mute = true
	case d.stage == present:
		faults.refuses, faults.code = true, code
	}
}

// onTimeout counts a try that brought no reply; damaged says that a frame of this reader came with a wrong check.
func (d *device) onTimeout(damaged bool, now time.Time) answer {
	if damaged {
		return d.again(resultCRC, now)
	}
	return d.again(resultTimeout, now)
}

// again repeats the same octets, or gives the exchange up after the last try; an away reader has one try.
func (d *device) again(r result, now time.Time) answer {
	switch {
	case d.stage == away:
		d.guard.denied = denialNone
		d.lose(now)
		return answer{result: r}
	case d.flight.tries < tries:
		d.dueAt = now
		return answer{result: r}
	}
	return d.giveUp(r, now)
}

// giveUp ends an exchange without a reply: the sequence begins again, or the reader is away.
func (d *device) giveUp(r result, now time.Time) answer {
	d.failed++
	if d.failed >= failuresToAway || now.Sub(d.heardAt) >= awayAfter {
		d.lose(now)
		return answer{result: r, lost: true}
	}
	d.restart(now)
	return answer{result: r, restart: true}
}
