package pn532

import "time"

// Bits of the two ports that can be written, and the bit that says that a port is to be.
const (
	allP3 byte = 0x3F
	allP7 byte = 0x06
	write byte = 0x80
)

// readPins is P3, P7 and the interface pins, which select the UART.
func (d *Device) readPins(_ time.Time, p []byte) []byte {
	if len(p) != 0 {
		return nil
	}
	return []byte{readGPIO + 1, d.p3, d.p7, 0x00}
}

// writePins sets the ports whose octet has its top bit.
func (d *Device) writePins(now time.Time, p []byte) []byte {
	if len(p) != 2 {
		return nil
	}
	if p[0]&write != 0 {
		d.p3 = p[0] & allP3
	}
	if p[1]&write != 0 {
		d.p7 = p[1] & allP7
	}
	for pin := range d.options.Lamps {
		d.leds.Switch(int(pin), d.high(pin) != d.options.ActiveLow)
	}
	d.eye.See(now, d.leds.Colour(now))
	return []byte{writeGPIO + 1}
}

// high reports whether a pin is.
func (d *Device) high(p Pin) bool {
	if p >= P71 {
		return d.p7>>(p-P71+1)&1 != 0
	}
	return d.p3>>p&1 != 0
}
