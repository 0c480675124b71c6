package osdp

import "github.com/rollcall-edge/rollcall/drivers"

// health is what a technician hears of.
type health struct {
	heard         bool // has answered since the start
	securityOnly  bool // demands the secure channel
	tamper, power bool
	faults        faults
}

// faults are what the reader refused or declared since it was last identified; they end when it is replaced.
type faults struct {
	unlit     bool // refuses LED commands
	mute      bool // has no buzzer
	noLight   bool // declares none
	badRecord bool // refuses our LED record
	sendsFMT  bool
	refuses   bool // another command
}

// trouble is one sentence for the technician, the worst thing first.
func (d *device) trouble() string {
	switch {
	case d.health.securityOnly:
		return "demands the secure channel, which is not spoken here: set the reader to plain mode"
	case d.stage == away && !d.health.heard:
		return "has never answered: check its address, its speed, power, and the wires A and B"
	case d.stage == away:
		return "stopped answering: check its power and the wires A and B"
	case d.health.tamper:
		return "reports that its case is open or that it left the wall: go and look"
	case d.health.power:
		return "reports a power failure: check its supply"
	case d.health.faults.sendsFMT:
		return "sends formatted card data (FMT), which is refused: set its output to raw bits"
	case d.health.faults.unlit:
		return "refuses light commands: students see no answer; fit a reader with a host-controlled light"
	case d.health.faults.noLight:
		return "declares no light: set its LED to host controlled, or fit a reader with one"
	case d.health.faults.badRecord:
		return "refuses our light record (NAK): update its firmware"
	case d.health.faults.refuses:
		return "refused a command (NAK): update its firmware"
	}
	return ""
}

// status is what the bus reports of the device.
func (d *device) status() drivers.Status {
	return drivers.Status{
		Reader: d.Name, Up: d.up(), Since: d.upSince, HeardAt: d.heardAt,
		Steady: d.wanted, Trouble: d.trouble(), Supervised: true,
	}
}
