package twn4

import (
	"encoding/binary"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/solo"
)

// initialise is LEDInit and GPIOConfigureOutputs: the LEDs of the mask can be used from now on.
func (d *Device) initialise(c call) result {
	d.ready |= c.p[0]
	return result{}
}

// release is GPIOConfigureInputs: the LEDs of the mask go dark and need initialising again.
func (d *Device) release(c call) result {
	d.each(c.p[0], func(led int) { d.leds.Switch(led, false) })
	d.ready &^= c.p[0]
	d.look(c.at, false)
	return result{}
}

func (d *Device) on(c call) result {
	d.each(c.p[0], func(led int) { d.leds.Switch(led, true) })
	d.look(c.at, true)
	return result{}
}

func (d *Device) off(c call) result {
	d.each(c.p[0], func(led int) { d.leds.Switch(led, false) })
	d.look(c.at, false)
	return result{}
}

func (d *Device) toggle(c call) result {
	d.each(c.p[0], func(led int) { d.leds.Switch(led, !d.leds.Lit(c.at, led)) })
	d.look(c.at, false)
	return result{}
}

// blink is on and off for so many milliseconds, until told otherwise.
func (d *Device) blink(c call) result {
	hi, lo := milliseconds(c.p[1:]), milliseconds(c.p[3:])
	d.each(c.p[0], func(led int) { d.leds.Blink(c.at, led, hi, lo) })
	d.look(c.at, true)
	return result{}
}

func (d *Device) isOn(c call) result {
	lit := false
	d.each(c.p[0], func(led int) { lit = lit || d.leds.Lit(c.at, led) })
	return truth(lit)
}

// each calls do for the LEDs of a mask that are initialised.
func (d *Device) each(mask byte, do func(led int)) {
	for led := range leds {
		if mask&d.ready>>led&1 != 0 {
			do(led)
		}
	}
}

// look lets the eye see what the LEDs show now. An LED that was only put off does not show the others again.
func (d *Device) look(at time.Time, again bool) {
	if c := d.leds.Colour(at); again || c != d.eye.Shows() {
		d.eye.See(at, c)
	}
}

// beep is volume in per cent, frequency in Hz, milliseconds on and off; the reader waits for both to pass.
func (d *Device) beep(c call) result {
	hi, lo := milliseconds(c.p[3:]), milliseconds(c.p[5:])
	if c.p[0] > 0 && hi > 0 {
		d.Tell(solo.Event{At: c.at, Kind: solo.Beeped, Count: 1})
	}
	return result{takes: hi + lo}
}

func milliseconds(p []byte) time.Duration {
	return time.Duration(binary.LittleEndian.Uint16(p)) * time.Millisecond
}

func (d *Device) diagOn(call) result {
	d.diag = true
	return result{}
}

func (d *Device) diagOff(call) result {
	d.diag = false
	return result{}
}

func (d *Device) diagToggle(call) result {
	d.diag = !d.diag
	return result{}
}

func (d *Device) diagIsOn(call) result { return truth(d.diag) }
