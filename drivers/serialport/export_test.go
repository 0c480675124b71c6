package serialport

import (
	"time"
	"unsafe"
)

// Judge, NextPause and HeldUp let the table tests reach the decisions of this package.
type Judge struct{ e ending }

func (j *Judge) Read(n int, err error, took time.Duration) error { return j.e.judge(n, err, took) }

var (
	NextPause = nextPause
	HeldUp    = heldUp
)

// OnIdle sets the hook that is called after each idle read.
func (o *Options) OnIdle(f func()) { o.onIdle = f }

// OnIoctl puts f in the place of the kernel's ioctl.
func (o *Options) OnIoctl(f func(fd int, request uint, argument unsafe.Pointer) error) { o.ioctl = f }

// Framing lets the table test of wrong speeds reach its decision. count is what the port says.
type Framing struct{ f framing }

func NewFraming(path string, count func(frame *int32) error) *Framing {
	return &Framing{framing{path: path, ioctl: func(_ int, _ uint, argument unsafe.Pointer) error {
		return count(&(*[20]int32)(argument)[6]) // the place of frame in struct serial_icounter_struct
	}}}
}

func (f *Framing) Look(now time.Time) (advice string, news bool) { return f.f.look(now) }

// Sizes are those of the structures that are given to the kernel.
var Sizes = map[string]uintptr{
	"serial_rs485":           unsafe.Sizeof(direction{}),
	"serial_struct":          unsafe.Sizeof(adapter{}),
	"serial_icounter_struct": unsafe.Sizeof(interrupts{}),
}
