package journal

// TruncateAfter forgets every record numbered above seq, durably; the next record gets seq+1. No block is rewritten:
// a note of the cut is appended. Above Last it does nothing.
func (l *Log) TruncateAfter(seq uint64) error {
	return l.join(func() error {
		if err := l.flush(); err != nil { // a cut is alone in its batch
			return err
		}
		if seq >= l.Last() {
			return nil
		}
		l.staged.addCut(seq)
		return l.flush()
	})
}

func (l *Log) forgetAboveLocked(last uint64) {
	for _, s := range l.segs {
		s.forgetAbove(last)
	}
	l.next = last + 1
}

// Reset empties the log; its next record gets number next, which is above 0. Stable values stay. The new segment, which
// says that nothing before it counts, is on disk before the old ones go.
func (l *Log) Reset(next uint64) error {
	if err := checkNumber(next); err != nil {
		return err
	}
	return l.join(func() error {
		if err := l.flush(); err != nil {
			return err
		}
		return l.restart(next)
	})
}

// restart does Reset's work. flushing is held and nothing is staged.
func (l *Log) restart(next uint64) error {
	if err := l.roll(next, true); err != nil {
		return err
	}
	l.staged.reset(next)
	return l.PruneBefore(next)
}
