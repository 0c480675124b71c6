package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/gateway/journal"
	"github.com/rollcall-edge/rollcall/gateway/keyfile"
)

// mirroredSite is an enrolled gateway with a mirror.
func mirroredSite(t *testing.T, m *model, encrypted bool) *config.Gateway {
	t.Helper()
	m.publish(t, time.Now())
	c := site(t, m, newReader(t))
	c.Journal.Mirror = t.TempDir()
	if encrypted {
		c.Storage.KeyFile = filepath.Join(t.TempDir(), "storage.key")
	}
	enrolAgain(t, m, c)
	return c
}

func enrolAgain(t *testing.T, m *model, c *config.Gateway) {
	t.Helper()
	if _, _, err := Enrol(t.Context(), c, m.invitation(), nil); err != nil {
		t.Fatal(err)
	}
}

// loseCard gives the gateway a blank card.
func loseCard(t *testing.T, m *model, c *config.Gateway) {
	t.Helper()
	if err := os.RemoveAll(c.Data); err != nil {
		t.Fatal(err)
	}
	enrolAgain(t, m, c)
}

// awaitMirror waits until the mirror has all that the journal has.
func awaitMirror(t *testing.T, g *Gateway) {
	t.Helper()
	until(t, "the mirror has every record", func() bool { s := g.mirror.State(); return s.Up && s.Behind == 0 })
}

// tapOnNewCard is a tap that is kept, whatever its light.
func tapOnNewCard(t *testing.T, g *Gateway) {
	t.Helper()
	if got := g.Tap(t.Context(), drivers.Read{Reader: "lib/door", Credential: "uid:100", HeardAt: time.Now()}); got == drivers.NotKept {
		t.Errorf("Tap = %v", got)
	}
}

// awaitAtCentral waits until central has records under their numbers.
func (m *model) awaitAtCentral(t *testing.T, stream contract.Stream, records [][]byte) {
	t.Helper()
	for i, want := range records {
		id := contract.TapID{Stream: stream, Seq: uint64(i) + 1}
		until(t, fmt.Sprint("central has ", id), func() bool { return m.has(id) != nil })
		if !bytes.Equal(m.has(id), want) {
			t.Errorf("central has another record as %s", id)
		}
	}
}

// A gateway on its own was cut off from central, and then its card died. Only the stick has its taps: they reach central under
// their old stream and numbers, once, while the gateway writes a new stream. The stick alone can be exported as well.
func TestLostCardIsRestoredFromItsMirror(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		t.Run(fmt.Sprint("encrypted ", encrypted), func(t *testing.T) {
			m := newModel(t)
			c := mirroredSite(t, m, encrypted)
			stream, records := isolatedTaps(t, c, 8)
			loseCard(t, m, c)
			checkExport(t, c, 8)

			running := start(t, c)
			m.awaitAtCentral(t, stream, records)
			if running.gateway.journal.Stream() == stream {
				t.Error("the stream of the lost card goes on")
			}
			tapOnNewCard(t, running.gateway)
			until(t, "the new stream's tap is at central", func() bool { return len(m.taps(t)) == 9 })
			until(t, "the mirror is marked as recovered", func() bool {
				aside, err := journal.SetAside(c.Journal.Mirror)
				return err == nil && len(aside) == 1 && aside[0].Recovered != ""
			})
			awaitMirror(t, running.gateway)
			if text := noticeOf(running.gateway, "lost"); text != "" {
				t.Errorf("notice %q, and nothing is lost", text)
			}
			_, page := fetch(t, "http://"+c.Status.Listen+"/")
			if !strings.Contains(page, "On the mirror <code>"+c.Journal.Mirror) {
				t.Error("the page does not name the mirror")
			}
			if err := running.stop(); err != nil {
				t.Error(err)
			}
			if found := stopped(t, c).salvager().Wrecks(time.Time{}); len(found) > 0 {
				t.Errorf("after a restart %d streams would be salvaged again", len(found))
			}
		})
	}
}

// checkExport reads the mirror as if it were a pulled card.
func checkExport(t *testing.T, c *config.Gateway, records int) {
	t.Helper()
	var secret []byte
	if c.Storage.KeyFile != "" {
		var err error
		if secret, err = keyfile.Load(c.Storage.KeyFile); err != nil {
			t.Fatal(err)
		}
	}
	var file, report bytes.Buffer
	if err := Export(c.Journal.Mirror, secret, &file, &report); err != nil || !strings.Contains(report.String(), fmt.Sprintf("%d records, number 1 to %d", records, records)) {
		t.Errorf("Export of the mirror = %v, %s", err, report.String())
	}
	if got := strings.Count(file.String(), "\n"); got == 0 {
		t.Error("the export is empty")
	}
}

// Whoever was credited before the card died is not credited again by its tap on the new one.
func TestCreditsAreRecalledFromTheMirror(t *testing.T) {
	m := newModel(t)
	c := mirroredSite(t, m, false)
	g := stopped(t, c)
	for n := range byte(5) {
		_, err := g.writer.Append(contract.Record{Stamp: contract.Stamp{At: time.Now(), Quality: contract.Synchronised},
			Tap: &contract.Tap{Point: "lib/door", Digest: contract.Digest{n}, Evidence: contract.EvidenceCard, Outcome: contract.Accepted, Session: "s"}})
		if err != nil {
			t.Fatal(err)
		}
	}
	closeStopped(t, g)
	loseCard(t, m, c)
	if got := stopped(t, c).credited.Len(); got != 5 {
		t.Errorf("%d credits on the new card, want 5", got)
	}
}

// The journal decayed in one place, and its mirror makes up for it: nothing is lost.
func TestMirrorMakesUpForADamagedJournal(t *testing.T) {
	m := newModel(t)
	c := mirroredSite(t, m, false)
	stream, records := isolatedTaps(t, c, 8)
	if err := os.RemoveAll(filepath.Join(c.Data, "cluster")); err != nil {
		t.Fatal(err)
	}
	damageBlock(t, c, 6)
	running := start(t, c)
	if _, quarantined := running.gateway.journal.Quarantined(); !quarantined {
		t.Fatal("the damage was not found")
	}
	m.awaitAtCentral(t, stream, records)
	awaitSalvage(t, c)
	if text := noticeOf(running.gateway, "lost unless"); text != "" {
		t.Errorf("notice %q", text)
	}
}

// Somebody put an old image of the card back. The mirror tells, before any tap could be given a number twice and though central
// has heard of none: the old stream's taps arrive as they were, and the new ones in a new stream.
func TestMirrorTellsAnOldImage(t *testing.T) {
	m := newModel(t)
	c := mirroredSite(t, m, false)
	isolatedTaps(t, c, 2)
	image := t.TempDir()
	if err := os.CopyFS(image, os.DirFS(journalDir(c))); err != nil {
		t.Fatal(err)
	}
	stream, records := moreTaps(t, c, 3)
	err := errors.Join(os.RemoveAll(journalDir(c)), os.RemoveAll(filepath.Join(c.Data, "cluster")), os.CopyFS(journalDir(c), os.DirFS(image)))
	if err != nil {
		t.Fatal(err)
	}

	running := start(t, c)
	if running.gateway.journal.Stream() == stream {
		t.Fatal("the old stream goes on")
	}
	tapOnNewCard(t, running.gateway)
	m.awaitAtCentral(t, stream, records)
	until(t, "the new tap is at central", func() bool { return len(m.taps(t)) == 6 })
	if noticeOf(running.gateway, "the mirror holds another history") == "" {
		t.Error("the page does not say why the stream ended")
	}
}

// moreTaps is a run that adds n taps to those there are.
func moreTaps(t *testing.T, c *config.Gateway, n int) (contract.Stream, [][]byte) {
	t.Helper()
	g := stopped(t, c)
	for i := range n {
		strangerTap(t, g, 50+i)
	}
	records, err := g.journal.Read(1, 100, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	stream := g.journal.Stream()
	closeStopped(t, g)
	return stream, records
}

// Taps that were carried over into a new stream are not salvaged from the mirror under their old numbers besides.
func TestMirrorDoesNotDoubleWhatWasCarriedOver(t *testing.T) {
	m := newModel(t)
	c := mirroredSite(t, m, false)
	isolatedTaps(t, c, 2)
	g := stopped(t, c)
	strangerTap(t, g, 50)
	strangerTap(t, g, 51)
	awaitMirror(t, g)
	old := g.journal.Stream()
	if err := g.restream("test", 0); err != nil {
		t.Fatal(err)
	}
	<-g.mirror.Aside()
	aside, err := g.mirror.SetAside()
	if err != nil || len(aside) != 1 {
		t.Fatalf("on the mirror: %+v, %v", aside, err)
	}
	if r, err := journal.Salvage(aside[0].Dir, nil); err != nil || r.Last() != 4 {
		t.Fatalf("the mirror's copy ends at %d, %v; want 4", r.Last(), err)
	}
	found := g.salvager().Wrecks(time.Time{})
	if len(found) != 1 || found[0].Stream != old || found[0].Last() != 2 || len(found[0].Aside) != 2 {
		t.Errorf("to be salvaged: %+v; want 1 to 2 of %s from journal and mirror", found, old)
	}
	beside, err := journal.SetAside(journalDir(c))
	if err != nil || len(beside) != 1 {
		t.Fatalf("beside the journal: %+v, %v", beside, err)
	}
	if err := journal.MarkRecovered(beside[0].Dir, "test", journal.Extent{}); err != nil {
		t.Fatal(err)
	}
	found = g.salvager().Wrecks(time.Time{}) // as when the stick comes back after that
	if len(found) != 1 || found[0].Last() != 2 || len(found[0].Aside) != 1 {
		t.Errorf("to be salvaged once the journal's was: %+v; want 1 to 2 of %s from the mirror", found, old)
	}
}

// A mirror that cannot be used is a warning, and taps go on.
func TestForeignMirrorIsAWarning(t *testing.T) {
	m := newModel(t)
	c := mirroredSite(t, m, false)
	if err := os.WriteFile(filepath.Join(c.Journal.Mirror, "GATEWAY"), []byte("science\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	g := stopped(t, c)
	strangerTap(t, g, 1)
	if text := g.mirrorWarning(); !strings.Contains(text, "the mirror of gateway science") {
		t.Errorf("warning = %q", text)
	}
	if err := g.healthy(); err != nil {
		t.Errorf("healthy = %v", err)
	}
}
