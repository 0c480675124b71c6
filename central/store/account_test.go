package store

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/account"
)

func TestAccountsAreKept(t *testing.T) {
	s := openTest(t)
	want := account.Account{Login: "lee", Name: "Lee Wong", Role: account.Lecturer, Hash: "$argon2id$x", MustChange: true, CreatedAt: collegeNow}
	var err error
	if want.ID, err = s.AddAccount(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddAccount(t.Context(), want); !errors.Is(err, account.ErrTaken) {
		t.Errorf("same login again: %v, want ErrTaken", err)
	}
	got, err := s.AccountByLogin(t.Context(), "lee")
	if diff := cmp.Diff(got, want); diff != "" || err != nil {
		t.Errorf("by login: %v, got - want +:\n%s", err, diff)
	}
	if err := s.SetPassword(t.Context(), want.ID, "$argon2id$y", false); err != nil {
		t.Fatal(err)
	}
	want.Hash, want.MustChange = "$argon2id$y", false
	got, err = s.AccountByID(t.Context(), want.ID)
	if diff := cmp.Diff(got, want); diff != "" || err != nil {
		t.Errorf("by number: %v, got - want +:\n%s", err, diff)
	}
	if _, err := s.AccountByLogin(t.Context(), "Lee"); !errors.Is(err, account.ErrUnknown) {
		t.Errorf("other login: %v, want ErrUnknown", err)
	}
	if err := s.SetPassword(t.Context(), 999, "x", false); !errors.Is(err, account.ErrUnknown) {
		t.Errorf("password of nobody: %v, want ErrUnknown", err)
	}
}

func TestTokensAreKept(t *testing.T) {
	s := openTest(t)
	want := account.Token{Name: "job", Role: account.Compliance, Digest: bytes.Repeat([]byte{7}, 32), CreatedBy: "priya", CreatedAt: collegeNow, ExpiresAt: collegeNow.Add(time.Hour)}
	var err error
	if want.ID, err = s.AddToken(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	first := collegeNow.Add(time.Minute)
	for _, step := range []error{s.TouchToken(t.Context(), want.ID, collegeNow), s.RevokeToken(t.Context(), want.ID, first), s.RevokeToken(t.Context(), want.ID, first.Add(time.Hour))} {
		if step != nil {
			t.Fatal(step)
		}
	}
	want.UsedAt, want.RevokedAt = collegeNow, first // the first revocation counts
	got, err := s.TokenByDigest(t.Context(), want.Digest)
	if diff := cmp.Diff(got, want); diff != "" || err != nil {
		t.Errorf("token: %v, got - want +:\n%s", err, diff)
	}
	if _, err := s.TokenByDigest(t.Context(), []byte("other")); !errors.Is(err, account.ErrUnknown) {
		t.Errorf("other token: %v, want ErrUnknown", err)
	}
}

func TestWebSessions(t *testing.T) {
	s, now := openTest(t), collegeNow
	w := s.WebSessions(func() time.Time { return now })
	commit := func(token, data string, expires time.Time) {
		t.Helper()
		if err := w.CommitCtx(t.Context(), token, []byte(data), expires); err != nil {
			t.Fatal(err)
		}
	}
	find := func(token string) string {
		t.Helper()
		data, found, err := w.FindCtx(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		if !found {
			return "none"
		}
		return string(data)
	}
	commit("a", "one", now.Add(30*time.Minute))
	commit("b", "two", now.Add(time.Hour))
	if find("a") != "one" || find("c") != "none" {
		t.Errorf("a = %s, c = %s, want one and none", find("a"), find("c"))
	}
	// A page view within a minute is not written; one later is, and so is a change.
	commit("a", "one", now.Add(30*time.Minute+59*time.Second))
	now = collegeNow.Add(30 * time.Minute)
	if find("a") != "none" {
		t.Error("a page view within a minute was written")
	}
	now = collegeNow
	commit("a", "one", now.Add(31*time.Minute))
	now = collegeNow.Add(30*time.Minute + 59*time.Second)
	if find("a") != "one" {
		t.Error("a page view a minute later was not written")
	}
	commit("a", "three", collegeNow.Add(31*time.Minute+time.Second))
	if find("a") != "three" {
		t.Errorf("a = %s, want three", find("a"))
	}
	// A new session clears away what has expired.
	now = collegeNow.Add(40 * time.Minute)
	commit("d", "four", now.Add(time.Minute))
	var rows int
	if err := s.read.QueryRowContext(t.Context(), `SELECT count(*) FROM web_session`).Scan(&rows); err != nil {
		t.Fatal(err)
	}
	if rows != 2 || find("b") != "two" || find("d") != "four" {
		t.Errorf("rows = %d, b = %s, d = %s, want b and d alone", rows, find("b"), find("d"))
	}
	if err := errors.Join(w.DeleteCtx(t.Context(), "b"), w.DeleteCtx(t.Context(), "b")); err != nil || find("b") != "none" {
		t.Errorf("ending twice: %v, b = %s", err, find("b"))
	}
}
