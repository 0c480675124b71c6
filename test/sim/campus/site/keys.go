package site

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rollcall-edge/rollcall/drivers/osdp/keyring"
	"github.com/rollcall-edge/rollcall/test/sim/campus"
)

// openKeys reads the keys that the campus's OSDP readers were given when they were put up, by point; the first time they get
// random ones. The readers keep them over power cuts, as real ones do, so the file stands for the readers' memories.
func openKeys(dir string) (map[string]readerKey, error) {
	path := filepath.Join(dir, "readers.json")
	keys := map[string]readerKey{}
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &keys)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, wrap("read keys of readers", err)
	}
	for _, room := range campus.Rooms() {
		if room.Kind == campus.OSDP {
			var key readerKey
			rand.Read(key[:]) // never fails: crypto/rand ends the process instead
			keys[room.Point()] = key
		}
	}
	if text, err = json.Marshal(keys); err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	return keys, wrap("keep keys of readers", err)
}

// install leaves the gateway the keys of its readers.
func (g *Gateway) install(keys map[string]readerKey) error {
	mine := map[string]readerKey{}
	for _, room := range g.Building.Rooms {
		if room.Kind == campus.OSDP {
			mine[room.Point()] = keys[room.Point()]
		}
	}
	return InstallKeys(g.data, mine)
}

// InstallKeys leaves a gateway with this data directory the keys of readers, by point, as the installation of each would
// have done. The gateway must not run.
func InstallKeys(data string, keys map[string]readerKey) error {
	ring, err := keyring.Open(filepath.Join(data, "reader-keys"))
	if err != nil {
		return wrap("install keys of readers", err)
	}
	for point, key := range keys {
		held, err := ring.Load(point)
		if err == nil && held.Adopted != key {
			err = errors.Join(ring.Propose(point, key), ring.Adopt(point))
		}
		if err != nil {
			return wrap("install keys of readers", err)
		}
	}
	return nil
}
