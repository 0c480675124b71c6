package gateway

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// isolatedTaps is a gateway on its own that kept n taps and could tell nobody.
func isolatedTaps(t *testing.T, c *config.Gateway, n int) (contract.Stream, [][]byte) {
	t.Helper()
	g := stopped(t, c)
	for i := range n {
		strangerTap(t, g, i)
	}
	records, err := g.journal.Read(1, n, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	stream := g.journal.Stream()
	closeStopped(t, g)
	return stream, records
}

// damageBlock turns a bit in block n of the live journal's first segment; block 1 is the stream's name, then the taps.
func damageBlock(t *testing.T, c *config.Gateway, n int) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(journalDir(c), "live", "*.seg"))
	if err != nil || len(names) != 1 {
		t.Fatalf("segments %v, %v", names, err)
	}
	b, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	b[n*4096+60] ^= 8
	if err := os.WriteFile(names[0], b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// has tells whether central has a record, in its turn or ahead.
func (m *model) has(id contract.TapID) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	if held := m.records[id.Stream]; id.Seq <= uint64(len(held)) {
		return held[id.Seq-1]
	}
	return m.ahead[id]
}

// A journal that decayed before central or a neighbour had its taps: all but the one that decayed reach central, octet for
// octet and under their old numbers, and that one is named with file and byte. A restart sends nothing again.
func TestDamagedJournalIsSalvaged(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		t.Run(fmt.Sprint("encrypted ", encrypted), func(t *testing.T) {
			m, r := newModel(t), newReader(t)
			m.publish(t, time.Now())
			c := site(t, m, r)
			if encrypted {
				c.Storage.KeyFile = filepath.Join(t.TempDir(), "storage.key")
			}
			if _, _, err := Enrol(t.Context(), c, m.invitation(), nil); err != nil {
				t.Fatal(err)
			}
			stream, records := isolatedTaps(t, c, 8)
			if err := os.RemoveAll(filepath.Join(c.Data, "cluster")); err != nil { // the copies are gone with the same card
				t.Fatal(err)
			}
			damageBlock(t, c, 6)

			running := start(t, c)
			awaitSalvage(t, c)
			for i, want := range records {
				id := contract.TapID{Stream: stream, Seq: uint64(i) + 1}
				if got := m.has(id); (id.Seq == 5) != (got == nil) || got != nil && !bytes.Equal(got, want) {
					t.Errorf("central has %d octets of %s; number 5 alone is lost", len(got), id)
				}
			}
			aside, err := journal.SetAside(journalDir(c))
			want := journal.Extent{Last: contract.TapID{Stream: stream, Seq: 8}, Through: 4}
			if err != nil || len(aside) != 1 || aside[0].Extent != want {
				t.Errorf("set aside = %+v, %v; want it to end at 8 and central to hold up to 4", aside, err)
			}
			if running.gateway.journal.Stream() == stream {
				t.Error("the damaged stream goes on")
			}
			text := noticeOf(running.gateway, "lost unless another gateway brings them: number 5")
			if !strings.Contains(text, "0000000000000001.seg, byte 24576") {
				t.Errorf("notice %q names no place", text)
			}
			if err := running.stop(); err != nil {
				t.Error(err)
			}
			if found := (&Gateway{config: c}).salvager().Wrecks(time.Time{}); len(found) > 0 && !encrypted {
				t.Errorf("after a restart %d streams would be salvaged again", len(found))
			}
		})
	}
}

// awaitSalvage waits until what was set aside is marked as recovered.
func awaitSalvage(t *testing.T, c *config.Gateway) {
	t.Helper()
	limit := deadline(t)
	for {
		aside, err := journal.SetAside(journalDir(c))
		if err == nil && len(aside) == 1 && aside[0].Recovered != "" {
			return
		}
		select {
		case <-limit:
			t.Fatalf("not recovered: %+v, %v", aside, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func noticeOf(g *Gateway, has string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, n := range g.notices {
		if strings.Contains(n.Text, has) {
			return n.Text
		}
	}
	return ""
}

// Who tapped before the damage is known after it: a second tap is a duplicate, not another record.
func TestDamagedJournalIsRecalled(t *testing.T) {
	m, r := newModel(t), newReader(t)
	m.publish(t, time.Now())
	c := enrolledSite(t, m, r)
	running := start(t, c)
	r.awaitSteady(t, blue)
	r.cards <- knownCard
	r.awaitFlash(t, green)
	m.awaitTaps(t, 1)
	known := running.gateway.credited.Len()
	if err := running.stop(); err != nil {
		t.Fatal(err)
	}
	g := stopped(t, c)
	for g.journal.Durable() < 12 { // more batches behind the first, so that its damage is one
		beat := contract.Record{Stamp: g.clock.Stamp(time.Now()), Heartbeat: &contract.Heartbeat{Since: time.Now().UTC()}}
		if _, err := g.journal.Append(beat); err != nil {
			t.Fatal(err)
		}
	}
	closeStopped(t, g)
	damageBlock(t, c, 8)
	g = stopped(t, c)
	if _, quarantined := g.journal.Quarantined(); !quarantined {
		t.Fatal("the damage was not found")
	}
	if got := g.credited.Len(); got != known || known == 0 {
		t.Errorf("%d credits are known after the damage, want %d", got, known)
	}
}

// A twin of the journal brought other taps under its numbers. That central holds those numbers does not mean that it holds these
// taps: it is asked to compare, and the directory stays for a person.
func TestTapsOfATwinAreNotTakenForDelivered(t *testing.T) {
	m, r := newModel(t), newReader(t)
	m.publish(t, time.Now())
	c := enrolledSite(t, m, r)
	stream, records := isolatedTaps(t, c, 3)
	m.records[stream] = [][]byte{records[0]}
	for seq := uint64(2); seq <= 5; seq++ {
		other, err := contract.AppendRecord(nil, contract.Record{ID: contract.TapID{Stream: stream, Seq: seq},
			Stamp: contract.Stamp{At: time.Now(), Quality: contract.NeverSet}, Heartbeat: &contract.Heartbeat{Since: time.Now().UTC()}})
		if err != nil {
			t.Fatal(err)
		}
		m.records[stream] = append(m.records[stream], other)
	}
	g := stopped(t, c)
	if _, err := g.journal.NewStream("a twin"); err != nil {
		t.Fatal(err)
	}
	closeStopped(t, g)
	running := start(t, c)
	awaitSalvage(t, c)
	if text := noticeOf(running.gateway, "central takes no more of it"); !strings.Contains(text, stream.String()) {
		t.Errorf("notice = %q, want it to name stream %s", text, stream)
	}
	aside, err := journal.SetAside(journalDir(c))
	if err != nil || len(aside) != 1 || aside[0].Extent != (journal.Extent{}) {
		t.Errorf("set aside = %+v, %v; want one that may never go", aside, err)
	}
}
