package report

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/rules"
)

// findingSource reads what the rules said.
type findingSource interface {
	Findings(ctx context.Context, f FindingFilter) ([]Finding, error)
	CountFindings(ctx context.Context, f FindingFilter) ([]RuleCount, error) // by rule, whatever rule the filter chooses
}

// Finding is what a rule said of a student, or of something else of the university. It is never deleted, only superseded (G-6).
type Finding struct {
	ID           int64       `json:"id"`
	Student      string      `json:"student"` // student number; "" when it is about something else, its subject
	Subject      string      `json:"subject"` // "university", "programme LAW", "session X", "room X", "point X", "card 3fa9b1c2"; "" of a student
	Name         string      `json:"name"`
	Department   string      `json:"department"`
	Rule         string      `json:"rule"`
	Scope        string      `json:"scope"` // over what: a term, a week, a module, an event; "" for the whole time
	Step         string      `json:"step"`  // which of the things that the rule can say
	Opens        rules.Opens `json:"opens"` // notice, alert, warning, task, case
	Level        Level       `json:"level"` // on the ladder of warnings; 0 for rules that are not on it
	Policy       string      `json:"policy"`
	AsOf         time.Time   `json:"as_of"`
	FoundAt      time.Time   `json:"found_at"`
	Summary      string      `json:"summary"`
	Deadline     string      `json:"deadline"` // yyyy-mm-dd; "" if there is none
	Evidence     []string    `json:"evidence"` // sessions, other contacts and facts
	SupersededAt *time.Time  `json:"superseded_at"`
	SupersededBy string      `json:"superseded_by"`
}

// RuleCount is how many findings a rule made.
type RuleCount struct {
	Rule   string
	Total  int
	Cases  int // that open a case
	Due    int // with a deadline
	Passed int // with a deadline before today
}

// Opens lists what findings open, from the lightest.
var Opens = []rules.Opens{rules.Notice, rules.Alert, rules.Warning, rules.Task, rules.Case}

// FindingState chooses findings by whether they follow from the facts as they are known now.
type FindingState string

// The states.
const (
	InForce    FindingState = ""
	Superseded FindingState = "superseded"
	EitherWay  FindingState = "all"
)

// FindingFilter chooses findings. The zero value chooses all that are in force, those due first in front.
type FindingFilter struct {
	Student    string // number
	Search     string // part of a name, or the beginning of a student number
	Department string
	Rule       string
	Opens      rules.Opens
	State      FindingState
	Due        bool      // only those with a deadline
	From, To   time.Time // met from this instant on, before this instant; zero: no bound
	Newest     bool      // the newest first, instead of the first deadline
	ByID       bool      // in the order of their numbers, those after After
	After      int64
	Limit      int // 0: all
	Offset     int

	Sponsorship bool   // whether the reader may see sponsorship; without it there are the findings of plain rules alone
	Today       string // yyyy-mm-dd, to tell which deadlines have passed
}

// plainRules speak of attendance, and tell nothing of a visa, of money or of what a sponsor does. Whoever may see students sees
// them; a rule that is not among them, as a new one, is for those alone who may see sponsorship.
var plainRules = []string{"A-1", "A-2", "A-3", "A-4", "A-9", "A-10", "A-11", "A-12", "C-6", "E-2", "E-3", "E-5", "E-6", "W-11"}

// PlainRules are the rules whose findings everybody sees who sees students.
func PlainRules() []string { return slices.Clone(plainRules) }

// Check completes a filter and refuses what cannot be asked.
func (f *FindingFilter) Check() error {
	f.Search = strings.TrimSpace(f.Search)
	if len(f.Search) > 100 {
		return fmt.Errorf("%w: search for at most 100 characters", ErrQuery)
	}
	if f.Opens != "" && !slices.Contains(Opens, f.Opens) {
		return fmt.Errorf("%w: findings open one of %v, not %q", ErrQuery, Opens, f.Opens)
	}
	if !slices.Contains([]FindingState{InForce, Superseded, EitherWay}, f.State) {
		return fmt.Errorf("%w: there is no state %q; ask for superseded, all, or nothing for those in force", ErrQuery, f.State)
	}
	if f.Offset < 0 || f.Limit < 0 {
		return fmt.Errorf("%w: pages are counted from the first", ErrQuery)
	}
	return nil
}

// FindingList is one page of findings.
type FindingList struct {
	Term  Term // that it is about; zero for all time
	Total int  // how many the filter chooses
	Rules []RuleCount
	Rows  []Finding
}

// Findings lists findings of a term and of the vacation after it, or of all time.
func (r *Reports) Findings(ctx context.Context, term string, allTime bool, f FindingFilter) (FindingList, error) {
	var list FindingList
	if err := f.Check(); err != nil {
		return list, err
	}
	f.Today = calendar.DayOf(r.Now()).String()
	if !allTime {
		var err error
		if list.Term, f.From, f.To, err = r.stretch(ctx, term); err != nil {
			return list, err
		}
	}
	var err error
	if list.Rules, err = r.source.CountFindings(ctx, f); err != nil {
		return list, fmt.Errorf("count findings: %w", err)
	}
	for _, n := range list.Rules {
		if f.Rule == "" || n.Rule == f.Rule {
			list.Total += n.Total
		}
	}
	if list.Rows, err = r.source.Findings(ctx, f); err != nil {
		return list, fmt.Errorf("list findings: %w", err)
	}
	return list, nil
}

// FindingPage lists findings in the order of their numbers, a page at a time.
func (r *Reports) FindingPage(ctx context.Context, f FindingFilter) ([]Finding, error) {
	f.ByID = true
	if err := f.Check(); err != nil {
		return nil, err
	}
	return r.source.Findings(ctx, f)
}

// stretch is a term with the time up to the next one, so that whatever is dated belongs to one term: what is older than the
// first term to the first.
func (r *Reports) stretch(ctx context.Context, term string) (t Term, from, to time.Time, err error) {
	if t, err = r.Term(ctx, term); err != nil {
		return t, from, to, err
	}
	terms, err := r.source.Terms(ctx)
	if err != nil {
		return t, from, to, fmt.Errorf("read terms: %w", err)
	}
	i := slices.IndexFunc(terms, func(other Term) bool { return other.ID == t.ID })
	if i > 0 {
		if from, _, err = t.Span(); err != nil {
			return t, from, to, err
		}
	}
	if i+1 < len(terms) {
		to, _, err = terms[i+1].Span()
	}
	return t, from, to, err
}
