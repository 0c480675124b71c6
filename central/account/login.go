package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// dummyHash is verified when a login is unknown, so that both answers cost the same.
var dummyHash = sync.OnceValue(func() string { return hashPassword(drawPassword()) })

// Login checks a password given from a network address. It answers ErrRefused with the same cost whether the login is
// unknown or the password is wrong, and ErrTooOften when the login or the address tried too often.
func (d *Desk) Login(ctx context.Context, address, login, password string) (Account, error) {
	login = canonical(login)
	now := d.now()
	// Both buckets pay for every attempt, so that one cannot be used to spare the other.
	addr, name := d.perAddr.allow(address, now), d.perLogin.allow(login, now)
	if !addr || !name {
		return Account{}, ErrTooOften
	}
	a, err := d.store.AccountByLogin(ctx, login)
	unknown := errors.Is(err, ErrUnknown)
	if err != nil && !unknown {
		return Account{}, fmt.Errorf("look up account: %w", err)
	}
	if unknown {
		a.Hash = dummyHash()
	}
	var ok bool
	if err := d.compute(ctx, func() { ok = len(password) <= 4*maxPassword && matches(a.Hash, password) }); err != nil {
		return Account{}, fmt.Errorf("check password: %w", err)
	}
	if unknown || !ok {
		return Account{}, ErrRefused
	}
	return a, nil
}

// Stamp changes when the password does: a browser's session carries it, so that a new password ends all older sessions.
func (a Account) Stamp() string {
	sum := sha256.Sum256([]byte(a.Hash))
	return hex.EncodeToString(sum[:8])
}

// ChangePassword sets the password its owner chose, after the present one was given again. It answers ErrRefused when
// that is wrong and ErrInput when the new one is not good enough.
func (d *Desk) ChangePassword(ctx context.Context, address string, id int64, present, chosen string) error {
	a, err := d.store.AccountByID(ctx, id)
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	if _, err := d.Login(ctx, address, a.Login, present); err != nil {
		return err
	}
	if present == chosen {
		return fmt.Errorf("%w: the new password is the old one", ErrInput)
	}
	if err := checkNew(a.Login, chosen); err != nil {
		return err
	}
	hash, err := d.hash(ctx, chosen)
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	return d.store.SetPassword(ctx, id, hash, false)
}

var loginForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{1,62}$`)

// Add makes an account and returns its one-time password, which is stored nowhere and must be changed at first login.
func (d *Desk) Add(ctx context.Context, login, name string, role Role) (password string, err error) {
	login, name = canonical(login), strings.TrimSpace(name)
	if !loginForm.MatchString(login) {
		return "", fmt.Errorf("%w: a login is 2 to 63 of a-z, 0-9, dot, dash, underscore and @", ErrInput)
	}
	if n := utf8.RuneCountInString(name); n == 0 || n > 100 {
		return "", fmt.Errorf("%w: give a name of at most 100 characters", ErrInput)
	}
	if len(allowed[role]) == 0 {
		return "", fmt.Errorf("%w: there is no role %q", ErrInput, role)
	}
	password = drawPassword()
	hash, err := d.hash(ctx, password)
	if err != nil {
		return "", fmt.Errorf("add account: %w", err)
	}
	a := Account{Login: login, Name: name, Role: role, Hash: hash, MustChange: true, CreatedAt: d.now()}
	if _, err := d.store.AddAccount(ctx, a); err != nil {
		return "", fmt.Errorf("add account: %w", err)
	}
	return password, nil
}

// Reset gives an account a new one-time password and returns it. Every session of the account ends.
func (d *Desk) Reset(ctx context.Context, id int64) (password string, err error) {
	password = drawPassword()
	hash, err := d.hash(ctx, password)
	if err != nil {
		return "", fmt.Errorf("reset password: %w", err)
	}
	if err := d.store.SetPassword(ctx, id, hash, true); err != nil {
		return "", fmt.Errorf("reset password: %w", err)
	}
	return password, nil
}

// EnsureAdmin makes the account "admin" when there is no account at all, and returns its one-time password; it returns ""
// when there are accounts.
func (d *Desk) EnsureAdmin(ctx context.Context) (password string, err error) {
	accounts, err := d.store.Accounts(ctx)
	if err != nil {
		return "", fmt.Errorf("look for accounts: %w", err)
	}
	if len(accounts) > 0 {
		return "", nil
	}
	return d.Add(ctx, "admin", "Administrator", Admin)
}

func canonical(login string) string { return strings.ToLower(strings.TrimSpace(login)) }
