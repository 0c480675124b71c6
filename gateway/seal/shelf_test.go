package seal

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

func shelfAt(t *testing.T, dir string) *Shelf {
	t.Helper()
	s, err := OpenShelf(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func keyOf(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func sealedDay(t *testing.T, day string, key ed25519.PrivateKey) (tree.SealedDay, []byte) {
	t.Helper()
	var f tree.Frontier
	f.Append(tree.Commitment{1})
	d, err := tree.SignDay(day, tree.Hash{}, []tree.Checkpoint{f.At("library", contract.Stream{1})}, key)
	if err != nil {
		t.Fatal(err)
	}
	document, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return d, document
}

func checkLast(t *testing.T, s *Shelf, want tree.SealedDay) {
	t.Helper()
	if day, digest := s.Last(); day != want.Day || digest != want.Digest().String() {
		t.Errorf("Last = %s, %s; want %s, %s", day, digest, want.Day, want.Digest())
	}
}

func TestDailySealsStayOnTheShelf(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "seals")
	s := shelfAt(t, dir)
	if day, _ := s.Last(); day != "" {
		t.Errorf("Last of an empty shelf = %q", day)
	}
	second, document := sealedDay(t, "2026-10-06", keyOf(1))
	if err := s.Keep(document); err != nil {
		t.Fatal(err)
	}
	_, earlier := sealedDay(t, "2026-10-05", keyOf(1))
	other, err := json.Marshal(func() tree.SealedDay { d, _ := sealedDay(t, "2026-10-06", keyOf(2)); return d }())
	if err != nil {
		t.Fatal(err)
	}
	for _, later := range [][]byte{earlier, other} { // central may not put another in its place
		if err := s.Keep(later); err != nil {
			t.Fatal(err)
		}
	}
	checkLast(t, s, second)
	checkLast(t, shelfAt(t, dir), second)
	if kept, err := os.ReadFile(filepath.Join(dir, "2026-10-06.json")); err != nil || !bytes.Equal(kept, document) {
		t.Errorf("the file is not what central sent: %v", err)
	}
	if s.Warning() != "" {
		t.Errorf("Warning = %q", s.Warning())
	}
	third, document := sealedDay(t, "2026-10-07", keyOf(2))
	if err := s.Keep(document); err != nil {
		t.Fatal(err)
	}
	checkLast(t, s, third)
	if !strings.Contains(s.Warning(), "another key since 2026-10-07") {
		t.Errorf("Warning after another key = %q", s.Warning())
	}
}

func TestWhatCentralDidNotSignIsNotKept(t *testing.T) {
	good, _ := sealedDay(t, "2026-10-06", keyOf(1))
	for name, change := range map[string]func(*tree.SealedDay){
		"another day":       func(d *tree.SealedDay) { d.Day = "2026-10-07" },
		"no day":            func(d *tree.SealedDay) { d.Day = "../../etc/passwd" },
		"a stream left out": func(d *tree.SealedDay) { d.Streams = nil },
		"another key":       func(d *tree.SealedDay) { other, _ := sealedDay(t, "2026-10-06", keyOf(2)); d.Key = other.Key },
		"no signature":      func(d *tree.SealedDay) { d.Note = nil },
	} {
		d := good
		change(&d)
		document, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if err := shelfAt(t, t.TempDir()).Keep(document); !errors.Is(err, tree.ErrDay) && !errors.Is(err, tree.ErrCheckpoint) {
			t.Errorf("%s: Keep = %v, want it refused", name, err)
		}
	}
}

func TestADamagedDailySealIsPassedOver(t *testing.T) {
	dir := t.TempDir()
	s := shelfAt(t, dir)
	first, document := sealedDay(t, "2026-10-05", keyOf(1))
	if err := s.Keep(document); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "2026-10-06.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	checkLast(t, shelfAt(t, dir), first)
}
