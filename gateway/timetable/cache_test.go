package timetable

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
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

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/rollcall-edge/rollcall/central/contract"
)

var (
	made    = time.Date(2026, 10, 5, 6, 0, 0, 0, time.UTC)
	horizon = made.AddDate(0, 0, 14)
)

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// document is a timetable of building north with one room, one card and a register open from 08:30 to 10:00.
func document(version uint64, change func(*contract.Timetable)) *contract.Timetable {
	tt := &contract.Timetable{
		Version: version, Building: "north", MadeAt: made, ValidUntil: horizon,
		Points:  []contract.Point{{ID: "a/1", Room: "a"}},
		Holders: []contract.Holder{{Digests: []contract.Digest{{1}}}},
		Lists:   []contract.List{{Holders: []uint32{0}}},
		Sessions: []contract.Session{{ID: "nine", Rooms: []string{"a", "a", "elsewhere"}, StartsAt: made.Add(3 * time.Hour), EndsAt: made.Add(4 * time.Hour),
			OpensAt: made.Add(150 * time.Minute), ClosesAt: made.Add(4 * time.Hour)}},
	}
	if change != nil {
		change(tt)
	}
	return tt
}

func signed(t testing.TB, key *ecdsa.PrivateKey, tt *contract.Timetable) contract.SignedTimetable {
	t.Helper()
	text, err := json.Marshal(tt)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := contract.Sign(key, text)
	if err != nil {
		t.Fatal(err)
	}
	return contract.SignedTimetable{Document: text, Signature: signature}
}

func believes(key *ecdsa.PrivateKey) func() []*ecdsa.PublicKey {
	return func() []*ecdsa.PublicKey { return []*ecdsa.PublicKey{&key.PublicKey} }
}

func open(t testing.TB, path string, key *ecdsa.PrivateKey) *Cache {
	t.Helper()
	return Open(Options{Path: path, Building: "north", Authority: believes(key), Log: slog.New(slog.DiscardHandler)})
}

func TestInstall(t *testing.T) {
	key, stranger := newKey(t), newKey(t)
	held := document(5, nil)
	tests := []struct {
		name string
		next contract.SignedTimetable
		want error
	}{
		{"newer", signed(t, key, document(6, nil)), nil},
		{"same version", signed(t, key, document(5, nil)), ErrOlder},
		{"older", signed(t, key, document(4, nil)), ErrOlder},
		{"lower version made later, of a central restored from a backup", signed(t, key, document(4, func(tt *contract.Timetable) { tt.MadeAt = made.Add(time.Second) })), nil},
		{"another building", signed(t, key, document(6, func(tt *contract.Timetable) { tt.Building = "south" })), ErrOtherBuilding},
		{"signed by a stranger", signed(t, stranger, document(6, nil)), contract.ErrSignature},
		{"changed after signing", func() contract.SignedTimetable {
			s := signed(t, key, document(6, nil))
			s.Document = []byte(strings.Replace(string(s.Document), `"nine"`, `"none"`, 1))
			return s
		}(), contract.ErrSignature},
		{"refers to a list that is not there", signed(t, key, document(6, func(tt *contract.Timetable) { tt.Sessions[0].List = 1 })), contract.ErrTimetable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "timetable")
			c := open(t, path, key)
			if err := c.Install(signed(t, key, held)); err != nil {
				t.Fatal(err)
			}
			before, changed := c.Index(), c.Changed()
			if err := c.Install(test.next); !errors.Is(err, test.want) {
				t.Fatalf("Install = %v, want %v", err, test.want)
			}
			inForce := c.Index() != before
			select {
			case <-changed:
			default:
				if inForce {
					t.Error("a new timetable is in force and nobody was told")
				}
			}
			if want := test.want == nil; inForce != want {
				t.Errorf("new timetable in force = %v, want %v", inForce, want)
			}
			if got, want := open(t, path, key).Index().Version(), c.Index().Version(); got != want {
				t.Errorf("version after a restart = %d, want %d", got, want)
			}
		})
	}
}

// Every octet of the kept file is changed in turn: what comes back is the timetable that was signed, or none.
func TestDamagedFileIsPutAside(t *testing.T) {
	key, dir := newKey(t), t.TempDir()
	path := filepath.Join(dir, "timetable")
	if err := open(t, path, key).Install(signed(t, key, document(5, nil))); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(good); i += 7 {
		bad := []byte(string(good))
		bad[i] ^= 0x20
		checkRefused(t, dir, key, bad)
		checkRefused(t, dir, key, good[:i])
	}
}

func checkRefused(t *testing.T, dir string, key *ecdsa.PrivateKey, text []byte) {
	t.Helper()
	path := filepath.Join(dir, "damaged")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	c := open(t, path, key)
	if c.Index() != nil {
		t.Fatal("a damaged timetable is in force")
	}
	if w := c.Warning(made); !strings.HasPrefix(w, "no timetable: ") {
		t.Fatalf("Warning = %q", w)
	}
	if kept, err := os.ReadFile(path + ".damaged"); err != nil || string(kept) != string(text) {
		t.Fatalf("damaged file is not kept aside: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("damaged file is still in place: %v", err)
	}
}

func TestUnkeptTimetableIsInForceAndSaysSo(t *testing.T) {
	key := newKey(t)
	c := open(t, filepath.Join(t.TempDir(), "missing", "timetable"), key)
	if err := c.Install(signed(t, key, document(5, nil))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Install = %v, want %v", err, os.ErrNotExist)
	}
	if c.Index() == nil {
		t.Error("timetable is not in force")
	}
	if w := c.Warning(made); !strings.Contains(w, "not on disk") {
		t.Errorf("Warning = %q", w)
	}
}

func TestWarning(t *testing.T) {
	key := newKey(t)
	c := open(t, filepath.Join(t.TempDir(), "timetable"), key)
	if w := c.Warning(made); !strings.HasPrefix(w, "no timetable yet") {
		t.Errorf("Warning without timetable = %q", w)
	}
	if err := c.Install(signed(t, key, document(5, nil))); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		now  time.Time
		want string
	}{
		{"fresh", made, ""},
		{"a day and a bit left", horizon.Add(-24*time.Hour - time.Minute), ""},
		{"less than a day left", horizon.Add(-24*time.Hour + time.Minute), "timetable version 5 ends at 2026-10-19 06:00Z"},
		{"past the horizon", horizon.Add(time.Millisecond), "kept unjudged"},
		{"long before it was made", time.Unix(60, 0), "kept unjudged"},
	}
	for _, test := range tests {
		if got := c.Warning(test.now); (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: Warning = %q, want %q", test.name, got, test.want)
		}
	}
}

func TestEdges(t *testing.T) {
	x := Build(document(1, func(tt *contract.Timetable) {
		cancelled, remote := tt.Sessions[0], tt.Sessions[0]
		cancelled.ID, cancelled.Cancelled, cancelled.OpensAt = "cancelled", true, made.Add(time.Hour)
		remote.ID, remote.Rooms, remote.OpensAt = "remote", []string{"elsewhere"}, made.Add(time.Hour)
		tt.Sessions = append(tt.Sessions, cancelled, remote)
	}))
	opens, shut, past := made.Add(150*time.Minute), made.Add(4*time.Hour+time.Millisecond), horizon.Add(time.Millisecond)
	tests := []struct {
		name             string
		now              time.Time
		edge, shut       time.Time
		edgeOK, shutThen bool
	}{
		{"before everything", made, opens, shut, true, true},
		{"as it opens", opens, shut, shut, true, true},
		{"last open moment", shut.Add(-time.Millisecond), shut, shut, true, true},
		{"just shut", shut, past, time.Time{}, true, false},
		{"past the horizon", past, time.Time{}, time.Time{}, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got, ok := x.NextEdge(test.now); ok != test.edgeOK || !got.Equal(test.edge) {
				t.Errorf("NextEdge = %v, %v, want %v, %v", got, ok, test.edge, test.edgeOK)
			}
			if got, ok := x.NextShut(test.now); ok != test.shutThen || !got.Equal(test.shut) {
				t.Errorf("NextShut = %v, %v, want %v, %v", got, ok, test.shut, test.shutThen)
			}
		})
	}
}

func TestCardsOfTwoHolders(t *testing.T) {
	shared := contract.Digest{9}
	x := Build(document(1, func(tt *contract.Timetable) {
		tt.Holders = []contract.Holder{{Digests: []contract.Digest{{1}, shared}}, {Digests: []contract.Digest{{2}}, Blocked: []contract.Digest{shared, {3}}}, {Digests: []contract.Digest{{3}}}, {Digests: []contract.Digest{{4}, {5}, {6}}}}
	}))
	tests := []struct {
		digest         contract.Digest
		blocked, known bool
		siblings       []contract.Digest // itself first
	}{
		{contract.Digest{1}, false, true, []contract.Digest{{1}, shared}},
		{contract.Digest{2}, false, true, []contract.Digest{{2}, {3}}},
		{shared, true, true, []contract.Digest{shared, {1}}},          // withdrawn counts, whoever holds it
		{contract.Digest{3}, true, true, []contract.Digest{{3}, {2}}}, // likewise, in the other order
		{contract.Digest{4}, false, true, []contract.Digest{{4}, {5}, {6}}},
		{contract.Digest{7}, false, false, nil},
		{contract.Digest{}, false, false, nil},
	}
	for _, test := range tests {
		c, known := x.Credential(test.digest)
		if known != test.known {
			t.Errorf("Credential(%s) is known: %v, want %v", test.digest.Short(), known, test.known)
		}
		if !known {
			continue
		}
		var siblings []contract.Digest
		for d := range c.OfHolder {
			siblings = append(siblings, d)
		}
		if c.Blocked() != test.blocked || !slices.Equal(siblings, test.siblings) {
			t.Errorf("Credential(%s) is blocked: %v, of a holder with %v, want %v, %v", test.digest.Short(), c.Blocked(), siblings, test.blocked, test.siblings)
		}
	}
	if got, want := x.Cards(), 7; got != want {
		t.Errorf("Cards = %d, want %d", got, want)
	}
}

func TestMetrics(t *testing.T) {
	key, registry := newKey(t), prometheus.NewPedanticRegistry()
	c := Open(Options{Path: filepath.Join(t.TempDir(), "timetable"), Authority: believes(key), Registerer: registry,
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return made.Add(time.Minute) }})
	if err := c.Install(signed(t, key, document(5, nil))); err != nil {
		t.Fatal(err)
	}
	c.confirm()
	want := `
# HELP rollcall_gateway_roster_cards Credentials known to the timetable in force.
# TYPE rollcall_gateway_roster_cards gauge
rollcall_gateway_roster_cards 1
# HELP rollcall_gateway_timetable_synced_timestamp_seconds When central last confirmed or replaced the timetable; 0 if not since start.
# TYPE rollcall_gateway_timetable_synced_timestamp_seconds gauge
rollcall_gateway_timetable_synced_timestamp_seconds 1.79118006e+09
# HELP rollcall_gateway_timetable_valid_until_timestamp_seconds Horizon of the timetable in force.
# TYPE rollcall_gateway_timetable_valid_until_timestamp_seconds gauge
rollcall_gateway_timetable_valid_until_timestamp_seconds 1.7923896e+09
# HELP rollcall_gateway_timetable_version Version of the timetable in force.
# TYPE rollcall_gateway_timetable_version gauge
rollcall_gateway_timetable_version 5
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

// script is a central that gives one answer after another and notes when and with what it was asked.
type script struct {
	answers []func() (contract.SignedTimetable, error)
	asked   []time.Time
	have    []uint64
}

func (s *script) Timetable(ctx context.Context, have uint64, wait time.Duration) (contract.SignedTimetable, error) {
	s.asked, s.have = append(s.asked, time.Now()), append(s.have, have)
	if n := len(s.asked); n <= len(s.answers) {
		return s.answers[n-1]()
	}
	select { // no news
	case <-ctx.Done():
		return contract.SignedTimetable{}, ctx.Err()
	case <-time.After(wait):
		return contract.SignedTimetable{}, contract.ErrUnchanged
	}
}

func TestRefreshFollowsCentral(t *testing.T) {
	key := newKey(t)
	fresh, forged := signed(t, key, document(1, nil)), signed(t, newKey(t), document(2, nil))
	newer := signed(t, key, document(3, nil))
	path := filepath.Join(t.TempDir(), "timetable")
	down := func() (contract.SignedTimetable, error) { return contract.SignedTimetable{}, errors.New("no route") }
	synctest.Test(t, func(t *testing.T) {
		central := &script{answers: []func() (contract.SignedTimetable, error){
			down, down,
			func() (contract.SignedTimetable, error) { return fresh, nil },
			func() (contract.SignedTimetable, error) { return contract.SignedTimetable{}, contract.ErrUnchanged }, // at once
			func() (contract.SignedTimetable, error) { return forged, nil },
			func() (contract.SignedTimetable, error) { return newer, nil },
		}}
		c := open(t, path, key)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- (&Refresh{Cache: c, Central: central, Log: slog.New(slog.DiscardHandler)}).Run(ctx)
		}()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
		if got := c.Index().Version(); got != 3 {
			t.Errorf("version in force = %d, want 3", got)
		}
		for i, want := range []uint64{0, 0, 0, 1, 1, 1, 3} {
			if central.have[i] != want {
				t.Errorf("question %d names version %d, want %d", i+1, central.have[i], want)
			}
		}
		if n := len(central.asked); n < 10 || n > 20 {
			t.Errorf("central was asked %d times in five minutes, want about one each 30 s", n)
		}
		if c.SyncedAt().IsZero() {
			t.Error("SyncedAt is zero")
		}
	})
}
