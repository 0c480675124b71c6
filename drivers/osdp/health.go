package osdp

import (
	"fmt"

	"github.com/rollcall-edge/rollcall/drivers"
)

// health is what a technician hears of.
type health struct {
	heard         bool // has answered since the start
	securityOnly  bool // demands the secure channel and has no key here
	doubted       bool // refused one command for want of security; some readers do that to an odd one
	tamper, power bool
	identity      identity
	made          string // identity in words
	ability       ability
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
	code      byte // of that NAK
}

// trouble is one sentence for the technician, the worst thing first.
func (d *device) trouble() string {
	for _, look := range []func() string{d.keyTrouble, d.handshakeTrouble, d.lineTrouble} {
		if text := look(); text != "" {
			return text
		}
	}
	return d.workTrouble()
}

// keyTrouble is why a reader is not used before anything is sent.
func (d *device) keyTrouble() string {
	switch {
	case d.guard.install != nil || d.usable():
		return ""
	case d.guard.fault != nil:
		return "is not used, because its key cannot be: " + d.guard.fault.Error()
	}
	return "is not used, because it has no key yet: " + d.howToInstall()
}

func (d *device) howToInstall() string {
	return fmt.Sprintf("put it into its installation mode and run: rollcall-gateway osdp install %s", d.Name)
}

// handshakeTrouble is why there is no session.
func (d *device) handshakeTrouble() string {
	switch {
	case d.guard.install != nil && d.guard.denied != denialNone:
		return "is not in its installation mode: put it there as its manual says"
	case d.health.securityOnly:
		return "demands a key of its own: " + d.howToInstall()
	case d.guard.denied == denialNone:
		return ""
	case d.guard.secret.Adopted == (Key{}):
		return "was sent a key and never confirmed it: " + d.howToInstall()
	case d.guard.denied == denialRefused:
		return "refuses its key: if it was reset or replaced, remove its key file, then " + d.howToInstall()
	case d.guard.denied == denialStranger:
		return "does not have its key: if it was replaced, remove its key file, then " + d.howToInstall()
	}
	return "answers with something else than the secure channel: look who else speaks on the wires A and B"
}

// lineTrouble is why it does not answer.
func (d *device) lineTrouble() string {
	switch {
	case d.stage != away:
		return ""
	case d.moved != nil:
		return fmt.Sprintf("listens at address %d and %d baud now: change the configuration to that and start the gateway again",
			d.moved.address, d.moved.baud)
	case !d.health.heard:
		return "has never answered: check its address, its speed, power, and the wires A and B"
	}
	return "stopped answering: check its power and the wires A and B"
}

// workTrouble is what is wrong with a reader that answers.
func (d *device) workTrouble() string {
	switch {
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
		code := d.health.faults.code
		return fmt.Sprintf("refused a command (NAK %d: %s): update its firmware", code, nakWords(code))
	}
	return ""
}

// status is what the bus reports of the device.
func (d *device) status() drivers.Status {
	return drivers.Status{
		Reader: d.Name, Up: d.up(), Since: d.upSince, HeardAt: d.heardAt,
		Steady: d.wanted, Trouble: d.trouble(), Supervised: true,
		Keyed: d.guard.keyed, Secure: d.underOwnKey(),
		Tamper: d.health.tamper, PowerLost: d.health.power, Made: d.health.made, Counts: d.counts,
	}
}
