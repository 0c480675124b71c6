package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/report"
)

// StudentRow implements report.Source.
func (s ReportSource) StudentRow(ctx context.Context, term, student string) (report.StudentRow, error) {
	row, err := scanStudent(s.read.QueryRowContext(ctx, `SELECT `+studentColumns+` FROM student s`+leftStanding+`$1 WHERE s.id = $2`, term, student))
	if errors.Is(err, sql.ErrNoRows) {
		return report.StudentRow{}, report.ErrNotFound
	}
	if err != nil {
		return report.StudentRow{}, fmt.Errorf("read student: %w", err)
	}
	return row, nil
}

const sessionColumns = `e.id, e.module_id, d.name, e.kind, e.mandatory, e.starts_at, e.ends_at, e.opens_at, e.closes_at, e.cancelled, e.closed_by`

// scanSession scans sessionColumns, and then what more the query selects.
func scanSession(r scanner, more ...any) (s report.Session, err error) {
	var starts, ends, opens, closes int64
	err = r.Scan(append([]any{
		&s.ID, &s.Module, &s.Title, &s.Kind, &s.Mandatory, &starts, &ends, &opens, &closes, &s.Cancelled, &s.ClosedBy,
	}, more...)...)
	s.StartsAt, s.EndsAt, s.OpensAt, s.ClosesAt = instant(starts), instant(ends), instant(opens), instant(closes)
	return s, err
}

// markColumns select the mark that leftMarkOfExpected joins.
const markColumns = `coalesce(` + markCode + `, ''), coalesce(` + markSource + `, ''), coalesce(` + markReason + `, ''), coalesce(` + markPolicy + `, ''), ` + markJudgedAt

// markTarget is where markColumns are scanned to.
type markTarget struct {
	report.Mark
	judged sql.NullInt64
}

func (m *markTarget) fields() []any {
	return []any{&m.Code, &m.Source, &m.Reason, &m.Policy, &m.judged}
}

func (m *markTarget) mark() report.Mark {
	m.JudgedAt = pointer(m.judged)
	return m.Mark
}

// Contacts implements report.Source.
func (s ReportSource) Contacts(ctx context.Context, student string, from, to time.Time) ([]report.Contact, error) {
	contacts, err := list(ctx, s.read, func(r *sql.Rows) (report.Contact, error) {
		var m markTarget
		session, err := scanSession(r, m.fields()...)
		return report.Contact{Session: session, Mark: m.mark()}, err
	}, `SELECT `+sessionColumns+`, `+markColumns+`
		FROM expected x JOIN session e ON e.id = x.session_id JOIN module d ON d.id = e.module_id
		`+leftMarkOfExpected+`
		WHERE x.student_id = $1 AND e.starts_at >= $2 AND e.starts_at < $3 AND `+inRegister, student, milliseconds(from), milliseconds(to))
	if err != nil {
		return nil, fmt.Errorf("list marks of student: %w", err)
	}
	ids := make([]string, len(contacts))
	for i, c := range contacts {
		ids[i] = c.Session.ID
	}
	rooms, err := s.roomsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i := range contacts {
		contacts[i].Session.Rooms = rooms[contacts[i].Session.ID]
	}
	return contacts, nil
}

// inRegister holds for students x who are expected at a session e by the judge's word, or of whom nothing was said yet: those on
// leave or on placement have no mark m of leftMarkOfExpected and do not wait to be judged.
const inRegister = `(m.value IS NOT NULL OR NOT e.mandatory OR EXISTS (SELECT 1 FROM dirty d WHERE d.student_id = x.student_id))`

// roomsOf lists the rooms of several sessions.
func (s ReportSource) roomsOf(ctx context.Context, sessions []string) (map[string][]report.Room, error) {
	ids, err := keys(sessions)
	if err != nil {
		return nil, fmt.Errorf("list rooms: %w", err)
	}
	type place struct {
		session string
		room    report.Room
	}
	places, err := list(ctx, s.read, func(r *sql.Rows) (p place, err error) {
		return p, r.Scan(&p.session, &p.room.ID, &p.room.Name, &p.room.Building)
	}, `SELECT sr.session_id, r.id, r.name, r.building_id FROM session_room sr JOIN room r ON r.id = sr.room_id
		WHERE sr.session_id IN ({{keys $1}}) ORDER BY r.id`, ids)
	if err != nil {
		return nil, fmt.Errorf("list rooms: %w", err)
	}
	rooms := make(map[string][]report.Room, len(sessions))
	for _, p := range places {
		rooms[p.session] = append(rooms[p.session], p.room)
	}
	return rooms, nil
}

// Absences implements report.Source.
func (s ReportSource) Absences(ctx context.Context, student string) ([]report.Absence, error) {
	absences, err := list(ctx, s.read, func(r *sql.Rows) (a report.Absence, err error) {
		var since, until int64
		var withdrawn sql.NullInt64
		err = r.Scan(&since, &until, &a.Reason, &a.Actor, &withdrawn, &a.Approvals)
		a.Since, a.Until, a.WithdrawnAt = instant(since), instant(until), pointer(withdrawn)
		return a, err
	}, `SELECT since, until, reason, actor, withdrawn_at,
			coalesce((SELECT string_agg(v.role || ': ' || v.actor, '; ' ORDER BY v.role, v.actor) FROM absence_approval v WHERE v.absence_id = b.id), '')
		FROM absence b WHERE student_id = $1 ORDER BY since DESC, id DESC`, student)
	if err != nil {
		return nil, fmt.Errorf("list absences: %w", err)
	}
	return absences, nil
}

// AmendmentsOf implements report.Source.
func (s ReportSource) AmendmentsOf(ctx context.Context, student string) ([]report.Amendment, error) {
	return s.amendments(ctx, `student_id = $1`, student)
}

// AmendmentsIn implements report.Source.
func (s ReportSource) AmendmentsIn(ctx context.Context, session string) ([]report.Amendment, error) {
	return s.amendments(ctx, `session_id = $1`, session)
}

func (s ReportSource) amendments(ctx context.Context, where, key string) ([]report.Amendment, error) {
	amendments, err := list(ctx, s.read, func(r *sql.Rows) (a report.Amendment, err error) {
		var made int64
		err = r.Scan(&a.Student, &a.Session, &a.Code, &a.Reason, &a.Actor, &made)
		a.MadeAt = instant(made)
		return a, err
	}, `SELECT student_id, session_id, code, reason, actor, made_at FROM amendment WHERE `+where+` ORDER BY id`, key)
	if err != nil {
		return nil, fmt.Errorf("list amendments: %w", err)
	}
	return amendments, nil
}
