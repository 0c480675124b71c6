package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/timetable"
)

// Terms implements timetable.State.
func (v campusView) Terms(ctx context.Context) ([]calendar.Term, error) {
	terms, err := list(ctx, v.q, func(r *sql.Rows) (calendar.Term, error) {
		var t calendar.Term
		var first, last string
		if err := r.Scan(&t.ID, &t.Name, &first, &last); err != nil {
			return t, err
		}
		var err error
		if t.First, err = calendar.ParseDay(first); err != nil {
			return t, err
		}
		t.Last, err = calendar.ParseDay(last)
		return t, err
	}, `SELECT id, name, first_day, last_day FROM term ORDER BY first_day`)
	if err != nil {
		return nil, fmt.Errorf("read terms: %w", err)
	}
	return terms, nil
}

func putTerms(ctx context.Context, tx *transaction, c *timetable.Change) error {
	return putEach(ctx, tx, "terms", `INSERT INTO term (id, name, first_day, last_day) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, first_day = excluded.first_day, last_day = excluded.last_day`,
		c.Terms, func(t calendar.Term) []any { return []any{t.ID, t.Name, t.First.String(), t.Last.String()} })
}

// Holidays implements timetable.State.
func (v campusView) Holidays(ctx context.Context) ([]timetable.Holiday, error) {
	holidays, err := list(ctx, v.q, func(r *sql.Rows) (timetable.Holiday, error) {
		h, err := scanHoliday(r)
		return timetable.Holiday{Day: h.day, Name: h.name}, err
	}, `SELECT day, name FROM holiday ORDER BY day`)
	if err != nil {
		return nil, fmt.Errorf("read holidays: %w", err)
	}
	return holidays, nil
}

func putHolidays(ctx context.Context, tx *transaction, c *timetable.Change) error {
	err := putEach(ctx, tx, "holidays", `DELETE FROM holiday WHERE day = $1`, c.Holidays, func(h timetable.Holiday) []any { return []any{h.Day.String()} })
	if err != nil {
		return err
	}
	stand := slices.DeleteFunc(slices.Clone(c.Holidays), func(h timetable.Holiday) bool { return h.Deleted })
	return putEach(ctx, tx, "holidays", `INSERT INTO holiday (day, name) VALUES ($1, $2)`, stand,
		func(h timetable.Holiday) []any { return []any{h.Day.String(), h.Name} })
}

// Places implements timetable.State.
func (v campusView) Places(ctx context.Context) (timetable.Places, error) {
	var p timetable.Places
	var err error
	if p.Buildings, err = list(ctx, v.q, func(r *sql.Rows) (b timetable.Building, err error) { return b, r.Scan(&b.ID, &b.Name) },
		`SELECT id, name FROM building ORDER BY id`); err != nil {
		return p, fmt.Errorf("read buildings: %w", err)
	}
	if p.Rooms, err = list(ctx, v.q, func(r *sql.Rows) (m timetable.Room, err error) {
		return m, r.Scan(&m.ID, &m.Building, &m.Name, &m.OffSite, &m.Approved)
	}, `SELECT id, building_id, name, off_site, approved FROM room ORDER BY id`); err != nil {
		return p, fmt.Errorf("read rooms: %w", err)
	}
	if p.Points, err = list(ctx, v.q, func(r *sql.Rows) (t timetable.Point, err error) { return t, r.Scan(&t.ID, &t.Room, &t.Exit) },
		`SELECT id, room_id, direction = 'out' FROM point ORDER BY id`); err != nil {
		return p, fmt.Errorf("read points: %w", err)
	}
	return p, nil
}

func putBuildings(ctx context.Context, tx *transaction, c *timetable.Change) error {
	return putEach(ctx, tx, "buildings", `INSERT INTO building (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name`,
		c.Buildings, func(b timetable.Building) []any { return []any{b.ID, b.Name} })
}

func putRooms(ctx context.Context, tx *transaction, c *timetable.Change) error {
	return putEach(ctx, tx, "rooms", `INSERT INTO room (id, building_id, name, off_site, approved, barred_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET building_id = excluded.building_id, name = excluded.name, off_site = excluded.off_site,
			approved = excluded.approved, barred_at = CASE WHEN excluded.barred_at IS NULL THEN NULL ELSE coalesce(room.barred_at, excluded.barred_at) END`,
		c.Rooms, func(r timetable.Room) []any {
			var barred sql.NullInt64
			if r.Barred() {
				barred = optional(c.Receipt.AppliedAt)
			}
			return []any{r.ID, r.Building, r.Name, r.OffSite, r.Approved, barred}
		})
}

func putPoints(ctx context.Context, tx *transaction, c *timetable.Change) error {
	if len(c.Points) == 0 {
		return nil
	}
	if err := noteChanged(ctx, tx, map[string]bool{everyPoint: true}); err != nil {
		return err
	}
	return putEach(ctx, tx, "points", `INSERT INTO point (id, room_id, direction) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET room_id = excluded.room_id, direction = excluded.direction`,
		c.Points, func(p timetable.Point) []any { return []any{p.ID, p.Room, direction(p)} })
}

func direction(p timetable.Point) string {
	if p.Exit {
		return "out"
	}
	return ""
}
