package journal

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// ErrAhead means that central or the cluster acknowledges a number this journal has not given yet: the disk holds an
// old image, or another device writes the same stream. Start a new stream.
var ErrAhead = errors.New("acknowledged number is ahead of this journal; start a new stream")

// Options say where a Journal lies. Only Dir is required; the zero value of every other field is the default of
// LogOptions.
type Options struct {
	Dir          string
	SegmentBytes int64
	ReserveBytes int64
	Key          *Key                  // encrypts what is written from now on; nil does not
	Registerer   prometheus.Registerer // nil means no metrics
	Log          *slog.Logger
	Now          func() time.Time
	FS           FS
	Rand         io.Reader // of streams and nonces
}

// Journal is a gateway's own log of taps, heartbeats and anchors: one stream of contract records. The live stream lies
// in Dir/live; what was set aside lies beside it. All methods are safe for concurrent use.
type Journal struct {
	o       Options
	lock    io.Closer
	metrics *metrics

	swap   sync.RWMutex // guards log, stream and closed; held for writing only while they are replaced
	log    *Log
	stream contract.Stream
	closed bool

	encoded []byte // the record Append is at; guarded by the log, which copies it before it asks for the next

	mu           sync.Mutex // guards everything that follows
	acknowledged uint64
	sealed       seal
	treeless     bool          // what the next seal would have to cover was pruned before there were seals
	changed      chan struct{} // nil while nobody listens
	quarantined  *Quarantine
}

// Open opens the journal in o.Dir and audits it: numbers without gaps, every record's own checksum, its number and its
// stream. A directory that fails is renamed to quarantine-<time> and a new stream begins; Quarantined tells of it. An
// empty directory begins a new stream. ErrLocked, ErrVersion and errors of the disk are returned and change nothing.
func Open(o Options) (*Journal, error) {
	j := &Journal{o: o}
	j.o.setDefaults()
	if err := j.o.FS.MkdirAll(o.Dir); err != nil {
		return nil, fmt.Errorf("make journal directory: %w", err)
	}
	var err error
	if j.lock, err = j.o.FS.Lock(o.Dir); err != nil {
		return nil, err
	}
	j.metrics = newMetrics(j)
	if err := j.openOrQuarantine(); err != nil {
		return nil, errors.Join(err, j.lock.Close())
	}
	if err := registerAll(o.Registerer, j.metrics.all()); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return j, nil
}

// setDefaults fills in what Journal itself uses; the Log fills in its own.
func (o *Options) setDefaults() {
	log := LogOptions{FS: o.FS, Log: o.Log, Now: o.Now, Rand: o.Rand}
	_ = log.setDefaults() // it can only refuse a segment length, and OpenLog will say so
	o.FS, o.Log, o.Now, o.Rand = log.FS, log.Log, log.Now, log.Rand
}

// liveDir is what the directory of the stream in use is called.
const liveDir = "live"

// live is where the stream in use lies.
func (j *Journal) live() string { return filepath.Join(j.o.Dir, liveDir) }

// Stream identifies this journal. It changes only by NewStream.
func (j *Journal) Stream() contract.Stream {
	j.swap.RLock()
	defer j.swap.RUnlock()
	return j.stream
}

// Append keeps r under the next number and returns its identity; r.ID and r.Salt are ignored. The record is encoded once,
// with its identity and a salt of its own, and is on disk when Append returns. After an error it has no number and no light but amber may be shown.
func (j *Journal) Append(r contract.Record) (contract.TapID, error) {
	began := time.Now()
	r.Salt = contract.NewSalt()
	j.swap.RLock()
	defer j.swap.RUnlock()
	_, err := j.log.AppendFunc(1, func(first uint64, dst [][]byte) (err error) {
		r.ID = contract.TapID{Stream: j.stream, Seq: first}
		j.encoded, err = contract.AppendRecord(j.encoded[:0], r)
		dst[0] = j.encoded
		return err
	})
	if err != nil {
		return contract.TapID{}, fmt.Errorf("append to journal: %w", err)
	}
	j.metrics.appendSeconds.Observe(time.Since(began).Seconds())
	return r.ID, nil
}

// Durable is the number of the last record on disk, 0 in a new stream.
func (j *Journal) Durable() uint64 {
	j.swap.RLock()
	defer j.swap.RUnlock()
	return j.log.Last()
}

// Read gives encoded records from number first on: at most maxRecords of at most maxBytes together, but at least one if
// there is one. Past Durable it gives none and no error; a number already pruned is ErrNotFound.
func (j *Journal) Read(first uint64, maxRecords, maxBytes int) ([][]byte, error) {
	j.swap.RLock()
	defer j.swap.RUnlock()
	last := j.log.Last()
	var records [][]byte
	for seq, bytes := first, 0; seq <= last && len(records) < max(maxRecords, 1); seq++ {
		b, err := j.log.Read(seq)
		if err != nil {
			return nil, fmt.Errorf("read journal: %w", err)
		}
		if bytes += len(b); bytes > maxBytes && len(records) > 0 {
			break
		}
		records = append(records, b)
	}
	return records, nil
}

// Changed gives a channel that is closed when Durable next advances or the stream changes. Take it before looking at
// Durable, so that nothing is missed between the two.
func (j *Journal) Changed() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.changed == nil {
		j.changed = make(chan struct{})
	}
	return j.changed
}

// announce wakes whoever waits on Changed.
func (j *Journal) announce() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.changed != nil {
		close(j.changed)
		j.changed = nil
	}
}

// flushed is told of every flush, before the appends it made durable return.
func (j *Journal) flushed(f Flush) {
	j.metrics.flushed(f)
	if f.Records > 0 {
		j.announce()
	}
}

// Usable is nil, or why a tap cannot be kept now: it wraps ErrFailed (latched; end the process), ErrFull or ErrClosed.
func (j *Journal) Usable() error {
	j.swap.RLock()
	defer j.swap.RUnlock()
	return j.log.Usable()
}

// Close makes the acknowledged number durable and lets the directory go. It waits for appends under way.
func (j *Journal) Close() error {
	j.swap.Lock()
	defer j.swap.Unlock()
	if j.closed {
		return ErrClosed
	}
	j.closed = true
	unregisterAll(j.o.Registerer, j.metrics.all())
	err := j.log.Close()
	if errors.Is(err, ErrClosed) { // NewStream closed it and could not begin another
		err = nil
	}
	return errors.Join(err, j.lock.Close())
}
