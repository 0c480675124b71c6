package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/fleet"
)

// Clusters implements fleet.Store.
func (s *Store) Clusters(ctx context.Context) ([]fleet.Cluster, error) {
	clusters, err := list(ctx, s.read, scanCluster, `SELECT id, founders FROM cluster ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read clusters: %w", err)
	}
	for i := range clusters {
		if clusters[i].Members, err = list(ctx, s.read, scanMember, membersOf, clusters[i].Name); err != nil {
			return nil, fmt.Errorf("read cluster: %w", err)
		}
	}
	return clusters, nil
}

const membersOf = `SELECT gateway_id, address, voter, founder FROM cluster_member WHERE cluster_id = $1 ORDER BY gateway_id`

func scanCluster(r *sql.Rows) (c fleet.Cluster, err error) {
	var founders string
	if err := r.Scan(&c.Name, &founders); err != nil {
		return c, err
	}
	return c, json.Unmarshal([]byte(founders), &c.Founders)
}

func scanMember(r *sql.Rows) (m contract.DirectoryMember, err error) {
	return m, r.Scan(&m.Gateway, &m.Address, &m.Voter, &m.Founder)
}

// ChangeCluster implements fleet.Store.
func (s *Store) ChangeCluster(ctx context.Context, name string, change func(c *fleet.Cluster, exists bool) error) error {
	return s.transact(ctx, func(tx *transaction) error {
		found, err := list(ctx, tx, scanCluster, `SELECT id, founders FROM cluster WHERE id = $1`, name)
		if err != nil {
			return fmt.Errorf("read cluster: %w", err)
		}
		c := fleet.Cluster{Name: name}
		if len(found) > 0 {
			c = found[0]
			if c.Members, err = list(ctx, tx, scanMember, membersOf, name); err != nil {
				return fmt.Errorf("read cluster: %w", err)
			}
		}
		if err := change(&c, len(found) > 0); err != nil {
			return err
		}
		if err := saveCluster(ctx, tx, c); err != nil {
			return fmt.Errorf("store cluster: %w", err)
		}
		return reviseDirectory(ctx, tx)
	})
}

// saveCluster stores a cluster; one without members is forgotten.
func saveCluster(ctx context.Context, tx *transaction, c fleet.Cluster) error {
	founders, err := json.Marshal(c.Founders)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM cluster_member WHERE cluster_id = $1`, c.Name); err != nil {
		return err
	}
	if len(c.Members) == 0 {
		_, err := tx.ExecContext(ctx, `DELETE FROM cluster WHERE id = $1`, c.Name)
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO cluster (id, founders) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET founders = excluded.founders`, c.Name, string(founders))
	if err != nil {
		return err
	}
	for _, m := range c.Members {
		done, err := tx.ExecContext(ctx, `INSERT INTO cluster_member (gateway_id, cluster_id, address, voter, founder) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (gateway_id) DO NOTHING`, m.Gateway, c.Name, m.Address, m.Voter, m.Founder)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, fmt.Errorf("%w: %s", fleet.ErrInCluster, m.Gateway))
		}
	}
	return nil
}

// reviseDirectory notes that gateways must be told something new.
func reviseDirectory(ctx context.Context, tx *transaction) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO directory (id, revision) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET revision = directory.revision + 1`)
	if err != nil {
		return fmt.Errorf("revise directory: %w", err)
	}
	return nil
}

// ReviseDirectory implements fleet.Store.
func (s *Store) ReviseDirectory(ctx context.Context) error {
	return s.transact(ctx, func(tx *transaction) error { return reviseDirectory(ctx, tx) })
}

// DirectoryRevision implements fleet.Store.
func (s *Store) DirectoryRevision(ctx context.Context) (uint64, error) {
	var revision int64
	err := s.read.QueryRowContext(ctx, `SELECT revision FROM directory`).Scan(&revision)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read revision of directory: %w", err)
	}
	return uint64(revision), nil
}
