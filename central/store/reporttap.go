package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/report"
)

// tapColumns select a tap t with what aroundTap knows of it, and must be followed by the session that the tap credits. All of them
// are NULL where there is no tap.
const tapColumns = `t.stream_id, t.seq, t.at, t.point_id, p.room_id, st.gateway_id, t.digest, t.evidence, t.outcome, t.reason,
	t.session_id, t.timetable, t.quality, t.within, tt.stamped_at, tt.within, tt.earliest, tt.latest, c.student_id, h.name, `

const aroundTap = `LEFT JOIN point p ON p.id = t.point_id LEFT JOIN stream st ON st.id = t.stream_id
	LEFT JOIN tap_time tt ON tt.stream_id = t.stream_id AND tt.seq = t.seq
	LEFT JOIN card c ON c.digest = t.digest LEFT JOIN student h ON h.id = c.student_id`

// creditOfTap is the first session whose mark the holder of the card owes to the tap; no window is longer than a day.
const creditOfTap = `(SELECT min(m.session_id) FROM mark m WHERE m.student_id = c.student_id AND m.tap_stream = t.stream_id AND m.tap_seq = t.seq
	AND m.week BETWEEN (t.at - 86400000 - 345600000) / 604800000 AND (t.at + 86400000 - 345600000) / 604800000)`

// tapTarget is where tapColumns are scanned to.
type tapTarget struct {
	stream, digest                                            []byte
	seq, at, evidence, outcome, reason                        sql.NullInt64
	timetable, quality, within                                sql.NullInt64
	stamped, bound, earliest, latest                          sql.NullInt64
	point, room, gateway, session, student, holder, creditsTo sql.NullString
}

func (t *tapTarget) fields() []any {
	return []any{&t.stream, &t.seq, &t.at, &t.point, &t.room, &t.gateway, &t.digest, &t.evidence, &t.outcome, &t.reason,
		&t.session, &t.timetable, &t.quality, &t.within, &t.stamped, &t.bound, &t.earliest, &t.latest, &t.student, &t.holder, &t.creditsTo}
}

// tap is what was scanned, nil if there was no tap.
func (t *tapTarget) tap() *report.Tap {
	if !t.seq.Valid {
		return nil
	}
	tap := &report.Tap{
		ID:        fmt.Sprintf("%s/%d", hex.EncodeToString(t.stream), t.seq.Int64),
		At:        instant(t.at.Int64),
		Point:     t.point.String,
		Room:      t.room.String,
		Gateway:   t.gateway.String,
		Digest:    hex.EncodeToString(t.digest),
		Evidence:  contract.Evidence(t.evidence.Int64).String(),
		Outcome:   contract.Outcome(t.outcome.Int64).String(),
		Reason:    contract.Reason(t.reason.Int64).String(),
		Session:   t.session.String,
		Timetable: uint64(t.timetable.Int64),
		Quality:   contract.Quality(t.quality.Int64).String(),
		WithinMS:  t.within.Int64,
		Student:   t.student.String,
		Name:      t.holder.String,
		Credits:   t.creditsTo.String,
	}
	t.tellTime(tap)
	return tap
}

// tellTime says what the tap's moment rests on.
func (t *tapTarget) tellTime(tap *report.Tap) {
	tap.StampedAt, tap.Time = tap.At, report.Stamped
	if !t.stamped.Valid {
		return
	}
	tap.StampedAt, tap.Time, tap.WithinMS = instant(t.stamped.Int64), report.Corrected, t.bound.Int64
	if t.latest.Valid {
		tap.Time, tap.Earliest, tap.Latest = report.Uncertain, pointer(t.earliest), pointer(t.latest)
	}
}

func scanTap(r scanner) (report.Tap, error) {
	var t tapTarget
	if err := r.Scan(t.fields()...); err != nil {
		return report.Tap{}, err
	}
	return *t.tap(), nil
}

func (s ReportSource) taps(ctx context.Context, credits, query string, args ...any) ([]report.Tap, error) {
	taps, err := list(ctx, s.read, func(r *sql.Rows) (report.Tap, error) { return scanTap(r) }, `SELECT `+tapColumns+credits+query, args...)
	if err != nil {
		return nil, fmt.Errorf("list taps: %w", err)
	}
	return taps, nil
}

// TapsOfStudent implements report.Source.
func (s ReportSource) TapsOfStudent(ctx context.Context, student string, from, to time.Time) ([]report.Tap, error) {
	return s.taps(ctx, creditOfTap, ` FROM card own JOIN tap t ON t.digest = own.digest `+aroundTap+`
		WHERE own.student_id = $1 AND t.at >= $2 AND t.at < $3 ORDER BY t.at, t.stream_id, t.seq`,
		student, milliseconds(from), milliseconds(to))
}

// CreditedTaps implements report.Source.
func (s ReportSource) CreditedTaps(ctx context.Context, student string, from, to time.Time) ([]report.Tap, error) {
	return s.taps(ctx, `m.session_id`, ` FROM mark m JOIN tap t ON t.stream_id = m.tap_stream AND t.seq = m.tap_seq `+aroundTap+`
		WHERE m.student_id = $1 AND m.starts_at >= $2 AND m.starts_at < $3`, student, milliseconds(from), milliseconds(to))
}

// Taps implements report.Source.
func (s ReportSource) Taps(ctx context.Context, q report.TapQuery) ([]report.Tap, error) {
	return s.taps(ctx, creditOfTap, ` FROM tap t `+aroundTap+`
		WHERE (t.stream_id, t.seq) > ($1, $2) AND t.at >= $3 AND t.at < $4 ORDER BY t.stream_id, t.seq LIMIT $5`,
		q.After.Stream[:], int64(q.After.Seq), milliseconds(q.From), milliseconds(q.To), q.Limit)
}

// RecentTaps implements report.Source. It asks stream by stream, because only numbers, not times, are indexed over all cards.
func (s ReportSource) RecentTaps(ctx context.Context, limit int) ([]report.Tap, error) {
	streams, err := list(ctx, s.read, func(r *sql.Rows) (id []byte, err error) { return id, r.Scan(&id) }, `SELECT id FROM stream`)
	if err != nil {
		return nil, fmt.Errorf("list streams: %w", err)
	}
	var recent []report.Tap
	for _, id := range streams {
		taps, err := s.taps(ctx, creditOfTap, ` FROM (SELECT * FROM tap WHERE stream_id = $1 ORDER BY seq DESC LIMIT $2) t `+aroundTap, id, limit)
		if err != nil {
			return nil, err
		}
		recent = append(recent, taps...)
	}
	slices.SortFunc(recent, func(a, b report.Tap) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.ID, b.ID)) })
	return recent[:min(limit, len(recent))], nil
}

// Tap implements report.Source.
func (s ReportSource) Tap(ctx context.Context, id contract.TapID) (report.Tap, error) {
	t, err := scanTap(s.read.QueryRowContext(ctx, `SELECT `+tapColumns+creditOfTap+` FROM tap t `+aroundTap+`
		WHERE t.stream_id = $1 AND t.seq = $2`, id.Stream[:], int64(id.Seq)))
	if errors.Is(err, sql.ErrNoRows) {
		return report.Tap{}, report.ErrNotFound
	}
	if err != nil {
		return report.Tap{}, fmt.Errorf("read tap: %w", err)
	}
	return t, nil
}

// RecordOf implements report.Source.
func (s ReportSource) RecordOf(ctx context.Context, id contract.TapID) (octets []byte, receivedAt time.Time, err error) {
	var received int64
	err = s.read.QueryRowContext(ctx, `SELECT octets, received_at FROM record WHERE stream_id = $1 AND seq = $2
		UNION ALL SELECT octets, received_at FROM record_ahead WHERE stream_id = $1 AND seq = $2`, id.Stream[:], int64(id.Seq)).
		Scan(&octets, &received)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, time.Time{}, report.ErrNotFound
	}
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read record: %w", err)
	}
	return octets, instant(received), nil
}
