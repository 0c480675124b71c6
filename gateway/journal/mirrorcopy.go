package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// ownerFile says in a mirror's directory which gateway's journal it is.
const ownerFile = "GATEWAY"

// mirrorRecords is how many records are copied together at most.
const mirrorRecords = 512

// admit is nil if the directory may hold this gateway's mirror, and tells whether it says so. It writes nothing.
func (m *Mirror) admit() (owned bool, err error) {
	names, err := m.o.FS.List(m.o.Dir)
	if err != nil {
		return false, fmt.Errorf("mirror %s is not there; put the stick in its place, mount it and make the directory: %w", m.o.Dir, err)
	}
	if err := m.elsewhere(); err != nil {
		return false, err
	}
	owner, err := readNote(m.o.FS, m.o.Dir, ownerFile, names)
	switch {
	case err != nil:
		return false, fmt.Errorf("read mirror: %w", err)
	case owner == m.o.Gateway:
		return true, nil
	case owner != "":
		return false, fmt.Errorf("%s is the mirror of gateway %s: bring what it holds to central with rollcall-gateway journal export, and give this gateway an empty directory", m.o.Dir, owner)
	case slices.ContainsFunc(names, ofJournal):
		return false, fmt.Errorf("%s holds a journal and does not say of which gateway; give this gateway an empty directory", m.o.Dir)
	}
	return false, nil
}

// elsewhere is nil if the mirror lies on another file system than the journal.
func (m *Mirror) elsewhere() error {
	var mirror, journal unix.Stat_t
	if err := errors.Join(unix.Stat(m.o.Dir, &mirror), unix.Stat(m.j.o.Dir, &journal)); err != nil && !m.o.SameDisk {
		return fmt.Errorf("look at mirror: %w", err)
	}
	if mirror.Dev == journal.Dev && !m.o.SameDisk {
		return fmt.Errorf("mirror %s lies on the disk of the journal, with which it would be lost; mount the stick, and make the directory on it", m.o.Dir)
	}
	return nil
}

// ofJournal tells whether a name in a directory is one that a Journal or a Log gives.
func ofJournal(name string) bool {
	return name == liveDir || strings.HasSuffix(name, segmentSuffix) || isAside(name)
}

// readNote is the text of a note that writeNote wrote, empty if it is not among names.
func readNote(on FS, dir, name string, names []string) (string, error) {
	if !slices.Contains(names, name) {
		return "", nil
	}
	f, err := on.OpenFile(filepath.Join(dir, name), 0)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(io.NewSectionReader(f, 0, block))
	return strings.TrimSpace(string(b)), errors.Join(err, f.Close())
}

// follow copies one stream until it ends, Close is called, or the mirror's disk fails.
func (m *Mirror) follow(stream contract.Stream) error {
	err := m.makeWay(stream)
	if errors.Is(err, errTwin) {
		m.dropped(err)
		m.settle()
		m.awaitOther(stream)
		return nil
	}
	if err != nil {
		return err
	}
	m.settle()
	l, err := m.open(stream)
	if err != nil {
		return err
	}
	return errors.Join(m.copyStream(l, stream), l.Close())
}

// makeWay sets aside what the mirror holds unless it is the beginning of the stream. It looks at the youngest segment alone,
// which tells stream and last number, so that a gateway that starts need not wait for the whole.
func (m *Mirror) makeWay(stream contract.Stream) error {
	names, err := m.o.FS.List(m.o.Dir)
	if err != nil {
		return fmt.Errorf("look at mirror: %w", err)
	}
	if !slices.Contains(names, liveDir) {
		return nil
	}
	l, err := m.youngest()
	if err == nil {
		err = errors.Join(m.contradicts(l, stream), l.closeFiles())
	}
	return m.setAside(err)
}

// awaitOther returns when the journal has begun another stream, or Close is called.
func (m *Mirror) awaitOther(stream contract.Stream) {
	for !m.stopping() {
		changed := m.j.Changed()
		if m.j.Stream() != stream {
			return
		}
		select {
		case <-changed:
		case <-m.stop:
		}
	}
}

var (
	errOther = errors.New("the mirror holds another stream")
	errTwin  = errors.New("the mirror holds another history of the journal's stream, whose disk is an old image or a copy")
)

// setAside makes way if err says that what the mirror holds is of no use to it.
func (m *Mirror) setAside(err error) error {
	why := "retired"
	switch {
	case quarantinable(err):
		why = "quarantine"
	case !errors.Is(err, errOther):
		return err
	}
	kept, failed := setAside(m.o.FS, m.o.Dir, why, err.Error(), m.j.o.Now())
	if failed != nil {
		return fmt.Errorf("set aside on mirror: %w", failed)
	}
	m.j.o.Log.Warn("mirror set something aside and begins anew", "kept", kept, "reason", err.Error())
	select {
	case m.aside <- struct{}{}:
	default:
	}
	return nil
}

// logOptions are those of the mirror's log.
func (m *Mirror) logOptions() LogOptions {
	o := m.j.o
	return LogOptions{
		Dir: filepath.Join(m.o.Dir, liveDir), SegmentBytes: o.SegmentBytes, ReserveBytes: o.ReserveBytes,
		Expendable: m.j.Expendable, Key: o.Key, FS: m.o.FS, Log: o.Log, Now: o.Now,
	}
}

// youngest reads the youngest segment of the mirror into a log that is only looked at.
func (m *Mirror) youngest() (*Log, error) {
	l, err := newLog(m.logOptions())
	if err != nil {
		return nil, err
	}
	names, err := l.o.FS.List(l.o.Dir)
	if err != nil {
		return nil, err
	}
	ids, err := l.sortOut(names)
	if err != nil || len(ids) == 0 {
		return l, err
	}
	s, err := l.openSegment(ids[len(ids)-1], true)
	if err != nil {
		return nil, err
	}
	l.segs, l.next = []*segment{s}, s.begun
	if err := l.replay(s); err != nil {
		return nil, errors.Join(err, l.closeFiles())
	}
	return l, nil
}

// contradicts is nil if what the mirror holds is the beginning of the journal's stream, as far as its last record shows: each
// record has a salt of its own, so two histories that agree in one number agree in all before it.
func (m *Mirror) contradicts(l *Log, stream contract.Stream) error {
	v, err := (&audit{}).values(l)
	if err != nil {
		return err
	}
	if v.stream.IsZero() && l.Last() == 0 { // it had only just begun
		return nil
	}
	if v.stream != stream {
		return fmt.Errorf("%w: %s, and the journal's is %s", errOther, v.stream, stream)
	}
	present, durable := m.j.position()
	if present != stream {
		return fmt.Errorf("%w: %s, which has just ended", errOther, stream)
	}
	if last := l.Last(); last > durable {
		return m.twinOf(stream, "it goes up to number %d of %s, and the journal ends at %d", last, stream, durable)
	}
	return m.compare(l, stream)
}

// compare holds the mirror's last record against the journal's of the same number, where both still have one.
func (m *Mirror) compare(l *Log, stream contract.Stream) error {
	last := l.Last()
	theirs, err := l.Read(last)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read mirror: %w", err)
	}
	ours, err := m.j.Read(last, 1, contract.MaxRecord)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("read the journal for its mirror: %w", err)
	case m.j.Stream() == stream && !bytes.Equal(ours[0], theirs):
		return m.twinOf(stream, "number %d of %s is another record there", last, stream)
	}
	return nil
}

// twinOf notes that the journal must begin a new stream. Until it has, what the mirror holds stays where it is.
func (m *Mirror) twinOf(stream contract.Stream, format string, args ...any) error {
	err := fmt.Errorf("%w: %s", errTwin, fmt.Sprintf(format, args...))
	m.mu.Lock()
	defer m.mu.Unlock()
	m.twin = twin{stream, err.Error()}
	return err
}

// open opens and audits the mirror's log; one that is damaged makes way, since the journal has it all.
func (m *Mirror) open(stream contract.Stream) (*Log, error) {
	l, err := m.openLog(stream)
	if !quarantinable(err) {
		return l, err
	}
	if err := m.setAside(err); err != nil {
		return nil, err
	}
	return m.openLog(stream)
}

func (m *Mirror) openLog(stream contract.Stream) (*Log, error) {
	var a audit
	o := m.logOptions()
	o.Audit = a.record
	l, err := OpenLog(o)
	if err != nil {
		return nil, fmt.Errorf("open mirror: %w", err)
	}
	v, err := a.values(l)
	if err == nil && v.stream.IsZero() {
		err = l.Set(streamKey, stream[:])
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open mirror: %w", err), l.Close())
	}
	return l, nil
}

// copyStream brings the mirror equal with the journal, and keeps it so.
func (m *Mirror) copyStream(l *Log, stream contract.Stream) error {
	for {
		changed := m.j.Changed()
		for more := true; more; {
			var err error
			if more, err = m.copyNext(l, stream); err != nil {
				return err
			}
		}
		if m.j.Stream() != stream {
			return nil
		}
		m.holds(stream, l.Last())
		if m.stopping() {
			return nil
		}
		select {
		case <-changed:
		case <-m.stop:
		}
	}
}

// copyNext copies the records that come next with one flush, and answers whether there may be more.
func (m *Mirror) copyNext(l *Log, stream contract.Stream) (more bool, err error) {
	first, ok := m.j.firstOf(stream)
	if !ok || m.overdue() {
		return false, nil
	}
	m.working()
	if first > l.Last()+1 { // the journal has pruned what the mirror lacks
		if err := l.Reset(first); err != nil {
			return false, fmt.Errorf("write mirror: %w", err)
		}
	}
	next := l.Last() + 1
	acknowledged := min(m.j.Acknowledged(), l.Last())
	records, err := m.j.Read(next, mirrorRecords, maxPayload)
	switch {
	case m.j.Stream() != stream: // what was read may be of the next one
		return false, nil
	case errors.Is(err, ErrNotFound): // pruned just now
		return true, nil
	case err != nil:
		return false, fmt.Errorf("read the journal for its mirror: %w", err)
	case len(records) == 0:
		return false, nil
	}
	if err := errors.Join(noteAcknowledged(l, acknowledged), l.AppendAt(next, records...), l.PruneBefore(first)); err != nil {
		return false, fmt.Errorf("write mirror: %w", err)
	}
	m.holds(stream, l.Last())
	return true, nil
}

// noteAcknowledged keeps with the next flush how far central holds the stream, for whoever salvages the mirror.
func noteAcknowledged(l *Log, seq uint64) error {
	b := binary.BigEndian.AppendUint64(nil, seq)
	if before, _ := l.Get(acknowledgedKey); seq == 0 || bytes.Equal(before, b) {
		return nil
	}
	return l.SetSoon(acknowledgedKey, b)
}
