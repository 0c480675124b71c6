package evidence

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/sheet"
)

// plan collects what an import comes to.
type plan struct {
	*taken
	o      Options
	now    time.Time
	diff   sheet.Diff
	change Change
	faults sheet.Faults
	guards []string // why force is needed

	facts    []*told        // of the file, with their students
	strange  map[string]int // accounts that nobody has assigned, with their lines
	byUser   bool           // what the file is silent of says nothing of students without an account
	ids      []string       // of all students
	roll     *sheet.Roll
	accounts map[string]string // account to student
	known    *ledger
}

// make compares what a file says with what is known.
func (p *plan) make(ctx context.Context, state State) error {
	if err := p.people(ctx, state); err != nil {
		return err
	}
	if len(p.users) > 0 {
		p.putUsers()
	}
	p.attribute()
	if p.byUser && !p.o.Through.IsZero() {
		p.warnWithout()
	}
	if err := p.sessions(ctx, state); err != nil {
		return err
	}
	p.known = newLedger(slices.ContainsFunc(p.facts, func(f *told) bool { return f.withdraw }))
	if err := state.Facts(ctx, p.scope(), p.known.enter); err != nil {
		return err
	}
	p.compare()
	return p.feedsOf(ctx, state)
}

// people reads who the students are, and whose the accounts.
func (p *plan) people(ctx context.Context, state State) error {
	ids, err := state.StudentIDs(ctx)
	if err != nil {
		return err
	}
	p.roll = sheet.NewRoll(slices.Values(ids))
	users, err := state.Users(ctx)
	if err != nil {
		return err
	}
	p.accounts = make(map[string]string, len(users))
	for _, u := range users {
		p.accounts[u.ID] = u.Student
	}
	p.ids = ids
	return nil
}

// warnWithout says how many students have no account: of them the source says nothing.
func (p *plan) warnWithout() {
	have := map[string]bool{}
	for _, student := range p.accounts {
		have[student] = true
	}
	var without []string
	for _, id := range p.ids {
		if !have[id] {
			without = append(without, id)
		}
	}
	if len(without) > 0 {
		p.diff.Warn("%d students have no account in the virtual learning environment, for example %s: nothing is concluded from their silence; import %s",
			len(without), without[0], VLEUsers)
	}
}

// attribute finds the student of each fact.
func (p *plan) attribute() {
	p.strange = map[string]int{}
	for i := range p.told {
		f := &p.told[i]
		if f.user != "" && !p.owner(f) {
			continue
		}
		form, _ := formOf(f.Kind)
		if form.university || p.roll.Check(&p.faults, f.line, f.Student) {
			p.facts = append(p.facts, f)
		}
	}
	if len(p.strange) == 0 {
		return
	}
	most := slices.SortedFunc(maps.Keys(p.strange), func(a, b string) int { return cmp.Or(p.strange[b]-p.strange[a], cmp.Compare(a, b)) })
	total := 0
	for _, n := range p.strange {
		total += n
	}
	what := fmt.Sprintf("%d lines are of %d accounts that nobody has assigned", total, len(most))
	for i, user := range most[:min(len(most), 10)] {
		p.diff.Warn("account %s, with %d lines, is nobody's; %d of %d such accounts", sheet.Shown(user), p.strange[user], i+1, len(most))
	}
	p.diff.Warn("%s and are left out: import %s, with an empty student_id for who is no student, and then this file again", what, VLEUsers)
	if !p.o.Through.IsZero() {
		p.guards = append(p.guards, what+", so that a student may seem silent who was not")
	}
}

// owner finds whose account it is; false if it is nobody's, or of no student.
func (p *plan) owner(f *told) bool {
	student, assigned := p.accounts[f.user]
	switch {
	case !assigned && !p.taken.byUser && p.roll.Knows(f.user):
		f.Student = f.user
	case !assigned:
		p.strange[f.user]++
		return false
	default:
		f.Student, p.byUser = student, true
	}
	return f.Student != ""
}

// sessions reports facts of sessions that are not in the timetable.
func (p *plan) sessions(ctx context.Context, state State) error {
	lines := sheet.Lines{}
	for _, f := range p.facts {
		if form, _ := formOf(f.Kind); form.session {
			lines.Note(f.Of, f.line)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	unknown, err := state.UnknownSessions(ctx, slices.Sorted(maps.Keys(lines)))
	for _, id := range unknown {
		p.faults = append(p.faults, sheet.Fault{Line: lines[id], Problem: "session " + sheet.Shown(id) + " is unknown", Advice: "import the timetable first"})
	}
	return err
}

// scope is what the facts of the file may meet.
func (p *plan) scope() Scope {
	kinds, students := map[engagement.Kind]bool{}, map[string]bool{}
	var s Scope
	anytime := false
	for _, f := range p.facts {
		kinds[f.Kind], students[f.Student] = true, true
		form, _ := formOf(f.Kind)
		anytime = anytime || form.is != nil && !slices.Contains(form.is, partAt)
		if s.From.IsZero() || f.At.Before(s.From) {
			s.From = f.At
		}
		if f.At.After(s.To) {
			s.To = f.At
		}
	}
	if anytime {
		s.From, s.To = time.UnixMilli(0).AddDate(-1000, 0, 0), time.UnixMilli(0).AddDate(1000, 0, 0)
	}
	s.Kinds, s.Students = slices.Sorted(maps.Keys(kinds)), slices.Sorted(maps.Keys(students))
	return s
}

// compare decides of each fact of the file what it changes.
func (p *plan) compare() {
	said := map[key]int{} // content or identity to its first line
	repeated, withdrawn := 0, 0
	for _, f := range p.facts {
		form, _ := formOf(f.Kind)
		whole := keyOf(contentOf(f.Noted))
		thing, identified := form.identity(f.Noted)
		var id key
		if identified {
			id = keyOf(thing)
		}
		switch {
		case f.withdraw:
			p.withdraw(f)
		case said[whole] > 0:
			repeated++
		case identified && said[id] > 0:
			p.faults = append(p.faults, sheet.Fault{Line: f.line, Problem: fmt.Sprintf("line %d says something else of the same %s", said[id], f.Kind), Advice: "make the lines agree"})
		case p.known.holds(f):
			p.diff.Unchanged++
		case p.known.withdrawn[keyOf(contentOf(f.Noted).bySomebody())] && !p.o.Force:
			p.diff.Unchanged++
			withdrawn++
		default:
			p.put(f, form)
		}
		if !f.withdraw {
			said[whole] = f.line
			if identified {
				said[id] = f.line
			}
		}
	}
	if repeated > 0 {
		p.diff.Warn("%d lines repeat earlier ones", repeated)
	}
	if withdrawn > 0 {
		p.diff.Warn("%d facts were withdrawn once and stay so; with force they are taken in again", withdrawn)
	}
}

// put adds a fact, in place of an earlier statement of the same thing.
func (p *plan) put(f *told, form form) {
	old, replaces := p.known.same(f.Noted, form)
	switch {
	case replaces && outcomeKnown(old, f):
		p.diff.Unchanged++ // a plan does not undo what came of it
		return
	case replaces:
		p.diff.Changed++
		p.diff.Example("%s: %s becomes %s", titled(f.Noted), details(old.Fact), details(f.Fact))
		p.known.drop(old)
		p.change.Withdrawn = append(p.change.Withdrawn, Withdrawal{ID: old.ID, Student: old.Student, By: p.o.Actor + ": replaced", Replaced: true})
	default:
		p.diff.Added++
		p.diff.Example("new %s: %s", titled(f.Noted), details(f.Fact))
	}
	p.change.Facts = append(p.change.Facts, f.Noted)
}

// outcomeKnown reports whether a file still plans what is known to have been met or missed: plans are often exported again.
func outcomeKnown(old Kept, f *told) bool {
	expected := string(engagement.NotYet)
	form, _ := formOf(f.Kind)
	return slices.Contains(form.value, expected) && f.Value == expected && old.Value != expected
}

// withdraw takes a fact back, as the file states it.
func (p *plan) withdraw(f *told) {
	c := keyOf(contentOf(f.Noted).bySomebody().noteless())
	if len(p.known.stated[c]) == 0 {
		p.diff.Unchanged++
		if !p.known.taken[c] {
			p.diff.Warn("line %d withdraws a %s that is not there", f.line, f.Kind)
		}
		return
	}
	old := p.known.stated[c][0]
	p.known.drop(old)
	p.diff.Removed++
	p.diff.Example("withdrawn %s: %s", titled(old.Noted), details(old.Fact))
	p.change.Withdrawn = append(p.change.Withdrawn, Withdrawal{ID: old.ID, Student: old.Student, By: p.o.Actor + ": " + or(f.Note, "withdrawn by a file")})
}

// titled is a fact in words: what, of whom, when.
func titled(n engagement.Noted) string {
	who := "of the university"
	if n.Student != "" {
		who = "of student " + n.Student
	}
	return fmt.Sprintf("%s %s at %s", n.Kind, who, n.At.In(calendar.London).Format("Mon 2 Jan 2006 15:04"))
}

// details is what a fact says besides whom it is about and when.
func details(f engagement.Fact) string {
	text := ""
	add := func(format string, v any, is bool) {
		if is {
			text += fmt.Sprintf(format, v)
		}
	}
	add(" %q", f.Of, f.Of != "")
	add(" %s", f.Value, f.Value != "")
	add(" until %s", f.Until.In(calendar.London).Format("Mon 2 Jan 2006 15:04"), !f.Until.IsZero())
	add(" amount %d", f.Amount, f.Amount != 0)
	add(" (%s)", f.Note, f.Note != "")
	return or(text, " recorded")[1:]
}

// settle decides whether the plan may be carried out.
func (p *plan) settle() error {
	if len(p.faults) > 0 {
		return p.faults.Sorted()
	}
	if len(p.guards) == 0 || p.o.Force {
		return nil
	}
	if p.o.DryRun {
		for _, g := range p.guards {
			p.diff.Warn("%s: without force this import would be refused", g)
		}
		return nil
	}
	return fmt.Errorf("%w: %s", ErrGuard, p.guards[0])
}
