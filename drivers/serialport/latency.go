package serialport

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// longestLatency is how many milliseconds an adapter may collect octets: its timer cannot be set lower.
const longestLatency = 1

// adapter is struct serial_struct of linux/serial.h, of which only the flags are ours.
type adapter struct {
	kind, line                     int32
	port                           uint32
	irq, flags                     int32
	fifo, divisor, base            int32
	closeDelay                     uint16
	ioType, _                      byte
	hub6                           int32
	closingWait, closingWaitNoMore uint16
	memory                         uintptr
	shift                          uint16
	portHigh                       uint32
	mapped                         uintptr
}

const asyncLowLatency = 1 << 13 // ASYNC_LOW_LATENCY of linux/tty_flags.h: a user may set it

// hasten makes an FTDI adapter hand octets on at once. By default it collects them for 16 ms, which each reply of a
// reader then takes longer. The udev rule of our package sets the timer; where it is not in force, the flag does the same.
func hasten(side int, path string, o Options) (advice string) {
	before := latency(path, o)
	if before <= longestLatency {
		return ""
	}
	var a adapter
	err := o.ioctl(side, unix.TIOCGSERIAL, unsafe.Pointer(&a))
	if err == nil {
		a.flags |= asyncLowLatency
		err = o.ioctl(side, unix.TIOCSSERIAL, unsafe.Pointer(&a))
	}
	if err == nil {
		return ""
	}
	return fmt.Sprintf("the adapter at %s holds every reply back for %d ms (latency timer): plug it in again, and if that does not help "+
		"install our rules for udev, 70-rollcall-readers.rules", o.Path, before)
}

// latency is the adapter's timer in milliseconds; 0 where there is none.
func latency(path string, o Options) (ms int) {
	text, err := os.ReadFile(filepath.Join(o.Sysfs, "class", "tty", filepath.Base(path), "device", "latency_timer"))
	if err != nil {
		return 0
	}
	ms, err = strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return ms
}
