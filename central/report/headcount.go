package report

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"slices"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// Draw picks up to k of today's sessions for a headcount (C-6): those not cancelled that are not over, held in a room. It draws anew
// each time and keeps nothing, and chance comes from the system's generator: nobody can know beforehand whom it will be.
func (r *Reports) Draw(ctx context.Context, k int) ([]Session, error) {
	from, to, err := DaySpan(calendar.DayOf(r.Now()).String())
	if err != nil {
		return nil, err
	}
	sessions, err := r.Sessions(ctx, SessionQuery{From: from, To: to})
	if err != nil {
		return nil, fmt.Errorf("list today's sessions: %w", err)
	}
	now := r.Now()
	sessions = slices.DeleteFunc(sessions, func(s Session) bool { return s.Cancelled || len(s.Rooms) == 0 || s.EndsAt.Before(now) })
	drawn, err := draw(sessions, k)
	slices.SortFunc(drawn, func(a, b Session) int { return a.StartsAt.Compare(b.StartsAt) })
	return drawn, err
}

// draw picks k things, each set of k as likely as another.
func draw[V any](from []V, k int) ([]V, error) {
	for i := range min(k, len(from)) {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(from)-i)))
		if err != nil {
			return nil, fmt.Errorf("draw: %w", err)
		}
		j := i + int(n.Int64())
		from[i], from[j] = from[j], from[i]
	}
	return from[:min(k, len(from))], nil
}
