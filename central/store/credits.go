package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Credits implements fleet.Store.
func (s *Store) Credits(ctx context.Context, gateway string, since time.Time) ([]contract.Credit, error) {
	credits, err := list(ctx, s.read, scanCredit, `SELECT t.digest, t.session_id, t.at FROM tap t JOIN stream s ON s.id = t.stream_id
		WHERE t.at >= $1 AND t.outcome = $2 AND s.gateway_id = $3 ORDER BY t.at, t.stream_id, t.seq`,
		since.UnixMilli(), int64(contract.Accepted), gateway)
	if err != nil {
		return nil, fmt.Errorf("read credits of %s: %w", gateway, err)
	}
	return credits, nil
}

func scanCredit(r *sql.Rows) (c contract.Credit, err error) {
	var digest []byte
	var at int64
	if err := r.Scan(&digest, &c.Session, &at); err != nil {
		return c, err
	}
	if len(digest) != len(c.Digest) {
		return c, fmt.Errorf("a credential's digest of %d octets", len(digest))
	}
	c.Digest, c.At = contract.Digest(digest), instant(at)
	return c, nil
}
