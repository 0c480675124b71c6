package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/timetable"
)

// Sessions implements timetable.State.
func (v campusView) Sessions(ctx context.Context, ids []string) ([]timetable.Session, error) {
	wanted, err := keys(ids)
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	return v.sessions(ctx, `id IN ({{keys $1}})`, wanted)
}

// SessionsBetween implements timetable.State.
func (v campusView) SessionsBetween(ctx context.Context, from, to time.Time) ([]timetable.Session, error) {
	return v.sessions(ctx, `starts_at >= $1 AND starts_at < $2`, milliseconds(from), milliseconds(to))
}

// CountSessions implements timetable.State.
func (v campusView) CountSessions(ctx context.Context, from time.Time) (int, error) {
	var n int
	err := v.q.QueryRowContext(ctx, `SELECT count(*) FROM session WHERE starts_at >= $1 AND NOT cancelled`, milliseconds(from)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count sessions: %w", err)
	}
	return n, nil
}

// sessions reads the sessions that a condition of ours selects, with their rooms and students.
func (v campusView) sessions(ctx context.Context, where string, args ...any) ([]timetable.Session, error) {
	sessions, err := list(ctx, v.q, scanTimetabled, `SELECT id, module_id, kind, mandatory, delivery, staff_id, starts_at, ends_at, opens_at, closes_at, cancelled
		FROM session WHERE `+where+` ORDER BY id`, args...)
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	at := make(map[string]int, len(sessions))
	for i, s := range sessions {
		at[s.ID] = i
	}
	err = v.members(ctx, `SELECT session_id, room_id FROM session_room WHERE session_id IN (SELECT id FROM session WHERE `+where+`) ORDER BY room_id`, args,
		func(session, room string) { s := &sessions[at[session]]; s.Rooms = append(s.Rooms, room) })
	if err != nil {
		return nil, fmt.Errorf("read rooms of sessions: %w", err)
	}
	err = v.members(ctx, `SELECT session_id, student_id FROM expected WHERE session_id IN (SELECT id FROM session WHERE `+where+`) ORDER BY student_id`, args,
		func(session, student string) { s := &sessions[at[session]]; s.Students = append(s.Students, student) })
	if err != nil {
		return nil, fmt.Errorf("read class lists: %w", err)
	}
	return sessions, nil
}

func (v campusView) members(ctx context.Context, query string, args []any, each func(session, member string)) error {
	rows, err := v.q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var session, member string
		if err := rows.Scan(&session, &member); err != nil {
			return err
		}
		each(session, member)
	}
	return rows.Err()
}

func scanTimetabled(r *sql.Rows) (timetable.Session, error) {
	var s timetable.Session
	var starts, ends, opens, closes int64
	err := r.Scan(&s.ID, &s.Module, &s.Kind, &s.Mandatory, &s.Delivery, &s.Staff, &starts, &ends, &opens, &closes, &s.Cancelled)
	s.StartsAt, s.EndsAt, s.OpensAt, s.ClosesAt = instant(starts), instant(ends), instant(opens), instant(closes)
	return s, err
}

type member struct{ session, id string }

func putSessions(ctx context.Context, tx *transaction, c *timetable.Change) error {
	var addRooms, dropRooms, addStudents, dropStudents []member
	for _, s := range c.Sessions {
		addRooms = members(addRooms, s.ID, s.AddRooms)
		dropRooms = members(dropRooms, s.ID, s.DropRooms)
		addStudents = members(addStudents, s.ID, s.AddStudents)
		dropStudents = members(dropStudents, s.ID, s.DropStudents)
	}
	if err := putEach(ctx, tx, "modules", `INSERT INTO module (id) VALUES ($1) ON CONFLICT (id) DO NOTHING`, c.Sessions,
		func(s timetable.SessionChange) []any { return []any{s.Module} }); err != nil {
		return err
	}
	if err := putEach(ctx, tx, "sessions", `INSERT INTO session (id, module_id, kind, mandatory, delivery, staff_id, starts_at, ends_at, opens_at, closes_at, cancelled, list)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (id) DO UPDATE SET module_id = excluded.module_id, kind = excluded.kind, mandatory = excluded.mandatory,
			delivery = excluded.delivery, staff_id = excluded.staff_id, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
			opens_at = excluded.opens_at, closes_at = excluded.closes_at, cancelled = excluded.cancelled, list = excluded.list`, c.Sessions,
		func(s timetable.SessionChange) []any {
			return []any{
				s.ID, s.Module, s.Kind, s.Mandatory, s.Delivery, s.Staff,
				milliseconds(s.StartsAt), milliseconds(s.EndsAt), milliseconds(s.OpensAt), milliseconds(s.ClosesAt), s.Cancelled, s.List,
			}
		}); err != nil {
		return err
	}
	args := func(m member) []any { return []any{m.session, m.id} }
	if err := putEach(ctx, tx, "rooms of sessions", `INSERT INTO session_room (session_id, room_id) VALUES ($1, $2)`, addRooms, args); err != nil {
		return err
	}
	if err := putEach(ctx, tx, "rooms of sessions", `DELETE FROM session_room WHERE session_id = $1 AND room_id = $2`, dropRooms, args); err != nil {
		return err
	}
	if err := keepMoves(ctx, tx, c); err != nil {
		return err
	}
	if err := putEach(ctx, tx, "class lists", `INSERT INTO expected (session_id, student_id) VALUES ($1, $2)`, addStudents, args); err != nil {
		return err
	}
	return putEach(ctx, tx, "class lists", `DELETE FROM expected WHERE session_id = $1 AND student_id = $2`, dropStudents, args)
}

// keepMoves notes when the rooms of sessions changed that were planned before (W-6).
func keepMoves(ctx context.Context, tx *transaction, c *timetable.Change) error {
	type move struct {
		member
		added bool
	}
	var moves []move
	for _, s := range c.Sessions {
		if !s.Planned {
			continue
		}
		for _, m := range members(nil, s.ID, s.DropRooms) {
			moves = append(moves, move{m, false})
		}
		for _, m := range members(nil, s.ID, s.AddRooms) {
			moves = append(moves, move{m, true})
		}
	}
	return putEach(ctx, tx, "changes of rooms", `INSERT INTO room_change (session_id, at, room_id, added) VALUES ($1, $2, $3, $4)`, moves,
		func(m move) []any { return []any{m.session, milliseconds(c.Receipt.AppliedAt), m.id, m.added} })
}

func members(into []member, session string, ids []string) []member {
	for _, id := range ids {
		into = append(into, member{session, id})
	}
	return into
}
