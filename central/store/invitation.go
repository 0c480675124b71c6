package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/fleet"
)

// AddInvitation implements fleet.Store.
func (s *Store) AddInvitation(ctx context.Context, i fleet.Invitation) error {
	return s.transact(ctx, func(tx *transaction) error {
		var known bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM building WHERE id = $1)`, i.Building).Scan(&known); err != nil {
			return fmt.Errorf("find building: %w", err)
		}
		if !known {
			return fleet.ErrUnknownBuilding
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO invitation (secret_digest, gateway_id, building_id, expires_at) VALUES ($1, $2, $3, $4)`,
			i.Secret[:], i.Gateway, i.Building, milliseconds(i.ExpiresAt))
		if err != nil {
			return fmt.Errorf("store invitation: %w", err)
		}
		return nil
	})
}

// Redeem implements fleet.Store.
func (s *Store) Redeem(ctx context.Context, secret [32]byte, now time.Time, certify func(fleet.Invitation) (fleet.Gateway, error)) error {
	return s.transact(ctx, func(tx *transaction) error {
		i := fleet.Invitation{Secret: secret}
		var expires int64
		// The update is the check: of two who come with the same secret one finds it unused.
		err := tx.QueryRowContext(ctx, `UPDATE invitation SET used_at = $2 WHERE secret_digest = $1 AND used_at IS NULL AND expires_at >= $2
			RETURNING gateway_id, building_id, expires_at`, secret[:], milliseconds(now)).Scan(&i.Gateway, &i.Building, &expires)
		if errors.Is(err, sql.ErrNoRows) {
			return fleet.ErrToken
		}
		if err != nil {
			return fmt.Errorf("use invitation: %w", err)
		}
		i.ExpiresAt = instant(expires)
		g, err := certify(i)
		if err != nil {
			return err
		}
		return enrol(ctx, tx, g)
	})
}

// enrol stores a gateway anew: a spare that takes the place of a dead one starts without its report and revocation.
// It founds no cluster, since the one it founded exists, with what the dead one had promised to keep.
func enrol(ctx context.Context, tx *transaction, g fleet.Gateway) error {
	_, err := tx.ExecContext(ctx, `UPDATE cluster_member SET founder = FALSE WHERE gateway_id = $1 AND EXISTS (SELECT 1 FROM gateway WHERE id = $1)`, g.ID)
	if err != nil {
		return fmt.Errorf("store gateway: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO gateway (id, building_id, enrolled_at, serial, not_after) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET building_id = excluded.building_id, enrolled_at = excluded.enrolled_at,
			serial = excluded.serial, not_after = excluded.not_after, revoked_at = NULL, heard_at = NULL, report = ''`,
		g.ID, g.Building, milliseconds(g.EnrolledAt), g.Serial, milliseconds(g.NotAfter))
	if err != nil {
		return fmt.Errorf("store gateway: %w", err)
	}
	if err := reviseDirectory(ctx, tx); err != nil {
		return err
	}
	if g.CheckpointKey == nil {
		return nil
	}
	_, err = registerKey(ctx, tx, g.ID, g.CheckpointKey, g.EnrolledAt)
	return err
}
