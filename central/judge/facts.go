package judge

import (
	"time"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/register"
)

// noteKinds are the facts that tell of a student and one session.
var noteKinds = map[engagement.Kind]register.NoteKind{
	engagement.Announced: register.Announced, engagement.Left: register.LeftEarly,
	engagement.Joined: register.JoinedOnline, engagement.Exempted: register.Exempted,
}

// registerFacts are the facts from which the marks come: taps and lists, and what other facts say of sessions.
func (c Case) registerFacts() register.Facts {
	f := c.Facts
	f.Delivery = c.Person.Delivery
	f.JoinsKnown = c.Known[engagement.Joined]
	for _, e := range c.Events {
		if kind, ok := noteKinds[e.Kind]; ok {
			f.Notes = append(f.Notes, register.Note{ID: e.ID, Kind: kind, Session: e.Of, At: e.At, RecordedAt: e.RecordedAt, By: e.By, Text: e.Note})
			continue
		}
		if e.Kind == engagement.Leave || e.Kind == engagement.Placement {
			f.Away = append(f.Away, register.Away{Since: e.At, Until: e.Until, Placement: e.Kind == engagement.Placement})
		}
	}
	for _, days := range engagement.Departed(c.Events) {
		f.Away = append(f.Away, register.Away{Since: days.Starts(), Until: days.Over().Add(-time.Millisecond)})
	}
	return f
}
