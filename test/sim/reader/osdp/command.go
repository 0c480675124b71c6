package osdp

import (
	"crypto/aes"
	"time"
)

// carryOut does what a command asks, if it may be asked, and returns the frame that answers it: signed when it is said
// inside a session.
func (p *PD) carryOut(now time.Time, f Frame) []byte {
	address := p.address // the one it has now: COMSET may give it another
	if reason := p.unlock(now, &f); reason != 0 {
		return p.pack(address, f, nak(reason))
	}
	r, refused := p.refused(now)
	if !refused {
		p.counts.Commands++
		r = p.command(now, f)
	}
	answer := p.frame(address, f, r)
	switch {
	case r.block.Type != 0 || !p.Secure(): // part of a handshake, or in the clear
	case f.Code == cmdLocal && p.options.ClearStatus:
		p.session.sign(&answer, blockCommand)
	default:
		p.session.give(&answer)
	}
	if f.Code == cmdKeySet && r.code == replyAck && p.options.EndsOnKeySet {
		p.endSession(now)
	}
	return answer.Encode()
}

// refused is the NAK a test has asked for.
func (p *PD) refused(now time.Time) (reply, bool) {
	reason := p.refuses()
	if reason == 0 {
		return reply{}, false
	}
	p.refusal = p.refusal[1:]
	if reason == nakSecurity || reason == nakNeedsKey {
		p.endSession(now)
	}
	return nak(reason), true
}

// command is the table of commands.
func (p *PD) command(now time.Time, f Frame) reply {
	size, known := p.sizes(f.Code)
	if !known {
		return nak(nakUnknown)
	}
	if !size.fits(len(f.Data)) {
		return nak(nakLength)
	}
	switch f.Code {
	case cmdPoll:
		return p.poll()
	case cmdID:
		return reply{code: replyID, data: p.options.Identity.encode()}
	case cmdCap:
		return reply{code: replyCap, data: encodeCapabilities(p.capabilities())}
	case cmdLocal:
		return reply{code: replyLocal, data: p.local()}
	case cmdOutputs:
		return reply{code: replyOutputs, data: p.outputStates(now)}
	case cmdComSet:
		return reply{code: replyCom, data: p.comSet(f.Data)}
	case cmdChallenge:
		return p.challenge(now, f)
	case cmdProof:
		return p.proof(now, f)
	}
	if reason := p.obey(now, f); reason != 0 {
		return nak(reason)
	}
	return reply{code: replyAck}
}

// obey carries out a command that is only acknowledged. reason is that of a NAK, or 0.
func (p *PD) obey(now time.Time, f Frame) (reason byte) {
	switch f.Code {
	case cmdOut:
		return p.out(now, f.Data)
	case cmdLED:
		return p.leds(now, f.Data)
	case cmdBuzzer:
		return p.buzz(now, f.Data)
	case cmdText:
		return p.show(f.Data)
	case cmdKeySet:
		return p.keySet(now, f)
	}
	return 0
}

// size is the length of a command's data: least, or least and any number of further records.
type size struct{ least, record int }

func (s size) fits(n int) bool {
	if s.record == 0 {
		return n == s.least
	}
	return n >= s.least && (n-s.least)%s.record == 0
}

// sizes tells the data length of the commands this device knows.
func (p *PD) sizes(code byte) (size, bool) {
	switch code {
	case cmdPoll, cmdLocal:
		return size{}, true
	case cmdOutputs:
		return size{}, len(p.outputs) > 0
	case cmdID, cmdCap:
		return size{least: 1}, true
	case cmdOut:
		return size{outRecord, outRecord}, len(p.outputs) > 0
	case cmdLED:
		return size{ledRecord, ledRecord}, true
	case cmdBuzzer:
		return size{least: 5}, true
	case cmdText:
		return size{textHeader, 1}, p.options.Display
	case cmdComSet:
		return size{least: 5}, true
	case cmdKeySet:
		return size{least: 18}, true
	case cmdChallenge:
		return size{least: challengeSize}, true
	case cmdProof:
		return size{least: aes.BlockSize}, true
	case cmdACURxSize, cmdKeepAlive:
		return size{least: 2}, true
	}
	return size{}, false
}

// local is the data of LSTATR: tamper, power. Once told, a power failure is over.
func (p *PD) local() []byte {
	data := []byte{flag(p.tamper), flag(p.power)}
	p.changed, p.power = false, false
	return data
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}
