package store

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"database/sql"
	"fmt"
	"time"
)

// RegisterKey implements fleet.Store.
func (s *Store) RegisterKey(ctx context.Context, gateway string, key ed25519.PublicKey, at time.Time) (replaced bool, err error) {
	err = s.transact(ctx, func(tx *transaction) error {
		replaced, err = registerKey(ctx, tx, gateway, key, at)
		return err
	})
	return replaced, err
}

func registerKey(ctx context.Context, tx *transaction, gateway string, key ed25519.PublicKey, at time.Time) (replaced bool, err error) {
	present, err := checkpointKey(ctx, tx, gateway)
	if err != nil || bytes.Equal(present, key) {
		return false, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO gateway_key (gateway_id, checkpoint_key, since) VALUES ($1, $2, $3)
		ON CONFLICT (gateway_id, checkpoint_key) DO UPDATE SET since = excluded.since`, gateway, []byte(key), milliseconds(at))
	if err != nil {
		return false, fmt.Errorf("register key of gateway: %w", err)
	}
	return present != nil, nil
}

// checkpointKey is the key a gateway registered last; nil if it has none.
func checkpointKey(ctx context.Context, tx *transaction, gateway string) (ed25519.PublicKey, error) {
	found, err := list(ctx, tx, func(r *sql.Rows) (key []byte, err error) { return key, r.Scan(&key) },
		`SELECT checkpoint_key FROM gateway_key WHERE gateway_id = $1 ORDER BY since DESC LIMIT 1`, gateway)
	if err != nil {
		return nil, fmt.Errorf("read key of gateway: %w", err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return found[0], nil
}
