package report

import (
	"context"
	"fmt"
)

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
