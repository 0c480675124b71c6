package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// WebSessions keeps browser sessions for central/web. The tokens it is given are digests already; the cookie's own value
// never reaches the database.
type WebSessions struct {
	store *Store
	now   func() time.Time
}

// WebSessions returns the keeper of browser sessions.
func (s *Store) WebSessions(now func() time.Time) *WebSessions {
	return &WebSessions{store: s, now: now}
}

// renewWithin is how much of an idle limit may pass unwritten: a page view within it costs no write, and a session may
// end that much earlier than its limit.
const renewWithin = time.Minute

// FindCtx returns the data of a session that has not expired.
func (w *WebSessions) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	data, expires, err := w.read(ctx, token)
	if err != nil || data == nil || !w.now().Before(expires) {
		return nil, false, err
	}
	return data, true, nil
}

func (w *WebSessions) read(ctx context.Context, token string) (data []byte, expires time.Time, err error) {
	var ms int64
	err = w.store.read.QueryRowContext(ctx, `SELECT data, expires_at FROM web_session WHERE token_digest = $1`, []byte(token)).Scan(&data, &ms)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, time.Time{}, nil
	}
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read browser session: %w", err)
	}
	return data, instant(ms), nil
}

// CommitCtx stores a session, and removes expired ones when it is new.
func (w *WebSessions) CommitCtx(ctx context.Context, token string, data []byte, expires time.Time) error {
	old, oldExpires, err := w.read(ctx, token)
	if err != nil {
		return err
	}
	if old != nil && bytes.Equal(old, data) && expires.Sub(oldExpires).Abs() < renewWithin {
		return nil
	}
	return w.store.transact(ctx, func(tx *transaction) error {
		if old == nil {
			if _, err := tx.ExecContext(ctx, `DELETE FROM web_session WHERE expires_at <= $1`, milliseconds(w.now())); err != nil {
				return fmt.Errorf("remove expired browser sessions: %w", err)
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO web_session (token_digest, data, expires_at) VALUES ($1, $2, $3)
			ON CONFLICT (token_digest) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`,
			[]byte(token), data, milliseconds(expires))
		if err != nil {
			return fmt.Errorf("store browser session: %w", err)
		}
		return nil
	})
}

// DeleteCtx ends a session; ending one that does not exist is no error.
func (w *WebSessions) DeleteCtx(ctx context.Context, token string) error {
	return w.store.transact(ctx, func(tx *transaction) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM web_session WHERE token_digest = $1`, []byte(token)); err != nil {
			return fmt.Errorf("end browser session: %w", err)
		}
		return nil
	})
}

// Find, Commit and Delete are the same without a context.
func (w *WebSessions) Find(token string) ([]byte, bool, error) {
	return w.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a context.
func (w *WebSessions) Commit(token string, data []byte, expires time.Time) error {
	return w.CommitCtx(context.Background(), token, data, expires)
}

// Delete is DeleteCtx without a context.
func (w *WebSessions) Delete(token string) error { return w.DeleteCtx(context.Background(), token) }
