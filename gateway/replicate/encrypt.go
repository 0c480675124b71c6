package replicate

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// logKey is the key of Raft's log, nil without a secret.
func (o *Options) logKey() (*journal.Key, error) {
	if o.Secret == nil {
		return nil, nil
	}
	return journal.NewKey(o.Secret)
}

// replicaKey is the key of the replica, nil without a secret.
func (o *Options) replicaKey() ([]byte, error) {
	if o.Secret == nil {
		return nil, nil
	}
	return hkdf.Key(sha256.New, o.Secret, nil, "rollcall replica", 32)
}

// encryptPlain writes a replica that has been plain until now into an encrypted one, as a snapshot of itself, and removes
// it. A crash leaves the one or the other whole.
func (r *replica) encryptPlain() error {
	if r.key == nil || !isPlain(r.path(currentDir)) {
		return nil
	}
	r.log.Info("replica is written anew, encrypted")
	plain := &replica{dir: r.dir, log: r.log, now: r.now, moved: make(chan struct{})}
	db, err := openBadger(plain.path(currentDir), nil, r.log)
	if err != nil {
		return err
	}
	plain.db = db
	if err := errors.Join(r.copyFrom(plain), plain.close()); err != nil {
		return err
	}
	if err := r.rename(currentDir, outgoingDir); err != nil {
		return err
	}
	return r.settle()
}

// isPlain tells whether the database in dir exists and was written without a key.
func isPlain(dir string) bool {
	if _, err := os.Stat(filepath.Join(dir, badger.KeyRegistryFileName)); err != nil {
		return false
	}
	_, err := badger.OpenKeyRegistry(badger.KeyRegistryOptions{Dir: dir, ReadOnly: true})
	return err == nil
}

// copyFrom receives the other replica as a snapshot.
func (r *replica) copyFrom(other *replica) error {
	meta, err := other.snapshot()
	if err != nil {
		return err
	}
	d, err := other.dump()
	if err != nil {
		return err
	}
	l, err := r.receive()
	if err != nil {
		return errors.Join(err, d.Close())
	}
	if _, err := io.Copy(l, d); err != nil {
		return errors.Join(fmt.Errorf("copy replica: %w", err), l.abandon(), d.Close())
	}
	return errors.Join(l.finish(meta), d.Close())
}
