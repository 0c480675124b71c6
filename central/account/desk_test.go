package account

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// shelf is a Store of one account and one token, which is all that these tests need; the real one is tested in central/store.
type shelf struct {
	account *Account
	token   *Token
	touched int
}

func (s *shelf) Accounts(context.Context) ([]Account, error) {
	if s.account == nil {
		return nil, nil
	}
	return []Account{*s.account}, nil
}

func (s *shelf) AccountByID(_ context.Context, id int64) (Account, error) {
	if s.account == nil || s.account.ID != id {
		return Account{}, ErrUnknown
	}
	return *s.account, nil
}

func (s *shelf) AccountByLogin(_ context.Context, login string) (Account, error) {
	if s.account == nil || s.account.Login != login {
		return Account{}, ErrUnknown
	}
	return *s.account, nil
}

func (s *shelf) AddAccount(_ context.Context, a Account) (int64, error) {
	a.ID = 7
	s.account = &a
	return a.ID, nil
}

func (s *shelf) SetPassword(_ context.Context, _ int64, hash string, must bool) error {
	s.account.Hash, s.account.MustChange = hash, must
	return nil
}

func (s *shelf) Tokens(context.Context) ([]Token, error) { return nil, nil }

func (s *shelf) TokenByDigest(_ context.Context, digest []byte) (Token, error) {
	if s.token == nil || string(s.token.Digest) != string(digest) {
		return Token{}, ErrUnknown
	}
	return *s.token, nil
}

func (s *shelf) AddToken(_ context.Context, t Token) (int64, error) {
	s.token = &t
	return 1, nil
}

func (s *shelf) TouchToken(_ context.Context, _ int64, at time.Time) error {
	s.touched++
	s.token.UsedAt = at
	return nil
}

func (s *shelf) RevokeToken(_ context.Context, _ int64, at time.Time) error {
	s.token.RevokedAt = at
	return nil
}

var noon = time.Date(2026, 11, 19, 12, 0, 0, 0, time.UTC)

// open makes a desk with a clock that the test moves.
func open(t *testing.T) (*Desk, *shelf, *time.Time) {
	t.Helper()
	now, s := noon, &shelf{}
	return New(Options{Store: s, Now: func() time.Time { return now }}), s, &now
}

func TestEnsureAdmin(t *testing.T) {
	d, s, _ := open(t)
	password, err := d.EnsureAdmin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.account.Login != "admin" || s.account.Role != Admin || !s.account.MustChange {
		t.Errorf("first account = %+v", s.account)
	}
	if strings.Contains(s.account.Hash, password) || !strings.HasPrefix(s.account.Hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash = %q", s.account.Hash)
	}
	if a, err := d.Login(t.Context(), "127.0.0.1", "Admin ", password); err != nil || a.ID != 7 {
		t.Errorf("Login with the password shown = %+v, %v", a, err)
	}
	if again, err := d.EnsureAdmin(t.Context()); again != "" || err != nil {
		t.Errorf("second start: %q, %v, want no password", again, err)
	}
}

func TestLoginRefuses(t *testing.T) {
	d, _, _ := open(t)
	password, err := d.EnsureAdmin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, login, password string }{
		{"wrong password", "admin", password + "x"}, {"empty password", "admin", ""}, {"unknown login", "root", password}, {"endless password", "admin", strings.Repeat("x", 1<<20)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := d.Login(t.Context(), tt.name, tt.login, tt.password); !errors.Is(err, ErrRefused) {
				t.Errorf("Login = %v, want ErrRefused", err)
			}
		})
	}
}

func TestLoginLimits(t *testing.T) {
	tests := []struct {
		name          string
		login         func(i int) string
		address       func(i int) string
		burst         int
		refilledAfter time.Duration
	}{
		{"one login from many addresses", func(int) string { return "admin" }, func(i int) string { return string(rune('a' + i)) }, attemptsPerLogin, everyPerLogin},
		{"one address with many logins", func(i int) string { return string(rune('a' + i)) }, func(int) string { return "10.0.0.1" }, attemptsPerAddr, everyPerAddr},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, _, now := open(t)
			try := func(i int) error {
				_, err := d.Login(t.Context(), tt.address(i), tt.login(i), "wrong")
				return err
			}
			for i := range tt.burst {
				if err := try(i); !errors.Is(err, ErrRefused) {
					t.Fatalf("attempt %d = %v, want ErrRefused", i+1, err)
				}
			}
			if err := try(tt.burst); !errors.Is(err, ErrTooOften) {
				t.Errorf("attempt %d = %v, want ErrTooOften", tt.burst+1, err)
			}
			*now = now.Add(tt.refilledAfter)
			if err := try(tt.burst); !errors.Is(err, ErrRefused) {
				t.Errorf("after %v: %v, want ErrRefused", tt.refilledAfter, err)
			}
		})
	}
}

func TestLimiterStaysSmall(t *testing.T) {
	l := newLimiter(2, time.Second)
	key := func(i int) string { return string([]rune{rune(i + 0x10000)}) }
	for i := range limiterKeys {
		if !l.allow(key(i), noon) {
			t.Fatalf("key %d was refused", i)
		}
	}
	if l.allow("one more", noon) {
		t.Error("a key beyond the bound was let in while all others are limited")
	}
	if !l.allow("one more", noon.Add(time.Second)) || len(l.buckets) != 1 {
		t.Errorf("buckets = %d, want those that filled up forgotten", len(l.buckets))
	}
}

func TestStampFollowsThePassword(t *testing.T) {
	d, s, _ := open(t)
	password, err := d.EnsureAdmin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before := s.account.Stamp()
	if err := d.ChangePassword(t.Context(), "a", 7, password, "a quiet row of words"); err != nil {
		t.Fatal(err)
	}
	if s.account.Stamp() == before || s.account.MustChange {
		t.Error("a new password left the old stamp or the duty to change it")
	}
	if _, err := d.Login(t.Context(), "b", "admin", password); !errors.Is(err, ErrRefused) {
		t.Errorf("the old password: %v, want ErrRefused", err)
	}
}

func TestAddRefuses(t *testing.T) {
	tests := []struct {
		name, login, person string
		role                Role
	}{
		{"no login", "", "Lee", Lecturer}, {"space inside", "lee wong", "Lee", Lecturer}, {"no name", "lee", " ", Lecturer},
		{"no such role", "lee", "Lee", "king"}, {"markup", "<b>", "Lee", Lecturer}, {"endless", strings.Repeat("l", 64), "Lee", Lecturer},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, s, _ := open(t)
			if _, err := d.Add(t.Context(), tt.login, tt.person, tt.role); !errors.Is(err, ErrInput) || s.account != nil {
				t.Errorf("Add = %v, stored %v, want ErrInput and nothing", err, s.account)
			}
		})
	}
}

// A hash from another program, or one that was damaged, lets nobody in and does not cost the machine its memory.
func TestMatchesRefusesForeignHashes(t *testing.T) {
	good := hashPassword("secret")
	if !matches(good, "secret") || matches(good, "Secret") {
		t.Fatal("matches does not tell passwords apart")
	}
	parts := strings.Split(good, "$")
	tests := []struct{ name, phc string }{
		{"empty", ""}, {"bcrypt", "$2a$10$abcdefghijklmnopqrstuv"}, {"argon2i", strings.Replace(good, "argon2id", "argon2i", 1)},
		{"other version", strings.Replace(good, "v=19", "v=16", 1)}, {"no passes", strings.Replace(good, "t=2", "t=0", 1)},
		{"no lanes", strings.Replace(good, "p=1", "p=0", 1)}, {"4 TiB", strings.Replace(good, "m=19456", "m=4294967295", 1)},
		{"no key", strings.Join(parts[:5], "$") + "$"}, {"not base64", strings.Join(parts[:5], "$") + "$!!"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if matches(tt.phc, "secret") {
				t.Errorf("%s let somebody in", tt.phc)
			}
		})
	}
}

func TestTokens(t *testing.T) {
	d, s, now := open(t)
	token, err := d.IssueToken(t.Context(), "priya", "nightly job", Compliance, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(token, "rollcall_") || len(token) != len("rollcall_")+43 || strings.Contains(string(s.token.Digest), token) {
		t.Errorf("token = %q", token)
	}
	present := func() error {
		_, err := d.Present(t.Context(), token)
		return err
	}
	if err := present(); err != nil || s.touched != 1 {
		t.Errorf("first use: %v, noted %d times", err, s.touched)
	}
	if err := present(); err != nil || s.touched != 1 {
		t.Errorf("second use: %v, noted %d times, want no write", err, s.touched)
	}
	*now = noon.Add(24*time.Hour - time.Millisecond)
	if err := present(); err != nil || s.touched != 2 {
		t.Errorf("one millisecond before the end: %v, noted %d times", err, s.touched)
	}
	*now = noon.Add(24 * time.Hour)
	if err := present(); !errors.Is(err, ErrToken) {
		t.Errorf("at the end: %v, want ErrToken", err)
	}
	*now = noon
	if err := d.RevokeToken(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := present(); !errors.Is(err, ErrToken) {
		t.Errorf("revoked: %v, want ErrToken", err)
	}
	for _, wrong := range []string{"", "rollcall_", token + "x", strings.TrimPrefix(token, "rollcall_"), strings.Repeat("rollcall_", 1000)} {
		if _, err := d.Present(t.Context(), wrong); !errors.Is(err, ErrToken) {
			t.Errorf("Present(%.20q) = %v, want ErrToken", wrong, err)
		}
	}
	if _, err := d.IssueToken(t.Context(), "priya", "for ever", Admin, 10*365*24*time.Hour); !errors.Is(err, ErrInput) {
		t.Errorf("token for ten years: %v, want ErrInput", err)
	}
}

// The table of rights, written a second time by hand: a admin, c compliance, l lecturer, f facilities.
func TestRights(t *testing.T) {
	want := map[Action]string{
		SeeSessions: "aclf", SeeStudents: "acl", SeeSponsorship: "ac", SeeFleet: "acf", SeeMetrics: "af", AmendMarks: "acl",
		CloseRegisters: "acl", ManageAccounts: "a", OwnAccount: "aclf", SignRegisters: "acl", Approve: "ac", CountHeads: "ac",
	}
	if len(want) != len(Actions) {
		t.Errorf("actions = %d, want %d", len(Actions), len(want))
	}
	for letter, role := range map[string]Role{"a": Admin, "c": Compliance, "l": Lecturer, "f": Facilities} {
		for _, action := range Actions {
			if got := role.May(action); got != strings.Contains(want[action], letter) {
				t.Errorf("%s may %s = %v", role, action, got)
			}
		}
	}
	if Role("king").May(OwnAccount) || Role("").May(SeeSessions) {
		t.Error("an unknown role may do something")
	}
}
