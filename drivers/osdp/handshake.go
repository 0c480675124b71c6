package osdp

import (
	"crypto/rand"
	"time"
)

// guard is what stands between a reader with a key and whoever speaks in its place.
type guard struct {
	secret  Secret
	fault   error    // why the secret could not be read
	keyed   bool     // has or had a key here: nothing it says in plain is believed again
	install *install // a technician gives it a key; nil otherwise
	asked   random   // our random number of the challenge
	key     Key      // that the challenge speaks of
	session *session // nil while none is made
	denied  denial   // why the last handshake failed
	blamed  bool     // the session ended by what was refused: the next one must not ask for it again
}

// denial is why a reader got no secure channel.
type denial uint8

const (
	denialNone     denial = iota
	denialRefused         // it refused the challenge: no secure channel, or no key
	denialStranger        // it does not have our key
	denialNonsense        // it answered with something else
)

// newRandom is our part of a session; never the same twice.
var newRandom = func() (r random) {
	rand.Read(r[:]) // it never fails
	return r
}

// keyed reports whether the device speaks under the secure channel only.
func (d *device) keyed() bool { return d.Secure || d.guard.keyed || d.guard.install != nil }

// usable reports whether the device may be spoken to at all.
func (d *device) usable() bool {
	return d.guard.install != nil || !d.keyed() || (d.guard.fault == nil && d.guard.secret.key() != Key{})
}

// secure reports whether a session stands.
func (d *device) secure() bool { return d.guard.session != nil && d.stage > greetProof }

// underOwnKey leaves out a session that serves to install a key.
func (d *device) underOwnKey() bool { return d.secure() && d.guard.install == nil }

// unlock takes in what is kept of the reader. A key that was there once does not go away: a lost file must not open the
// reader to whoever speaks plain.
func (d *device) unlock(s Secret, fault error) {
	d.guard.secret, d.guard.fault = s, fault
	d.guard.keyed = d.guard.keyed || fault != nil || s.key() != Key{}
}

// handshake is the command that brings a session nearer; ok is false where none is wanted or one stands.
func (d *device) handshake() (c command, ok bool) {
	switch d.stage {
	case away, greetProbe:
		return greetings[d.stage], true
	case greetChallenge:
		return d.challenge(), true
	case greetProof:
		return command{id: cmdScrypt, block: d.keyBlock(blockProof), data: d.guard.session.server[:]}, true
	}
	if d.sendsKey() {
		return d.order.keyset(), true
	}
	return command{}, false
}

// challenge throws a new random number.
func (d *device) challenge() command {
	d.guard.asked, d.guard.key = newRandom(), d.guard.secret.key()
	if i := d.guard.install; i != nil {
		d.guard.key = i.nextKey()
	}
	return command{id: cmdChlng, block: d.keyBlock(blockChallenge), data: d.guard.asked[:]}
}

func (d *device) keyBlock(kind byte) securityBlock {
	if d.guard.key == installKey {
		return securityBlock{kind, []byte{blockDefaultKey}}
	}
	return securityBlock{kind, []byte{blockOwnKey}}
}

// onHandshake takes the reply to a command of the handshake.
func (d *device) onHandshake(f frame, now time.Time) answer {
	switch {
	case f.id == replyNak && nakCode(f.data) == nakCheck:
		return d.again(resultNak, now)
	case f.id == replyNak && nakCode(f.data) == nakSequence:
		return d.giveUp(resultNak, now)
	case d.flight.command.id == cmdID: // a probe: that it answers is all we take from it
		d.landed(now)
		d.stage, d.dueAt = greetChallenge, now
		return answer{result: resultOK}
	case f.id == replyNak:
		return d.deny(resultNak, denialRefused, now)
	case d.stage == greetChallenge && f.id == replyCcrypt && f.block.kind == blockCrypt:
		return d.onCrypt(f.data, now)
	case d.stage == greetProof && f.id == replyRMACI && f.block.kind == blockFirst:
		return d.onFirst(f.data, now)
	}
	return d.deny(resultMAC, denialNonsense, now)
}

// onCrypt checks that the reader has our key: its name (8 octets, not used), its random number, its cryptogram.
func (d *device) onCrypt(data []byte, now time.Time) answer {
	const name = 8
	if len(data) != name+cryptRandomOctets+len(block{}) {
		return d.deny(resultMAC, denialNonsense, now)
	}
	s := newSession(d.guard.key, d.guard.asked, random(data[name:name+cryptRandomOctets]))
	if !same(s.client[:], data[name+cryptRandomOctets:]) {
		return d.deny(resultMAC, denialStranger, now)
	}
	d.landed(now)
	d.guard.session = s
	d.stage, d.dueAt = greetProof, now
	return answer{result: resultOK}
}

// onFirst checks that the reader begins the chain where we do.
func (d *device) onFirst(data []byte, now time.Time) answer {
	if !same(d.guard.session.first[:], data) {
		return d.deny(resultMAC, denialStranger, now)
	}
	d.landed(now)
	d.heardAt, d.dueAt = now, now
	d.guard.denied, d.health.securityOnly = denialNone, false
	switch {
	case d.guard.install != nil:
		d.stage = parked
		d.opened()
	case d.online: // we know it already
		d.stage = greetLocal
	default:
		d.stage = greetID
	}
	return answer{result: resultOK, secured: true}
}

// deny ends a handshake that came to nothing. A reader that had a session a moment ago is met again at once.
func (d *device) deny(r result, why denial, now time.Time) answer {
	a := d.stumble(r, now)
	a.denied, a.news = true, d.guard.denied != why
	d.guard.denied = why
	d.unproven()
	return a
}

// broken ends a session that the reader, or somebody in its place, does not keep to.
func (d *device) broken(r result, now time.Time) answer {
	a := d.stumble(r, now)
	a.broken = true
	return a
}

// stumble begins again with a reader that was up, as long as that may help.
func (d *device) stumble(r result, now time.Time) answer {
	d.failed++
	if !d.online || d.failed >= failuresToAway {
		a := answer{result: r, lost: d.online}
		d.lose(now)
		return a
	}
	d.restart(now)
	return answer{result: r, restart: true}
}

// onSealed takes the reply to a command under the channel. Two things may be said in plain there, and neither is
// believed further than that the reader wants time, or that the session is over.
func (d *device) onSealed(f frame, now time.Time) answer {
	if f.block.kind == 0 && f.id == replyNak {
		return d.onBareNak(nakCode(f.data), now)
	}
	opened, err := d.guard.session.open(f)
	switch {
	case err != nil:
		return d.broken(resultMAC, now)
	case opened.id == replyBusy:
		return d.onBusy(now)
	case opened.id == replyNak:
		return d.onNak(nakCode(opened.data), now)
	}
	if d.stage == present {
		d.failed, d.pause = 0, 0
	}
	return d.accept(opened, now)
}

// onBareNak takes a refusal in plain inside a session. Whether the reader's chain went on with the command is unsure
// then, so the session is made anew; what the reader refused is not sent again.
func (d *device) onBareNak(code byte, now time.Time) answer {
	switch code {
	case nakCheck:
		return d.again(resultNak, now)
	case nakSequence, nakNoSecurity, nakSecurityOnly:
	default:
		d.blame(d.flight.command, code)
		d.guard.blamed = true
		d.flight.command.flashes = false // not kept for after the restart
	}
	return d.broken(resultNak, now)
}
