package osdp

import (
	"time"
)

// answer is what one exchange came to.
type answer struct {
	result   result
	command  command // that the reply ended; zero when the exchange goes on
	key      string  // card that was read
	refused  error   // card that was refused
	shown    bool    // the command put on another light
	up       bool    // the reader is now known and answers
	identity identity
	keys     bool // key presses, not looked at
	unknown  bool // reply that means nothing here
	restart  bool // the sequence began again
	lost     bool // the reader went away
}

// result is the label of rollcall_gateway_bus_exchanges_total.
type result string

const (
	resultOK      result = "ok"
	resultTimeout result = "timeout"
	resultCRC     result = "crc"
	resultNak     result = "nak"
	resultBusy    result = "busy"
)

// answers reports whether f ends the flight of d: right address and sequence. BUSY may come with sequence 0, and a
// reader that lost count refuses with whatever sequence it likes.
func (d *device) answers(f frame) bool {
	if d.flight == nil || f.secure || f.address != d.Address {
		return false
	}
	if f.id == replyBusy && f.sequence == 0 {
		return true
	}
	if f.id == replyNak && nakCode(f.data) == nakSequence {
		return true
	}
	return f.sequence == d.sequence
}

// onReply takes the frame that answers the flight.
func (d *device) onReply(f frame, now time.Time) answer {
	d.heardAt, d.health.heard = now, true
	if d.stage == away {
		d.stage = greetID
	}
	switch f.id {
	case replyBusy:
		return d.onBusy(now)
	case replyNak:
		return d.onNak(nakCode(f.data), now)
	}
	a := answer{result: resultOK, command: d.landed(now)}
	a.up = d.advance(a.command, now)
	d.read(f, &a, now)
	a.shown = d.painted(a.command, now)
	d.dark = d.parting != nil && a.command.id == cmdLED
	return a
}

// advance moves the acquaintance on when c was its greeting, and reports whether the reader is up by that.
func (d *device) advance(c command, now time.Time) (up bool) {
	greeting, ok := greetings[d.stage]
	if !ok || c.id != greeting.id {
		return false
	}
	if d.stage == greetID {
		d.health.faults = faults{}
		d.palette.ready = d.Ready
	}
	d.stage++
	d.dueAt = now
	if d.stage != present || d.online {
		return false
	}
	d.online, d.upSince = true, now
	d.health.securityOnly = false
	return true
}

// read takes in what the reply says.
func (d *device) read(f frame, a *answer, now time.Time) {
	switch f.id {
	case replyAck:
	case replyPDID:
		a.identity, _ = parseIdentity(f.data)
	case replyPDCap:
		d.able(f.data)
	case replyLstatr:
		d.health.tamper, d.health.power = parseLocal(f.data)
	case replyRaw:
		d.readCard(f, a, now)
	case replyFmt:
		d.health.faults.sendsFMT = true
		a.refused = errFmt
	case replyKeypad:
		a.keys = true
	default:
		a.unknown = true
	}
}

// readCard takes RAW. It answers a poll: in answer to anything else it is not a card. The reader is asked again soon,
// whatever it shows: where one card came, people may be queueing.
func (d *device) readCard(f frame, a *answer, now time.Time) {
	if a.command.id != cmdPoll {
		a.unknown = true
		return
	}
	a.key, a.refused = card(f.data, d.Order)
	d.cardAt, d.dueAt = now, now.Add(readyEvery)
}

// able takes in PDCAP.
func (d *device) able(data []byte) {
	a, ok := parseAbility(data)
	if !ok {
		return
	}
	d.health.faults.mute = a.buzzer == 0
	d.health.faults.noLight = a.led == 0
	if a.led == ledBiColour {
		d.palette.ready = d.Instead
	}
}

// painted notes what light c put on, and reports whether that is another signal than before.
func (d *device) painted(c command, now time.Time) (news bool) {
	if !c.repaints {
		return c.flashes && c.id == cmdLED
	}
	news = d.shown != c.shows
	d.shown = c.shows
	d.paintAt = now.Add(repaintEvery)
	if c.shows != d.wanted {
		d.paintAt = time.Time{}
	}
	return news
}

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

// onNak handles each refusal by its code.
func (d *device) onNak(code byte, now time.Time) answer {
	switch code {
	case nakCheck:
		return d.again(resultNak, now)
	case nakSequence:
		if d.sequence == 0 {
			return d.giveUp(resultNak, now)
		}
		d.restart(now)
		return answer{result: resultNak, restart: true}
	case nakNoSecurity, nakSecurityOnly:
		d.health.securityOnly = true
		d.lose(now)
		d.pause, d.probeAt = lastProbe, now.Add(lastProbe)
		return answer{result: resultNak, lost: true}
	}
	return d.withdraw(code, now)
}

// withdraw gives up a command that the reader will never take; the acquaintance goes on without it.
func (d *device) withdraw(code byte, now time.Time) answer {
	c := d.landed(now)
	faults := &d.health.faults
	switch {
	case c.id == cmdLED && code == nakUnknown:
		faults.unlit = true
	case c.id == cmdLED:
		faults.badRecord = true
		d.painted(c, now)
	case c.id == cmdBuz:
		faults.mute = true
	case d.stage == present:
		faults.refuses = true
	}
	return answer{result: resultNak, up: d.advance(c, now)}
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
