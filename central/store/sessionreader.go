package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/register"
)

// sessionReader reads sessions with everything that judging asks of them.
type sessionReader struct {
	ids      string // for {{keys $1}}
	sessions map[string]*register.Session
}

// readSessions reads those that are in a register.
func readSessions(ctx context.Context, tx *transaction, which []string) (map[string]*register.Session, error) {
	if len(which) == 0 {
		return nil, nil
	}
	ids, err := keys(which)
	if err != nil {
		return nil, err
	}
	l := sessionReader{ids: ids, sessions: make(map[string]*register.Session, len(which))}
	steps := []struct {
		what string
		run  func(context.Context, *transaction) error
	}{{"sessions", l.mandatory}, {"rooms", l.rooms}, {"changes of rooms", l.moves}, {"ends", l.ends}}
	for _, step := range steps {
		if err := step.run(ctx, tx); err != nil {
			return nil, fmt.Errorf("read %s: %w", step.what, err)
		}
	}
	return l.sessions, nil
}

func (l *sessionReader) mandatory(ctx context.Context, tx *transaction) error {
	return each(ctx, tx, func(r *sql.Rows) error {
		var s register.Session
		var starts, ends int64
		if err := r.Scan(&s.ID, &s.Module, &s.Kind, &s.List, &s.Delivery, &starts, &ends, &s.Cancelled, &s.ClosedBy); err != nil {
			return err
		}
		s.StartsAt, s.EndsAt = instant(starts), instant(ends)
		l.sessions[s.ID] = &s
		return nil
	}, `SELECT id, module_id, kind, list, delivery, starts_at, ends_at, cancelled, closed_by FROM session
		WHERE mandatory AND id IN ({{keys $1}})`, l.ids)
}

func (l *sessionReader) rooms(ctx context.Context, tx *transaction) error {
	return each(ctx, tx, func(r *sql.Rows) error {
		var session, room string
		if err := r.Scan(&session, &room); err != nil {
			return err
		}
		if s := l.sessions[session]; s != nil { // nil: not mandatory, so in no register
			s.Rooms = append(s.Rooms, room)
		}
		return nil
	}, `SELECT session_id, room_id FROM session_room WHERE session_id IN ({{keys $1}}) ORDER BY session_id, room_id`, l.ids)
}

// moves reads how rooms changed after sessions were first planned.
func (l *sessionReader) moves(ctx context.Context, tx *transaction) error {
	return each(ctx, tx, func(r *sql.Rows) error {
		var session string
		var at int64
		var m register.Move
		if err := r.Scan(&session, &at, &m.Room, &m.Added); err != nil {
			return err
		}
		m.At = instant(at)
		if s := l.sessions[session]; s != nil {
			s.Moves = append(s.Moves, m)
		}
		return nil
	}, `SELECT session_id, at, room_id, added FROM room_change WHERE session_id IN ({{keys $1}}) ORDER BY id`, l.ids)
}

// ends reads which classes their tutors closed early; the latest word counts.
func (l *sessionReader) ends(ctx context.Context, tx *transaction) error {
	return each(ctx, tx, func(r *sql.Rows) error {
		var session string
		var at int64
		if err := r.Scan(&session, &at); err != nil {
			return err
		}
		if s := l.sessions[session]; s != nil {
			s.EndedAt = instant(at)
		}
		return nil
	}, `SELECT of, at FROM fact WHERE student_id = '' AND kind = 'ended' AND withdrawn_at IS NULL AND of IN ({{keys $1}}) ORDER BY id`, l.ids)
}
