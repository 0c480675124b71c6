package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/report"
)

// Session implements report.Source.
func (s ReportSource) Session(ctx context.Context, id string) (report.Session, error) {
	session, err := scanSession(s.read.QueryRowContext(ctx,
		`SELECT `+sessionColumns+` FROM session e JOIN module d ON d.id = e.module_id WHERE e.id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return report.Session{}, report.ErrNotFound
	}
	if err != nil {
		return report.Session{}, fmt.Errorf("read session: %w", err)
	}
	one := []report.Session{session}
	if err := s.complete(ctx, one); err != nil {
		return report.Session{}, err
	}
	return one[0], nil
}

// Sessions implements report.Source.
func (s ReportSource) Sessions(ctx context.Context, q report.SessionQuery) ([]report.Session, error) {
	query := `SELECT ` + sessionColumns + ` FROM session e JOIN module d ON d.id = e.module_id
		WHERE e.starts_at < $1 AND e.ends_at > $2 AND e.starts_at > $3`
	// No session lasts a week; the third bound lets the index on starts_at skip all that is long over.
	args := []any{milliseconds(q.To), milliseconds(q.From), milliseconds(q.From.Add(-7 * 24 * time.Hour))}
	if q.AfterID != "" {
		query += ` AND (e.starts_at, e.id) > ($4, $5)`
		args = append(args, milliseconds(q.After), q.AfterID)
	}
	query += ` ORDER BY e.starts_at, e.id`
	if q.Limit > 0 {
		query += ` LIMIT ` + strconv.Itoa(q.Limit)
	}
	sessions, err := list(ctx, s.read, func(r *sql.Rows) (report.Session, error) { return scanSession(r) }, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	if q.Timetable {
		return sessions, nil
	}
	return sessions, s.complete(ctx, sessions)
}

func (s ReportSource) complete(ctx context.Context, sessions []report.Session) error {
	if err := s.Place(ctx, sessions); err != nil {
		return err
	}
	return s.Count(ctx, sessions)
}

// Place implements report.Source.
func (s ReportSource) Place(ctx context.Context, sessions []report.Session) error {
	names := make([]string, len(sessions))
	for i := range sessions {
		names[i] = sessions[i].ID
	}
	rooms, err := s.roomsOf(ctx, names)
	if err != nil {
		return err
	}
	for i := range sessions {
		sessions[i].Rooms = rooms[sessions[i].ID]
	}
	return nil
}

// Count implements report.Source. It reads the lists first and the marks of those people then, week by week: asked for both at once,
// PostgreSQL reads every week of a student to find the one.
func (s ReportSource) Count(ctx context.Context, sessions []report.Session) error {
	place := make(map[string]*report.Session, len(sessions))
	names := make([]string, len(sessions))
	for i := range sessions {
		sessions[i].Expected, sessions[i].Marks = 0, report.Marks{}
		place[sessions[i].ID], names[i] = &sessions[i], sessions[i].ID
	}
	ids, err := keys(names)
	if err != nil {
		return fmt.Errorf("count expected students: %w", err)
	}
	expected := map[int64]map[string][]*report.Session{} // by week and student
	_, err = list(ctx, s.read, func(r *sql.Rows) (none struct{}, err error) {
		var id, student string
		if err := r.Scan(&id, &student); err != nil {
			return none, err
		}
		at := place[id]
		at.Expected++
		week := judge.WeekOf(at.StartsAt)
		if expected[week] == nil {
			expected[week] = map[string][]*report.Session{}
		}
		expected[week][student] = append(expected[week][student], at)
		return none, nil
	}, `SELECT session_id, student_id FROM expected WHERE session_id IN ({{keys $1}})`, ids)
	if err != nil {
		return fmt.Errorf("count expected students: %w", err)
	}
	for week, students := range expected {
		if err := s.countMarks(ctx, week, students); err != nil {
			return fmt.Errorf("count marks: %w", err)
		}
	}
	return nil
}

// countMarks counts marks of one week, of the students and at the sessions where they are expected.
func (s ReportSource) countMarks(ctx context.Context, week int64, students map[string][]*report.Session) error {
	ids, err := keys(slices.Sorted(maps.Keys(students)))
	if err != nil {
		return err
	}
	_, err = list(ctx, s.read, func(r *sql.Rows) (none struct{}, err error) {
		var student, marks string
		if err := r.Scan(&student, &marks); err != nil {
			return none, err
		}
		for _, session := range students[student] {
			code, err := codeAt(session.ID, marks)
			if err != nil {
				return none, fmt.Errorf("student %s, week %d: %w", student, week, err)
			}
			if code != "" {
				session.Marks[report.Code(code)]++
			}
		}
		return none, nil
	}, `SELECT student_id, marks FROM mark_week WHERE student_id IN ({{keys $1}}) AND week = $2`, ids, week)
	return err
}

// RegisterRows implements report.Source.
func (s ReportSource) RegisterRows(ctx context.Context, session string) ([]report.RegisterRow, error) {
	rows, err := list(ctx, s.read, func(r *sql.Rows) (row report.RegisterRow, err error) {
		var m markTarget
		var t tapTarget
		fields := append([]any{&row.Student, &row.Name}, m.fields()...)
		if err = r.Scan(append(fields, t.fields()...)...); err != nil {
			return row, err
		}
		row.Mark, row.Tap = m.mark(), t.tap()
		return row, nil
	}, `SELECT u.id, u.name, `+markColumns+`, `+tapColumns+markSession+`
		FROM expected x JOIN student u ON u.id = x.student_id JOIN session e ON e.id = x.session_id
		`+leftMarkOfExpected+`
		LEFT JOIN tap t ON t.stream_id = `+markStream+` AND t.seq = `+markSeq+` `+aroundTap+`
		WHERE x.session_id = $1 AND `+inRegister+` ORDER BY u.name, u.id`, session)
	if err != nil {
		return nil, fmt.Errorf("read register: %w", err)
	}
	return rows, nil
}

// ClosuresOf implements report.Source.
func (s ReportSource) ClosuresOf(ctx context.Context, session string) ([]report.Closure, error) {
	closures, err := list(ctx, s.read, func(r *sql.Rows) (c report.Closure, err error) {
		var made int64
		err = r.Scan(&c.Actor, &c.Reason, &made)
		c.MadeAt = instant(made)
		return c, err
	}, `SELECT actor, reason, made_at FROM register_closure WHERE session_id = $1 ORDER BY id`, session)
	if err != nil {
		return nil, fmt.Errorf("list closures: %w", err)
	}
	return closures, nil
}

// PointsOf implements report.Source.
func (s ReportSource) PointsOf(ctx context.Context, session string) ([]report.Coverage, error) {
	points, err := list(ctx, s.read, func(r *sql.Rows) (c report.Coverage, err error) {
		var gateways string
		err = r.Scan(&c.Point, &c.Room, &c.Building, &gateways)
		c.Gateways = strings.Fields(gateways) // no name of a gateway has a space
		return c, err
	}, `SELECT p.id, r.id, r.building_id,
			coalesce((SELECT string_agg(g.id, ' ' ORDER BY g.id) FROM gateway g WHERE g.building_id = r.building_id AND g.revoked_at IS NULL), '')
		FROM session_room sr JOIN room r ON r.id = sr.room_id JOIN point p ON p.room_id = r.id
		WHERE sr.session_id = $1 ORDER BY p.id`, session)
	if err != nil {
		return nil, fmt.Errorf("list points: %w", err)
	}
	return points, nil
}

// CoverageOf implements report.Source.
func (s ReportSource) CoverageOf(ctx context.Context, point string, from, to time.Time) ([]report.Span, error) {
	spans, err := list(ctx, s.read, func(r *sql.Rows) (report.Span, error) {
		var since, until int64
		err := r.Scan(&since, &until)
		return report.Span{Since: instant(since), Until: instant(until)}, err
	}, `SELECT since, until FROM coverage WHERE point_id = $1 AND until >= $2 AND since <= $3`, point, milliseconds(from), milliseconds(to))
	if err != nil {
		return nil, fmt.Errorf("list coverage: %w", err)
	}
	return spans, nil
}
