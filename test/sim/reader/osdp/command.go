package osdp

import (
	"time"
)

// carryOut does what a command asks and returns the reply's code and data.
func (p *PD) carryOut(now time.Time, f Frame) (byte, []byte) {
	if f.Secure {
		return replyNak, p.refuse(nakSecurity)
	}
	code, data, reason := p.command(now, f)
	if reason != 0 {
		return replyNak, p.refuse(reason)
	}
	return code, data
}

// command is the table of commands. reason is that of a NAK, or 0.
func (p *PD) command(now time.Time, f Frame) (code byte, data []byte, reason byte) {
	size, known := p.sizes(f.Code)
	if !known {
		return 0, nil, nakUnknown
	}
	if !size.fits(len(f.Data)) {
		return 0, nil, nakLength
	}
	switch f.Code {
	case cmdPoll:
		code, data = p.poll()
		return code, data, 0
	case cmdID:
		return replyID, p.options.Identity.encode(), 0
	case cmdCap:
		return replyCap, encodeCapabilities(p.options.Capabilities), 0
	case cmdLocal:
		return replyLocal, p.local(), 0
	case cmdOutputs:
		return replyOutputs, p.outputStates(now), 0
	case cmdComSet:
		return replyCom, p.comSet(f.Data), 0
	case cmdOut:
		reason = p.out(now, f.Data)
	case cmdLED:
		reason = p.leds(now, f.Data)
	case cmdBuzzer:
		reason = p.buzz(now, f.Data)
	case cmdText:
		reason = p.show(f.Data)
	case cmdKeySet:
		reason = nakNeedsKey
	}
	return replyAck, nil, reason
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
		return size{2, 1}, true
	case cmdACURxSize, cmdKeepAlive:
		return size{least: 2}, true
	}
	return size{}, false
}

// poll answers with the oldest thing the panel does not know yet: a changed status, then one card read.
func (p *PD) poll() (byte, []byte) {
	if p.changed {
		return replyLocal, p.local()
	}
	if len(p.reads) == 0 {
		return replyAck, nil
	}
	r := p.reads[0]
	p.reads = p.reads[1:]
	p.inReply = r.token
	return replyRaw, encodeRaw(r.card)
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
