package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/ingest"
	"github.com/rollcall-edge/rollcall/central/register"
	"github.com/rollcall-edge/rollcall/central/timeline"
)

// times is what is known of a stream's times, as it is stored.
type times struct {
	Witness    *timeline.Witness  `json:"witness,omitempty"`
	Ahead      *timeline.Witness  `json:"ahead,omitempty"` // of what was sent ahead
	Correction *ingest.Correction `json:"correction,omitempty"`
}

func readTimes(stream *ingest.Stream, text string) error {
	if text == "" {
		return nil
	}
	var t times
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return fmt.Errorf("read times of stream %s: %w", stream.ID, err)
	}
	stream.Correction = t.Correction
	if t.Witness != nil {
		stream.Witness = *t.Witness
	}
	if t.Ahead != nil {
		stream.WitnessAhead = *t.Ahead
	}
	return nil
}

// writeTimes is the inverse of readTimes.
func writeTimes(stream ingest.Stream) (string, error) {
	t := times{Correction: stream.Correction}
	if stream.Witness != (timeline.Witness{}) {
		t.Witness = &stream.Witness
	}
	if stream.WitnessAhead != (timeline.Witness{}) {
		t.Ahead = &stream.WitnessAhead
	}
	text, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("write times of stream %s: %w", stream.ID, err)
	}
	return string(text), nil
}

func (t streamTx) appendAnchors(ctx context.Context, d ingest.Delivery) error {
	for _, a := range d.Anchors {
		text, err := json.Marshal(a.Witness)
		if err != nil {
			return fmt.Errorf("write anchor: %w", err)
		}
		if _, err := t.tx.ExecContext(ctx, `INSERT INTO anchor (stream_id, seq, witness) VALUES ($1, $2, $3)`, d.Stream[:], int64(a.Seq), string(text)); err != nil {
			return fmt.Errorf("store anchor: %w", err)
		}
	}
	return nil
}

func scanAnchor(r scanner) (a timeline.Anchor, err error) {
	var text string
	if err := r.Scan(&a.Seq, &text); err != nil {
		return a, err
	}
	return a, json.Unmarshal([]byte(text), &a.Witness)
}

// LastAnchor implements ingest.Tx.
func (t streamTx) LastAnchor(ctx context.Context, id contract.Stream) (timeline.Anchor, bool, error) {
	a, err := scanAnchor(t.tx.QueryRowContext(ctx, `SELECT seq, witness FROM anchor WHERE stream_id = $1 ORDER BY seq DESC LIMIT 1`, id[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return a, false, nil
	}
	if err != nil {
		return a, false, fmt.Errorf("read last anchor: %w", err)
	}
	return a, true, nil
}

// AnchorsAfter implements ingest.Tx.
func (t streamTx) AnchorsAfter(ctx context.Context, id contract.Stream, seq uint64) ([]timeline.Anchor, error) {
	anchors, err := list(ctx, t.tx, func(r *sql.Rows) (timeline.Anchor, error) { return scanAnchor(r) },
		`SELECT seq, witness FROM anchor WHERE stream_id = $1 AND seq > $2 ORDER BY seq`, id[:], int64(seq))
	if err != nil {
		return nil, fmt.Errorf("read anchors: %w", err)
	}
	return anchors, nil
}

// Received implements ingest.Tx.
func (t streamTx) Received(ctx context.Context, id contract.Stream, first uint64, n int) ([]ingest.Received, error) {
	records, err := list(ctx, t.tx, func(r *sql.Rows) (ingest.Received, error) {
		var v ingest.Received
		var at int64
		err := r.Scan(&v.Octets, &at)
		v.At = instant(at)
		return v, err
	}, `SELECT octets, received_at FROM record WHERE stream_id = $1 AND seq >= $2 AND seq < $3 ORDER BY seq`, id[:], int64(first), int64(first)+int64(n))
	if err != nil {
		return nil, fmt.Errorf("read records: %w", err)
	}
	return records, nil
}

// putTimes keeps both values of taps whose moment is not simply their stamp.
func (t streamTx) putTimes(ctx context.Context, taps []ingest.Tap) error {
	var told []ingest.Tap
	for _, p := range taps {
		if p.Moment.Kind != timeline.AsStamped {
			told = append(told, p)
		}
	}
	return putEach(ctx, t.tx, "times of taps", `INSERT INTO tap_time (stream_id, seq, digest, stamped_at, within, earliest, latest) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (stream_id, seq) DO UPDATE SET within = excluded.within, earliest = excluded.earliest, latest = excluded.latest`,
		told, func(p ingest.Tap) []any {
			m := p.Moment
			return []any{p.ID.Stream[:], int64(p.ID.Seq), p.Digest[:], milliseconds(p.Stamp.At), int64(m.Within / time.Millisecond), optional(m.Earliest), optional(m.Latest)}
		})
}

// Revise implements ingest.Tx.
func (t streamTx) Revise(ctx context.Context, stream ingest.Stream, r ingest.Revision) error {
	if err := t.save(ctx, stream); err != nil {
		return err
	}
	if err := t.reviseTaps(ctx, stream, r); err != nil {
		return err
	}
	d := ingest.Delivery{Stream: stream.ID, Coverage: r.Coverage, Watermarks: r.Watermarks, ReceivedAt: r.At}
	for _, c := range r.Uncovered {
		if err := t.uncover(ctx, d, c); err != nil {
			return err
		}
	}
	if err := t.noteHeard(ctx, ingest.Delivery{Coverage: r.Uncovered}); err != nil {
		return err
	}
	return t.heard(ctx, d)
}

func (t streamTx) reviseTaps(ctx context.Context, stream ingest.Stream, r ingest.Revision) error {
	if len(r.Taps) == 0 {
		return nil
	}
	err := putEach(ctx, t.tx, "moments of taps", `UPDATE tap SET at = $3 WHERE stream_id = $1 AND seq = $2`, r.Taps,
		func(p ingest.Tap) []any { return []any{p.ID.Stream[:], int64(p.ID.Seq), milliseconds(p.Moment.At)} })
	if err != nil {
		return err
	}
	err = putEach(ctx, t.tx, "times of taps", `DELETE FROM tap_time WHERE stream_id = $1 AND seq = $2`, r.Taps,
		func(p ingest.Tap) []any { return []any{p.ID.Stream[:], int64(p.ID.Seq)} })
	if err != nil {
		return err
	}
	if err := t.putTimes(ctx, r.Taps); err != nil {
		return err
	}
	revised, err := keysOf(r.Taps, func(p ingest.Tap) string { return strconv.FormatUint(p.ID.Seq, 10) })
	if err != nil {
		return err
	}
	return markDirtyWhere(ctx, t.tx, r.At, `SELECT c.student_id FROM ({{keys $2}}) AS k JOIN tap t ON t.stream_id = $3 AND t.seq = CAST(k.id AS BIGINT)
		JOIN card c ON c.digest = t.digest`, revised, stream.ID[:])
}

// unsure moves the taps of which nobody knows the moment from the others to where they are weighed. A card counts that was the
// student's at some moment the tap may have been made.
func (l *loader) unsure(ctx context.Context, tx *transaction) error {
	unsure := map[contract.TapID]bool{}
	err := each(ctx, tx, func(r *sql.Rows) error {
		var student string
		var stream []byte
		var earliest sql.NullInt64
		var latest, at int64
		var u register.Unsure
		if err := r.Scan(&student, &stream, &u.ID.Seq, &earliest, &latest, &at, &u.Evidence, &u.Point, &u.Room, &u.Exit); err != nil {
			return err
		}
		copy(u.ID.Stream[:], stream)
		u.Earliest, u.Latest, u.At = optionalInstant(earliest), instant(latest), instant(at)
		f := &l.cases[student].Facts
		f.Unsure = append(f.Unsure, u)
		unsure[u.ID] = true
		return nil
	}, `SELECT c.student_id, u.stream_id, u.seq, u.earliest, u.latest, t.at, t.evidence, t.point_id, coalesce(p.room_id, ''), coalesce(p.direction, '') = 'out'
		FROM card c JOIN tap_time u ON u.digest = c.digest JOIN tap t ON t.stream_id = u.stream_id AND t.seq = u.seq LEFT JOIN point p ON p.id = t.point_id
		WHERE c.student_id IN ({{keys $1}}) AND NOT c.blocked AND u.latest IS NOT NULL
		AND u.latest >= c.valid_from AND (c.valid_to IS NULL OR coalesce(u.earliest, 0) <= c.valid_to)`, l.ids)
	if err != nil || len(unsure) == 0 {
		return err
	}
	for _, c := range l.cases {
		c.Facts.Taps = slices.DeleteFunc(c.Facts.Taps, func(t register.Tap) bool { return unsure[t.ID] })
	}
	return nil
}
