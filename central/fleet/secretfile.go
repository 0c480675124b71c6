package fleet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrMode means that a file with a key can be read by others than its owner.
var ErrMode = errors.New("file with a key is open to others")

// secretFile reads a file of mode 0600, and makes it first if there is none. Two processes that make it at once agree on
// one content, and a power cut leaves the whole file or none.
func secretFile(path string, make func() ([]byte, error)) ([]byte, error) {
	content, err := readSecret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return content, err
	}
	if content, err = make(); err != nil {
		return nil, err
	}
	if err := writeSecret(path, content); err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return readSecret(path)
}

func readSecret(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s has mode %04o; run chmod 0600 %s", ErrMode, path, mode, path)
	}
	return os.ReadFile(path)
}

// writeSecret makes a file that does not exist. A link, unlike a rename, does not replace what another process has made
// meanwhile.
func writeSecret(path string, content []byte) error {
	return placeSecret(path, content, func(from, to string) error {
		if err := os.Link(from, to); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	})
}

// replaceSecret puts a file in the place of another, whole.
func replaceSecret(path string, content []byte) error { return placeSecret(path, content, os.Rename) }

func placeSecret(path string, content []byte, place func(from, to string) error) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".secret-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err = f.Write(content); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := place(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
