// Package keyring keeps the keys of OSDP readers in a directory, one file for each, so that neither a power cut between
// two writes nor another user of the machine gets at them. It knows nothing of the protocol and never logs.
//
// A file holds 32 hexadecimal digits. NAME.key is the key a reader uses; NAME.proposed is one that was sent to it and
// that no session has proved yet. Names are escaped, so that every reader name is one file name. Files are written
// beside their place, synced, and renamed, and then the directory is synced: each is there whole or not at all.
package keyring

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rollcall-edge/rollcall/drivers/osdp"
)

// Endings of the files of a reader.
const (
	adopted  = ".key"
	proposed = ".proposed"
	unborn   = ".new" // half written, of no meaning
)

// ErrHasKey means that a reader has a key, so none may be proposed.
var ErrHasKey = errors.New("the reader has a key already")

// Ring is a directory of keys. It holds nothing open and nothing in memory; it is safe for concurrent use as long as
// one reader is changed by one caller at a time.
type Ring struct{ dir string }

var _ osdp.Keys = Ring{}

// Open makes the directory if it is missing, for this user alone, and refuses one that others may write to.
func Open(dir string) (Ring, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Ring{}, fmt.Errorf("make key directory: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return Ring{}, fmt.Errorf("look at key directory: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return Ring{}, fmt.Errorf("key directory %s may be written to by others (mode %04o): chmod 700 %s", dir, mode, dir)
	}
	return Ring{dir}, nil
}

// Load implements osdp.Keys.
func (r Ring) Load(reader string) (osdp.Secret, error) {
	var s osdp.Secret
	var err error
	if s.Adopted, err = read(r.path(reader, adopted)); err != nil {
		return osdp.Secret{}, err
	}
	if s.Proposed, err = read(r.path(reader, proposed)); err != nil {
		return osdp.Secret{}, err
	}
	return s, nil
}

// Propose implements osdp.Keys. Error: ErrHasKey.
func (r Ring) Propose(reader string, k osdp.Key) error {
	if k.Known() {
		return errors.New("propose key: it is one that everybody knows")
	}
	if _, err := os.Lstat(r.path(reader, adopted)); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("propose key: %w", errors.Join(ErrHasKey, err))
	}
	if err := write(r.path(reader, proposed), k); err != nil {
		return fmt.Errorf("propose key: %w", err)
	}
	return r.sync()
}

// Adopt implements osdp.Keys.
func (r Ring) Adopt(reader string) error {
	if err := os.Rename(r.path(reader, proposed), r.path(reader, adopted)); err != nil {
		return fmt.Errorf("adopt key: %w", err)
	}
	return r.sync()
}

// Withdraw implements osdp.Keys.
func (r Ring) Withdraw(reader string) error {
	if err := os.Remove(r.path(reader, proposed)); err != nil {
		return fmt.Errorf("withdraw key: %w", err)
	}
	return r.sync()
}

// sync makes the names in the directory last.
func (r Ring) sync() error {
	d, err := os.Open(r.dir)
	if err != nil {
		return fmt.Errorf("sync key directory: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync key directory: %w", err)
	}
	return nil
}

func (r Ring) path(reader, ending string) string { return filepath.Join(r.dir, escape(reader)+ending) }

// escape keeps letters, digits, hyphen and underscore, and writes all else as %XX: no name leaves the directory, hides
// in it, or meets another one's file.
func escape(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
