package gateway

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// What was set aside goes a month after central was known to hold all of it, and not a moment before; what central lacks
// something of, or may lack, stays for good.
func TestWhatWasSetAsideIsRemoved(t *testing.T) {
	month := 30 * 24 * time.Hour
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	extent := func(last, through uint64) journal.Extent {
		return journal.Extent{Last: contract.TapID{Stream: contract.Stream{7}, Seq: last}, Through: through}
	}
	for _, tt := range []struct {
		name      string
		recovered bool
		extent    journal.Extent
		looks     []time.Duration // when it is looked at, since the first look
		stays     bool
	}{
		{"just recovered", true, extent(9, 9), []time.Duration{0}, true},
		{"a moment too young", true, extent(9, 9), []time.Duration{0, month - time.Second}, true},
		{"a month old", true, extent(9, 9), []time.Duration{0, month}, false},
		{"its name is old and the month has only begun", true, extent(9, 9), []time.Duration{12 * month}, true},
		{"not recovered yet", false, extent(9, 9), []time.Duration{0, 12 * month}, true},
		{"central lacks the last", true, extent(9, 8), []time.Duration{0, 12 * month}, true},
		{"it is not known what was in it", true, journal.Extent{}, []time.Duration{0, 12 * month}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, r := newModel(t), newReader(t)
			g := stopped(t, enrolledSite(t, m, r))
			dir := filepath.Join(journalDir(g.config), "quarantine-20200101T000000Z")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if tt.recovered {
				if err := journal.MarkRecovered(dir, "as a test says", tt.extent); err != nil {
					t.Fatal(err)
				}
			}
			for _, after := range tt.looks {
				if err := g.pruneAside(at.Add(after)); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) == tt.stays {
				t.Errorf("stat = %v, want it to stay: %v", err, tt.stays)
			}
			if left, err := filepath.Glob(filepath.Join(journalDir(g.config), "discarded*")); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// A number that could not be read here came from a neighbour later: then the directory may go too. What copies show beyond what
// is in it, it lost.
func TestWhatWasSetAsideIsWholeWithTheCluster(t *testing.T) {
	m, r := newModel(t), newReader(t)
	c := enrolledSite(t, m, r)
	running := start(t, c)
	g := running.gateway
	s := g.journal.Stream()
	until(t, "five records are in the cluster", func() bool {
		beat := contract.Record{Stamp: g.clock.Stamp(time.Now()), Heartbeat: &contract.Heartbeat{Since: time.Now().UTC()}}
		if _, err := g.writer.Append(beat); err != nil {
			t.Fatal(err)
		}
		return g.cluster.Watermark(s) >= 5
	})
	held := g.cluster.Watermark(s)
	a := journal.Aside{Recovered: "yes", Extent: journal.Extent{Last: contract.TapID{Stream: s, Seq: 4}, Through: 4}}
	if acked := g.cluster.Acknowledged(s); acked < held && g.whole(a) {
		t.Errorf("whole although the cluster holds up to %d of it and central up to %d", held, acked)
	}
	until(t, "central has what the cluster shows", func() bool { return g.cluster.Acknowledged(s) >= held })
	if err := running.stop(); err != nil {
		t.Fatal(err)
	}
	g = stopped(t, c)
	a.Extent.Last.Seq, a.Extent.Through = g.cluster.Acknowledged(s), 1
	if through := g.cluster.Acknowledged(s); through >= g.cluster.Watermark(s) != g.whole(a) {
		t.Errorf("whole = %v with %d at central and %d in the cluster", g.whole(a), through, g.cluster.Watermark(s))
	}
}

// A damaged journal whose every number reached central, one of them from a neighbour, is counted while it remains.
func TestSetAsideIsCounted(t *testing.T) {
	m, r := newModel(t), newReader(t)
	c := enrolledSite(t, m, r)
	_, _ = isolatedTaps(t, c, 8)
	damageBlock(t, c, 6)
	if err := os.MkdirAll(filepath.Join(c.Data, "cluster", "left-20200101T000000.000"), 0o700); err != nil {
		t.Fatal(err)
	}
	g := stopped(t, c)
	count := func() []string {
		families, err := g.registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range families {
			if f.GetName() != "rollcall_gateway_aside_directories" {
				continue
			}
			for _, s := range f.GetMetric() {
				if s.GetGauge().GetValue() > 0 {
					got = append(got, strings.Join([]string{s.GetLabel()[0].GetValue(), s.GetLabel()[1].GetValue()}, " "))
				}
			}
		}
		slices.Sort(got)
		return got
	}
	if diff := cmp.Diff(count(), []string{"journal waiting", "replica waiting"}); diff != "" {
		t.Errorf("set aside (-got +want):\n%s", diff)
	}
	aside, err := journal.SetAside(journalDir(c))
	if err != nil || len(aside) != 1 {
		t.Fatalf("set aside: %v, %v", aside, err)
	}
	if err := journal.MarkWhole(aside[0].Dir, time.Now()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(count(), []string{"journal whole", "replica waiting"}); diff != "" {
		t.Errorf("set aside (-got +want):\n%s", diff)
	}
}
