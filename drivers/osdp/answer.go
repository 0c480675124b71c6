package osdp

import (
	"errors"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/credential"
	"github.com/rollcall-edge/rollcall/drivers/holdoff"
)

// answer is what one exchange came to.
type answer struct {
	result     result
	command    command // that the reply ended; zero when the exchange goes on
	key        string  // card that was read
	refused    error   // card that was refused
	unsuitable bool    // refused because its number names nobody
	repeated   bool    // card that was there a moment ago
	shown      bool    // the command put on another light
	up         bool    // the reader is now known and answers
	identified bool    // the reader said what it is
	presses    int     // of keys; which ones is not looked at
	unknown    bool    // reply that means nothing here
	restart    bool    // the sequence began again
	lost       bool    // the reader went away
	secured    bool    // a session stands
	broken     bool    // a session ended by a reply that does not belong in it
	denied     bool    // a handshake failed
	news       bool    // for another reason than the one before
}

// result is the label of rollcall_gateway_bus_exchanges_total.
type result string

const (
	resultOK      result = "ok"
	resultTimeout result = "timeout"
	resultCRC     result = "crc"
	resultNak     result = "nak"
	resultBusy    result = "busy"
	resultMAC     result = "mac" // what a reader with a key may not say: wrong code, wrong seal, or in plain
)

// answers reports whether f ends the flight of d: right address and sequence. BUSY may come with sequence 0, and a
// reader that lost count refuses with whatever sequence it likes; both only in plain.
func (d *device) answers(f frame) bool {
	if d.flight == nil || f.address != d.Address {
		return false
	}
	plain := f.block.kind == 0
	switch {
	case !plain && !d.keyed():
		return false
	case plain && f.id == replyBusy && f.sequence == 0:
		return true
	case plain && f.id == replyNak && nakCode(f.data) == nakSequence:
		return true
	}
	return f.sequence == d.sequence
}

// onReply takes the frame that answers the flight.
func (d *device) onReply(f frame, now time.Time) answer {
	d.health.heard = true
	if d.stage == away {
		d.stage = d.firstStage()
	}
	if !d.keyed() {
		d.heardAt = now
	}
	switch {
	case f.id == replyBusy && f.block.kind == 0:
		return d.onBusy(now)
	case d.flight.sealed:
		return d.onSealed(f, now)
	case d.keyed():
		return d.onHandshake(f, now)
	}
	return d.onPlain(f, now)
}

// onPlain takes the reply of a reader that has no key.
func (d *device) onPlain(f frame, now time.Time) answer {
	if f.id == replyNak {
		return d.onNak(nakCode(f.data), now)
	}
	d.failed, d.pause = 0, 0
	if d.flight.command.id == cmdPoll {
		d.health.doubted = false
	}
	return d.accept(f, now)
}

// accept takes a reply that may be believed.
func (d *device) accept(f frame, now time.Time) answer {
	d.heardAt = now
	a := answer{result: resultOK, command: d.landed(now)}
	a.up = d.advance(a.command, now)
	d.read(f, &a, now)
	a.shown = d.painted(a.command, now)
	d.dark = d.dark || a.command.last
	return a
}

// advance moves the acquaintance on when c was its greeting, and reports whether the reader is up by that.
func (d *device) advance(c command, now time.Time) (up bool) {
	greeting, ok := greetings[d.stage]
	if !ok || c.id != greeting.id {
		return false
	}
	if d.stage == greetID {
		d.introduced()
	}
	d.stage++
	d.dueAt = now
	if d.stage != present || d.online {
		return false
	}
	d.online, d.upSince = true, now
	d.health.securityOnly = false
	d.proved()
	return true
}

// introduced begins with a clean sheet: it may be another reader, or the same one set up anew.
func (d *device) introduced() {
	if !d.guard.blamed {
		d.health.faults = faults{}
	}
	d.guard.blamed, d.moved = false, nil
	d.palette.ready = d.Ready
}

// read takes in what the reply says.
func (d *device) read(f frame, a *answer, now time.Time) {
	ok := true
	switch f.id {
	case replyAck:
		if a.command.id == cmdPoll {
			d.lying = "" // whatever comes next was not there now
		}
	case replyMfgrep: // for the maker's own panel
	case replyPDID:
		ok = d.identify(f.data)
		a.identified = ok
	case replyPDCap:
		ok = d.able(f.data)
	case replyLstatr:
		ok = d.local(f.data, now)
	case replyRaw:
		ok = a.command.id == cmdPoll // in answer to anything else it is not a card
		d.readCard(ok, f, a, now)
	case replyFmt:
		d.health.faults.sendsFMT = true
		if a.repeated = d.seen.Repeats(sameAs("", errFmt), now); !a.repeated {
			a.refused = errFmt
		}
	case replyKeypad:
		a.presses, ok = parseKeypad(f.data)
	case replyCom:
		ok = d.onCom(f.data, a, now)
	default:
		ok = false
	}
	a.unknown = !ok
	d.served(a.command, f.id)
}

// readCard takes RAW. The reader is asked again soon, whatever it shows: where one card came, people may be queueing.
func (d *device) readCard(polled bool, f frame, a *answer, now time.Time) {
	if !polled {
		return
	}
	d.dueAt = now.Add(readyEvery)
	key, err := card(f.data, d.Order)
	a.repeated = d.lies(sameAs(key, err), now)
	if a.repeated {
		return
	}
	a.key, a.refused = key, err
	a.unsuitable = errors.Is(err, credential.ErrRandom) || errors.Is(err, credential.ErrBlank)
	d.cardAt = now
}

// lies reports whether a card is still the one before: no poll was answered without it, or it is back sooner than a hand
// could bring it.
func (d *device) lies(same string, now time.Time) bool {
	lies := d.seen.Repeats(same, now) || d.lying == same && now.Sub(d.lyingAt) < holdoff.Default
	d.lying, d.lyingAt = same, now
	return lies
}

// sameAs is what makes two readings the same card. A card that is refused may have another number at each look, so one
// that stays is known by the reason.
func sameAs(key string, err error) string {
	if err != nil {
		return "refused " + refusal(err)
	}
	return key
}

// identify takes in PDID.
func (d *device) identify(data []byte) (ok bool) {
	i, ok := parseIdentity(data)
	if ok {
		d.health.identity, d.health.made = i, i.String()
	}
	return ok
}

// able takes in PDCAP. What it says of the secure channel is information: it changes nothing of what is believed.
func (d *device) able(data []byte) (ok bool) {
	a, ok := parseAbility(data)
	if !ok {
		return false
	}
	d.health.ability = a
	d.health.faults.mute = a.buzzer == 0
	d.health.faults.noLight = a.led == 0
	if a.led == ledBiColour {
		d.palette.ready = d.Instead
	}
	return true
}

// local takes in LSTATR.
func (d *device) local(data []byte, now time.Time) (ok bool) {
	tamper, power, ok := parseLocal(data)
	if ok {
		d.health.tamper, d.health.power = tamper, power
		d.lookAt = now.Add(ailingEvery)
	}
	return ok
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
