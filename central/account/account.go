// Package account knows who may use central's pages and API: local accounts, their roles, passwords and API tokens, and
// what each role may do. It does not speak HTTP and keeps no session of a browser; central/web does.
package account

import (
	"context"
	"errors"
	"time"
)

// Errors of this package. Their texts are shown to people.
var (
	ErrUnknown  = errors.New("there is no such account")
	ErrRefused  = errors.New("login and password do not match; check both, or ask an administrator for a new password")
	ErrTaken    = errors.New("this login is in use; choose another")
	ErrToken    = errors.New("the API token is unknown, expired or revoked; ask an administrator for a new one")
	ErrInput    = errors.New("not accepted")
	ErrTooOften = errors.New("too many attempts; wait a minute and try again")
)

// Account is one person who may log in.
type Account struct {
	ID         int64
	Login      string
	Name       string
	Role       Role
	Hash       string // argon2id, PHC string
	MustChange bool   // the password was set by somebody else
	CreatedAt  time.Time
}

// Token lets a program use the API without a person's password. Only the SHA-256 of the token is kept.
type Token struct {
	ID        int64
	Name      string
	Role      Role
	Digest    []byte // SHA-256, 32 octets
	CreatedBy string
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time // to the hour; zero if never
	RevokedAt time.Time // zero if not
}

// Store keeps accounts and tokens. Lookups answer ErrUnknown when nothing has the key; AddAccount answers ErrTaken.
type Store interface {
	Accounts(ctx context.Context) ([]Account, error)
	AccountByID(ctx context.Context, id int64) (Account, error)
	AccountByLogin(ctx context.Context, login string) (Account, error)
	AddAccount(ctx context.Context, a Account) (int64, error)
	SetPassword(ctx context.Context, id int64, hash string, mustChange bool) error

	Tokens(ctx context.Context) ([]Token, error)
	TokenByDigest(ctx context.Context, digest []byte) (Token, error)
	AddToken(ctx context.Context, t Token) (int64, error)
	TouchToken(ctx context.Context, id int64, usedAt time.Time) error
	RevokeToken(ctx context.Context, id int64, at time.Time) error
}

// Options are what a Desk works with.
type Options struct {
	Store Store
	Now   func() time.Time // time.Now if nil
}

// Desk is where people and programs prove who they are. Its methods may be called concurrently.
type Desk struct {
	store    Store
	now      func() time.Time
	perLogin *limiter
	perAddr  *limiter
	hashing  chan struct{} // each hash takes 19 MiB, so only a few run at once
}

// New makes a desk.
func New(o Options) *Desk {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Desk{
		store:    o.Store,
		now:      o.Now,
		perLogin: newLimiter(attemptsPerLogin, everyPerLogin),
		perAddr:  newLimiter(attemptsPerAddr, everyPerAddr),
		hashing:  make(chan struct{}, 2),
	}
}

// Accounts lists all accounts by login.
func (d *Desk) Accounts(ctx context.Context) ([]Account, error) { return d.store.Accounts(ctx) }

// Account returns one account, or ErrUnknown.
func (d *Desk) Account(ctx context.Context, id int64) (Account, error) {
	return d.store.AccountByID(ctx, id)
}
