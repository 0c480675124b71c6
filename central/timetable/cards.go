package timetable

import (
	"context"
	"fmt"
	"strings"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/sheet"
)

// cardsFile is cards.csv: who holds which credential. Only digests are kept.
type cardsFile struct {
	campusKey []byte
	cards     []heldCard
	first     map[contract.Digest]heldCard
}

type heldCard struct {
	Card
	line int
}

func (f *cardsFile) columns() []sheet.Column {
	return []sheet.Column{
		{Name: "student_id"}, {Name: "card"}, {Name: "valid_from", Optional: true}, {Name: "valid_to", Optional: true}, {Name: "status", Optional: true},
	}
}

func (f *cardsFile) line(r sheet.Row) {
	student, ok1 := r.ID("student_id")
	digest, ok2 := f.digest(r)
	from, ok3 := r.Edge("valid_from", false)
	to, ok4 := r.Edge("valid_to", true)
	blocked, ok5 := isBlocked(r)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return
	}
	if !from.IsZero() && !to.IsZero() && to.Before(from) {
		r.Fault("valid_to", "the card ends before it begins", "")
		return
	}
	card := heldCard{Card{Digest: digest, Student: student, From: from, To: to, Blocked: blocked}, r.Line}
	if f.first == nil {
		f.first = map[contract.Digest]heldCard{}
	}
	if other, seen := f.first[digest]; seen {
		r.Fault("card", fmt.Sprintf("this card is in line %d already, of student %s", other.line, other.Student), "a card has one holder; delete one of the two lines")
		return
	}
	f.first[digest] = card
	f.cards = append(f.cards, card)
}

func (f *cardsFile) digest(r sheet.Row) (contract.Digest, bool) {
	text, ok := r.Need("card")
	if !ok || r.IsSpreadsheetNumber("card", text) {
		return contract.Digest{}, false
	}
	key, problem, advice := canonicalCard(text)
	if problem != "" {
		r.Fault("card", problem, advice)
		return contract.Digest{}, false
	}
	return contract.DigestOf(f.campusKey, key), true
}

func isBlocked(r sheet.Row) (blocked, ok bool) {
	switch status := strings.ToLower(r.Text("status")); status {
	case "", "active":
		return false, true
	case "blocked", "lost", "stolen", "withdrawn":
		return true, true
	}
	r.Fault("status", sheet.Shown(r.Text("status"))+" is not a status of a card", "write active, blocked, lost, stolen or withdrawn")
	return false, false
}

func (f *cardsFile) plan(ctx context.Context, state State, p *plan) error {
	known, err := studentsOf(ctx, state)
	if err != nil {
		return err
	}
	present, err := state.Cards(ctx)
	if err != nil {
		return err
	}
	have := keyed(present, func(c Card) string { return c.Digest.String() })
	moved := 0
	for _, c := range f.cards {
		if !known.Check(&p.faults, c.line, c.Student) {
			continue
		}
		old, held := have[c.Digest.String()]
		if !upsert(p, "card of student "+c.Student, c.Digest.String(), c.Card, have, sameCard) {
			continue
		}
		p.change.Cards = append(p.change.Cards, c.Card)
		p.change.Dirty = append(p.change.Dirty, c.Student)
		if held && old.Student != c.Student {
			moved++
			p.change.Dirty = append(p.change.Dirty, old.Student)
			p.diff.Warn("line %d moves a card from student %s to student %s, with every tap it ever made", c.line, old.Student, c.Student)
		}
	}
	if moved > 0 {
		p.guard = fmt.Sprintf("%d cards change their holder, with every tap they ever made", moved)
	}
	return nil
}

func sameCard(a, b Card) bool {
	return a.Digest == b.Digest && a.Student == b.Student && a.From.Equal(b.From) && a.To.Equal(b.To) && a.Blocked == b.Blocked
}
