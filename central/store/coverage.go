package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/ingest"
)

type span struct{ since, until int64 }

// cover stores that a point was alive, as one row with all that touches it, so that a day without interruption is one row.
// Then the students are dirty whose sessions in that room may now be complete (RULES G-3).
func (t streamTx) cover(ctx context.Context, d ingest.Delivery, c ingest.Coverage) error {
	now := span{milliseconds(c.Since), milliseconds(c.Until)}
	touching, err := list(ctx, t.tx, func(r *sql.Rows) (s span, err error) { return s, r.Scan(&s.since, &s.until) },
		`DELETE FROM coverage WHERE point_id = $1 AND stream_id = $2 AND until >= $3 AND since <= $4 RETURNING since, until`,
		c.Point, d.Stream[:], now.since, now.until)
	if err != nil {
		return fmt.Errorf("join coverage: %w", err)
	}
	joined := now
	for _, s := range touching {
		joined = span{min(joined.since, s.since), max(joined.until, s.until)}
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO coverage (point_id, until, since, stream_id) VALUES ($1, $2, $3, $4)`,
		c.Point, joined.until, joined.since, d.Stream[:]); err != nil {
		return fmt.Errorf("store coverage: %w", err)
	}
	from := now.since
	if len(touching) == 0 {
		if from, err = t.coveredBefore(ctx, d, c.Point, now.since); err != nil {
			return err
		}
	}
	return t.dirtyCovered(ctx, d, c.Point, span{from, now.until})
}

// coveredBefore is when the point was last alive before a gap: sessions that closed inside the gap may be judged once the
// point is heard again.
func (t streamTx) coveredBefore(ctx context.Context, d ingest.Delivery, point string, since int64) (int64, error) {
	var until sql.NullInt64
	err := t.tx.QueryRowContext(ctx, `SELECT max(until) FROM coverage WHERE point_id = $1 AND stream_id = $2 AND until < $3`,
		point, d.Stream[:], since).Scan(&until)
	if err != nil {
		return 0, fmt.Errorf("find gap in coverage: %w", err)
	}
	if !until.Valid {
		return since, nil
	}
	return until.Int64, nil
}

// advance raises the watermark of a point. Registers that closed below it may be complete now, even when this point's reader
// did not work and only its neighbours in the room did.
func (t streamTx) advance(ctx context.Context, d ingest.Delivery, w ingest.Watermark) error {
	until, before := milliseconds(w.Until), int64(0) // the first word on a point is news for every register of its room
	err := t.tx.QueryRowContext(ctx, `SELECT until FROM watermark WHERE point_id = $1`, w.Point).Scan(&before)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read watermark: %w", err)
	}
	if err == nil && before >= until {
		return nil
	}
	if _, err := t.tx.ExecContext(ctx, `INSERT INTO watermark (point_id, until) VALUES ($1, $2)
		ON CONFLICT (point_id) DO UPDATE SET until = excluded.until`, w.Point, until); err != nil {
		return fmt.Errorf("store watermark: %w", err)
	}
	return t.dirtyCovered(ctx, d, w.Point, span{before, until})
}

// ended looks again at registers that waited for the end of a stream: its gateway has begun another, and now all of it is here.
func (t streamTx) ended(ctx context.Context, d ingest.Delivery) error {
	ends, err := endsOf(ctx, t.tx, d.Stream, `s.durable <= s.through`)
	if err != nil {
		return err
	}
	for _, e := range ends {
		if err := t.dirtyCovered(ctx, d, e.point, e.span); err != nil {
			return err
		}
	}
	return nil
}

// short looks again at registers that counted on a stream whose end, as has just become known, is missing.
func short(ctx context.Context, tx *transaction, now time.Time, stream contract.Stream) error {
	ends, err := endsOf(ctx, tx, stream, `s.durable > s.through`)
	if err != nil {
		return err
	}
	for _, e := range ends {
		if err := dirtyWithin(ctx, tx, now, e.point, e.span); err != nil {
			return err
		}
	}
	return nil
}

// end is where a stream's word on a point ends, until a later stream of its gateway speaks of it.
type end struct {
	point string
	span  span
}

func endsOf(ctx context.Context, tx *transaction, stream contract.Stream, where string) ([]end, error) {
	ends, err := list(ctx, tx, func(r *sql.Rows) (e end, err error) { return e, r.Scan(&e.point, &e.span.since, &e.span.until) },
		fmt.Sprintf(streamEnds, `s.id = $1 AND `+where), stream[:])
	if err != nil {
		return nil, fmt.Errorf("find registers at the end of a stream: %w", err)
	}
	return ends, nil
}

// streamEnds are points, and from when to when they may have heard taps at the end of a stream although a later stream of the same
// gateway speaks of them. It says CROSS JOIN because SQLite keeps to its order: for the sake of GROUP BY it would read all coverage.
const streamEnds = `SELECT t.point_id, t.last, coalesce((SELECT min(CASE WHEN n.since > t.last THEN n.since ELSE t.last END) FROM coverage n
		WHERE n.point_id = t.point_id AND n.stream_id <> t.stream_id AND n.until > t.last), w.until)
	FROM (SELECT c.stream_id, c.point_id, max(c.until) AS last
		FROM stream s CROSS JOIN coverage c
		WHERE %s AND c.stream_id = s.id AND EXISTS (SELECT 1 FROM stream o WHERE o.gateway_id = s.gateway_id AND o.id <> s.id)
		GROUP BY c.stream_id, c.point_id) AS t
	JOIN watermark w ON w.point_id = t.point_id AND w.until > t.last
	ORDER BY t.point_id, t.last, t.stream_id`

// dirtyCovered marks those without a final mark for a register of the point's room that closed within the span. The room
// may be one that the session was moved out of (W-6).
func (t streamTx) dirtyCovered(ctx context.Context, d ingest.Delivery, point string, s span) error {
	return markDirtyWhere(ctx, t.tx, d.ReceivedAt, `SELECT e.student_id FROM (
			SELECT sr.session_id FROM point p JOIN session_room sr ON sr.room_id = p.room_id WHERE p.id = $2
			UNION SELECT rc.session_id FROM point p JOIN room_change rc ON rc.room_id = p.room_id WHERE p.id = $2) AS here
		JOIN session s ON s.id = here.session_id CROSS JOIN expected e
		WHERE e.session_id = s.id AND s.opens_at <= $3 AND s.closes_at >= $4 AND s.closes_at <= $5 AND NOT EXISTS (SELECT 1 FROM mark m
			WHERE m.student_id = e.student_id AND m.week = `+weekOf("s.starts_at")+` AND m.session_id = s.id AND m.code <> 'U')`,
		point, s.until, s.since, max(s.until, milliseconds(d.ReceivedAt)))
}

// uncover takes back that a point was alive: the heartbeats that said so were made at another time, or nobody knows when. What
// the stream covered before and after stays. Marks that rested on it are judged again, final or not.
func (t streamTx) uncover(ctx context.Context, d ingest.Delivery, c ingest.Coverage) error {
	gone := span{milliseconds(c.Since), milliseconds(c.Until)}
	touched, err := list(ctx, t.tx, func(r *sql.Rows) (s span, err error) { return s, r.Scan(&s.since, &s.until) },
		`DELETE FROM coverage WHERE point_id = $1 AND stream_id = $2 AND until > $3 AND since < $4 RETURNING since, until`,
		c.Point, d.Stream[:], gone.since, gone.until)
	if err != nil {
		return fmt.Errorf("take back coverage: %w", err)
	}
	for _, s := range touched {
		for _, rest := range []span{{s.since, min(s.until, gone.since)}, {max(s.since, gone.until), s.until}} {
			if rest.since >= rest.until {
				continue
			}
			if _, err := t.tx.ExecContext(ctx, `INSERT INTO coverage (point_id, until, since, stream_id) VALUES ($1, $2, $3, $4)`,
				c.Point, rest.until, rest.since, d.Stream[:]); err != nil {
				return fmt.Errorf("store rest of coverage: %w", err)
			}
		}
	}
	return dirtyWithin(ctx, t.tx, d.ReceivedAt, c.Point, gone)
}

// dirtyWithin marks everybody expected while a register of the point's room was open within the span, whatever their marks say.
func dirtyWithin(ctx context.Context, tx *transaction, now time.Time, point string, s span) error {
	return markDirtyWhere(ctx, tx, now, `SELECT e.student_id FROM (
			SELECT sr.session_id FROM point p JOIN session_room sr ON sr.room_id = p.room_id WHERE p.id = $2
			UNION SELECT rc.session_id FROM point p JOIN room_change rc ON rc.room_id = p.room_id WHERE p.id = $2) AS here
		JOIN session s ON s.id = here.session_id
		JOIN expected e ON e.session_id = s.id
		WHERE s.opens_at <= $3 AND s.closes_at >= $4`, point, s.until, s.since)
}
