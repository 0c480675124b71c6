package osdp

import (
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// SetTamper opens or closes the housing; the next POLL reports a change.
func (p *PD) SetTamper(open bool) {
	p.changed = p.changed || open != p.tamper
	p.tamper = open
}

// SetSilent makes the device deaf and mute, as one that has lost its supply, without forgetting anything.
func (p *PD) SetSilent(silent bool) { p.silent = silent }

// SetBaud moves the device to another speed behind the panel's back.
func (p *PD) SetBaud(baud int) { p.baud = baud }

// SetAddress gives the device another address behind the panel's back.
func (p *PD) SetAddress(address byte) { p.address = address }

// SetTurnaround sets how long the device thinks before it answers; 0 leaves it to the line.
func (p *PD) SetTurnaround(d time.Duration) { p.options.Turnaround = d }

// SetBusy answers the next commands, this many, with BUSY.
func (p *PD) SetBusy(commands int) { p.busy = commands }

// Refuse answers the next commands with NAK for these reasons, one each. For reasons 1 and 4 (check, sequence) the
// command has not been taken at all and nothing moves on; for 5 and 6 (security) the device has lost its session.
func (p *PD) Refuse(reasons ...byte) { p.refusal = append(p.refusal, reasons...) }

// refuses is the reason the next command is refused for, 0 when it is not.
func (p *PD) refuses() byte {
	if len(p.refusal) == 0 {
		return 0
	}
	return p.refusal[0]
}

// PowerCycle restarts the device at now: dark, out of sequence, reports forgotten, with a power failure to report. It
// remembers its key, its address and its speed.
func (p *PD) PowerCycle(now time.Time) {
	if p.inReply != 0 {
		p.tell(Event{At: now, Kind: Lost, Card: p.inReply})
	}
	for _, r := range p.queue {
		if r.card != 0 {
			p.tell(Event{At: now, Kind: Lost, Card: r.card})
		}
	}
	p.endSession(now)
	p.online, p.reply, p.inReply, p.queue = false, nil, 0, nil
	p.led, p.outputs, p.text = lamp.Lamp{}, make([]output, len(p.outputs)), ""
	p.power, p.changed = true, true
}
