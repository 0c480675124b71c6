package journal

import "fmt"

// entry is one caller's part of a group. stage puts its items into the batch being gathered, under flushing.
type entry struct {
	stage func() error
	err   error
}

// group is what shares a flush: its first caller writes for all, the others wait for done.
type group struct {
	entries []*entry
	done    chan struct{}
}

// Append keeps payloads under the next numbers and returns the first of them. They are durable when it returns;
// appends that arrive while a flush runs share the next one. After an error none of them has a number that counts,
// except when there were more than fit one batch (1 MiB): then a prefix may have been kept.
func (l *Log) Append(payloads ...[]byte) (first uint64, err error) {
	return l.append(0, len(payloads), func(_ uint64, dst [][]byte) error {
		copy(dst, payloads)
		return nil
	})
}

// AppendAt is Append for a caller who numbers by himself: first must follow Last, or be any number above 0 while the
// log is empty. Otherwise it answers ErrOutOfOrder and keeps nothing.
func (l *Log) AppendAt(first uint64, payloads ...[]byte) error {
	if err := checkNumber(first); err != nil {
		return err
	}
	_, err := l.append(first, len(payloads), func(_ uint64, dst [][]byte) error {
		copy(dst, payloads)
		return nil
	})
	return err
}

// AppendFunc is Append for n payloads that contain their own number: encode fills dst once the number of the first is
// known. Its error is returned, and no number is used up. It runs while the log is locked and must not call it.
func (l *Log) AppendFunc(n int, encode func(first uint64, dst [][]byte) error) (first uint64, err error) {
	return l.append(0, n, encode)
}

// maxNumber keeps arithmetic on numbers from wrapping; no log lives to see it.
const maxNumber = 1 << 62

func checkNumber(seq uint64) error {
	if seq == 0 || seq > maxNumber {
		return fmt.Errorf("%w: %d is not from 1 to 2^62", ErrOutOfOrder, seq)
	}
	return nil
}

// append joins a group; at is the wanted number, 0 for the next.
func (l *Log) append(at uint64, n int, encode func(first uint64, dst [][]byte) error) (first uint64, err error) {
	if n == 0 {
		return 0, l.refused()
	}
	err = l.join(func() error {
		if err := l.beginAt(at); err != nil {
			return err
		}
		first = l.staged.number()
		return l.stageRecords(n, encode)
	})
	if err != nil {
		return 0, err
	}
	return first, nil
}

// beginAt makes at the number of the next record, if it may be. 0 leaves the choice to the log.
func (l *Log) beginAt(at uint64) error {
	next := l.staged.number()
	if at == 0 || at == next {
		return nil
	}
	if err := l.flush(); err != nil { // only what is durable counts for "empty"
		return err
	}
	if l.First() != 0 {
		return fmt.Errorf("%w: %d was given, %d comes next", ErrOutOfOrder, at, next)
	}
	return l.restart(at)
}

// stageRecords encodes n payloads and adds them to the batch, flushing whenever it is full.
func (l *Log) stageRecords(n int, encode func(first uint64, dst [][]byte) error) error {
	payloads := make([][]byte, n)
	if err := encode(l.staged.number(), payloads); err != nil {
		return err
	}
	for _, p := range payloads {
		if len(p) > l.largest {
			return fmt.Errorf("record of %d bytes: %w, which takes up to %d", len(p), ErrTooLarge, l.largest)
		}
	}
	for _, p := range payloads {
		if l.staged.size()+itemHead+len(p) > l.largest {
			if err := l.flush(); err != nil {
				return err
			}
		}
		l.staged.addRecord(p)
	}
	return nil
}

// join adds an entry to the group that gathers, and returns when its items are durable.
func (l *Log) join(stage func() error) error {
	e := &entry{stage: stage}
	l.mu.Lock()
	if err := l.refusedLocked(); err != nil {
		l.mu.Unlock()
		return err
	}
	g, leads := l.open, false
	if g == nil {
		g, leads = &group{done: make(chan struct{})}, true
		l.open = g
	}
	g.entries = append(g.entries, e)
	l.mu.Unlock()
	if !leads {
		<-g.done
		return e.err
	}
	l.commit(g)
	return e.err
}

// commit writes the group once the flush before it has ended; until then others join it.
func (l *Log) commit(g *group) {
	l.flushing.Lock()
	defer l.flushing.Unlock()
	l.mu.Lock()
	l.open = nil
	err := l.refusedLocked()
	l.mu.Unlock()
	l.stageSoon()
	for _, e := range g.entries {
		if e.err = err; err == nil {
			l.stageEntry(e)
		}
	}
	_ = l.flush() // every entry has been given its error
	close(g.done) // before flushing is released: the callers join the next group while its leader wakes
}

// stageEntry puts one entry into the batch. One that cannot be staged is told why and does not hold up the others.
func (l *Log) stageEntry(e *entry) {
	if e.err = e.stage(); e.err == nil {
		l.whole = append(l.whole, e)
	}
}
