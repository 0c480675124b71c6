// Package salvage brings to central what was set aside of a gateway's streams, beside the journal and on its mirror, and names what
// cannot be read any more. It begins no stream and writes no record.
package salvage

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/forward"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// Options of a Salvager.
type Options struct {
	Dir    string                       // of the journal: directories that were set aside lie below it
	Mirror func() []journal.Aside       // lists what was set aside on the mirror; nothing without one
	Key    func() (*journal.Key, error) // of the journal; a nil key is that of a plain one
	Stream func() contract.Stream       // the journal's own
	Notice func(text string)            // tells the person who looks after the gateway
	Log    *slog.Logger
}

// Salvager knows where streams lie that nobody writes any more.
type Salvager struct{ o Options }

// New makes a Salvager. It reads nothing yet.
func New(o Options) *Salvager { return &Salvager{o} }

// Wreck is a stream that was set aside, with all directories that hold something of it.
type Wreck struct {
	*journal.Remains
	Aside []journal.Aside
}

// Wrecks reads what was set aside after a moment, beside the journal and on its mirror, and has not been recovered. A directory
// that cannot be read is named and stays.
func (s *Salvager) Wrecks(since time.Time) []Wreck {
	aside, err := journal.SetAside(s.o.Dir)
	if err != nil {
		s.o.Notice(fmt.Sprintf("it is not known what was set aside: %v", err))
		return nil
	}
	key, err := s.o.Key()
	if err != nil {
		s.o.Notice(err.Error())
		return nil
	}
	var all []Wreck
	for _, a := range aside {
		if r := s.remains(a, key, since); r != nil {
			r.Cut(cmp.Or(a.Carried, math.MaxUint64))
			all = addWreck(all, Wreck{r, []journal.Aside{a}})
		}
	}
	for _, a := range s.o.Mirror() {
		if r := s.remains(a, key, since); r != nil && r.Stream != s.o.Stream() { // of its own stream the journal has all
			s.forget(r, aside, key)
			all = addWreck(all, Wreck{r, []journal.Aside{a}})
		}
	}
	return all
}

// remains reads a directory; nil if that is not wanted or not possible.
func (s *Salvager) remains(a journal.Aside, key *journal.Key, since time.Time) *journal.Remains {
	if a.Recovered != "" || a.At.Before(since) {
		return nil
	}
	r, err := journal.Salvage(a.Dir, key)
	if err != nil {
		s.o.Notice(fmt.Sprintf("%s was set aside and cannot be read: %v", a.Dir, err))
		return nil
	}
	return r
}

// forget takes out of a mirror's copy what lives on in another stream, also where that was recovered long ago: a stick may come
// back much later.
func (s *Salvager) forget(r *journal.Remains, beside []journal.Aside, key *journal.Key) {
	for _, a := range beside {
		if a.Carried == 0 {
			continue
		}
		if c, err := journal.Salvage(a.Dir, key); err == nil && c.Stream == r.Stream {
			r.Forget(c.Cut(a.Carried))
		}
	}
}

// addWreck joins copies of one stream.
func addWreck(all []Wreck, w Wreck) []Wreck {
	for i, other := range all {
		if other.Stream == w.Stream {
			other.Add(w.Remains)
			other.Damage = append(other.Damage, w.Damage...)
			all[i].Aside = append(other.Aside, w.Aside...)
			return all
		}
	}
	return append(all, w)
}

// Records calls f with every record that can be read of what was set aside after a moment and has not been recovered.
func (s *Salvager) Records(since time.Time, f func(contract.Record)) {
	for _, w := range s.Wrecks(since) {
		for seq, ok := w.From(0); ok; seq, ok = w.From(seq + 1) {
			raw, err := w.Read(seq, 1, contract.MaxRecord)
			if err != nil {
				return
			}
			if r, err := contract.DecodeRecord(raw[0]); err == nil {
				f(r)
			}
		}
	}
}

// All brings to central what it lacks of streams that were set aside, and names what cannot be read any more. It returns when
// central has answered for each, or ctx ends. What is on the other gateways of the cluster they bring themselves.
func (s *Salvager) All(ctx context.Context, link *forward.Uplink) {
	for _, w := range s.Wrecks(time.Time{}) {
		through, err := link.Salvage(ctx, w.Stream, w, w.Acknowledged)
		if ctx.Err() != nil {
			return
		}
		text := w.outcome(through, err)
		s.o.Log.Warn("what was set aside is recovered as far as it can be", slog.String("stream", w.Stream.String()), slog.String("outcome", text))
		if lost := w.lost(through); len(lost) > 0 || err != nil {
			s.o.Notice(text)
		}
		for _, a := range w.Aside {
			if err := journal.MarkRecovered(a.Dir, text, w.extent(through, err)); err != nil {
				s.o.Log.Error("recovery not noted; it will be done again", slog.String("dir", a.Dir), slog.Any("error", err))
			}
		}
	}
}

// extent tells when central holds all that was in a stream's directories; that is never known where central disowned it, where
// nothing tells which stream it was, or where a whole file could not be read.
func (w Wreck) extent(through uint64, err error) journal.Extent {
	if err != nil || w.Stream.IsZero() || w.Blind {
		return journal.Extent{}
	}
	last := max(w.Last(), w.Acknowledged)
	return journal.Extent{Last: contract.TapID{Stream: w.Stream, Seq: last}, Through: through}
}

// lost are the numbers that cannot be read and that central lacked when all else was there.
func (w Wreck) lost(through uint64) []journal.Range {
	var lost []journal.Range
	for _, m := range w.Missing() {
		if m.Last > through {
			lost = append(lost, journal.Range{First: max(m.First, through+1), Last: m.Last})
		}
	}
	return lost
}

// outcome says what became of a stream.
func (w Wreck) outcome(through uint64, err error) string {
	var dirs []string
	for _, a := range w.Aside {
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
