// Package report is what central shows: students with their standing, the marks behind it and the taps behind the marks,
// registers, gateways and the figures of a term, read from facts and judgements. It judges nothing and writes nothing, and
// knows neither SQL nor HTML.
//
// Every figure here can be followed to taps: a total to the students in it, a student to marks, a mark to the tap that was
// credited or to the readers that heard none.
package report

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// Errors of this package. Their texts are shown to people.
var (
	ErrNotFound = errors.New("there is nothing with this number; check it, or search again")
	ErrNoTerm   = errors.New("no term is known yet; import terms.csv")
	ErrQuery    = errors.New("the question is not understood")
)

// Source reads facts and judgements. A lookup of one thing answers ErrNotFound when there is none.
type Source interface {
	termSource
	studentSource
	findingSource
	factSource
	sessionSource
	gapSource
	sheetSource
	tapSource
	fleetSource
}

// Reports answers questions about attendance. Its methods may be called concurrently.
type Reports struct {
	source Source
	now    func() time.Time
}

// New makes reports over a source; now is time.Now if nil.
func New(source Source, now func() time.Time) *Reports {
	if now == nil {
		now = time.Now
	}
	return &Reports{source: source, now: now}
}

// Now is the instant the reports speak of, UTC, in whole milliseconds.
func (r *Reports) Now() time.Time { return r.now().UTC().Truncate(time.Millisecond) }

// termSource reads terms and what belongs to the whole of one.
type termSource interface {
	Terms(ctx context.Context) ([]Term, error) // by first day
	Totals(ctx context.Context, term string) (Totals, error)
	Weekly(ctx context.Context, term string) ([]Tally, error)
	ModuleTotals(ctx context.Context, term string) ([]ModuleTotal, error)
	Modules(ctx context.Context, term, after string, students int) ([]ModuleRate, error) // by student
}

// Term is a span of teaching days; standings are counted in one and start again in the next (C-5).
type Term struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	FirstDay string `json:"first_day"` // yyyy-mm-dd, Europe/London
	LastDay  string `json:"last_day"`  // inclusive
}

// Span is the term in instants: from its first midnight up to, and without, the midnight after its last day.
func (t Term) Span() (from, to time.Time, err error) {
	if from, _, err = DaySpan(t.FirstDay); err != nil {
		return from, to, fmt.Errorf("term %s: %w", t.ID, err)
	}
	if _, to, err = DaySpan(t.LastDay); err != nil {
		return from, to, fmt.Errorf("term %s: %w", t.ID, err)
	}
	return from, to, nil
}

// Terms lists all terms by their first day.
func (r *Reports) Terms(ctx context.Context) ([]Term, error) { return r.source.Terms(ctx) }

// Term finds a term by its identifier; "" means the present one: that which today is in, else the latest that has begun,
// else the first to come. It answers ErrNoTerm when there is none at all and ErrNotFound when there is not that one.
func (r *Reports) Term(ctx context.Context, id string) (Term, error) {
	terms, err := r.source.Terms(ctx)
	if err != nil {
		return Term{}, fmt.Errorf("read terms: %w", err)
	}
	if len(terms) == 0 {
		return Term{}, ErrNoTerm
	}
	if id == "" {
		return presentTerm(terms, calendar.DayOf(r.Now()).String()), nil
	}
	for _, t := range terms {
		if t.ID == id {
			return t, nil
		}
	}
	return Term{}, fmt.Errorf("term %q: %w", id, ErrNotFound)
}

func presentTerm(terms []Term, today string) Term {
	present := terms[0]
	for _, t := range terms {
		if t.FirstDay <= today { // days as yyyy-mm-dd sort by time
			present = t
		}
	}
	return present
}
