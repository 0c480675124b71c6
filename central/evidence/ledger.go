package evidence

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/rollcall-edge/rollcall/central/engagement"
)

// A key stands for what a fact says. A file may bring, and meet, some hundred thousand facts, whose texts need not all be kept
// twice while they are compared.
type key [16]byte

func keyOf(c content) key {
	b := make([]byte, 0, 128)
	for _, text := range []string{c.student, string(c.kind), c.of, c.value, c.note, c.by} {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	for _, n := range []int64{c.at, c.until, c.amount} {
		b = binary.AppendVarint(b, n)
	}
	sum := sha256.Sum256(b)
	return key(sum[:16])
}

// ledger is what is kept, by what it says.
type ledger struct {
	holding   map[key][]string // content without who says so: who does, of each fact
	things    map[key]Kept     // identity: the latest that holds
	withdrawn map[key]bool     // content without who says so, of what somebody said was wrong

	// For lines that take a fact back, by content without who says so and without the note: there the note is the reason.
	// Nil if the file has no such lines.
	stated map[key][]Kept
	taken  map[key]bool
}

// newLedger is an empty one, for a file that takes facts back or does not.
func newLedger(takesBack bool) *ledger {
	l := &ledger{holding: map[key][]string{}, things: map[key]Kept{}, withdrawn: map[key]bool{}}
	if takesBack {
		l.stated, l.taken = map[key][]Kept{}, map[key]bool{}
	}
	return l
}

// enter takes in what is kept, in the order of recording.
func (l *ledger) enter(k Kept) {
	c := contentOf(k.Noted).bySomebody()
	whole := keyOf(c)
	switch {
	case !k.WithdrawnAt.IsZero() && k.Replaced:
		return
	case !k.WithdrawnAt.IsZero():
		l.withdrawn[whole] = true
		if l.taken != nil {
			l.taken[keyOf(c.noteless())] = true
		}
		return
	}
	l.holding[whole] = append(l.holding[whole], k.By)
	if l.stated != nil {
		bare := keyOf(c.noteless())
		l.stated[bare] = append(l.stated[bare], k)
	}
	if f, known := formOf(k.Kind); known {
		if id, ok := f.identity(k.Noted); ok {
			l.things[keyOf(id)] = k
		}
	}
}

// bySomebody is the content whoever says so.
func (c content) bySomebody() content {
	c.by = ""
	return c
}

// noteless is the content whatever its note.
func (c content) noteless() content {
	c.note = ""
	return c
}

// holds reports whether a fact is known: by the same person, if the file names one.
func (l *ledger) holds(f *told) bool {
	who := l.holding[keyOf(contentOf(f.Noted).bySomebody())]
	return len(who) > 0 && (!f.named || slices.Contains(who, f.By))
}

// same is what is known of the thing that a fact tells of.
func (l *ledger) same(n engagement.Noted, f form) (Kept, bool) {
	id, ok := f.identity(n)
	if !ok {
		return Kept{}, false
	}
	k, known := l.things[keyOf(id)]
	return k, known
}

// drop forgets what a line has withdrawn or replaced, so that the next one meets another.
func (l *ledger) drop(k Kept) {
	c := contentOf(k.Noted).bySomebody()
	whole, bare := keyOf(c), keyOf(c.noteless())
	if i := slices.Index(l.holding[whole], k.By); i >= 0 {
		l.holding[whole] = slices.Delete(l.holding[whole], i, i+1)
	}
	if l.stated != nil {
		l.stated[bare] = slices.DeleteFunc(l.stated[bare], func(other Kept) bool { return other.ID == k.ID })
	}
	if f, known := formOf(k.Kind); known {
		if id, ok := f.identity(k.Noted); ok && l.things[keyOf(id)].ID == k.ID {
			delete(l.things, keyOf(id))
		}
	}
}
