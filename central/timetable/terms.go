package timetable

import (
	"context"
	"fmt"
	"slices"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// termsFile is terms.csv: the academic terms, both days included.
type termsFile struct {
	terms []calendar.Term
	lines lines
}

func (f *termsFile) columns() []column {
	return []column{{name: "term_id"}, {name: "name"}, {name: "first_day"}, {name: "last_day"}}
}

func (f *termsFile) line(r row) {
	id, ok1 := r.id("term_id")
	name, ok2 := r.need("name")
	first, ok3 := r.day("first_day")
	last, ok4 := r.day("last_day")
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return
	}
	if last.Before(first) {
		r.fault("last_day", fmt.Sprintf("the term ends on %s, before it starts on %s", last, first), "")
		return
	}
	if f.lines == nil {
		f.lines = lines{}
	}
	if f.lines.first(r, "term_id", id) {
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
