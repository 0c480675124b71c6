package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/fleet"
)

const gatewayColumns = `id, building_id, enrolled_at, serial, not_after, revoked_at, heard_at, report`

// Gateway implements fleet.Store.
func (s *Store) Gateway(ctx context.Context, id string) (fleet.Gateway, error) {
	found, err := list(ctx, s.read, scanGateway, `SELECT `+gatewayColumns+` FROM gateway WHERE id = $1`, id)
	if err != nil {
		return fleet.Gateway{}, fmt.Errorf("read gateway: %w", err)
	}
	if len(found) == 0 {
		return fleet.Gateway{}, fleet.ErrUnknownGateway
	}
	return found[0], nil
}

// Gateways implements fleet.Store.
func (s *Store) Gateways(ctx context.Context) ([]fleet.Gateway, error) {
	found, err := list(ctx, s.read, scanGateway, `SELECT `+gatewayColumns+` FROM gateway ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read gateways: %w", err)
	}
	return found, nil
}

func scanGateway(r *sql.Rows) (fleet.Gateway, error) {
	var g fleet.Gateway
	var enrolled, notAfter int64
	var revoked, heard sql.NullInt64
	var report string
	if err := r.Scan(&g.ID, &g.Building, &enrolled, &g.Serial, &notAfter, &revoked, &heard, &report); err != nil {
		return g, err
	}
	g.EnrolledAt, g.NotAfter = instant(enrolled), instant(notAfter)
	g.RevokedAt, g.HeardAt = optionalInstant(revoked), optionalInstant(heard)
	if report == "" {
		return g, nil
	}
	g.Report = &contract.Report{}
	if err := json.Unmarshal([]byte(report), g.Report); err != nil {
		return g, fmt.Errorf("read report of gateway %s: %w", g.ID, err)
	}
	return g, nil
}

// Renewed implements fleet.Store.
func (s *Store) Renewed(ctx context.Context, gateway, serial string, notAfter time.Time) error {
	return s.transact(ctx, func(tx *transaction) error {
		done, err := tx.ExecContext(ctx, `UPDATE gateway SET serial = $2, not_after = $3 WHERE id = $1`, gateway, serial, milliseconds(notAfter))
		return oneGateway(done, err)
	})
}

// Revoke implements fleet.Store. A gateway that is revoked already keeps its first date.
func (s *Store) Revoke(ctx context.Context, gateway string, at time.Time) error {
	return s.transact(ctx, func(tx *transaction) error {
		done, err := tx.ExecContext(ctx, `UPDATE gateway SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1`, gateway, milliseconds(at))
		if err := oneGateway(done, err); err != nil {
			return err
		}
		return reviseDirectory(ctx, tx)
	})
}

func oneGateway(done sql.Result, err error) error {
	if err != nil {
		return fmt.Errorf("update gateway: %w", err)
	}
	n, err := done.RowsAffected()
	if err != nil {
		return fmt.Errorf("update gateway: %w", err)
	}
	if n == 0 {
		return fleet.ErrUnknownGateway
	}
	return nil
}

// Streams implements fleet.Store.
func (s *Store) Streams(ctx context.Context) ([]fleet.Stream, error) {
	found, err := list(ctx, s.read, func(r *sql.Rows) (fleet.Stream, error) {
		var v fleet.Stream
		var id []byte
		var heard int64
		err := r.Scan(&id, &v.Gateway, &v.Through, &v.Durable, &heard, &v.Quarantined, &v.Settled)
		copy(v.ID[:], id)
		v.HeardAt = instant(heard)
		return v, err
	}, `SELECT id, gateway_id, through, durable, heard_at, quarantined, settled FROM stream ORDER BY heard_at DESC, id`)
	if err != nil {
		return nil, fmt.Errorf("read streams: %w", err)
	}
	return found, nil
}

// Settle implements fleet.Store.
func (s *Store) Settle(ctx context.Context, stream contract.Stream, finding string) error {
	return s.transact(ctx, func(tx *transaction) error {
		done, err := tx.ExecContext(ctx, `UPDATE stream SET settled = $2 WHERE id = $1 AND quarantined <> ''`, stream[:], finding)
		if err != nil {
			return fmt.Errorf("update stream: %w", err)
		}
		n, err := done.RowsAffected()
		if err == nil && n == 0 {
			return fleet.ErrNotQuarantined
		}
		return err
	})
}

// Heard implements fleet.Store.
func (s *Store) Heard(ctx context.Context, gateway string, at time.Time, r contract.Report) ([]contract.Receipt, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode report: %w", err)
	}
	var receipts []contract.Receipt
	err = s.transact(ctx, func(tx *transaction) error {
		receipts = make([]contract.Receipt, 0, len(r.Streams))
		done, err := tx.ExecContext(ctx, `UPDATE gateway SET heard_at = $2, report = $3 WHERE id = $1`, gateway, milliseconds(at), string(text))
		if err := oneGateway(done, err); err != nil {
			return err
		}
		for _, state := range r.Streams {
			receipt, err := heardOfStream(ctx, tx, gateway, at, state)
			if err != nil {
				return err
			}
			receipts = append(receipts, receipt)
		}
		return nil
	})
	return receipts, err
}

// heardOfStream notes how far a stream exists. The first gateway that calls it its own is its owner; until then it is
// whoever was heard of it first. It returns how far central has it. That more of it exists than was known and is here may be news
// for registers.
func heardOfStream(ctx context.Context, tx *transaction, gateway string, at time.Time, state contract.StreamState) (contract.Receipt, error) {
	receipt := contract.Receipt{Stream: state.Stream}
	var known uint64
	err := tx.QueryRowContext(ctx, `SELECT durable FROM stream WHERE id = $1`, state.Stream[:]).Scan(&known)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return receipt, fmt.Errorf("read stream: %w", err)
	}
	err = tx.QueryRowContext(ctx, `INSERT INTO stream (id, gateway_id, claimed, through, durable, heard_at) VALUES ($1, $2, $3, 0, $4, $5)
		ON CONFLICT (id) DO UPDATE SET
			gateway_id = CASE WHEN excluded.claimed AND NOT stream.claimed THEN excluded.gateway_id ELSE stream.gateway_id END,
			claimed = stream.claimed OR excluded.claimed,
			durable = CASE WHEN excluded.durable > stream.durable THEN excluded.durable ELSE stream.durable END,
			heard_at = excluded.heard_at
		RETURNING through, ahead`,
		state.Stream[:], gateway, state.Own, int64(state.Durable), milliseconds(at)).Scan(&receipt.Through, &receipt.Ahead)
	if err != nil {
		return receipt, fmt.Errorf("note stream: %w", err)
	}
	if state.Durable > max(known, receipt.Through) {
		return receipt, short(ctx, tx, at, state.Stream)
	}
	return receipt, nil
}
