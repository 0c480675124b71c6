package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// ModuleTotal is the attendance of everybody in one module in a term, of sessions that are over.
type ModuleTotal struct {
	Module string `json:"module"`
	Title  string `json:"title"`
	Rate   Rate   `json:"rate"`
}

// TermModules is a term and its modules, lowest attendance first.
type TermModules struct {
	Term    Term
	Modules []ModuleTotal
}

// TermModules reports a term module by module.
func (r *Reports) TermModules(ctx context.Context, term string) (TermModules, error) {
	t, err := r.Term(ctx, term)
	if err != nil {
		return TermModules{}, err
	}
	totals, err := r.source.ModuleTotals(ctx, t.ID)
	if err != nil {
		return TermModules{}, fmt.Errorf("read modules: %w", err)
	}
	slices.SortFunc(totals, func(a, b ModuleTotal) int {
		return cmp.Or(cmp.Compare(a.Rate.Permille(), b.Rate.Permille()), cmp.Compare(a.Module, b.Module))
	})
	return TermModules{t, totals}, nil
}

// ModuleRate is one student's attendance in one module in a term.
type ModuleRate struct {
	Student string `json:"student"`
	Module  string `json:"module"`
	Rate    Rate   `json:"rate"`
}

// Modules lists the attendance of students in each of their modules, by student and module; after is the last student of the page
// before, and a page has as many students as it is asked for.
func (r *Reports) Modules(ctx context.Context, term, after string, students int) ([]ModuleRate, error) {
	t, err := r.Term(ctx, term)
	if err != nil {
		return nil, err
	}
	rates, err := r.source.Modules(ctx, t.ID, after, students)
	if err != nil {
		return nil, fmt.Errorf("read modules: %w", err)
	}
	return rates, nil
}
