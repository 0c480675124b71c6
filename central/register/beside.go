package register

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// near is how far outside of a register's window a tap still tells something of it.
const near = 15 * time.Minute

// beside tells of a tap near an absence that credits nothing anywhere: a student who was at the wrong door, or a minute late,
// must not read that there was no tap. "" if there is none.
func (b *bench) beside(p *place) string {
	from, to := milli(p.OpensAt.Add(-near)), milli(p.ClosesAt.Add(near))
	first, _ := slices.BinarySearchFunc(b.taps, from, func(t Tap, at int64) int { return cmp.Compare(milli(t.At), at) })
	for i := first; i < len(b.taps) && milli(b.taps[i].At) <= to; i++ {
		t := &b.taps[i]
		if t.Exit || b.accepted(t) {
			continue
		}
		where := "where this session is not held"
		if slices.Contains(p.Rooms, t.Room) {
			where = "while the register was not open"
		}
		return fmt.Sprintf(". There is a tap at %s at %s, %s", clock(t.At), t.Point, where)
	}
	return ""
}

// accepted reports whether a tap counts at some session of the student.
func (b *bench) accepted(t *Tap) bool {
	for i := range b.places {
		if b.places[i].accepts(t) {
			return true
		}
	}
	return false
}
