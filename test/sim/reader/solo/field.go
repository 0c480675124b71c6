package solo

import (
	"slices"
	"time"
)

// linger is how long a hand stays after its person has seen the light.
const linger = 250 * time.Millisecond

// Field is the space in front of a reader's antenna, or in front of a scanner's window.
type Field struct {
	Stay time.Duration // how long a person holds a card there; 0 means until they go, and a little longer

	cards []present
}

// present is a card in the field.
type present struct {
	Card
	stuck  bool
	leaves time.Time // zero: not known yet
}

// Place brings cards in and returns those that had to make room: what a person held there before.
func (f *Field) Place(now time.Time, p Placement) (left []Card) {
	left = f.take(func(c present) bool { return !c.stuck })
	for _, c := range p.Cards {
		in := present{Card: c, stuck: p.Stuck}
		if !p.Stuck && f.Stay > 0 {
			in.leaves = now.Add(f.Stay)
		}
		f.cards = append(f.cards, in)
	}
	return left
}

// Depart says that the person goes at now.
func (f *Field) Depart(now time.Time) {
	for i, c := range f.cards {
		if !c.stuck && c.leaves.IsZero() {
			f.cards[i].leaves = now.Add(linger)
		}
	}
}

// Lift says that stuck cards are taken away at now.
func (f *Field) Lift(now time.Time) {
	for i, c := range f.cards {
		if c.stuck {
			f.cards[i].leaves = now
		}
	}
}

// Next is when the next card leaves, if that is known.
func (f *Field) Next() (at time.Time, ok bool) {
	for _, c := range f.cards {
		if !c.leaves.IsZero() && (!ok || c.leaves.Before(at)) {
			at, ok = c.leaves, true
		}
	}
	return at, ok
}

// Expire takes out the cards that have left by now and returns them.
func (f *Field) Expire(now time.Time) []Card {
	return f.take(func(c present) bool { return !c.leaves.IsZero() && !now.Before(c.leaves) })
}

// Cards are those in the field, first come first.
func (f *Field) Cards() []Card {
	out := make([]Card, len(f.cards))
	for i, c := range f.cards {
		out[i] = c.Card
	}
	return out
}

func (f *Field) take(which func(present) bool) []Card {
	var out []Card
	for _, c := range f.cards {
		if which(c) {
			out = append(out, c.Card)
		}
	}
	f.cards = slices.DeleteFunc(f.cards, which)
	return out
}

// Soonest is the earlier of two times that may not exist.
func Soonest(a time.Time, aOK bool, b time.Time, bOK bool) (time.Time, bool) {
	if !aOK || bOK && b.Before(a) {
		return b, bOK
	}
	return a, true
}
