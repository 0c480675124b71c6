package web

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/account"
)

// desk is an account.Store in memory.
type desk struct {
	mu       sync.Mutex // guards everything that follows
	accounts []account.Account
	tokens   []account.Token
}

func (d *desk) Accounts(context.Context) ([]account.Account, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.accounts), nil
}

func (d *desk) find(match func(account.Account) bool) (account.Account, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := slices.IndexFunc(d.accounts, match); i >= 0 {
		return d.accounts[i], nil
	}
	return account.Account{}, account.ErrUnknown
}

func (d *desk) AccountByID(_ context.Context, id int64) (account.Account, error) {
	return d.find(func(a account.Account) bool { return a.ID == id })
}

func (d *desk) AccountByLogin(_ context.Context, login string) (account.Account, error) {
	return d.find(func(a account.Account) bool { return a.Login == login })
}

func (d *desk) AddAccount(_ context.Context, a account.Account) (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if slices.ContainsFunc(d.accounts, func(b account.Account) bool { return a.Login == b.Login }) {
		return 0, account.ErrTaken
	}
	a.ID = int64(len(d.accounts) + 1)
	d.accounts = append(d.accounts, a)
	return a.ID, nil
}

func (d *desk) SetPassword(_ context.Context, id int64, hash string, mustChange bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.accounts {
		if d.accounts[i].ID == id {
			d.accounts[i].Hash, d.accounts[i].MustChange = hash, mustChange
			return nil
		}
	}
	return account.ErrUnknown
}

func (d *desk) Tokens(context.Context) ([]account.Token, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.tokens), nil
}

func (d *desk) TokenByDigest(_ context.Context, digest []byte) (account.Token, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range d.tokens {
		if string(t.Digest) == string(digest) {
			return t, nil
		}
	}
	return account.Token{}, account.ErrUnknown
}

func (d *desk) AddToken(_ context.Context, t account.Token) (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t.ID = int64(len(d.tokens) + 1)
	d.tokens = append(d.tokens, t)
	return t.ID, nil
}

func (d *desk) TouchToken(_ context.Context, id int64, at time.Time) error {
	return d.token(id, func(t *account.Token) { t.UsedAt = at })
}

func (d *desk) RevokeToken(_ context.Context, id int64, at time.Time) error {
	return d.token(id, func(t *account.Token) { t.RevokedAt = at })
}

func (d *desk) token(id int64, change func(*account.Token)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.tokens {
		if d.tokens[i].ID == id {
			change(&d.tokens[i])
			return nil
		}
	}
	return account.ErrUnknown
}

// drawer keeps browser sessions in memory.
type drawer struct {
	mu       sync.Mutex // guards everything that follows
	sessions map[string][]byte
}

func (d *drawer) FindCtx(_ context.Context, token string) ([]byte, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	b, ok := d.sessions[token]
	return b, ok, nil
}

func (d *drawer) CommitCtx(_ context.Context, token string, b []byte, _ time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sessions[token] = b
	return nil
}

func (d *drawer) DeleteCtx(_ context.Context, token string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.sessions, token)
	return nil
}

func (d *drawer) Find(token string) ([]byte, bool, error) {
	return d.FindCtx(context.Background(), token)
}

func (d *drawer) Commit(token string, b []byte, e time.Time) error {
	return d.CommitCtx(context.Background(), token, b, e)
}

func (d *drawer) Delete(token string) error { return d.DeleteCtx(context.Background(), token) }
