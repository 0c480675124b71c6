package directory

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

var made = time.Date(2026, 10, 5, 6, 0, 0, 0, time.UTC)

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// word is what central says at a revision: members of cluster west, and one gateway that is revoked.
func word(t testing.TB, key *ecdsa.PrivateKey, revision uint64, at time.Time, members ...string) contract.SignedDirectory {
	t.Helper()
	d := contract.Directory{Revision: revision, MadeAt: at, Cutoffs: []contract.Cutoff{{Gateway: "stolen", Revoked: true}}}
	for _, m := range members {
		d.Cluster = "west"
		d.Members = append(d.Members, contract.DirectoryMember{Gateway: m, Address: m + ":7101", Voter: true})
	}
	document, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := contract.Sign(key, document)
	if err != nil {
		t.Fatal(err)
	}
	return contract.SignedDirectory{Document: document, Signature: signature}
}

func options(path string, key *ecdsa.PrivateKey) Options {
	return Options{Path: path, Gateway: "library", Authority: func() []*ecdsa.PublicKey { return []*ecdsa.PublicKey{&key.PublicKey} }, Log: slog.New(slog.DiscardHandler)}
}

func TestWhatIsTaken(t *testing.T) {
	key := newKey(t)
	for _, tt := range []struct {
		name  string
		offer contract.SignedDirectory
		peer  bool  // a fellow handed it on
		want  error // nil: it is in force
	}{
		{"newer", word(t, key, 6, made, "library", "union"), false, nil},
		{"newer, from a fellow", word(t, key, 6, made, "library", "union"), true, nil},
		{"the same again", word(t, key, 5, made.Add(time.Hour), "library"), false, ErrOlder},
		{"older", word(t, key, 4, made.Add(-time.Hour), "library"), false, ErrOlder},
		{"a restored central counts from less", word(t, key, 2, made.Add(time.Hour), "library"), false, nil},
		{"in no cluster any more", word(t, key, 6, made), false, nil},
		{"in no cluster any more, says a fellow", word(t, key, 6, made), true, ErrNotOurs},
		{"in others' cluster, says a fellow", word(t, key, 6, made, "union"), true, ErrNotOurs},
		{"signed by somebody else", word(t, newKey(t), 6, made, "library"), false, contract.ErrSignature},
		{"revision 0", word(t, key, 0, made, "library"), false, contract.ErrDirectory},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Open(options(filepath.Join(t.TempDir(), "d"), key))
			if err := c.Install(word(t, key, 5, made, "library")); err != nil {
				t.Fatal(err)
			}
			changed := c.Changed()
			take := c.Install
			if tt.peer {
				take = c.Offer
			}
			if err := take(tt.offer); !errors.Is(err, tt.want) {
				t.Fatalf("taking it = %v, want %v", err, tt.want)
			}
			held, _ := c.Held()
			inForce := string(held.Document) == string(tt.offer.Document)
			select {
			case <-changed:
			default:
				if tt.want == nil {
					t.Error("nobody was told of the change")
				}
			}
			if inForce != (tt.want == nil) {
				t.Errorf("in force: %v, want %v", inForce, tt.want == nil)
			}
		})
	}
}

// What central said counts after a restart without central, and nobody can have changed it on the disk.
func TestItIsKept(t *testing.T) {
	key := newKey(t)
	path := filepath.Join(t.TempDir(), "d")
	if err := Open(options(path, key)).Install(word(t, key, 5, made, "library")); err != nil {
		t.Fatal(err)
	}
	var passed time.Time
	o := options(path, key)
	o.Passed = func(at time.Time) { passed = at }
	c := Open(o)
	if d := c.Current(); d == nil || d.Revision != 5 || c.Warning() != "" {
		t.Fatalf("after a restart: %+v, %q", d, c.Warning())
	}
	if !passed.Equal(made) {
		t.Errorf("known to have passed: %v, want %v", passed, made)
	}
	if err := c.Refuse("stolen", &x509.Certificate{}); !errors.Is(err, contract.ErrRevoked) {
		t.Errorf("the revoked gateway: %v", err)
	}
	if err := c.Refuse("union", &x509.Certificate{}); err != nil {
		t.Errorf("another gateway: %v", err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 40 { // one octet changed, all over the file
		damaged := slices.Clone(text)
		damaged[i*len(text)/40] ^= 1
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		c := Open(options(path, key))
		if c.Current() != nil || !strings.Contains(c.Warning(), "revoked") {
			t.Errorf("octet %d changed: %+v in force, warning %q", i*len(text)/40, c.Current(), c.Warning())
		}
		if _, err := os.Stat(path + ".damaged"); err != nil {
			t.Errorf("it was not put aside: %v", err)
		}
	}
}

func TestItIsInForceThoughItCannotBeKept(t *testing.T) {
	key := newKey(t)
	c := Open(options(filepath.Join(t.TempDir(), "missing", "d"), key))
	if err := c.Install(word(t, key, 5, made, "library")); err == nil {
		t.Error("Install = nil, want an error")
	}
	if c.Current() == nil || !strings.Contains(c.Warning(), "not on disk") {
		t.Errorf("in force %+v, warning %q", c.Current(), c.Warning())
	}
}

// script answers each question in turn, and then waits like a central with nothing new.
type script struct {
	answers []func() (contract.SignedDirectory, error)
	asked   []uint64
}

func (s *script) Directory(ctx context.Context, have uint64, wait time.Duration) (contract.SignedDirectory, error) {
	s.asked = append(s.asked, have)
	if len(s.answers) > 0 {
		next := s.answers[0]
		s.answers = s.answers[1:]
		return next()
	}
	select {
	case <-ctx.Done():
		return contract.SignedDirectory{}, ctx.Err()
	case <-time.After(wait):
		return contract.SignedDirectory{}, contract.ErrUnchanged
	}
}

func TestRefreshFollowsCentral(t *testing.T) {
	key := newKey(t)
	path := filepath.Join(t.TempDir(), "d")
	first, second := word(t, key, 1, made, "library"), word(t, key, 2, made, "library", "union")
	synctest.Test(t, func(t *testing.T) {
		c := Open(options(path, key))
		s := &script{answers: []func() (contract.SignedDirectory, error){
			func() (contract.SignedDirectory, error) {
				return contract.SignedDirectory{}, errors.New("central is away")
			},
			func() (contract.SignedDirectory, error) { return first, nil },
			func() (contract.SignedDirectory, error) { return first, nil }, // a fellow was quicker, or central repeats itself
			func() (contract.SignedDirectory, error) { return second, nil },
		}}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- (&Refresh{Cache: c, Central: s, Log: slog.New(slog.DiscardHandler)}).Run(ctx)
		}()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
		if d := c.Current(); d == nil || d.Revision != 2 {
			t.Errorf("in force: %+v, want revision 2", d)
		}
		if got := s.asked[:5]; !slices.Equal(got, []uint64{0, 0, 1, 1, 2}) {
			t.Errorf("asked with %v", got)
		}
		if n := len(s.asked); n > 20 {
			t.Errorf("central was asked %d times in five minutes", n)
		}
	})
}
