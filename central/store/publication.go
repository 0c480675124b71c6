package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/timetable"
)

// Published implements timetable.PublishStore.
func (s *Store) Published(ctx context.Context, building string) (version uint64, digest [32]byte, err error) {
	var b []byte
	err = s.read.QueryRowContext(ctx, `SELECT version, digest FROM publication WHERE building_id = $1`, building).Scan(&version, &b)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, digest, nil
	}
	if err != nil {
		return 0, digest, fmt.Errorf("read version of publication: %w", err)
	}
	copy(digest[:], b)
	return version, digest, nil
}

// Publication implements timetable.PublishStore.
func (s *Store) Publication(ctx context.Context, building string, have uint64) (timetable.Publication, error) {
	p := timetable.Publication{Building: building}
	var digest []byte
	var made int64
	err := s.read.QueryRowContext(ctx, `SELECT version, digest, document, signature, made_at FROM publication WHERE building_id = $1 AND version <> $2`,
		building, int64(have)).Scan(&p.Version, &digest, &p.Document, &p.Signature, &made)
	if errors.Is(err, sql.ErrNoRows) {
		return p, timetable.ErrUnchanged
	}
	if err != nil {
		return p, fmt.Errorf("read publication: %w", err)
	}
	copy(p.Digest[:], digest)
	p.MadeAt = instant(made)
	return p, nil
}

// SavePublication implements timetable.PublishStore.
func (s *Store) SavePublication(ctx context.Context, p timetable.Publication) error {
	return s.transact(ctx, func(tx *transaction) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO publication (building_id, version, digest, document, signature, made_at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (building_id) DO UPDATE SET version = excluded.version, digest = excluded.digest, document = excluded.document,
				signature = excluded.signature, made_at = excluded.made_at`,
			p.Building, int64(p.Version), p.Digest[:], p.Document, p.Signature, milliseconds(p.MadeAt))
		if err != nil {
			return fmt.Errorf("store publication: %w", err)
		}
		return nil
	})
}
