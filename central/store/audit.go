package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
	"github.com/rollcall-edge/rollcall/central/proof"
)

// Audit hands f one state of the database to make an export or a proof from.
func (s *Store) Audit(ctx context.Context, f func(proof.Source) error) error {
	return s.view(ctx, func(tx *transaction) error { return f(auditView{tx}) })
}

// auditView implements proof.Source.
type auditView struct{ tx *transaction }

// Keys implements proof.Source.
func (v auditView) Keys(ctx context.Context) ([]proof.Key, error) {
	return list(ctx, v.tx, func(r *sql.Rows) (k proof.Key, err error) {
		var key []byte
		var since int64
		if err := r.Scan(&k.Name, &key, &since); err != nil {
			return k, err
		}
		k.Since = instant(since)
		k.Key, err = tree.VerifierKey(k.Name, key)
		return k, err
	}, `SELECT gateway_id, checkpoint_key, since FROM gateway_key ORDER BY gateway_id, since`)
}

// Holdings implements proof.Source.
func (v auditView) Holdings(ctx context.Context) ([]proof.Holding, error) {
	held, err := list(ctx, v.tx, func(r *sql.Rows) (h proof.Holding, err error) {
		var id []byte
		var through int64
		if err := r.Scan(&id, &h.Gateway, &through, &h.Quarantined, &h.Claim, &h.Attested); err != nil {
			return h, err
		}
		copy(h.Stream[:], id)
		h.Through = uint64(through)
		return h, nil
	}, `SELECT s.id, s.gateway_id, s.through, s.quarantined, t.claim, a.note FROM stream s
		LEFT JOIN tree t ON t.stream_id = s.id LEFT JOIN attested a ON a.stream_id = s.id AND a.peers > 0 ORDER BY s.gateway_id, s.id`)
	if err != nil {
		return nil, err
	}
	for i := range held {
		if held[i].Seals, err = v.seals(ctx, held[i].Stream); err != nil {
			return nil, err
		}
	}
	return held, nil
}

func (v auditView) seals(ctx context.Context, id contract.Stream) ([]proof.Seal, error) {
	return list(ctx, v.tx, func(r *sql.Rows) (s proof.Seal, err error) {
		var at int64
		err = r.Scan(&s.Note, &at)
		s.SealedAt = instant(at)
		return s, err
	}, `SELECT note, sealed_at FROM seal WHERE stream_id = $1 ORDER BY size`, id[:])
}

// Days implements proof.Source.
func (v auditView) Days(ctx context.Context) ([]tree.SealedDay, error) {
	return sealedDays(ctx, v.tx, `ORDER BY day`)
}

// Records implements proof.Source.
func (v auditView) Records(ctx context.Context, id contract.Stream, last uint64, yield func(uint64, []byte, []byte) error) error {
	return each(ctx, v.tx, func(r *sql.Rows) error {
		var seq int64
		var octets, commitment []byte
		if err := r.Scan(&seq, &octets, &commitment); err != nil {
			return err
		}
		return yield(uint64(seq), octets, commitment)
	}, `SELECT seq, octets, commitment FROM record WHERE stream_id = $1 AND seq <= $2 ORDER BY seq`, id[:], int64(last))
}

// ClosingCheckpoint implements fleet.Store.
func (s *Store) ClosingCheckpoint(ctx context.Context, stream contract.Stream, before string) ([]byte, error) {
	found, err := list(ctx, s.read, scanNote, `SELECT note FROM seal WHERE stream_id = $1 AND day < $2 ORDER BY day DESC LIMIT 1`, stream[:], before)
	if err != nil {
		return nil, fmt.Errorf("read seal: %w", err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return found[0], nil
}

// Cosign implements fleet.Store.
func (s *Store) Cosign(ctx context.Context, gateway string, note []byte) error {
	c, err := tree.Read(note)
	if err != nil {
		return err
	}
	return s.transact(ctx, func(tx *transaction) error {
		key, err := checkpointKey(ctx, tx, gateway)
		if err != nil {
			return err
		}
		for _, kept := range []struct{ read, write string }{
			{`SELECT note FROM seal WHERE stream_id = $1 AND size = $2`, `UPDATE seal SET note = $3 WHERE stream_id = $1 AND size = $2 AND $4 > 0`},
			{`SELECT note FROM attested WHERE stream_id = $1 AND size = $2`, `UPDATE attested SET note = $3, peers = $4 WHERE stream_id = $1 AND size = $2`},
		} {
			own, err := list(ctx, tx, scanNote, kept.read, c.Stream[:], int64(c.Size))
			if err != nil {
				return fmt.Errorf("read checkpoint: %w", err)
			}
			if len(own) == 0 {
				continue
			}
			adopted, err := tree.Adopt(own[0], note, gateway, key)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, kept.write, c.Stream[:], int64(c.Size), adopted, len(tree.Witnesses(adopted, c.Gateway)))
			if err != nil {
				return fmt.Errorf("save cosignature: %w", err)
			}
			return nil
		}
		return fmt.Errorf("%w: no seal of stream %s at record %d", ErrNotFound, c.Stream, c.Size)
	})
}

// NewestSeals implements fleet.Store.
func (s *Store) NewestSeals(ctx context.Context) ([]tree.Checkpoint, error) {
	return list(ctx, s.read, func(r *sql.Rows) (tree.Checkpoint, error) {
		var note []byte
		if err := r.Scan(&note); err != nil {
			return tree.Checkpoint{}, err
		}
		return tree.Read(note)
	}, `WITH said AS (SELECT stream_id, size, note FROM seal UNION ALL SELECT stream_id, size, note FROM attested WHERE peers > 0)
		SELECT l.note FROM said l JOIN stream s ON s.id = l.stream_id
		WHERE l.size = (SELECT max(m.size) FROM said m WHERE m.stream_id = l.stream_id) ORDER BY s.gateway_id, l.stream_id`)
}

// LastDay implements fleet.Store.
func (s *Store) LastDay(ctx context.Context) (last tree.SealedDay, err error) {
	err = s.view(ctx, func(tx *transaction) error {
		days, err := sealedDays(ctx, tx, `ORDER BY day DESC LIMIT 1`)
		if len(days) > 0 {
			last = days[0]
		}
		return err
	})
	return last, err
}

// SaveDay implements fleet.Store.
func (s *Store) SaveDay(ctx context.Context, d tree.SealedDay, at time.Time) error {
	document, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("encode daily seal: %w", err)
	}
	return s.transact(ctx, func(tx *transaction) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO day_seal (day, document, made_at) VALUES ($1, $2, $3) ON CONFLICT (day) DO NOTHING`,
			d.Day, document, milliseconds(at))
		if err != nil {
			return fmt.Errorf("save daily seal: %w", err)
		}
		return nil
	})
}

// sealedDays reads daily seals; tail is what follows the table in the query.
func sealedDays(ctx context.Context, tx *transaction, tail string) ([]tree.SealedDay, error) {
	days, err := list(ctx, tx, func(r *sql.Rows) (d tree.SealedDay, err error) {
		var document []byte
		if err := r.Scan(&document); err != nil {
			return d, err
		}
		return d, json.Unmarshal(document, &d)
	}, `SELECT document FROM day_seal `+tail)
	if err != nil {
		return nil, fmt.Errorf("read daily seals: %w", err)
	}
	return days, nil
}

func scanNote(r *sql.Rows) (note []byte, err error) { return note, r.Scan(&note) }
