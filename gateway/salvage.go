package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/decide"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// wreck is a stream that was set aside, with all directories that hold something of it.
type wreck struct {
	*journal.Remains
	aside []journal.Aside
}

// wrecks reads what was set aside after a moment, beside the journal and on its mirror, and has not been recovered. A directory
// that cannot be read is named and stays.
func (g *Gateway) wrecks(since time.Time) []wreck {
	aside, err := journal.SetAside(journalDir(g.config))
	if err != nil {
		g.notice("journal", fmt.Sprintf("it is not known what was set aside: %v", err))
		return nil
	}
	key, err := journalKey(g.secret)
	if err != nil {
		g.notice("journal", err.Error())
		return nil
	}
	var all []wreck
	var carried []*journal.Remains
	for _, a := range aside {
		if r := g.remains(a, key, since); r != nil {
			if a.Carried > 0 {
				carried = append(carried, r.Cut(a.Carried))
			}
			all = addWreck(all, wreck{r, []journal.Aside{a}})
		}
	}
	for _, a := range g.asideOnMirror() {
		if r := g.remains(a, key, since); r != nil && r.Stream != g.journal.Stream() { // of its own stream the journal has all
			forget(r, carried)
			all = addWreck(all, wreck{r, []journal.Aside{a}})
		}
	}
	return all
}

// remains reads a directory; nil if that is not wanted or not possible.
func (g *Gateway) remains(a journal.Aside, key *journal.Key, since time.Time) *journal.Remains {
	if a.Recovered != "" || a.At.Before(since) {
		return nil
	}
	r, err := journal.Salvage(a.Dir, key)
	if err != nil {
		g.notice("journal", fmt.Sprintf("%s was set aside and cannot be read: %v", a.Dir, err))
		return nil
	}
	return r
}

// forget takes out of a mirror's copy what lives on in another stream.
func forget(r *journal.Remains, carried []*journal.Remains) {
	for _, c := range carried {
		if c.Stream == r.Stream {
			r.Forget(c)
		}
	}
}

// addWreck joins copies of one stream.
func addWreck(all []wreck, w wreck) []wreck {
	for i, other := range all {
		if other.Stream == w.Stream {
			other.Add(w.Remains)
			other.Damage = append(other.Damage, w.Damage...)
			all[i].aside = append(other.aside, w.aside...)
			return all
		}
	}
	return append(all, w)
}

// recallWrecks takes from what was set aside within the last day what the lights need: without it a student who tapped before
// the damage would be recorded once more.
func (g *Gateway) recallWrecks() {
	for _, w := range g.wrecks(time.Now().Add(-decide.Remember)) {
		for seq, ok := w.From(0); ok; seq, ok = w.From(seq + 1) {
			raw, err := w.Read(seq, 1, contract.MaxRecord)
			if err != nil {
				return
			}
			if r, err := contract.DecodeRecord(raw[0]); err == nil {
				g.credited.Recall(r)
				g.identity.NotBefore(r.Stamp.At)
			}
		}
	}
}

// salvage brings to central what it lacks of streams that were set aside, and names what cannot be read any more; again
// whenever the mirror has set something aside. What is on the other gateways of the cluster they bring themselves.
func (g *Gateway) salvage(ctx context.Context) error {
	for {
		g.salvageAll(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-g.mirrored():
		}
		g.awaitRestream()
	}
}

// awaitRestream returns when a new stream that is just being begun has noted what it took along.
func (g *Gateway) awaitRestream() {
	g.restreaming.Lock()
	defer g.restreaming.Unlock()
}

func (g *Gateway) salvageAll(ctx context.Context) {
	for _, w := range g.wrecks(time.Time{}) {
		through, err := g.link.Salvage(ctx, w.Stream, w, w.Acknowledged)
		if ctx.Err() != nil {
			return
		}
		text := w.outcome(through, err)
		g.log.Warn("what was set aside is recovered as far as it can be", slog.String("stream", w.Stream.String()), slog.String("outcome", text))
		if lost := w.lost(through); len(lost) > 0 || err != nil {
			g.notice("journal", text)
		}
		for _, a := range w.aside {
			if err := journal.MarkRecovered(a.Dir, text, w.extent(through, err)); err != nil {
				g.log.Error("recovery not noted; it will be done again", slog.String("dir", a.Dir), slog.Any("error", err))
			}
		}
	}
}

// extent tells when central holds all that was in a stream's directories; that is never known where central disowned it, where
// nothing tells which stream it was, or where a whole file could not be read.
func (w wreck) extent(through uint64, err error) journal.Extent {
	if err != nil || w.Stream.IsZero() || w.Blind {
		return journal.Extent{}
	}
	last := max(w.Last(), w.Acknowledged)
	return journal.Extent{Last: contract.TapID{Stream: w.Stream, Seq: last}, Through: through}
}

// lost are the numbers that cannot be read and that central lacked when all else was there.
func (w wreck) lost(through uint64) []journal.Range {
	var lost []journal.Range
	for _, m := range w.Missing() {
		if m.Last > through {
			lost = append(lost, journal.Range{First: max(m.First, through+1), Last: m.Last})
		}
	}
	return lost
}

// outcome says what became of a stream.
func (w wreck) outcome(through uint64, err error) string {
	var dirs []string
	for _, a := range w.aside {
		dirs = append(dirs, a.Dir)
	}
	from := "from " + strings.Join(dirs, " and ")
	if err != nil {
		return fmt.Sprintf("stream %s: central takes no more of it (%v); keep what lies %s", w.Stream, err, from)
	}
	lost := w.lost(through)
	if len(lost) == 0 {
		return fmt.Sprintf("stream %s: central has all %d records that could be read %s", w.Stream, w.Len(), from)
	}
	var names, places []string
	for _, r := range lost {
		names = append(names, r.String())
	}
	for _, d := range w.Damage {
		places = append(places, d.String())
	}
	return fmt.Sprintf("stream %s: central has all %d records that could be read %s; lost unless another gateway brings them: number %s (%s)",
		w.Stream, w.Len(), from, strings.Join(names, ", "), strings.Join(places, "; "))
}
