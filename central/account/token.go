package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// tokenPrefix lets secret scanners recognise a token that leaked.
const tokenPrefix = "rollcall_"

// usedEvery is how exactly the last use of a token is kept: often enough to find unused ones, without a write per request.
const usedEvery = time.Hour

// IssueToken makes a token of 256 random bits for a program and returns it; it cannot be shown again.
func (d *Desk) IssueToken(ctx context.Context, by, name string, role Role, validFor time.Duration) (token string, err error) {
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n == 0 || n > 100 {
		return "", fmt.Errorf("%w: say what the token is for, in at most 100 characters", ErrInput)
	}
	if len(allowed[role]) == 0 {
		return "", fmt.Errorf("%w: there is no role %q", ErrInput, role)
	}
	if validFor <= 0 || validFor > 366*24*time.Hour {
		return "", fmt.Errorf("%w: a token is valid for at most a year", ErrInput)
	}
	var secret [32]byte
	rand.Read(secret[:])
	token = tokenPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
	now := d.now()
	_, err = d.store.AddToken(ctx, Token{
		Name: name, Role: role, Digest: tokenDigest(token), CreatedBy: by, CreatedAt: now, ExpiresAt: now.Add(validFor),
	})
	if err != nil {
		return "", fmt.Errorf("issue token: %w", err)
	}
	return token, nil
}

// Present checks a token and returns what is known of it, or ErrToken.
func (d *Desk) Present(ctx context.Context, token string) (Token, error) {
	if !strings.HasPrefix(token, tokenPrefix) || len(token) > 200 {
		return Token{}, ErrToken
	}
	t, err := d.store.TokenByDigest(ctx, tokenDigest(token))
	if errors.Is(err, ErrUnknown) {
		return Token{}, ErrToken
	}
	if err != nil {
		return Token{}, fmt.Errorf("look up token: %w", err)
	}
	now := d.now()
	if !t.RevokedAt.IsZero() || !now.Before(t.ExpiresAt) {
		return Token{}, ErrToken
	}
	if now.Sub(t.UsedAt) >= usedEvery {
		if err := d.store.TouchToken(ctx, t.ID, now); err != nil {
			return Token{}, fmt.Errorf("note use of token: %w", err)
		}
	}
	return t, nil
}

// Tokens lists all tokens ever issued, newest first.
func (d *Desk) Tokens(ctx context.Context) ([]Token, error) { return d.store.Tokens(ctx) }

// RevokeToken ends a token at once.
func (d *Desk) RevokeToken(ctx context.Context, id int64) error {
	return d.store.RevokeToken(ctx, id, d.now())
}

func tokenDigest(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
