package policy

import (
	"cmp"
	"maps"
	"slices"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// Held are the policies that hold for somebody on a day, by name: of each the version in force, without those in whose place
// another one for everybody holds. What is about no single student is asked of all of them.
func (b *Book) Held(day calendar.Day) []*Policy {
	held := b.inForce(day)
	if len(held) == 0 {
		held = b.first()
	}
	return slices.DeleteFunc(slices.SortedFunc(maps.Values(held), func(a, b *Policy) int { return cmp.Compare(a.Name, b.Name) }),
		func(p *Policy) bool { return eclipsed(p, held) })
}
