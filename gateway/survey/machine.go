package survey

import (
	"errors"
	"io/fs"
	"os"

	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/drivers/osdp"
	"github.com/rollcall-edge/rollcall/drivers/osdp/keyring"
)

// device looks whether the line of a bus is there. What its port can do is found out, and mostly put right, when it is opened.
func (r *Report) device(b config.Bus) {
	if _, err := os.Stat(b.Device); err != nil {
		r.warn("bus "+b.Name, "%s is not there: plug in its adapter, or look for the right name with ls /dev/rollcall/ /dev/serial/by-id/", b.Device)
	}
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
