package judge

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
	"github.com/rollcall-edge/rollcall/central/rules"
)

// Case is all that is known of one student, and what was judged before.
type Case struct {
	Dirty
	Person    engagement.Person
	Facts     register.Facts
	Events    []engagement.Fact             // what is known besides taps and marks
	Known     map[engagement.Kind]time.Time // until when facts that arrive as files are complete
	Marks     []Stored                      // before
	Findings  []Finding                     // stored before and not superseded
	Standings []Standing                    // stored before, by term
}

// Mark is a mark as it is to be stored.
type Mark struct {
	register.Mark
	Term     string    // "" between terms
	JudgedAt time.Time // when it was first what it is
	KnownAt  time.Time // when its code was first concluded
}

// Stored is a mark as it was stored.
type Stored struct {
	Session  string
	StartsAt time.Time // of the session
	Term     string
	Code     register.Code
	Source   register.Source
	Reason   string
	Tap      contract.TapID // zero if none was credited
	Policy   string
	JudgedAt time.Time
	KnownAt  time.Time
}

// Mark is the stored mark at a session, if there is one.
func (c Case) Mark(session string) (Stored, bool) {
	i := slices.IndexFunc(c.Marks, func(s Stored) bool { return s.Session == session })
	if i < 0 {
		return Stored{}, false
	}
	return c.Marks[i], true
}

// Week is all marks of one week, as they are stored together.
type Week struct {
	Number int64 // WeekOf their sessions' start
	Marks  []*Mark
}

// WeekOf counts whole weeks from Monday 5 January 1970, UTC. It only says which marks are stored together.
func WeekOf(t time.Time) int64 { return (t.UnixMilli() - 4*24*3600_000) / (7 * 24 * 3600_000) }

// Finding is a finding as it is stored.
type Finding struct {
	rules.Finding
	ID int64
}

// Kept is a finding with what became of it.
type Kept struct {
	Finding
	FoundAt      time.Time
	SupersededAt time.Time // zero while it holds
	SupersededBy string    // why it does not
}

// Standing is a student's figures in one term.
type Standing struct {
	Term       string
	Department string // of the student
	engagement.Tally
	Met      int64 // contacts of all kinds
	Excused  int64
	Pending  int64
	Level    rules.Level
	TenthAt  time.Time // start of the tenth missed session; zero if fewer
	SeenAt   time.Time
	Deadline string // of an open sponsor report; "" if none
	Weeks    []Share
	Modules  []Share
}

// Verdict is what changed for one student.
type Verdict struct {
	Dirty
	JudgedAt   time.Time
	Marks      int        // that are new or different
	Gone       []string   // sessions the student is no longer expected at
	Before     []Standing // as they are stored
	Replaced   []Stored   // judgements that go into the past: they said more than that nothing was known
	Weeks      []Week     // in which something of this changed, with all marks that are in them now
	Standings  []Standing
	Recounted  bool // Standings are not what is stored
	Found      []rules.Finding
	Superseded []Superseded
	WakeAt     time.Time // when to judge again though nothing new is known; zero if only the days count

	calendar *calendar.Calendar
}

// Term is the term of an instant, "" between terms.
func (v Verdict) Term(t time.Time) string {
	term, _ := v.calendar.TermAt(t)
	return term.ID
}

// Superseded is a finding that no longer follows from the facts (RULES G-6).
type Superseded struct {
	ID  int64
	Why string
}

// Same reports whether nothing is different from what is stored.
func (v Verdict) Same() bool {
	return v.Marks+len(v.Gone)+len(v.Found)+len(v.Superseded) == 0 && !v.Recounted
}

// judge is pure: the same case at the same moment gives the same verdict.
func (c Case) judge(book *policy.Book, cal *calendar.Calendar, now time.Time) Verdict {
	policies := book.Of(c.Person.Subject())
	v := Verdict{Dirty: c.Dirty, JudgedAt: now, Before: c.Standings, calendar: cal}
	marks := c.marks(&v, register.Marks(c.registerFacts(), policies, now), cal, now)
	contacts := make([]engagement.Contact, len(marks))
	for i := range marks {
		contacts[i] = contact(&marks[i])
	}
	c.conclude(&v, rules.Student{
		Record: engagement.NewRecord(c.Person, contacts, c.Events, c.Facts.Absences, c.Known).Excused(policies), Policies: policies, Calendar: cal, AsOf: now,
	})
	return v
}

// marks compares marks with those that are stored and puts what changed into the verdict.
func (c Case) marks(v *Verdict, given []register.Mark, cal *calendar.Calendar, now time.Time) []Mark {
	marks := make([]Mark, len(given))
	changed := map[int64]bool{} // weeks
	before := memory{stored: c.Marks}
	kept := 0
	for i := range given {
		mark := &marks[i]
		term, _ := cal.TermAt(given[i].Session.StartsAt)
		*mark = Mark{Mark: given[i], Term: term.ID, JudgedAt: now, KnownAt: now}
		stored := before.of(mark.Session.ID)
		if stored != nil {
			kept++
			if stored.Code == mark.Code {
				mark.KnownAt = stored.KnownAt
			}
			if stored.same(mark) {
				mark.JudgedAt = stored.JudgedAt
				continue
			}
			v.replace(stored, changed)
		}
		v.Marks++
		changed[WeekOf(mark.Session.StartsAt)] = true
	}
	if kept < len(c.Marks) {
		c.gone(v, marks, changed)
	}
	v.Weeks = weeks(marks, changed)
	return marks
}

// gone takes away the stored marks of sessions that the student is not expected at.
func (c Case) gone(v *Verdict, marks []Mark, changed map[int64]bool) {
	expected := make(map[string]bool, len(marks))
	for i := range marks {
		expected[marks[i].Session.ID] = true
	}
	for i := range c.Marks {
		stored := &c.Marks[i]
		if !expected[stored.Session] {
			v.Gone = append(v.Gone, stored.Session)
			v.replace(stored, changed)
		}
	}
}

// memory finds stored marks by session. Mostly they are asked for in the order in which they are stored.
type memory struct {
	stored []Stored
	next   int
	at     map[string]int // made when the order was another
}

func (m *memory) of(session string) *Stored {
	if m.next < len(m.stored) && m.stored[m.next].Session == session {
		m.next++
		return &m.stored[m.next-1]
	}
	if m.at == nil {
		m.at = make(map[string]int, len(m.stored))
		for i := range m.stored {
			m.at[m.stored[i].Session] = i
		}
	}
	i, found := m.at[session]
	if !found {
		return nil
	}
	m.next = i + 1
	return &m.stored[i]
}

// replace says that a stored mark holds no longer.
func (v *Verdict) replace(stored *Stored, changed map[int64]bool) {
	changed[WeekOf(stored.StartsAt)] = true
	if stored.Source != register.Pending {
		v.Replaced = append(v.Replaced, *stored)
	}
}

// weeks are the marks of those weeks that changed.
func weeks(marks []Mark, changed map[int64]bool) []Week {
	if len(changed) == 0 {
		return nil
	}
	in := make(map[int64][]*Mark, len(changed))
	for from := 0; from < len(marks); { // by the start of their sessions, so that those of a week stand together
		number, to := WeekOf(marks[from].Session.StartsAt), from+1
		for to < len(marks) && WeekOf(marks[to].Session.StartsAt) == number {
			to++
		}
		if changed[number] {
			in[number] = slices.Grow(in[number], to-from)
			for i := from; i < to; i++ {
				in[number] = append(in[number], &marks[i])
			}
		}
		from = to
	}
	out := make([]Week, 0, len(changed))
	for _, number := range slices.Sorted(maps.Keys(changed)) {
		out = append(out, Week{number, in[number]})
	}
	return out
}

func contact(m *Mark) engagement.Contact {
	c := engagement.Contact{
		ID: m.Session.ID, Kind: engagement.Session, Module: m.Session.Module, Delivery: m.Session.Delivery,
		StartsAt: m.Session.StartsAt, EndsAt: m.Session.EndsAt, Code: m.Code, KnownAt: m.KnownAt,
	}
	if m.Tap != nil {
		c.TappedAt = m.Tap.At
	}
	return c
}

// conclude asks the rules, and counts each term by itself.
func (c Case) conclude(v *Verdict, s rules.Student) {
	found := rules.Evaluate(s)
	for _, h := range s.Terms(s.Calendar) {
		v.Standings = append(v.Standings, standing(s, h, found))
	}
	if between := s.BetweenTerms(s.Calendar); len(between.Contacts) > 0 {
		v.Standings = append(v.Standings, standing(s, between, nil)) // nothing is cumulative there
	}
	slices.SortFunc(v.Standings, func(a, b Standing) int { return strings.Compare(a.Term, b.Term) })
	v.Recounted = !slices.EqualFunc(v.Standings, c.Standings, Standing.equal)
	v.Found, v.Superseded = reconcile(c.Findings, found)
	v.WakeAt = rules.NextAlert(s)
}

// standing counts by the policy in force today: a rate is what it says about a student now. A report has a deadline for as long as
// nobody has recorded that it was made or that it is not needed.
func standing(s rules.Student, h engagement.History, found []rules.Finding) Standing {
	var counting policy.Counting
	if p := s.Policies(calendar.DayOf(s.AsOf)); p != nil {
		counting = p.Counting
	}
	n := h.Outcomes(s.AsOf)
	st := Standing{Term: h.Term, Department: s.Department, Tally: h.At(s.AsOf).Tally(counting), Met: n.Met, Excused: n.Excused, Pending: n.Unknown, SeenAt: h.SeenAt()}
	st.Weeks, st.Modules = byWeek(h, s.AsOf, counting), byModule(h, s.AsOf, counting)
	if missed := h.Missed(s.AsOf); len(missed) >= 10 {
		st.TenthAt = missed[9].StartsAt
	}
	for _, f := range found {
		if f.Scope != h.Term || f.Level == rules.NoLevel {
			continue
		}
		st.Level = max(st.Level, f.Level)
		if f.Deadline != (calendar.Day{}) && !rules.Answered(s, f, found) {
			st.Deadline = f.Deadline.String()
		}
	}
	return st
}

// reconcile keeps findings that still hold word for word, adds those that are new and supersedes the rest.
func reconcile(stored []Finding, found []rules.Finding) (added []rules.Finding, superseded []Superseded) {
	for _, old := range stored {
		if !slices.ContainsFunc(found, old.equal) {
			superseded = append(superseded, Superseded{old.ID, reason(old, found)})
		}
	}
	for _, f := range found {
		if !slices.ContainsFunc(stored, func(old Finding) bool { return old.equal(f) }) {
			added = append(added, f)
		}
	}
	return added, superseded
}

func (f Finding) equal(g rules.Finding) bool {
	return f.key() == key(g) && f.Opens == g.Opens && f.Policy == g.Policy && f.AsOf.Equal(g.AsOf) && f.Summary == g.Summary &&
		f.Deadline == g.Deadline && slices.Equal(f.Evidence, g.Evidence)
}

// actionKey is what a finding is about, whatever its figures (G-6).
type actionKey struct{ rule, subject, scope, step string }

func (f Finding) key() actionKey { return key(f.Finding) }

func key(f rules.Finding) actionKey { return actionKey{f.Rule, f.Subject, f.Scope, f.Step} }

func reason(old Finding, found []rules.Finding) string {
	if slices.ContainsFunc(found, func(f rules.Finding) bool { return key(f) == old.key() }) {
		return "Corrected facts: the rule is met with other evidence"
	}
	return "Corrected facts: the rule is not met"
}

func (s Standing) equal(t Standing) bool {
	return s.Term == t.Term && s.Department == t.Department && s.Tally == t.Tally && s.Met == t.Met && s.Excused == t.Excused && s.Pending == t.Pending && s.Level == t.Level && s.TenthAt.Equal(t.TenthAt) &&
		s.SeenAt.Equal(t.SeenAt) && s.Deadline == t.Deadline && slices.Equal(s.Weeks, t.Weeks) && slices.Equal(s.Modules, t.Modules)
}

// same ignores when a mark was made, and compares what it says and rests on.
func (s *Stored) same(m *Mark) bool {
	return s.Code == m.Code && s.Source == m.Source && s.Reason == m.Reason && s.Term == m.Term && s.Policy == m.Policy &&
		s.StartsAt.Equal(m.Session.StartsAt) && s.Tap == m.tap()
}

// tap is what was credited; zero if nothing was.
func (m *Mark) tap() contract.TapID {
	if m.Tap == nil {
		return contract.TapID{}
	}
	return m.Tap.ID
}
