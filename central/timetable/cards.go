package timetable

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
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

func (f *cardsFile) columns() []column {
	return []column{
		{name: "student_id"}, {name: "card"}, {name: "valid_from", optional: true}, {name: "valid_to", optional: true}, {name: "status", optional: true},
	}
}

func (f *cardsFile) line(r row) {
	student, ok1 := r.id("student_id")
	digest, ok2 := f.digest(r)
	from, ok3 := r.validity("valid_from", false)
	to, ok4 := r.validity("valid_to", true)
	blocked, ok5 := r.blocked()
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return
	}
	if !from.IsZero() && !to.IsZero() && to.Before(from) {
		r.fault("valid_to", "the card ends before it begins", "")
		return
	}
	card := heldCard{Card{Digest: digest, Student: student, From: from, To: to, Blocked: blocked}, r.line}
	if f.first == nil {
		f.first = map[contract.Digest]heldCard{}
	}
	if other, seen := f.first[digest]; seen {
		r.fault("card", fmt.Sprintf("this card is in line %d already, of student %s", other.line, other.Student), "a card has one holder; delete one of the two lines")
		return
	}
	f.first[digest] = card
	f.cards = append(f.cards, card)
}

func (f *cardsFile) digest(r row) (contract.Digest, bool) {
	text, ok := r.need("card")
	if !ok || r.isSpreadsheetNumber("card", text) {
		return contract.Digest{}, false
	}
	key, problem, advice := canonicalCard(text)
	if problem != "" {
		r.fault("card", problem, advice)
		return contract.Digest{}, false
	}
	return contract.DigestOf(f.campusKey, key), true
}

// validity is the first instant of a day, or the last millisecond of it; zero if the cell is empty.
func (r row) validity(column string, end bool) (time.Time, bool) {
	if r.text(column) == "" {
		return time.Time{}, true
	}
	day, ok := r.day(column)
	if !ok {
		return time.Time{}, false
	}
	if end {
		return lastInstant(day), true
	}
	return day.Starts().UTC(), true
}

func (r row) blocked() (blocked, ok bool) {
	switch status := strings.ToLower(r.text("status")); status {
	case "", "active":
		return false, true
	case "blocked", "lost", "stolen", "withdrawn":
		return true, true
	}
	r.fault("status", shown(r.text("status"))+" is not a status of a card", "write active, blocked, lost, stolen or withdrawn")
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
		if !known.check(p, c.line, c.Student) {
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
			p.diff.warn("line %d moves a card from student %s to student %s, with every tap it ever made", c.line, old.Student, c.Student)
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
