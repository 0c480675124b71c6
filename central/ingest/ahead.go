package ingest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Ahead is what a gateway sent of a stream while central still lacks records before it.
type Ahead struct {
	Records []AheadRecord
	Delivery
}

// AheadRecord is a record as encoded at the gateway, with its number.
type AheadRecord struct {
	Seq    uint64
	Octets []byte
}

// Ahead stores records that come after others which are not here yet, so that a tap of today counts before the backlog of last
// week is drained. Their taps are judged as any; but the stream is not complete up to them, so nothing follows from what was
// not tapped, and the receipt still says how far the stream is complete. The gateway sends them again in their turn, and then
// each must be the same octets: a difference is ErrFork, as in Ingest.
func (i *Intake) Ahead(ctx context.Context, gateway string, batch contract.Batch) (contract.Receipt, error) {
	receipt, err := i.take(ctx, gateway, batch, putAhead)
	i.metrics.countAhead(receipt, err)
	return receipt, err
}

// putAhead stores what of a delivery is not here.
func putAhead(ctx context.Context, tx Tx, stream *Stream, d Delivery) (known int, taps []Tap, err error) {
	if stream.Quarantined != "" {
		return 0, nil, fmt.Errorf("%w: %s", ErrFork, stream.Quarantined)
	}
	if d.First <= stream.Through {
		if known, err = overlap(ctx, tx, *stream, d); err != nil {
			return 0, nil, err
		}
	}
	d = d.after(known)
	stream.WitnessAhead = d.timed(cmp.Or(stream.WitnessAhead, stream.Witness))
	held, err := sentAhead(ctx, tx, *stream, d)
	if err != nil {
		return 0, nil, err
	}
	fresh := d.ahead(held)
	if len(fresh.Records) > 0 {
		stream.Ahead = max(stream.Ahead, d.last())
	}
	return known + len(held), fresh.Taps, tx.AppendAhead(ctx, *stream, fresh)
}

// sentAhead reads which records of a delivery were sent ahead, and checks that they are the same.
func sentAhead(ctx context.Context, tx Tx, stream Stream, d Delivery) (map[uint64][]byte, error) {
	if len(d.Octets) == 0 || stream.Ahead < d.First {
		return nil, nil
	}
	held, err := tx.Ahead(ctx, d.Stream, d.First, d.last())
	if err != nil {
		return nil, err
	}
	for seq, octets := range held {
		if !bytes.Equal(octets, d.Octets[seq-d.First]) {
			return nil, fmt.Errorf("%w: record %s was sent ahead with other content", ErrFork, contract.TapID{Stream: d.Stream, Seq: seq})
		}
	}
	return held, nil
}

// ahead is the part of a delivery that is not held, without what heartbeats say: that is believed in its place alone.
func (d Delivery) ahead(held map[uint64][]byte) Ahead {
	a := Ahead{Delivery: d}
	for k, octets := range d.Octets {
		seq := d.First + uint64(k)
		if _, ok := held[seq]; !ok {
			a.Records = append(a.Records, AheadRecord{Seq: seq, Octets: octets})
		}
	}
	a.Taps = without(d.Taps, held)
	return a
}

// without are the taps that are not held.
func without(taps []Tap, held map[uint64][]byte) (fresh []Tap) {
	for _, t := range taps {
		if _, ok := held[t.ID.Seq]; !ok {
			fresh = append(fresh, t)
		}
	}
	return fresh
}
