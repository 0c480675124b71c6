package survey

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/drivers/osdp"
	"github.com/rollcall-edge/rollcall/drivers/osdp/keyring"
)

// asked are the drivers that wait for replies, which an adapter may hold back.
var asked = []string{"osdp", "twn4", "pn532"}

// device looks whether the line of a bus is there, and how long its adapter collects octets.
func (r *Report) device(b config.Bus, sys fs.FS) {
	path, err := filepath.EvalSymlinks(b.Device)
	if err != nil {
		r.warn("bus "+b.Name, "%s is not there: plug in its adapter, or look for the right name with ls /dev/rollcall/ /dev/serial/by-id/", b.Device)
		return
	}
	latency := latencyTimer(sys, filepath.Base(path))
	if slices.Contains(asked, b.Driver) && latency > 1 {
		r.warn("bus "+b.Name+" latency timer", "its adapter holds back each reply for up to %d ms: install our udev rule, or as root: echo 1 > /sys/bus/usb-serial/devices/%s/latency_timer", latency, filepath.Base(path))
	}
}

// latencyTimer is how many milliseconds an adapter collects octets; 0 where it does not, or does not tell.
func latencyTimer(sys fs.FS, tty string) int {
	text, err := fs.ReadFile(sys, "bus/usb-serial/devices/"+tty+"/latency_timer")
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return n
}

// ring is the place of keys, which need not be there yet.
type ring struct {
	keys osdp.Keys
	err  error // why it cannot be read
}

// openRing opens the keys without making a place for them: a check that root runs must not leave one that is root's.
func openRing(dir string) ring {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return ring{}
	}
	keys, err := keyring.Open(dir)
	return ring{keys, err}
}

// has reports whether a reader has a key, one that was only proposed included.
func (r ring) has(reader string) (bool, error) {
	if r.keys == nil || r.err != nil {
		return false, r.err
	}
	secret, err := r.keys.Load(reader)
	return secret != osdp.Secret{}, err
}
