package drivertest

import (
	"io"
	"sync/atomic"

	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

// rate is the speed at which a device runs. While the gateway's end of the cable is set to another one, the device hears
// nothing, and the gateway hears what its speed makes of the device's octets: of the frames the device sends, and of
// something for each piece it is sent.
type rate struct {
	baud    atomic.Int64
	garbled atomic.Int64 // octets the gateway heard for others
}

func newRate(baud int) *rate {
	r := &rate{}
	r.set(baud)
	return r
}

func (r *rate) set(baud int) { r.baud.Store(int64(baud)) }

// differs tells both speeds when they are not the same. A line that is not open has none.
func (r *rate) differs(c *Cable) (device, host int, ok bool) {
	device, host = int(r.baud.Load()), c.Speed()
	return device, host, host != 0 && host != device
}

// wire is the device's end of the cable.
func (r *rate) wire(c *Cable) *ratedWire { return &ratedWire{c.End(), c, r} }

type ratedWire struct {
	io.ReadWriter
	cable *Cable
	*rate
}

func (w *ratedWire) Read(buf []byte) (int, error) {
	for {
		n, err := w.ReadWriter.Read(buf)
		device, host, ok := w.differs(w.cable)
		if err != nil || !ok {
			return n, err
		}
		if err := w.spoil(buf[:n], device, host); err != nil {
			return 0, err
		}
	}
}

func (w *ratedWire) Write(octets []byte) (int, error) {
	device, host, ok := w.differs(w.cable)
	if !ok {
		return w.ReadWriter.Write(octets)
	}
	return len(octets), w.spoil(octets, device, host)
}

func (w *ratedWire) spoil(octets []byte, device, host int) error {
	heard := garble(octets, device, host)
	_, err := w.ReadWriter.Write(heard)
	w.garbled.Add(int64(len(heard)))
	return err
}

// otherThan is a speed half or twice as high.
func otherThan(baud int) int {
	for _, b := range serialport.Bauds {
		if b == 2*baud || 2*b == baud {
			return b
		}
	}
	return serialport.Bauds[0]
}

// garble is what a receiver at the speed hears makes of octets sent at the speed sends, 8N1: it waits for the edge of
// a start bit and looks at the line in the middle of each of its own bits. A start bit that is over by then was none;
// where it finds no stop bit it drops the octet, as a tty with IGNPAR does. Times are whole in units of which a bit of the sender has 2·hears and a bit of the
// receiver 2·sends.
func garble(octets []byte, sends, hears int) (heard []byte) {
	level := levels(octets)
	high := func(at int) bool { return at/(2*hears) >= len(level) || level[at/(2*hears)] }
	for at := 0; at < len(level)*2*hears; {
		if high(at) {
			at += 2
			continue
		}
		at += sends
		if high(at) {
			continue
		}
		octet := byte(0)
		for bit := range 8 {
			at += 2 * sends
			if high(at) {
				octet |= 1 << bit
			}
		}
		at += 2 * sends
		if high(at) {
			heard = append(heard, octet)
		}
		for !high(at) {
			at += 2
		}
	}
	return heard
}

// levels are the bits on the wire: a start bit, eight bits from the lowest, a stop bit.
func levels(octets []byte) (high []bool) {
	for _, o := range octets {
		high = append(high, false)
		for bit := range 8 {
			high = append(high, o>>bit&1 == 1)
		}
		high = append(high, true)
	}
	return high
}
