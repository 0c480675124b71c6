package demo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus"
)

var reference = time.Date(2026, 11, 25, 10, 20, 0, 0, time.UTC)

func TestALaterStartKnowsTheCampus(t *testing.T) {
	dir := t.TempDir()
	k, err := open(dir, 7, reference)
	if err != nil {
		t.Fatal(err)
	}
	k.Imported, k.History = true, 12
	if err := k.save(); err != nil {
		t.Fatal(err)
	}
	again, err := open(dir, 8, reference.Add(time.Hour)) // another seed is for a new campus only
	if err != nil {
		t.Fatal(err)
	}
	if again.Seed != 7 || !again.MadeAt.Equal(reference) || !again.Imported || again.History != 12 || again.Judged {
		t.Errorf("kept = %+v, want what was saved", again)
	}
	if info, err := os.Stat(filepath.Join(dir, "campus.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v, want 0600", info.Mode(), err)
	}
}

func TestADamagedCampusIsSaid(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "campus.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(dir, 1, reference); err == nil || !strings.Contains(err.Error(), "make clean") {
		t.Errorf("open = %v, want advice", err)
	}
}

func TestEarlierRoundsAreMadeUpAgain(t *testing.T) {
	dir := t.TempDir()
	c := campus.New(1, reference)
	k, err := open(dir, 1, reference)
	if err != nil {
		t.Fatal(err)
	}
	short := reference.Add(time.Minute)
	live := c.Live(reference, short)
	for _, at := range []time.Time{reference.Add(-4 * time.Hour), reference} {
		if err := k.add(round{At: at, ShortEnd: short}); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.cancel([]string{live[3].ID}); err != nil {
		t.Fatal(err)
	}
	if k, err = open(dir, 1, reference); err != nil {
		t.Fatal(err)
	}
	classes := k.classes(campus.New(1, reference))
	if len(classes) != len(live) {
		t.Fatalf("%d classes, want the %d of the last hours", len(classes), len(live))
	}
	for i, s := range classes {
		want := live[i]
		if s.ID != want.ID || !s.End.Equal(want.End) || s.Cancelled != (i == 3) || strings.Join(s.Students, " ") != strings.Join(want.Students, " ") {
			t.Errorf("class %d = %s to %v, cancelled %v; want %s to %v", i, s.ID, s.End, s.Cancelled, want.ID, want.End)
		}
	}
}
