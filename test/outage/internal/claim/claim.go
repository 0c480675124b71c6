// Package claim names what a run leaves in the machine, so that a later run can tell what nobody uses any more: each name is
// backed by a lock that the kernel lets go when its process ends, however it ends. It removes nothing but its own locks.
package claim

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

const suffix = ".lock"

// Claim is a name nobody else has while this process lives.
type Claim struct {
	Name string
	lock *os.File
}

// Make claims a new name that begins with rollcall- and the kind.
func Make(kind string) (*Claim, error) {
	for {
		lock, err := os.CreateTemp("", prefix(kind)+"*"+suffix)
		if err != nil {
			return nil, fmt.Errorf("claim a name: %w", err)
		}
		if held(lock) {
			return &Claim{Name: strings.TrimSuffix(filepath.Base(lock.Name()), suffix), lock: lock}, nil
		}
		_ = lock.Close() // a sweep was faster and took it for a leftover
	}
}

// held locks a file and tells whether it still stands where it was opened.
func held(lock *os.File) bool {
	if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return false
	}
	var st unix.Stat_t
	return unix.Fstat(int(lock.Fd()), &st) == nil && st.Nlink > 0
}

// Release gives the name up. What it named must be gone.
func (c *Claim) Release() error {
	err := os.Remove(c.lock.Name())
	_ = c.lock.Close()
	return err
}

// Dir is the folder that belongs to a name. Nobody has made it yet.
func Dir(name string) string { return filepath.Join(os.TempDir(), name) }

// Sweep calls remove for each name of this kind whose process has ended, and forgets the names that it removed.
func Sweep(kind string, remove func(name string) error) error {
	locks, err := filepath.Glob(filepath.Join(os.TempDir(), prefix(kind)+"*"+suffix))
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	for _, path := range locks {
		if err := sweep(path, remove); err != nil {
			return fmt.Errorf("sweep %s: %w", filepath.Base(path), err)
		}
	}
	return nil
}

func sweep(path string, remove func(name string) error) error {
	lock, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil //nolint:nilerr // its process has just tidied up itself
	}
	defer lock.Close() //nolint:errcheck // nothing was written
	if !held(lock) {
		return nil
	}
	if err := remove(strings.TrimSuffix(filepath.Base(path), suffix)); err != nil {
		return err
	}
	return os.Remove(path)
}

func prefix(kind string) string { return "rollcall-" + kind + "-" }
