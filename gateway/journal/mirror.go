package journal

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// MirrorOptions say where a second copy of a journal lies.
type MirrorOptions struct {
	Dir        string                // must be there already: a stick that is not mounted has none
	Gateway    string                // whose journal it is; what another gateway began is refused and left alone
	SameDisk   bool                  // take a directory on the journal's own disk, whose loss it does not outlive: for tests
	FS         FS                    // nil means the real one
	Again      time.Duration         // before another attempt when one has failed; 0 means a minute
	Registerer prometheus.Registerer // nil means no metrics
}

const (
	mirrorAgain  = time.Minute // before another attempt, if Again is 0
	mirrorStalls = time.Minute // a call that takes as long is trouble
)

// Mirror copies a journal into a directory on another disk, record by record, behind the lights. The directory has the form of
// a Journal's: live/, and what was set aside beside it. Nothing waits for it, its faults are no faults of the journal, and the
// journal never goes on from it: what it alone holds is salvaged. All methods are safe for concurrent use.
type Mirror struct {
	j       *Journal
	o       MirrorOptions
	metrics []prometheus.Collector

	judge  sync.Once
	judged chan struct{} // closed once it is known whether something had to be set aside
	aside  chan struct{} // told whenever something was
	stop   chan struct{} // closed by Close
	ended  chan struct{} // closed when nothing runs any more

	mu      sync.Mutex // guards everything that follows
	ours    bool       // the directory was accepted
	up      bool       // it follows the journal
	stream  contract.Stream
	copied  uint64    // the last number of stream that is on its disk
	busy    time.Time // when its disk was last asked; zero while it is not
	trouble error
	twin    twin
	until   time.Time // when Close wants no more of it
}

// twin is a stream of which the mirror holds another history than the journal.
type twin struct {
	stream contract.Stream
	reason string
}

// Mirror begins to copy j in the background. It fails only where a metric is registered twice. Close it before j.
func (j *Journal) Mirror(o MirrorOptions) (*Mirror, error) {
	m := newMirror(j, o)
	if err := registerAll(o.Registerer, m.metrics); err != nil {
		return nil, err
	}
	go m.run()
	return m, nil
}

func newMirror(j *Journal, o MirrorOptions) *Mirror {
	if o.FS == nil {
		o.FS = disk{}
	}
	if o.Again == 0 {
		o.Again = mirrorAgain
	}
	m := &Mirror{
		j: j, o: o,
		judged: make(chan struct{}), aside: make(chan struct{}, 1), stop: make(chan struct{}), ended: make(chan struct{}),
	}
	m.metrics = m.newMetrics()
	return m
}

// Judged is closed once it is known whether the directory held anything that had to be set aside, or that this cannot be
// known now.
func (m *Mirror) Judged() <-chan struct{} { return m.judged }

// Aside is told whenever the mirror has set something aside, for SetAside to list.
func (m *Mirror) Aside() <-chan struct{} { return m.aside }

// SetAside lists what was set aside on the mirror; nothing while the directory is not accepted as this gateway's.
func (m *Mirror) SetAside() ([]Aside, error) {
	m.mu.Lock()
	ours := m.ours
	m.mu.Unlock()
	if !ours {
		return nil, nil
	}
	return SetAside(m.o.Dir)
}

// Twin says why the journal must begin a new stream, if it must: the mirror holds another history of the present one, so the
// journal's disk is an old image or a copy.
func (m *Mirror) Twin() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.twin.stream != m.j.Stream() {
		return ""
	}
	return m.twin.reason
}

// MirrorState is how a mirror stands.
type MirrorState struct {
	Dir     string
	Up      bool   // it follows the journal
	Copied  uint64 // number of the last record of the journal's stream on the mirror
	Behind  uint64 // records of the journal that the mirror has not got
	Trouble string // why it does not follow, and what to do; empty while it does, or has not been looked at
}

// State tells how the mirror stands.
func (m *Mirror) State() MirrorState {
	stream, durable := m.j.position()
	m.mu.Lock()
	defer m.mu.Unlock()
	s := MirrorState{Dir: m.o.Dir, Up: m.up}
	if m.stream == stream {
		s.Copied = min(m.copied, durable)
	}
	s.Behind = durable - s.Copied
	switch {
	case m.trouble != nil:
		s.Trouble = m.trouble.Error()
	case !m.busy.IsZero() && time.Since(m.busy) > mirrorStalls:
		s.Up, s.Trouble = false, fmt.Sprintf("%s does not answer since %s; put another stick into its place", m.o.Dir, m.busy.UTC().Format("15:04:05Z"))
	}
	return s
}

// position is the stream and its last durable number, of one moment.
func (j *Journal) position() (contract.Stream, uint64) {
	j.swap.RLock()
	defer j.swap.RUnlock()
	return j.stream, j.log.Last()
}

// firstOf is the number of the oldest record of a stream that the journal keeps, the next one if it keeps none; ok is false
// when the stream is not the present one.
func (j *Journal) firstOf(stream contract.Stream) (first uint64, ok bool) {
	j.swap.RLock()
	defer j.swap.RUnlock()
	if first = j.log.First(); first == 0 {
		first = j.log.Last() + 1
	}
	return first, j.stream == stream
}

func (m *Mirror) newMetrics() []prometheus.Collector {
	return []prometheus.Collector{
		gauge("mirror_up", "1 while the mirror follows the journal.", func() float64 {
			if m.State().Up {
				return 1
			}
			return 0
		}),
		gauge("mirror_behind_records", "Records of the journal that are not on its mirror.", func() float64 { return float64(m.State().Behind) }),
	}
}

// Close lets the mirror copy what remains for half of within, and after the other half leaves a disk that does not answer to
// itself.
func (m *Mirror) Close(within time.Duration) {
	m.mu.Lock()
	m.until = time.Now().Add(within / 2)
	m.mu.Unlock()
	close(m.stop)
	select {
	case <-m.ended:
	case <-time.After(within):
		m.j.o.Log.Warn("mirror does not answer and is left", slog.String("dir", m.o.Dir))
	}
	unregisterAll(m.o.Registerer, m.metrics)
}

// run attempts to follow the journal until Close.
func (m *Mirror) run() {
	defer close(m.ended)
	for {
		err := m.attempt()
		m.dropped(err)
		m.settle()
		select {
		case <-m.stop:
			return
		case <-time.After(m.o.Again):
		}
	}
}

// settle tells those who wait for Judged.
func (m *Mirror) settle() { m.judge.Do(func() { close(m.judged) }) }

func (m *Mirror) stopping() bool {
	select {
	case <-m.stop:
		return true
	default:
		return false
	}
}

// overdue tells whether Close has waited long enough for what remains.
func (m *Mirror) overdue() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.until.IsZero() && time.Now().After(m.until)
}

// dropped notes that the journal goes on without the mirror, and why.
func (m *Mirror) dropped(err error) {
	m.mu.Lock()
	said := m.trouble
	m.up, m.busy, m.trouble = false, time.Time{}, err
	m.mu.Unlock()
	if err != nil && (said == nil || said.Error() != err.Error()) {
		m.j.o.Log.Error("mirror dropped; taps go on without it", slog.String("dir", m.o.Dir), slog.Any("error", err))
	}
}

// working notes that the mirror's disk is asked for something.
func (m *Mirror) working() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.busy = time.Now()
}

// holds notes how far the mirror has come.
func (m *Mirror) holds(stream contract.Stream, copied uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.up {
		m.j.o.Log.Info("mirror follows the journal", slog.String("dir", m.o.Dir), slog.String("stream", stream.String()), slog.Uint64("copied", copied))
	}
	m.up, m.trouble, m.busy = true, nil, time.Time{}
	m.stream, m.copied = stream, copied
}

// attempt follows the journal until Close; its error is why it cannot.
func (m *Mirror) attempt() error {
	m.working()
	owned, err := m.admit()
	if err != nil {
		return err
	}
	lock, err := m.o.FS.Lock(m.o.Dir)
	if err != nil {
		return fmt.Errorf("lock mirror: %w", err)
	}
	if !owned {
		err = writeNote(m.o.FS, m.o.Dir, ownerFile, m.o.Gateway)
	}
	m.mu.Lock()
	m.ours = err == nil
	m.mu.Unlock()
	for err == nil && !m.stopping() {
		err = m.follow(m.j.Stream())
	}
	return errors.Join(err, lock.Close())
}
