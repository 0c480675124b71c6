package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/account"
)

const accountColumns = `id, login, name, role, password_hash, must_change, created_at`

type scanner interface{ Scan(...any) error }

func scanAccount(r scanner) (a account.Account, err error) {
	var created int64
	err = r.Scan(&a.ID, &a.Login, &a.Name, &a.Role, &a.Hash, &a.MustChange, &created)
	a.CreatedAt = instant(created)
	return a, err
}

// Accounts implements account.Store.
func (s *Store) Accounts(ctx context.Context) ([]account.Account, error) {
	accounts, err := list(ctx, s.read, func(r *sql.Rows) (account.Account, error) { return scanAccount(r) },
		`SELECT `+accountColumns+` FROM account ORDER BY login`)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	return accounts, nil
}

// AccountByID implements account.Store.
func (s *Store) AccountByID(ctx context.Context, id int64) (account.Account, error) {
	return s.account(ctx, `id = $1`, id)
}

// AccountByLogin implements account.Store.
func (s *Store) AccountByLogin(ctx context.Context, login string) (account.Account, error) {
	return s.account(ctx, `login = $1`, login)
}

func (s *Store) account(ctx context.Context, where string, key any) (account.Account, error) {
	a, err := scanAccount(s.read.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM account WHERE `+where, key))
	if errors.Is(err, sql.ErrNoRows) {
		return account.Account{}, account.ErrUnknown
	}
	if err != nil {
		return account.Account{}, fmt.Errorf("read account: %w", err)
	}
	return a, nil
}

// AddAccount implements account.Store.
func (s *Store) AddAccount(ctx context.Context, a account.Account) (id int64, err error) {
	err = s.transact(ctx, func(tx *transaction) error {
		return tx.QueryRowContext(ctx, `INSERT INTO account (login, name, role, password_hash, must_change, created_at)
			VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
			a.Login, a.Name, string(a.Role), a.Hash, a.MustChange, milliseconds(a.CreatedAt)).Scan(&id)
	})
	if s.dialect.taken(err) {
		return 0, account.ErrTaken
	}
	if err != nil {
		return 0, fmt.Errorf("add account: %w", err)
	}
	return id, nil
}

// SetPassword implements account.Store.
func (s *Store) SetPassword(ctx context.Context, id int64, hash string, mustChange bool) error {
	return s.changeOne(ctx, "set password", `UPDATE account SET password_hash = $2, must_change = $3 WHERE id = $1`, id, hash, mustChange)
}

// changeOne runs an UPDATE that must meet exactly one row, or answers account.ErrUnknown.
func (s *Store) changeOne(ctx context.Context, what, query string, args ...any) error {
	var n int64
	err := s.transact(ctx, func(tx *transaction) error {
		result, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		n, err = result.RowsAffected()
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if n == 0 {
		return account.ErrUnknown
	}
	return nil
}

const tokenColumns = `id, name, role, digest, created_by, created_at, expires_at, used_at, revoked_at`

func scanToken(r scanner) (t account.Token, err error) {
	var created, expires int64
	var used, revoked sql.NullInt64
	err = r.Scan(&t.ID, &t.Name, &t.Role, &t.Digest, &t.CreatedBy, &created, &expires, &used, &revoked)
	t.CreatedAt, t.ExpiresAt = instant(created), instant(expires)
	t.UsedAt, t.RevokedAt = optionalInstant(used), optionalInstant(revoked)
	return t, err
}

// Tokens implements account.Store.
func (s *Store) Tokens(ctx context.Context) ([]account.Token, error) {
	tokens, err := list(ctx, s.read, func(r *sql.Rows) (account.Token, error) { return scanToken(r) },
		`SELECT `+tokenColumns+` FROM api_token ORDER BY id DESC`)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return tokens, nil
}

// TokenByDigest implements account.Store.
func (s *Store) TokenByDigest(ctx context.Context, digest []byte) (account.Token, error) {
	t, err := scanToken(s.read.QueryRowContext(ctx, `SELECT `+tokenColumns+` FROM api_token WHERE digest = $1`, digest))
	if errors.Is(err, sql.ErrNoRows) {
		return account.Token{}, account.ErrUnknown
	}
	if err != nil {
		return account.Token{}, fmt.Errorf("read token: %w", err)
	}
	return t, nil
}

// AddToken implements account.Store.
func (s *Store) AddToken(ctx context.Context, t account.Token) (id int64, err error) {
	err = s.transact(ctx, func(tx *transaction) error {
		return tx.QueryRowContext(ctx, `INSERT INTO api_token (name, role, digest, created_by, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
			t.Name, string(t.Role), t.Digest, t.CreatedBy, milliseconds(t.CreatedAt), milliseconds(t.ExpiresAt)).Scan(&id)
	})
	if err != nil {
		return 0, fmt.Errorf("add token: %w", err)
	}
	return id, nil
}

// TouchToken implements account.Store.
func (s *Store) TouchToken(ctx context.Context, id int64, usedAt time.Time) error {
	return s.changeOne(ctx, "note use of token", `UPDATE api_token SET used_at = $2 WHERE id = $1`, id, milliseconds(usedAt))
}

// RevokeToken implements account.Store. A token that is revoked already keeps its first date.
func (s *Store) RevokeToken(ctx context.Context, id int64, at time.Time) error {
	return s.changeOne(ctx, "revoke token", `UPDATE api_token SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1`, id, milliseconds(at))
}
