package store

import (
	"context"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract/tree"
	"github.com/rollcall-edge/rollcall/central/ingest"
)

func (t streamTx) appendRecords(ctx context.Context, d ingest.Delivery) error {
	seq := int64(d.First) - 1
	return putEach(ctx, t.tx, "records", `INSERT INTO record (stream_id, seq, received_at, octets, commitment) VALUES ($1, $2, $3, $4, $5)`,
		d.Octets, func(octets []byte) []any {
			seq++
			c, _ := tree.Commit(octets) // it was decoded, so it has one
			return []any{d.Stream[:], seq, milliseconds(d.ReceivedAt), octets, c[:]}
		})
}

func (t streamTx) appendTaps(ctx context.Context, d ingest.Delivery) error {
	if len(d.Taps) == 0 {
		return nil
	}
	err := putEach(ctx, t.tx, "taps", `INSERT INTO tap (stream_id, seq, at, point_id, digest, evidence, outcome, reason, session_id,
		timetable, quality, within, suspect) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		d.Taps, func(p ingest.Tap) []any {
			return []any{
				p.ID.Stream[:], int64(p.ID.Seq), milliseconds(p.Moment.At), p.Point, p.Digest[:], int(p.Evidence), int(p.Outcome), int(p.Reason),
				p.Session, int64(p.Timetable), int(p.Stamp.Quality), int64(p.Stamp.Within / time.Millisecond), p.Suspect,
			}
		})
	if err != nil {
		return err
	}
	if err := t.putTimes(ctx, d.Taps); err != nil {
		return err
	}
	first, last := d.Taps[0].ID.Seq, d.Taps[len(d.Taps)-1].ID.Seq
	return markDirtyWhere(ctx, t.tx, d.ReceivedAt,
		`SELECT c.student_id FROM tap t JOIN card c ON c.digest = t.digest WHERE t.stream_id = $2 AND t.seq BETWEEN $3 AND $4`,
		d.Stream[:], int64(first), int64(last))
}
