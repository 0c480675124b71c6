package evidence

import (
	"slices"

	"github.com/rollcall-edge/rollcall/central/engagement"
)

// ledger is what is kept, by what it says.
type ledger struct {
	holding   map[content][]Kept // by content without who says so
	things    map[content]Kept   // by identity: the latest that holds
	stated    map[content][]Kept // by content without who says so and without the note
	withdrawn map[content]bool   // content without who says so, of what somebody said was wrong
	taken     map[content]bool   // the same without the note
}

func ledgerOf(kept []Kept) ledger {
	l := ledger{holding: map[content][]Kept{}, things: map[content]Kept{}, stated: map[content][]Kept{}, withdrawn: map[content]bool{}, taken: map[content]bool{}}
	for _, k := range kept {
		c := contentOf(k.Noted).bySomebody()
		switch {
		case k.WithdrawnAt.IsZero():
			l.holding[c] = append(l.holding[c], k)
			l.stated[c.noteless()] = append(l.stated[c.noteless()], k)
			if f, known := formOf(k.Kind); known {
				if id, ok := f.identity(k.Noted); ok {
					l.things[id] = k
				}
			}
		case !k.Replaced:
			l.withdrawn[c], l.taken[c.noteless()] = true, true
		}
	}
	return l
}

// bySomebody is the content whoever says so.
func (c content) bySomebody() content {
	c.by = ""
	return c
}

// noteless is the content whatever its note, for lines that take a fact back: there the note is the reason.
func (c content) noteless() content {
	c.note = ""
	return c
}

// holds reports whether a fact is known: by the same person, if the file names one.
func (l ledger) holds(f told) bool {
	for _, k := range l.holding[contentOf(f.Noted).bySomebody()] {
		if !f.named || k.By == f.By {
			return true
		}
	}
	return false
}

// same is what is known of the thing that a fact tells of.
func (l ledger) same(n engagement.Noted, f form) (Kept, bool) {
	id, ok := f.identity(n)
	if !ok {
		return Kept{}, false
	}
	k, known := l.things[id]
	return k, known
}

// drop forgets what a line has withdrawn or replaced, so that the next one meets another.
func (l ledger) drop(k Kept) {
	c := contentOf(k.Noted).bySomebody()
	l.holding[c] = without(l.holding[c], k.ID)
	l.stated[c.noteless()] = without(l.stated[c.noteless()], k.ID)
	if f, known := formOf(k.Kind); known {
		if id, ok := f.identity(k.Noted); ok && l.things[id].ID == k.ID {
			delete(l.things, id)
		}
	}
}

func without(kept []Kept, id int64) []Kept {
	return slices.DeleteFunc(slices.Clone(kept), func(k Kept) bool { return k.ID == id })
}
