package report

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// studentSource reads what belongs to one student. Sessions are those that start in [from, to), in any order.
type studentSource interface {
	Students(ctx context.Context, term string, f Filter) ([]StudentRow, error)
	CountStudents(ctx context.Context, term string, f Filter) (int, error)
	Departments(ctx context.Context) ([]string, error)
	WeeksOf(ctx context.Context, term string, students []string) ([]StudentTally, error)

	StudentRow(ctx context.Context, term, student string) (StudentRow, error)
	Contacts(ctx context.Context, student string, from, to time.Time) ([]Contact, error)
	Absences(ctx context.Context, student string) ([]Absence, error)
	TapsOfStudent(ctx context.Context, student string, from, to time.Time) ([]Tap, error)
	CreditedTaps(ctx context.Context, student string, from, to time.Time) ([]Tap, error)
	AmendmentsOf(ctx context.Context, student string) ([]Amendment, error)
}

// StudentRow is a student with the standing of one term.
type StudentRow struct {
	ID         string   `json:"id"` // student number
	Name       string   `json:"name"`
	Email      string   `json:"email"`
	Department string   `json:"department"`
	Programme  string   `json:"programme"`
	Study      string   `json:"level_of_study"` // FHEQ level
	Visa       bool     `json:"visa"`
	Standing   Standing `json:"standing"`

	Weeks []Week `json:"-"` // the last weeks up to now, oldest first; only in lists for pages
}

// Standing is a student's judgement in a term.
type Standing struct {
	Rate     Rate       `json:"rate"`    // of sessions
	Missed   int64      `json:"missed"`  // contacts of all kinds
	Met      int64      `json:"met"`     // contacts of all kinds, on time, late or online
	Excused  int64      `json:"excused"` // contacts of all kinds in an authorised absence
	Pending  int64      `json:"pending"` // contacts of all kinds that are over and not known yet
	Level    Level      `json:"level"`
	TenthAt  *time.Time `json:"tenth_at"` // start of the tenth missed session
	SeenAt   *time.Time `json:"seen_at"`  // last tap credited
	Deadline string     `json:"deadline"` // day a report is due, yyyy-mm-dd; "" if none
	JudgedAt *time.Time `json:"judged_at"`
}

// Expected is how many contacts of all kinds were expected so far (004, item 11); it is what was met, missed, excused and is not
// known yet.
func (s Standing) Expected() int64 { return s.Met + s.Missed + s.Excused + s.Pending }

// Absence is an absence that was asked for. Whether it is authorised is for the policy to say, and each mark says it.
type Absence struct {
	Since       time.Time  `json:"since"`
	Until       time.Time  `json:"until"` // inclusive
	Reason      string     `json:"reason"`
	Actor       string     `json:"actor"`     // who approved it, or took it in
	Approvals   string     `json:"approvals"` // roles with names, as absences.csv has them; "" if none are on record
	WithdrawnAt *time.Time `json:"withdrawn_at"`
}

// Amendment is a change of a mark by staff; it adds to the record and erases nothing.
type Amendment struct {
	Student string    `json:"student"`
	Session string    `json:"session"`
	Code    Code      `json:"code"`
	Reason  string    `json:"reason"`
	Actor   string    `json:"actor"`
	MadeAt  time.Time `json:"made_at"`
}

// Contact is one session a student was expected at, with the mark and everything behind it.
type Contact struct {
	Session    Session     `json:"session"`
	Mark       Mark        `json:"mark"`
	Credited   *Tap        `json:"credited"`   // the tap behind the mark; nil if there is none
	Others     []Tap       `json:"others"`     // all other taps of the student's cards near the session
	Amendments []Amendment `json:"amendments"` // oldest first
	Replaced   []PastMark  `json:"replaced"`   // what was judged before, oldest first
	Silent     []Coverage  `json:"silent"`     // of a session not known yet: points without full coverage
}

// Mark is one line of a register.
type Mark struct {
	Code     Code       `json:"code"`   // "" until it is judged
	Source   string     `json:"source"` // tap, amendment, absence, exempt, joined, complete, pending, cancelled
	Reason   string     `json:"reason"`
	Policy   string     `json:"policy"`
	JudgedAt *time.Time `json:"judged_at"`
}

// Student is one student's whole record of a term.
type Student struct {
	StudentRow
	Term     Term        `json:"term"`
	Findings []Finding   `json:"findings"` // of the term and the vacation after it, newest first, superseded ones too
	Facts    []Fact      `json:"facts"`    // of the same time, newest first, without log-ins
	Logins   []LoginWeek `json:"logins"`   // newest first
	Absences []Absence   `json:"absences"`
	Contacts []Contact   `json:"contacts"`  // sessions begun, or with a register open, newest first
	Loose    []Tap       `json:"elsewhere"` // taps near none of them, newest first
}

// near is how far outside a register's window a tap still tells something about that session.
const near = 2 * time.Hour

// Student reads one student's record. Every tap of the student's cards in the term is in it exactly once: credited to a
// session, beside the session it is nearest to, or in Loose. sponsorship says whether the reader may see it.
func (r *Reports) Student(ctx context.Context, id, term string, sponsorship bool) (Student, error) {
	t, err := r.Term(ctx, term)
	if err != nil {
		return Student{}, err
	}
	from, to, err := t.Span()
	if err != nil {
		return Student{}, err
	}
	s := Student{Term: t}
	if s.StudentRow, err = r.source.StudentRow(ctx, t.ID, id); err != nil {
		return Student{}, fmt.Errorf("student %q: %w", id, err)
	}
	if err := r.judgements(ctx, &s, sponsorship); err != nil {
		return Student{}, err
	}
	if s.Absences, err = r.source.Absences(ctx, id); err != nil {
		return Student{}, fmt.Errorf("read absences: %w", err)
	}
	if s.Contacts, err = r.contacts(ctx, id, from, to); err != nil {
		return Student{}, err
	}
	if err := r.attachTaps(ctx, &s, from, to); err != nil {
		return Student{}, err
	}
	if !sponsorship {
		s.StudentRow.withoutSponsorship()
	}
	return s, nil
}

// judgements reads what the rules said, and what they were told besides taps.
func (r *Reports) judgements(ctx context.Context, s *Student, sponsorship bool) error {
	_, from, to, err := r.stretch(ctx, s.Term.ID)
	if err != nil {
		return err
	}
	s.Findings, err = r.source.Findings(ctx, FindingFilter{Student: s.ID, State: EitherWay, From: from, To: to, Newest: true, Sponsorship: sponsorship})
	if err != nil {
		return fmt.Errorf("read findings: %w", err)
	}
	facts, err := r.source.FactsOf(ctx, s.ID, from, to)
	if err != nil {
		return fmt.Errorf("read facts: %w", err)
	}
	if !sponsorship {
		facts = plain(facts)
	}
	s.Logins, s.Facts = logins(facts)
	return nil
}

// contacts reads the sessions that have begun or whose register is open, newest first.
func (r *Reports) contacts(ctx context.Context, student string, from, to time.Time) ([]Contact, error) {
	all, err := r.source.Contacts(ctx, student, from, to)
	if err != nil {
		return nil, fmt.Errorf("read marks: %w", err)
	}
	now := r.Now()
	contacts := slices.DeleteFunc(all, func(c Contact) bool { return c.Session.OpensAt.After(now) && c.Mark.Code == Unjudged })
	slices.SortFunc(contacts, func(a, b Contact) int {
		if c := b.Session.StartsAt.Compare(a.Session.StartsAt); c != 0 {
			return c
		}
		return compareIDs(a.Session.ID, b.Session.ID)
	})
	amendments, err := r.source.AmendmentsOf(ctx, student)
	if err != nil {
		return nil, fmt.Errorf("read amendments: %w", err)
	}
	bySession := make(map[string][]Amendment)
	for _, a := range amendments {
		bySession[a.Session] = append(bySession[a.Session], a)
	}
	replaced, err := r.replaced(ctx, student)
	if err != nil {
		return nil, err
	}
	for i := range contacts {
		c := &contacts[i]
		c.Amendments, c.Replaced = bySession[c.Session.ID], replaced[c.Session.ID]
		if c.Mark.Code != "U" {
			continue
		}
		coverage, err := r.coverage(ctx, c.Session)
		if err != nil {
			return nil, err
		}
		c.Silent = slices.DeleteFunc(coverage, func(p Coverage) bool { return p.Permille == 1000 })
	}
	return contacts, nil
}

// replaced reads earlier judgements by session.
func (r *Reports) replaced(ctx context.Context, student string) (map[string][]PastMark, error) {
	past, err := r.source.PastMarksOf(ctx, student)
	if err != nil {
		return nil, fmt.Errorf("read earlier judgements: %w", err)
	}
	bySession := make(map[string][]PastMark)
	for _, m := range past {
		bySession[m.Session] = append(bySession[m.Session], m)
	}
	return bySession, nil
}

// attachTaps puts every tap in its place.
func (r *Reports) attachTaps(ctx context.Context, s *Student, from, to time.Time) error {
	credited, err := r.source.CreditedTaps(ctx, s.ID, from, to)
	if err != nil {
		return fmt.Errorf("read credited taps: %w", err)
	}
	place := make(map[string]int, len(s.Contacts))
	for i, c := range s.Contacts {
		place[c.Session.ID] = i
	}
	used := make(map[string]bool, len(credited))
	for _, t := range credited {
		if i, ok := place[t.Credits]; ok {
			s.Contacts[i].Credited = &t
			used[t.ID] = true
		}
	}
	taps, err := r.source.TapsOfStudent(ctx, s.ID, from, to)
	if err != nil {
		return fmt.Errorf("read taps: %w", err)
	}
	for _, t := range taps {
		if used[t.ID] {
			continue
		}
		if i := nearest(s.Contacts, t.At); i >= 0 {
			s.Contacts[i].Others = append(s.Contacts[i].Others, t)
			continue
		}
		s.Loose = append(s.Loose, t)
	}
	slices.Reverse(s.Loose)
	return nil
}

// nearest is the place of the session whose window is nearest to an instant and at most near away, or -1. Of several
// windows that hold it, the one that starts nearest wins.
func nearest(contacts []Contact, at time.Time) int {
	best, bestGap, bestStart := -1, near, time.Duration(0)
	for i, c := range contacts {
		gap := max(c.Session.OpensAt.Sub(at), at.Sub(c.Session.ClosesAt), 0)
		start := at.Sub(c.Session.StartsAt).Abs()
		if gap > bestGap || (gap == bestGap && best >= 0 && start >= bestStart) {
			continue
		}
		best, bestGap, bestStart = i, gap, start
	}
	return best
}

// withoutSponsorship takes away everything that tells whether UKVI sponsorship is concerned.
func (s *StudentRow) withoutSponsorship() {
	s.Visa = false
	s.Standing.Deadline = ""
	s.Standing.Level = min(s.Standing.Level, FinalWarning)
}

func compareIDs(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
