package policy

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// ErrTwice means that two documents call themselves the same version of the same policy.
var ErrTwice = errors.New("this version exists already and may not change; give the new text the next version")

// ErrEmpty means that no policy is there to judge by.
var ErrEmpty = errors.New("there is no policy; import one, for example the college's")

// Subject is what a scope looks at.
type Subject struct {
	Programme string
	Level     string
	Visa      bool
	Delivery  string
}

// Book is every version of every policy of a university. It is immutable; a new version makes a new Book.
type Book struct {
	versions []*Policy // by the day they apply from, then by version
}

// NewBook binds versions. Errors: ErrEmpty, ErrTwice.
func NewBook(versions ...*Policy) (*Book, error) {
	if len(versions) == 0 {
		return nil, ErrEmpty
	}
	b := &Book{versions: slices.Clone(versions)}
	slices.SortStableFunc(b.versions, func(a, c *Policy) int {
		return cmp.Or(cmp.Compare(c.From.Until(a.From), 0), cmp.Compare(a.Name, c.Name), cmp.Compare(a.Version, c.Version))
	})
	seen := map[string]bool{}
	for _, p := range b.versions {
		if seen[p.ID()] {
			return nil, fmt.Errorf("bind %s: %w", p.ID(), ErrTwice)
		}
		seen[p.ID()] = true
	}
	return b, nil
}

// Versions are all, by the day they apply from.
func (b *Book) Versions() []*Policy { return slices.Clone(b.versions) }

// ByID is the version that calls itself so, e.g. "college v1"; nil if there is none.
func (b *Book) ByID(id string) *Policy {
	if i := slices.IndexFunc(b.versions, func(p *Policy) bool { return p.ID() == id }); i >= 0 {
		return b.versions[i]
	}
	return nil
}

// On is of each policy the version by which a day is judged, by name.
func (b *Book) On(day calendar.Day) []*Policy {
	held := b.inForce(day)
	if len(held) == 0 {
		held = b.first()
	}
	return slices.SortedFunc(maps.Values(held), func(p, q *Policy) int { return cmp.Compare(p.Name, q.Name) })
}

// For is the policy that holds for somebody on a day: of each policy the version that came into force last, and of those
// whose scope fits the one with the narrowest. Days before the first version are judged by that first version, because
// something must judge them. It is never nil unless no scope fits.
func (b *Book) For(s Subject, day calendar.Day) *Policy {
	if p := narrowest(b.inForce(day), s); p != nil {
		return p
	}
	return narrowest(b.first(), s)
}

// inForce has of each policy the latest version that applies on a day.
func (b *Book) inForce(day calendar.Day) map[string]*Policy {
	held := map[string]*Policy{}
	for _, p := range b.versions {
		if !day.Before(p.From) {
			held[p.Name] = p
		}
	}
	return held
}

// first has of each policy its first version.
func (b *Book) first() map[string]*Policy {
	held := map[string]*Policy{}
	for _, p := range b.versions {
		if held[p.Name] == nil {
			held[p.Name] = p
		}
	}
	return held
}

// narrowest is the policy whose scope fits with most restrictions; of equals the one that applies from the later day, then
// the one whose name comes first.
func narrowest(held map[string]*Policy, s Subject) *Policy {
	var best *Policy
	for _, p := range held {
		if p.Scope.Fits(s) && (best == nil || closer(p, best)) {
			best = p
		}
	}
	return best
}

func closer(a, b *Policy) bool {
	return cmp.Or(cmp.Compare(a.Scope.restrictions(), b.Scope.restrictions()), cmp.Compare(b.From.Until(a.From), 0), cmp.Compare(b.Name, a.Name)) > 0
}

// Fits reports whether somebody is in the scope.
func (s Scope) Fits(who Subject) bool {
	return among(s.Programmes, who.Programme) && among(s.Levels, who.Level) && among(s.Delivery, who.Delivery) &&
		(s.Visa == nil || *s.Visa == who.Visa)
}

// among is true for an empty list, which restricts nothing.
func among(list []string, value string) bool { return len(list) == 0 || slices.Contains(list, value) }

func (s Scope) restrictions() int {
	n := 0
	for _, set := range []bool{len(s.Programmes) > 0, len(s.Levels) > 0, len(s.Delivery) > 0, s.Visa != nil} {
		if set {
			n++
		}
	}
	return n
}
