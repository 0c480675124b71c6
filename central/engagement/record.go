package engagement

import (
	"cmp"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/register"
)

// Record is everything dated that is known of one student, over all terms.
type Record struct {
	Person
	Contacts []Contact          // all that were expected, by their end, as NewRecord and Excused leave them
	Facts    []Fact             // by At, then in the order of recording
	Absences []register.Absence // that were asked for, whether granted or not

	// Known says until when facts of a kind are complete, for kinds that arrive as files. What did not happen after that
	// is not known, and nothing is concluded from it (G-3).
	Known map[Kind]time.Time
}

// NewRecord orders what is known, so that a record does not depend on how facts arrived, and adds the contacts that the
// facts tell of to those of the register. What is told twice is there once: a fact or a session that is handed over twice, and
// a contact that two facts tell of, of which the later one holds. The record keeps sessions; nobody changes them any more.
func NewRecord(p Person, sessions []Contact, facts []Fact, absences []register.Absence, known map[Kind]time.Time) Record {
	r := Record{Person: p, Facts: slices.Clone(facts), Absences: slices.Clone(absences), Known: known}
	slices.SortFunc(r.Facts, func(a, b Fact) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	r.Facts = slices.Compact(r.Facts)
	r.Contacts = inOrder(sessions, told(r.Facts))
	slices.SortFunc(r.Absences, func(a, b register.Absence) int { return cmp.Or(a.Since.Compare(b.Since), a.Until.Compare(b.Until)) })
	return r
}

// inOrder are all contacts by their end, each once. Sessions that are so already, as nearly always, are not copied.
func inOrder(sessions, told []Contact) []Contact {
	if len(told) == 0 && ordered(sessions) {
		return sessions
	}
	all := slices.Concat(sessions, told)
	slices.SortFunc(all, func(a, b Contact) int { return byEnd(&a, &b) })
	return slices.Compact(all)
}

// ordered reports whether each comes after the one before.
func ordered(contacts []Contact) bool {
	for i := 1; i < len(contacts); i++ {
		if byEnd(&contacts[i-1], &contacts[i]) >= 0 {
			return false
		}
	}
	return true
}

// told are the contacts that facts tell of, each as the latest fact has it.
func told(facts []Fact) []Contact {
	latest := map[string]Fact{}
	for _, f := range facts {
		if c, ok := f.contact(); ok && (latest[c.ID].Kind == "" || latest[c.ID].ID <= f.ID) {
			latest[c.ID] = f
		}
	}
	var contacts []Contact
	for _, f := range latest {
		c, _ := f.contact()
		contacts = append(contacts, c)
	}
	return contacts
}

// Of lists the facts of a kind, by At.
func (r Record) Of(kinds ...Kind) []Fact {
	var of []Fact
	for _, f := range r.Facts {
		if slices.Contains(kinds, f.Kind) {
			of = append(of, f)
		}
	}
	return of
}

// Between are the contacts that start on the days from first to last, both included. They mostly stand together, and then they
// are not copied.
func (r Record) Between(first, last calendar.Day) History {
	starts, over := first.Starts(), last.Add(1).Starts()
	inside := func(c *Contact) bool { return !c.StartsAt.Before(starts) && c.StartsAt.Before(over) }
	from := 0
	for from < len(r.Contacts) && !inside(&r.Contacts[from]) {
		from++
	}
	if from == len(r.Contacts) {
		return History{Person: r.Person}
	}
	to := from + 1
	for to < len(r.Contacts) && inside(&r.Contacts[to]) {
		to++
	}
	in := r.Contacts[from:to:to]
	for i := to; i < len(r.Contacts); i++ {
		if c := &r.Contacts[i]; inside(c) {
			in = append(in, *c)
		}
	}
	return History{Person: r.Person, Contacts: in}
}

// Terms are the histories of the terms of a calendar in which contacts were expected, in the calendar's order. Contacts
// between terms are in none.
func (r Record) Terms(c *calendar.Calendar) []History {
	var terms []History
	for _, t := range c.Terms {
		if h := r.Between(t.First, t.Last); len(h.Contacts) > 0 {
			h.Term = t.ID
			terms = append(terms, h)
		}
	}
	return terms
}

// BetweenTerms are the contacts that are in no term.
func (r Record) BetweenTerms(c *calendar.Calendar) History {
	h := History{Person: r.Person}
	for i := range r.Contacts {
		contact := &r.Contacts[i]
		if _, in := c.TermAt(contact.StartsAt); !in {
			h.Contacts = append(h.Contacts, *contact)
		}
	}
	return h
}
