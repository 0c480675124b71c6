package serialport

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ioctl is what this package asks of the kernel that x/sys has no function for; the tests put a port of their own in
// its place. argument points to the structure that goes with the request.
type ioctl func(fd int, request uint, argument unsafe.Pointer) error

func kernelIoctl(fd int, request uint, argument unsafe.Pointer) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(argument))
	if errno != 0 {
		return errno
	}
	return nil
}

// lacks reports whether err says that a port cannot do what was asked, now or ever.
func lacks(err error) bool {
	for _, no := range []error{unix.ENOTTY, unix.EINVAL, unix.EOPNOTSUPP, unix.ENOSYS} {
		if errors.Is(err, no) {
			return true
		}
	}
	return false
}

// tune sets up what is beyond speed and octets: the direction of an RS-485 line and the latency of a USB adapter. What
// the port cannot do is no reason not to use it, and becomes advice; of two pieces the first comes first.
func tune(side int, path string, o Options) (advice string, err error) {
	advice, err = direct(side, o)
	if advice == "" && err == nil {
		advice = hasten(side, path, o)
	}
	return advice, err
}
