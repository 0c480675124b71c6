package judge

import (
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
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
	Marks     map[string]Mark // stored before, by session
	Findings  []Finding       // stored before and not superseded
	Standings []Standing      // stored before, by term
}

// Mark is a mark as it is stored.
type Mark struct {
	register.Mark
	Term string // "" between terms
}

// Finding is a finding as it is stored.
type Finding struct {
	rules.Finding
	ID   int64 // 0 for a new one
	Term string
}

// Standing is a student's figures in one term.
type Standing struct {
	Term string
	engagement.Tally
	Pending  int64
	Level    rules.Level
	TenthAt  time.Time // start of the tenth missed session; zero if fewer
	SeenAt   time.Time
	Deadline string // of an open sponsor report; "" if none
}

// Verdict is what changed for one student.
type Verdict struct {
	Dirty
	JudgedAt   time.Time
	Marks      []Mark   // new or different
	Gone       []string // sessions the student is no longer expected at
	Standings  []Standing
	Found      []Finding
	Superseded []Superseded
}

// Superseded is a finding that no longer follows from the facts (RULES G-6).
type Superseded struct {
	ID  int64
	Why string
}

// Same reports whether nothing is different from what is stored.
func (v Verdict) Same(c Case) bool {
	return len(v.Marks)+len(v.Gone)+len(v.Found)+len(v.Superseded) == 0 && slices.EqualFunc(v.Standings, c.Standings, Standing.equal)
}

// judge is pure: the same case at the same moment gives the same verdict.
func (c Case) judge(book *policy.Book, cal *calendar.Calendar, now time.Time) Verdict {
	policies := book.Of(c.Person.Subject())
	v := Verdict{Dirty: c.Dirty, JudgedAt: now}
	terms := map[string][]engagement.Contact{}
	expected := map[string]bool{}
	for _, m := range register.Marks(c.Facts, policies, now) {
		term, _ := cal.TermAt(m.Session.StartsAt)
		mark := Mark{Mark: m, Term: term.ID}
		if !same(c.Marks[m.Session.ID], mark) {
			v.Marks = append(v.Marks, mark)
		}
		expected[m.Session.ID] = true
		terms[term.ID] = append(terms[term.ID], contact(m))
	}
	for id := range c.Marks {
		if !expected[id] {
			v.Gone = append(v.Gone, id)
		}
	}
	slices.Sort(v.Gone)
	c.ladder(&v, terms, policies, cal, now)
	return v
}

func contact(m register.Mark) engagement.Contact {
	c := engagement.Contact{Session: m.Session.ID, StartsAt: m.Session.StartsAt, EndsAt: m.Session.EndsAt, Code: m.Code}
	if m.Tap != nil {
		c.TappedAt = m.Tap.At
	}
	return c
}

// ladder judges each term by itself: counters start again with a term (C-5).
func (c Case) ladder(v *Verdict, terms map[string][]engagement.Contact, policies policy.ByDay, cal *calendar.Calendar, now time.Time) {
	var found []Finding
	for term, contacts := range terms {
		h := engagement.New(c.Person, term, contacts)
		var inTerm []Finding
		if term != "" { // between terms nothing is cumulative
			for _, f := range rules.Evaluate(h, policies, cal, now) {
				inTerm = append(inTerm, Finding{Finding: f, Term: term})
			}
		}
		v.Standings = append(v.Standings, standing(h, inTerm, policies, now))
		found = append(found, inTerm...)
	}
	slices.SortFunc(v.Standings, func(a, b Standing) int { return strings.Compare(a.Term, b.Term) })
	v.Found, v.Superseded = reconcile(c.Findings, found)
}

// standing counts by the policy in force today: a rate is what it says about a student now.
func standing(h engagement.History, found []Finding, policies policy.ByDay, now time.Time) Standing {
	var counting policy.Counting
	if p := policies(calendar.DayOf(now)); p != nil {
		counting = p.Counting
	}
	s := Standing{Term: h.Term, Tally: h.At(now).Tally(counting), Pending: h.Pending(now), SeenAt: h.SeenAt()}
	if missed := h.Missed(now); len(missed) >= 10 {
		s.TenthAt = missed[9].StartsAt
	}
	for _, f := range found {
		s.Level = max(s.Level, f.Level)
		if f.Deadline != (calendar.Day{}) {
			s.Deadline = f.Deadline.String()
		}
	}
	return s
}

// reconcile keeps findings that still hold word for word, adds those that are new and supersedes the rest.
func reconcile(stored, found []Finding) (added []Finding, superseded []Superseded) {
	for _, old := range stored {
		if !slices.ContainsFunc(found, old.equal) {
			superseded = append(superseded, Superseded{old.ID, reason(old, found)})
		}
	}
	for _, f := range found {
		if !slices.ContainsFunc(stored, f.equal) {
			added = append(added, f)
		}
	}
	return added, superseded
}

func (f Finding) equal(g Finding) bool {
	return f.Term == g.Term && f.Rule == g.Rule && f.Policy == g.Policy && f.AsOf.Equal(g.AsOf) && f.Summary == g.Summary &&
		f.Deadline == g.Deadline && slices.Equal(f.Evidence, g.Evidence)
}

func reason(old Finding, found []Finding) string {
	for _, f := range found {
		if f.Term == old.Term && f.Rule == old.Rule {
			return "Corrected facts: the rule is met with other evidence"
		}
	}
	return "Corrected facts: the rule is not met"
}

func (s Standing) equal(t Standing) bool {
	return s.Term == t.Term && s.Tally == t.Tally && s.Pending == t.Pending && s.Level == t.Level && s.TenthAt.Equal(t.TenthAt) &&
		s.SeenAt.Equal(t.SeenAt) && s.Deadline == t.Deadline
}

// same ignores when a mark was made, and compares what it says and rests on.
func same(a, b Mark) bool {
	return a.Code == b.Code && a.Source == b.Source && a.Reason == b.Reason && a.Term == b.Term && a.Policy == b.Policy &&
		a.Session.StartsAt.Equal(b.Session.StartsAt) && sameTap(a.Tap, b.Tap)
}

func sameTap(a, b *register.Tap) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.ID == b.ID
}
