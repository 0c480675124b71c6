// Package keyfile keeps the secret under which a gateway encrypts what it stores. The file lies outside the data directory, on
// another medium if the site has one: whoever pulls the card then has the one without the other. It does not encrypt.
package keyfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Size is the length of the secret, in bytes.
const Size = 32

// What can be wrong with a key file.
var (
	ErrMissing = errors.New("key file is missing: bring its medium or a copy back; only for a gateway that has encrypted nothing yet, make one with: rollcall-gateway journal key")
	ErrMode    = errors.New("key file can be read by others")
	ErrSize    = errors.New("key file is not one")
	ErrExists  = errors.New("key file is there already; it is never replaced")
)

// Load reads the secret in the file at path.
func Load(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", path, ErrMissing)
	}
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s has mode %04o; run: chmod 600 %s", ErrMode, path, mode, path)
	}
	if info.Size() != Size {
		return nil, fmt.Errorf("%w: %s has %d bytes, want %d", ErrSize, path, info.Size(), Size)
	}
	secret, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	return secret, nil
}

// Make draws a secret and writes it to a new file at path, durably, readable to its owner alone. It never replaces one:
// what was encrypted under it could not be read any more.
func Make(path string) error {
	secret := make([]byte, Size)
	rand.Read(secret) // never fails
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make key file: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s: %w", path, ErrExists)
	}
	if err != nil {
		return fmt.Errorf("make key file: %w", err)
	}
	_, err = f.Write(secret)
	if err := errors.Join(err, f.Sync(), f.Close(), syncDir(filepath.Dir(path))); err != nil {
		return errors.Join(fmt.Errorf("make key file: %w", err), os.Remove(path))
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
