package journal

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
)

// What a Log or a Journal can answer.
var (
	ErrNotFound   = errors.New("no record with this number")
	ErrLocked     = errors.New("journal is in use by another process")
	ErrDamaged    = errors.New("journal is damaged")
	ErrVersion    = errors.New("journal was written by a newer version; upgrade this program")
	ErrFull       = errors.New("no space left for the journal; free space on its disk")
	ErrFailed     = errors.New("storage failed; restart the program to audit the journal")
	ErrClosed     = errors.New("journal is closed")
	ErrTooLarge   = errors.New("too large for the journal")
	ErrOutOfOrder = errors.New("number does not follow the last one")
	ErrKey        = errors.New("journal is encrypted with another key; put the right key file back, nothing is lost meanwhile")
)

// LogOptions say where a Log lies and how it grows. Only Dir is required.
type LogOptions struct {
	Dir string
	// SegmentBytes is the length of one file, whole 4 KiB blocks, at least 32 KiB; 0 means 4 MiB.
	SegmentBytes int64
	// ReserveBytes are left free on the disk for its other users, who die of a full disk; 0 means 64 MiB, below 0 none.
	ReserveBytes int64
	// Expendable gives the highest number that may be dropped when the disk is nearly full; nil means none ever.
	Expendable func() uint64
	// Audit is shown every record found at open, in order; its error names the log damaged. nil accepts all.
	Audit func(seq uint64, payload []byte) error
	// Flushed is told of each flush, before any append that it made durable returns. It must not call the Log's
	// writing methods.
	Flushed func(Flush)
	Key     *Key             // encrypts what is written from now on; nil does not. What is on disk stays readable
	FS      FS               // nil means the real one
	Log     *slog.Logger     // nil means none
	Now     func() time.Time // nil means time.Now; written into segments for pruning by age
	Rand    io.Reader        // nil means crypto/rand.Reader; source of the segments' nonces
}

// Flush tells of one write and fdatasync that succeeded.
type Flush struct {
	Last    uint64        // highest durable number
	Records int           // how many records became durable
	Took    time.Duration // write and fdatasync together
}

// Log keeps numbered opaque payloads and a few small named values, durable when the call that wrote them returns.
// Numbers start at 1 and have no gaps. All methods are safe for concurrent use.
type Log struct {
	o       LogOptions
	lock    io.Closer
	largest int // bytes of the largest payload

	// flushing is held by whoever writes. It guards staged, whole and the end of the active segment,
	// and comes before filling, pruning and mu.
	flushing sync.Mutex
	staged   batch
	whole    []*entry // entries whose last item is in staged

	filling sync.Mutex // held while a spare segment is made
	pruning sync.Mutex // held while segments are retired; comes after filling

	want   chan struct{} // a spare is wanted
	stop   chan struct{} // closed by Close
	filler sync.WaitGroup

	mu      sync.RWMutex // guards everything that follows
	open    *group       // gathers entries for the next flush; nil if none waits
	segs    []*segment   // oldest first; the last one is being written
	next    uint64
	values  map[string][]byte // durable
	soon    map[string][]byte // ride with the next flush
	spares  []string          // paths of files ready to become segments
	spareID uint64
	full    error // why the last attempt to make a spare ended, if it was for want of space
	failed  error
	closed  bool
}

// OpenLog opens the log in o.Dir, making it if it is not there. It reads every record once, in bounded memory.
//
// What a crash left half-written behind the last durable batch is dropped. Anything else that does not check out is
// ErrDamaged with file and place, and nothing has been changed then. A second opener gets ErrLocked.
func OpenLog(o LogOptions) (*Log, error) {
	l, err := newLog(o)
	if err != nil {
		return nil, err
	}
	if err := l.o.FS.MkdirAll(l.o.Dir); err != nil {
		return nil, fmt.Errorf("make journal directory: %w", err)
	}
	if l.lock, err = l.o.FS.Lock(l.o.Dir); err != nil {
		return nil, err
	}
	if err := l.start(); err != nil {
		return nil, errors.Join(err, l.release())
	}
	l.filler.Go(l.fill)
	l.wantSpare()
	return l, nil
}

func newLog(o LogOptions) (*Log, error) {
	if err := o.setDefaults(); err != nil {
		return nil, err
	}
	l := &Log{
		o: o, largest: largestPayload(o.SegmentBytes), next: 1,
		values: map[string][]byte{}, soon: map[string][]byte{},
		want: make(chan struct{}, 1), stop: make(chan struct{}),
	}
	return l, nil
}

// largestPayload leaves room in a segment for its header block and the headers around one record.
func largestPayload(segmentBytes int64) int {
	return int(min(maxPayload, segmentBytes-2*block))
}

// start finds what is there and begins the first segment of a new log.
func (l *Log) start() error {
	if err := l.recover(); err != nil {
		return err
	}
	l.staged.key = l.o.Key
	l.staged.reset(l.next)
	if n := len(l.segs); n > 0 && l.segs[n-1].keyed == (l.o.Key != nil) {
		return nil
	}
	return l.beginKeyed()
}

// beginKeyed begins a segment in a file that has held nothing yet: of a new log, or of one that is encrypted from now on. A
// spare of before could still show what it once held.
func (l *Log) beginKeyed() error {
	for path := l.popSpare(); path != ""; path = l.popSpare() {
		if err := l.o.FS.Remove(path); err != nil {
			return fmt.Errorf("remove spare segment: %w", err)
		}
	}
	return l.roll(l.next, false)
}

// First is the lowest number kept, 0 when no record is.
func (l *Log) First() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.firstLocked()
}

func (l *Log) firstLocked() uint64 {
	for _, s := range l.segs {
		if len(s.places) > 0 {
			return s.first
		}
	}
	return 0
}

// Last is the highest durable number ever given and not truncated, 0 when there was none. Pruning does not lower it.
func (l *Log) Last() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.next - 1
}

// Bytes is what the segments take on disk, without spares.
func (l *Log) Bytes() int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var n int64
	for _, s := range l.segs {
		n += s.size
	}
	return n
}

// Failed is nil, or the first storage error (it wraps ErrFailed). After it nothing is kept any more and every call
// returns it: what the kernel did with the lost pages cannot be known, so the process ends and the next one audits.
func (l *Log) Failed() error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.failed
}

// Usable is nil, or why the next append would fail: Failed, ErrClosed, or ErrFull as long as there is no space. It
// looks for space again in the background, so asking repeatedly is how a full log comes back.
func (l *Log) Usable() error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if err := l.refusedLocked(); err != nil {
		return err
	}
	active := l.segs[len(l.segs)-1]
	if l.full == nil || len(l.spares) > 0 || active.end+block <= active.size {
		return nil
	}
	l.wantSpare()
	return l.full
}

// refusedLocked is why no method may touch the disk any more, if so.
func (l *Log) refusedLocked() error {
	if l.failed != nil {
		return l.failed
	}
	if l.closed {
		return ErrClosed
	}
	return nil
}

func (l *Log) refused() error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.refusedLocked()
}

// Close makes pending values durable, waits for what OpenLog started and lets the directory go. Appends that come
// later get ErrClosed. It returns the latched storage error, if there is one.
func (l *Log) Close() error {
	l.flushing.Lock()
	defer l.flushing.Unlock()
	if l.isClosed() {
		return ErrClosed
	}
	err := l.flushSoon()
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	close(l.stop)
	l.filler.Wait()
	l.pruning.Lock()
	defer l.pruning.Unlock()
	return errors.Join(err, l.release())
}

func (l *Log) isClosed() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.closed
}

// release closes the files and then the lock.
func (l *Log) release() error {
	return errors.Join(l.closeFiles(), l.lock.Close())
}

func (l *Log) closeFiles() error {
	var errs []error
	for _, s := range l.segs {
		s.inUse.Lock() // a reader that was inside before the log was closed
		errs = append(errs, s.file.Close())
		s.inUse.Unlock()
	}
	return errors.Join(errs...)
}
