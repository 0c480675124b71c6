package reader

import (
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp"
)

// alter changes the device and tells what came of it.
func (d *OSDP) alter(change func(*osdp.PD)) {
	d.line.mu.Lock()
	change(d.pd)
	told := d.drainLocked()
	d.line.mu.Unlock()
	d.line.tell(told)
}

// SetTamper opens or closes the housing; the panel learns of it at its next POLL.
func (d *OSDP) SetTamper(open bool) { d.alter(func(p *osdp.PD) { p.SetTamper(open) }) }

// SetSilent takes the reader off the bus, and back.
func (d *OSDP) SetSilent(silent bool) { d.alter(func(p *osdp.PD) { p.SetSilent(silent) }) }

// PowerCycle restarts the reader: dark, out of sequence, its card reads forgotten. It keeps its key.
func (d *OSDP) PowerCycle() { d.alter(func(p *osdp.PD) { p.PowerCycle(time.Now()) }) }

// SetBaud moves the reader to another speed behind the panel's back.
func (d *OSDP) SetBaud(baud int) { d.alter(func(p *osdp.PD) { p.SetBaud(baud) }) }

// SetAddress gives the reader another address behind the panel's back, also one that another reader of the line has: both
// answer then, at once.
func (d *OSDP) SetAddress(address byte) { d.alter(func(p *osdp.PD) { p.SetAddress(address) }) }

// Address is where the reader listens.
func (d *OSDP) Address() (address byte) {
	d.alter(func(p *osdp.PD) { address = p.Address() })
	return address
}

// SetTurnaround sets how long the reader thinks before it answers, also on an instant line; 0 leaves it to the line.
func (d *OSDP) SetTurnaround(t time.Duration) { d.alter(func(p *osdp.PD) { p.SetTurnaround(t) }) }

// SetBusy answers the next commands, this many, with BUSY.
func (d *OSDP) SetBusy(commands int) { d.alter(func(p *osdp.PD) { p.SetBusy(commands) }) }

// Refuse answers the next commands with NAK for these reasons, one each; see osdp.PD.Refuse.
func (d *OSDP) Refuse(reasons ...byte) { d.alter(func(p *osdp.PD) { p.Refuse(reasons...) }) }

// SetKey replaces the reader's key behind the panel's back, or takes it away with nil, and says whether the reader is
// in installation mode.
func (d *OSDP) SetKey(key *[16]byte, install bool) {
	d.alter(func(p *osdp.PD) { p.SetKey(time.Now(), key, install) })
}

// Press types keys at the reader: digits, "*" and "#". It fails with ErrFull when the reader can hold no more.
func (d *OSDP) Press(keys string) error {
	taken := false
	d.alter(func(p *osdp.PD) { taken = p.Press(keys) })
	if !taken {
		return ErrFull
	}
	return nil
}
