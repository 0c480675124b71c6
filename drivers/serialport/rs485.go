package serialport

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// RS485 asks the port itself to turn an RS-485 line round: RTS enables the sender for as long as octets go out. An
// adapter that turns round by itself needs none of it.
type RS485 struct {
	Enable  bool
	SendLow bool          // RTS is low while octets go out, and high after them; else the other way round
	Before  time.Duration // between RTS and the first octet, in whole milliseconds
	After   time.Duration // between the last octet and RTS, likewise
}

// longestDelay bounds Before and After: a reply may come 3 ms after the command.
const longestDelay = 100 * time.Millisecond

func (r RS485) check() error {
	for _, d := range []time.Duration{r.Before, r.After} {
		if d < 0 || d > longestDelay || d%time.Millisecond != 0 {
			return fmt.Errorf("RS-485 delay %v is not possible: use whole milliseconds up to %v", d, longestDelay)
		}
	}
	return nil
}

// direction is struct serial_rs485 of linux/serial.h.
type direction struct {
	flags         uint32
	before, after uint32 // milliseconds
	_             [5]uint32
}

// Flags of direction.
const (
	rs485Enabled      = 1 << 0 // SER_RS485_ENABLED
	rs485RTSOnSend    = 1 << 1 // SER_RS485_RTS_ON_SEND
	rs485RTSAfterSend = 1 << 2 // SER_RS485_RTS_AFTER_SEND
	rs485Ours         = rs485Enabled | rs485RTSOnSend | rs485RTSAfterSend
)

func (r RS485) direction() direction {
	d := direction{flags: rs485Enabled | rs485RTSOnSend}
	if r.SendLow {
		d.flags = rs485Enabled | rs485RTSAfterSend
	}
	d.before, d.after = uint32(r.Before.Milliseconds()), uint32(r.After.Milliseconds()) //nolint:gosec // bounded by check
	return d
}

// direct has the port turn the line round, and reads back what it made of that.
func direct(side int, o Options) (advice string, err error) {
	if !o.RS485.Enable {
		return "", nil
	}
	want := o.RS485.direction()
	asked, got := want, direction{}
	err = o.ioctl(side, unix.TIOCSRS485, unsafe.Pointer(&asked))
	if err == nil {
		err = o.ioctl(side, unix.TIOCGRS485, unsafe.Pointer(&got))
	}
	switch {
	case lacks(err):
		return o.Path + " cannot turn an RS-485 line round: use an adapter that does so by itself, or a port with RS-485 in its device tree", nil
	case err != nil:
		return "", fmt.Errorf("turn RS-485 line round: %w", err)
	case got.flags&rs485Ours != want.flags:
		return fmt.Sprintf("%s turns an RS-485 line round in another way than configured (flags %#x instead of %#x): try the other level of RTS",
			o.Path, got.flags, want.flags), nil
	case got.before != want.before || got.after != want.after:
		return fmt.Sprintf("%s keeps other RS-485 delays than configured (%d and %d ms): configure those",
			o.Path, got.before, got.after), nil
	}
	return "", nil
}
