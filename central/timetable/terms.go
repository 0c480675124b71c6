package timetable

import (
	"context"
	"fmt"
	"slices"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/sheet"
)

// termsFile is terms.csv: the academic terms, both days included.
type termsFile struct {
	terms []calendar.Term
	lines sheet.Lines
}

func (f *termsFile) columns() []sheet.Column {
	return []sheet.Column{{Name: "term_id"}, {Name: "name"}, {Name: "first_day"}, {Name: "last_day"}}
}

func (f *termsFile) line(r sheet.Row) {
	id, ok1 := r.ID("term_id")
	name, ok2 := r.Need("name")
	first, ok3 := r.Day("first_day")
	last, ok4 := r.Day("last_day")
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return
	}
	if last.Before(first) {
		r.Fault("last_day", fmt.Sprintf("the term ends on %s, before it starts on %s", last, first), "")
		return
	}
	if f.lines == nil {
		f.lines = sheet.Lines{}
	}
	if f.lines.First(r, "term_id", id) {
		f.terms = append(f.terms, calendar.Term{ID: id, Name: name, First: first, Last: last})
	}
}

func (f *termsFile) plan(ctx context.Context, state State, p *plan) error {
	present, err := state.Terms(ctx)
	if err != nil {
		return err
	}
	have := keyed(present, func(t calendar.Term) string { return t.ID })
	for _, t := range f.terms {
		if upsert(p, "term "+t.ID, t.ID, t, have, equal) {
			p.change.Terms = append(p.change.Terms, t)
			p.change.AllDirty = true // a session belongs to the term its day falls in
		}
		have[t.ID] = t
	}
	f.checkOverlaps(have, p)
	return nil
}

// checkOverlaps refuses terms that share a day: a contact must count in one term only.
func (f *termsFile) checkOverlaps(have map[string]calendar.Term, p *plan) {
	var all []calendar.Term
	for _, t := range have {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b calendar.Term) int { return a.First.Starts().Compare(b.First.Starts()) })
	for i := 1; i < len(all); i++ {
		if a, b := all[i-1], all[i]; !a.Last.Before(b.First) {
			p.fault(max(f.lines[a.ID], f.lines[b.ID]), "first_day",
				fmt.Sprintf("the terms %s and %s share days from %s on", a.ID, b.ID, b.First), "a day belongs to one term only")
		}
	}
}
