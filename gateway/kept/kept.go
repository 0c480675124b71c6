// Package kept writes files so that a power cut leaves the old or the new one whole, never a piece. It knows nothing of what
// is in them.
package kept

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Write replaces the file at path, readable by its owner alone: temporary file, fsync, rename, fsync of the directory.
func Write(path string, parts ...[]byte) error {
	temporary, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = fill(temporary, parts)
	if err := errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func fill(f *os.File, parts [][]byte) error {
	for _, p := range parts {
		if _, err := f.Write(p); err != nil {
			return fmt.Errorf("write %s: %w", f.Name(), err)
		}
	}
	return f.Sync()
}
