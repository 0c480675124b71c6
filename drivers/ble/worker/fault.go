package worker

import (
	"errors"
	"fmt"

	"github.com/go-ble/ble/linux/hci"
	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/drivers/ble/wire"
)

// fault is an end with a reason the gateway can act on.
type fault struct {
	reason wire.Reason
	text   string
}

func (f *fault) Error() string { return f.text }

func faultf(r wire.Reason, format string, args ...any) *fault {
	return &fault{reason: r, text: fmt.Sprintf(format, args...)}
}

// plain reduces an error of go-ble to what may be logged: a system error or a controller's status. Its other texts
// quote packets and addresses off the air.
func plain(err error) string {
	var errno unix.Errno
	var status hci.ErrCommand
	switch {
	case errors.As(err, &errno):
		return errno.Error()
	case errors.As(err, &status):
		return fmt.Sprintf("controller status %#02x", uint8(status))
	}
	return "no detail"
}

// openFault names what kept the adapter from being opened.
func openFault(device int, err error) *fault {
	reason := wire.OpenFailed
	switch {
	case errors.Is(err, unix.ENODEV), errors.Is(err, unix.EAFNOSUPPORT), errors.Is(err, unix.EPROTONOSUPPORT):
		reason = wire.NoAdapter
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		reason = wire.NoPermission
	case errors.Is(err, unix.EBUSY):
		reason = wire.Busy
	case errors.Is(err, unix.ERFKILL):
		reason = wire.Blocked
	}
	return faultf(reason, "open hci%d: %s", device, plain(err))
}
