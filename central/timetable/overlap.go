package timetable

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// warnOverlaps lists sessions of this file that share a room with another at the same time.
func (s *sessionPlan) warnOverlaps(ctx context.Context, state State) error {
	changed := map[string]Session{}
	var first, last time.Time
	for _, c := range s.change.Sessions {
		changed[c.ID] = c.Session
		if first.IsZero() || c.StartsAt.Before(first) {
			first = c.StartsAt
		}
		if c.EndsAt.After(last) {
			last = c.EndsAt
		}
	}
	if len(changed) == 0 {
		return nil
	}
	const longest = 24 * time.Hour // an earlier session reaches in from at most a day before
	present, err := state.SessionsBetween(ctx, first.Add(-longest), last)
	if err != nil {
		return err
	}
	inRoom := map[string][]Session{}
	for _, v := range present {
		if _, replaced := changed[v.ID]; !replaced {
			occupy(inRoom, v)
		}
	}
	for _, v := range changed {
		occupy(inRoom, v)
	}
	for _, room := range slices.Sorted(maps.Keys(inRoom)) {
		s.warnOverlapsIn(room, inRoom[room], changed)
	}
	return nil
}

// occupy notes a session in each of its rooms.
func occupy(inRoom map[string][]Session, v Session) {
	if v.Cancelled {
		return
	}
	for _, room := range v.Rooms {
		inRoom[room] = append(inRoom[room], v)
	}
}

func (s *sessionPlan) warnOverlapsIn(room string, sessions []Session, changed map[string]Session) {
	slices.SortFunc(sessions, func(a, b Session) int {
		return cmp.Or(a.StartsAt.Compare(b.StartsAt), cmp.Compare(a.ID, b.ID))
	})
	for i := 1; i < len(sessions); i++ {
		a, b := sessions[i-1], sessions[i]
		_, newA := changed[a.ID]
		_, newB := changed[b.ID]
		if b.StartsAt.Before(a.EndsAt) && (newA || newB) {
			s.diff.Warn("sessions %s and %s overlap in room %s: %s", a.ID, b.ID, room, when(b))
		}
	}
}
