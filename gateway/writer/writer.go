// Package writer is the one hand that writes a gateway's own stream: taps, anchors and heartbeats, and a new stream where the
// present one turns out to have another history elsewhere. It judges no tap.
package writer

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// step is how many records are looked at together.
const step = 512

// restreamEvery bounds how often a new stream is begun, should someone disown each.
const restreamEvery = time.Hour

// ErrRestreamed means that the stream before was begun too short a time ago.
var ErrRestreamed = errors.New("a new stream was begun within the last hour already; find out why before the gateway is restarted")

// Writer writes to a journal from one start of the gateway on. Safe for concurrent use.
type Writer struct {
	journal *journal.Journal

	appending    sync.RWMutex // held for writing while the journal begins a new stream; guards everything that follows
	inherited    uint64       // the stream's last number when this run began to write to it
	restreamedAt time.Time
}

// New makes the Writer of a journal that was just opened.
func New(j *journal.Journal) *Writer { return &Writer{journal: j, inherited: j.Durable()} }

// Alive goes through the locks that a tap goes through.
func (w *Writer) Alive() {
	w.appending.RLock()
	defer w.appending.RUnlock()
	w.journal.Durable()
}

// Read decodes records from a number on, at least one and at most so many.
func (w *Writer) Read(first uint64, most int) ([]contract.Record, error) {
	raw, err := w.journal.Read(first, most, most*contract.MaxRecord)
	if err != nil {
		return nil, fmt.Errorf("recall record %d: %w", first, err)
	}
	records := make([]contract.Record, 0, len(raw))
	for i, b := range raw {
		r, err := contract.DecodeRecord(b)
		if err != nil {
			return nil, fmt.Errorf("recall record %d: %w", first+uint64(i), err)
		}
		records = append(records, r)
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("recall record %d: %w", first, journal.ErrNotFound)
	}
	return records, nil
}

// Restreamed is what became of a stream that ended.
type Restreamed struct {
	Was  contract.Stream
	Kept string // the directory where it lies now
	From uint64 // the first number whose taps were carried over
	Taps int    // that were carried over
}

// Restream begins a new stream because the present one has another history elsewhere: the disk is an old image or a copy.
// Taps of this run, from a number on, are written again into the new stream, since under their old numbers central
// would never take them. From 0 is the first of this run.
func (w *Writer) Restream(reason string, from uint64) (Restreamed, error) {
	w.appending.Lock()
	defer w.appending.Unlock()
	if time.Since(w.restreamedAt) < restreamEvery {
		return Restreamed{}, ErrRestreamed
	}
	r := Restreamed{Was: w.journal.Stream(), From: max(from, w.inherited+1)}
	taps, err := w.tapsFrom(r.From)
	if err != nil {
		return r, err
	}
	if r.Kept, err = w.journal.NewStream(reason); err != nil {
		return r, fmt.Errorf("begin new stream: %w", err)
	}
	w.restreamedAt, w.inherited = time.Now(), 0
	for ; r.Taps < len(taps); r.Taps++ {
		if _, err := w.journal.Append(taps[r.Taps]); err != nil {
			return r, fmt.Errorf("carry tap over: %w", err)
		}
	}
	return r, nil
}

// tapsFrom reads the taps from a number on. Heartbeats stay behind: they speak of their own stream.
func (w *Writer) tapsFrom(next uint64) ([]contract.Record, error) {
	var taps []contract.Record
	for next <= w.journal.Durable() {
		records, err := w.Read(next, step)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			if r.Heartbeat == nil {
				taps = append(taps, r)
			}
		}
		next += uint64(len(records))
	}
	return taps, nil
}
