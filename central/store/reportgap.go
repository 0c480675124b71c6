package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/report"
)

// PointsIn implements report.Source.
func (s ReportSource) PointsIn(ctx context.Context, rooms []string) ([]report.RoomPoint, error) {
	ids, err := keys(rooms)
	if err != nil {
		return nil, err
	}
	points, err := list(ctx, s.read, func(r *sql.Rows) (p report.RoomPoint, err error) {
		var heard sql.NullInt64
		err = r.Scan(&p.Point, &p.Room, &p.Building, &p.Exit, &heard)
		p.HeardUntil = pointer(heard)
		return p, err
	}, `SELECT p.id, p.room_id, r.building_id, p.direction = 'out', w.until FROM point p JOIN room r ON r.id = p.room_id
		LEFT JOIN watermark w ON w.point_id = p.id WHERE p.room_id IN ({{keys $1}}) ORDER BY p.room_id, p.id`, ids)
	if err != nil {
		return nil, fmt.Errorf("list points: %w", err)
	}
	return points, nil
}

// HearingOf implements report.Source.
func (s ReportSource) HearingOf(ctx context.Context, points []string, from, to time.Time) (map[string][]report.Heard, error) {
	ids, err := keys(points)
	if err != nil {
		return nil, err
	}
	heard := map[string][]report.Heard{}
	_, err = list(ctx, s.read, func(r *sql.Rows) (h report.Heard, err error) {
		var point string
		var since, until int64
		if err = r.Scan(&point, &since, &until, &h.Why); err == nil {
			h.Since, h.Until = instant(since), instant(until)
			heard[point] = append(heard[point], h)
		}
		return h, err
	}, `SELECT point_id, since, until, '' FROM coverage WHERE point_id IN ({{keys $1}}) AND until >= $2 AND since <= $3
		UNION ALL SELECT point_id, since, until, why FROM deaf WHERE point_id IN ({{keys $1}}) AND until >= $2 AND since <= $3`,
		ids, milliseconds(from), milliseconds(to))
	if err != nil {
		return nil, fmt.Errorf("list what was heard: %w", err)
	}
	return heard, nil
}
