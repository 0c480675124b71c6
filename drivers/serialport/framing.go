package serialport

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A line where a stop bit is missing so often within so long has somebody on it who speaks at another speed. A single
// one is a plug that was moved.
const (
	framingMany   = 20
	framingWithin = time.Minute
	framingEvery  = time.Second // between two looks
)

// interrupts is struct serial_icounter_struct of linux/serial.h: counts since the port was set up.
type interrupts struct {
	cts, dsr, ring, carrier        int32
	received, sent                 int32
	framing, overrun, parity, stop int32
	lost                           int32
	_                              [9]int32
}

// framing watches the receiver of a port for octets without a stop bit. The kernel drops those, so that without it a
// reader at another speed looks like one that is silent.
type framing struct {
	ioctl  ioctl
	side   int
	path   string
	lookAt time.Time // zero before the first look
	absent bool      // the port does not count
	since  time.Time // of the count that the latest is compared with
	base   int32
	many   bool
}

// look counts anew when it is time; news is true when the advice has changed.
func (f *framing) look(now time.Time) (advice string, news bool) {
	if f.absent || now.Before(f.lookAt) {
		return "", false
	}
	f.lookAt = now.Add(framingEvery)
	var count interrupts
	if f.absent = f.ioctl(f.side, unix.TIOCGICOUNT, unsafe.Pointer(&count)) != nil; f.absent {
		return "", false
	}
	if f.since.IsZero() {
		f.since, f.base = now, count.framing
	}
	many := count.framing-f.base >= framingMany
	over := now.Sub(f.since) >= framingWithin
	if over {
		f.since, f.base = now, count.framing
	}
	if many == f.many || f.many && !over {
		return "", false
	}
	f.many = many
	if !many {
		return "", true
	}
	return fmt.Sprintf("%s hears octets without an end: a reader speaks at another speed, or the wires A and B are swapped", f.path), true
}
