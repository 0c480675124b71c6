package simulation

import (
	"context"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	marks "github.com/rollcall-edge/rollcall/central/register"
	"github.com/rollcall-edge/rollcall/central/report"
)

// What the policy of the simulation says of lateness, in figures of our own.
const (
	presentWithin = 15 * time.Minute
	lateWithin    = 30 * time.Minute
)

// Bounds of what central says about times, beside those it states.
const (
	grain   = time.Millisecond // central keeps no less
	confirm = time.Minute      // a stamp that stands without a time source was confirmed to this
)

// seen is a tap with the time that central gives it.
type seen struct {
	shown
	told report.Tap
}

// seen are the taps of the ledger that are at central, in their true order.
func (w *world) seen(found map[string][]contract.TapID) []seen {
	var all []seen
	for _, s := range w.ledger.taps {
		ids := found[tapKey(s.building.point(), s.digest, s.stamp)]
		if len(ids) != 1 {
			continue
		}
		told, err := w.central.source.Tap(context.Background(), ids[0])
		if err != nil {
			w.fault("central has tap %s and shows none: %v", ids[0], err)
			continue
		}
		all = append(all, seen{s, told})
	}
	slices.SortFunc(all, func(a, b seen) int { return a.at.Compare(b.at) })
	return all
}

// times: the true moment of every tap lies within what central says of it.
func (w *world) times(taps []seen) {
	for _, s := range taps {
		w.ledger.times[s.told.Time]++
		if earliest, latest := s.bounds(); s.at.Before(earliest) || s.at.After(latest) {
			w.fault("the tap %s was made at %v, and central says %v (%s, stamped %v), between %v and %v",
				s.told.ID, s.at, s.told.At, s.told.Time, s.told.StampedAt, earliest, latest)
		}
	}
}

// bounds are between what central says the tap was made.
func (s seen) bounds() (earliest, latest time.Time) {
	within := time.Duration(s.told.WithinMS)*time.Millisecond + grain
	switch {
	case s.told.Time == report.Uncertain:
		if s.told.Earliest != nil {
			earliest = s.told.Earliest.Add(-grain)
		}
		return earliest, s.told.Latest.Add(grain)
	case s.told.Time == report.Stamped && s.told.Quality != contract.Synchronised.String():
		within = confirm
	}
	return s.told.At.Add(-within), s.told.At.Add(within)
}

// model says what marks follow from what happened at the doors, by the true clock.
type model struct {
	world *world
	taps  map[contract.Digest][]seen
}

// compare holds central's marks against the model's.
func (m model) compare(registers []register) {
	for _, student := range m.students(registers) {
		m.student(student, registers)
	}
}

func (m model) students(registers []register) []string {
	var all []string
	for _, r := range registers {
		for _, row := range r.rows {
			all = append(all, row.Student)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// expected is what one student's mark in a register may be.
type expected struct {
	register
	row  report.RegisterRow
	tap  *seen // the tap that counts; nil if none does
	hazy bool  // it depends on a tap whose moment nobody knows well enough
}

func (m model) student(student string, registers []register) {
	var all []*expected
	for _, r := range registers {
		for _, row := range r.rows {
			if row.Student == student {
				all = append(all, &expected{register: r, row: row})
			}
		}
	}
	for _, s := range m.taps[m.world.digests[student]] {
		m.credit(all, s)
	}
	for _, e := range all {
		m.judge(e)
	}
}

// credit gives a tap to a register that is open then and has none yet: of a lecture in progress, else of the next one.
func (m model) credit(all []*expected, s seen) {
	earliest, latest := s.bounds()
	var best *expected
	var may []*expected
	for _, e := range all {
		if earliest.Before(e.ClosesAt.Add(grain)) && latest.After(e.OpensAt.Add(-grain)) {
			may = append(may, e)
			e.hazy = e.hazy || e.edgeWithin(earliest, latest)
		}
		if e.building() != s.building.name || e.tap != nil || s.at.Before(e.OpensAt) || s.at.After(e.ClosesAt) {
			continue
		}
		if best == nil || !e.StartsAt.After(s.at) {
			best = e
		}
	}
	if best != nil {
		best.tap = &s
	}
	if len(may) > 1 && s.told.Time == report.Uncertain { // for which lecture it was is for people to say
		for _, e := range may {
			e.hazy = true
		}
	}
}

// edgeWithin reports whether what follows from a tap changes between two moments. Who knows a tap to the second and less is not in doubt.
func (e *expected) edgeWithin(earliest, latest time.Time) bool {
	for _, edge := range []time.Time{e.OpensAt, e.StartsAt, e.StartsAt.Add(presentWithin), e.StartsAt.Add(lateWithin), e.EndsAt, e.ClosesAt} {
		if !edge.Before(earliest) && !edge.After(latest) {
			return true
		}
	}
	return false
}

func (m model) judge(e *expected) {
	got := marks.Code(e.row.Mark.Code)
	m.world.ledger.marks[got]++
	want := m.codes(e)
	if !e.hazy && !slices.Contains(want, got) {
		m.world.fault("%s has the mark %q for %s, and the model says %q: %s", e.row.Student, got, e.ID, want, e.row.Mark.Reason)
	}
}

func (m model) codes(e *expected) []marks.Code {
	switch {
	case e.tap == nil && m.world.ledger.certain(e.building(), e.OpensAt, e.ClosesAt):
		return []marks.Code{marks.Absent}
	case e.tap == nil:
		return []marks.Code{marks.Absent, marks.Unknown} // whether the reader worked for long enough absences asks
	case !e.tap.at.After(e.StartsAt.Add(presentWithin)):
		return []marks.Code{marks.Present}
	case !e.tap.at.After(e.StartsAt.Add(lateWithin)):
		return []marks.Code{marks.Late}
	}
	return []marks.Code{marks.Absent}
}
