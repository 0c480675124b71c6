package gateway

import (
	"fmt"
	"path/filepath"

	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/gateway/journal"
	"github.com/rollcall-edge/rollcall/gateway/keyfile"
)

// openSecret reads the key file, if one is configured. Without it the gateway waits, amber, until the file is there: to go
// on without would write taps that anybody could read.
func (g *Gateway) openSecret() (err error) {
	if g.secret, err = LoadSecret(g.config); err != nil {
		return fmt.Errorf("%w: %w", ErrStorage, err)
	}
	return nil
}

// LoadSecret is the secret in the configured key file, nil if none is configured.
func LoadSecret(c *config.Gateway) ([]byte, error) {
	if c.Storage.KeyFile == "" {
		return nil, nil
	}
	return keyfile.Load(c.Storage.KeyFile)
}

// journalKey is the journal's key under a secret, nil without one.
func journalKey(secret []byte) (*journal.Key, error) {
	if secret == nil {
		return nil, nil
	}
	return journal.NewKey(secret)
}

func journalDir(c *config.Gateway) string { return filepath.Join(c.Data, "journal") }
