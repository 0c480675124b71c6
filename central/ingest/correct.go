package ingest

import (
	"context"
	"errors"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/timeline"
)

// errUncorrected means that an anchor's correction was interrupted: its steps rely on all that is stored being older.
var errUncorrected = fmt.Errorf("%w: times of the stream are being corrected", ErrBusy)

// next puts a batch behind what is here, and then corrects what its anchors tell of older records.
func (i *Intake) next(ctx context.Context, gateway string, batch contract.Batch) (contract.Receipt, error) {
	anchored := false
	put := func(ctx context.Context, tx Tx, stream *Stream, d Delivery) (known int, taps []Tap, err error) {
		known, taps, err = putNext(ctx, tx, stream, d)
		anchored = err == nil && stream.Correction != nil
		return known, taps, err
	}
	receipt, err := i.take(ctx, gateway, batch, put)
	if errors.Is(err, errUncorrected) {
		if err := i.correct(ctx, batch.Stream); err != nil {
			return contract.Receipt{}, err
		}
		receipt, err = i.take(ctx, gateway, batch, put)
	}
	if err == nil && anchored {
		if err := i.correct(ctx, batch.Stream); err != nil {
			i.log.Warn("times are corrected with the next batch of the stream", "stream", batch.Stream.String(), "error", err)
		}
	}
	return receipt, err
}

// witnessed gives the records of a delivery their moments and, if there are anchors among them, asks for the correction of
// what lies between the last anchor before and the delivery. Older records had that one, and what it made of them stands.
func witnessed(ctx context.Context, tx Tx, stream *Stream, d *Delivery) error {
	if stream.Correction != nil && len(d.records) > 0 {
		return errUncorrected
	}
	stream.Witness = d.timed(stream.Witness)
	if len(d.Anchors) == 0 || d.First == 1 {
		return nil
	}
	last, ok, err := tx.LastAnchor(ctx, stream.ID)
	if err != nil {
		return err
	}
	c := &Correction{Next: 1, Until: d.First - 1}
	if ok {
		c.Next, c.Was, c.Is = last.Seq+1, last.Witness, last.Witness
	}
	if c.Next <= c.Until {
		stream.Correction = c
	}
	return nil
}

// correct takes the steps that a stream's correction still needs, each in a transaction of its own, so that a week of taps
// keeps nobody else waiting.
func (i *Intake) correct(ctx context.Context, id contract.Stream) error {
	for done := false; !done; {
		revised := Revision{}
		err := i.store.Receive(ctx, func(tx Tx) error {
			stream, err := tx.Stream(ctx, id)
			if err != nil {
				return err
			}
			if stream.Correction == nil {
				done = true
				return nil
			}
			stream, revised, err = i.step(ctx, tx, stream)
			done = stream.Correction == nil
			return err
		})
		if err != nil {
			return fmt.Errorf("correct times: %w", err)
		}
		for _, t := range revised.Taps {
			i.metrics.revised.WithLabelValues(kindNames[t.Moment.Kind]).Inc()
		}
	}
	return nil
}

// step corrects the next records of a stream.
func (i *Intake) step(ctx context.Context, tx Tx, stream Stream) (Stream, Revision, error) {
	c := *stream.Correction
	n := int(min(c.Until-c.Next+1, contract.MaxBatchRecords))
	stored, err := tx.Received(ctx, stream.ID, c.Next, n)
	if err != nil {
		return stream, Revision{}, err
	}
	anchors, err := tx.AnchorsAfter(ctx, stream.ID, c.Until)
	if err != nil {
		return stream, Revision{}, err
	}
	r := Revision{At: i.now()}
	was, is := timeline.Walk{Before: c.Was}, timeline.Walk{Before: c.Is, Ahead: anchors}
	if err := r.walk(stored, &was, &is); err != nil {
		return stream, Revision{}, fmt.Errorf("stream %s from %d: %w", stream.ID, c.Next, err)
	}
	stream.Correction = nil
	if c.Next += uint64(len(stored)); c.Next <= c.Until && len(stored) > 0 {
		c.Was, c.Is = was.Before, is.Before
		stream.Correction = &c
	}
	return stream, r, tx.Revise(ctx, stream, r)
}

// walk compares the moments that records had with those they have now, and gathers what is different.
func (r *Revision) walk(stored []Received, was, is *timeline.Walk) error {
	old, now := beats{now: r.At}, beats{now: r.At}
	for _, s := range stored {
		if len(s.Octets) == 0 {
			continue // it was erased, and its time with it
		}
		record, err := contract.DecodeRecord(s.Octets)
		if err != nil {
			return err
		}
		before, after := was.Next(record, s.At), is.Next(record, s.At)
		if before == after {
			continue
		}
		old.add(record, before)
		now.add(record, after)
		if record.Tap != nil {
			r.Taps = append(r.Taps, Tap{ID: record.ID, Stamp: record.Stamp, Tap: *record.Tap, Moment: after})
		}
	}
	r.Uncovered, r.Coverage, r.Watermarks = join(old.coverage), join(now.coverage), newest(now.watermarks)
	return nil
}
