package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	keptSpares = 2         // retired files kept for reuse; more are removed
	fillStep   = 256 << 10 // bytes zeroed between two flushes, so that appends get their turn at a slow card
	nearlyFull = 0.90      // share of the disk, apart from the reserve, at which expendable records go
)

// fill makes a spare segment whenever one is wanted, until the log is closed. A fresh file is filled with zeroes:
// overwriting allocated blocks needs no change of metadata, so an append costs one flush instead of two.
func (l *Log) fill() {
	for {
		select {
		case <-l.stop:
			return
		case <-l.want:
			_ = l.makeSpare() // it keeps its error in full or failed, where the next append finds it
		}
	}
}

// wantSpare asks the filler for a spare without waiting.
func (l *Log) wantSpare() {
	select {
	case l.want <- struct{}{}:
	default:
	}
}

// takeSpare gives the path of a file ready to become a segment, making one if none is left. ErrFull is clean: nothing
// has changed and a later call may succeed.
func (l *Log) takeSpare() (string, error) {
	for {
		if path := l.popSpare(); path != "" {
			return path, nil
		}
		if err := l.makeSpare(); err != nil {
			return "", err
		}
	}
}

func (l *Log) popSpare() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.spares)
	if n == 0 {
		return ""
	}
	path := l.spares[n-1]
	l.spares = l.spares[:n-1]
	return path
}

func (l *Log) hasSpare() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return len(l.spares) > 0
}

// makeSpare sees to it that there is a spare: recycled if pruning yields one, else new.
func (l *Log) makeSpare() error {
	l.filling.Lock()
	defer l.filling.Unlock()
	if l.hasSpare() {
		return nil
	}
	err := l.guardSpace()
	if err == nil && !l.hasSpare() {
		err = l.fillSpare()
	}
	return l.noteSpace(err)
}

// noteSpace remembers a want of space and latches everything else.
func (l *Log) noteSpace(err error) error {
	if errors.Is(err, ErrClosed) {
		return err
	}
	if isFull(err) {
		err = fmt.Errorf("%w: %w", ErrFull, err)
	} else if err != nil && !errors.Is(err, ErrFull) {
		return l.fail("prepare segment", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.full = err
	return err
}

func isFull(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }

// guardSpace drops expendable records when the disk is nearly full and refuses to grow into the reserve.
func (l *Log) guardSpace() error {
	free, total, err := l.o.FS.Space(l.o.Dir)
	if err != nil {
		return err
	}
	left, usable := free-l.o.ReserveBytes, total-l.o.ReserveBytes
	if l.o.Expendable != nil && (left < l.o.SegmentBytes || float64(left) < (1-nearlyFull)*float64(usable)) {
		if err := l.PruneBefore(l.o.Expendable() + 1); err != nil {
			return err
		}
	}
	if l.hasSpare() || left >= l.o.SegmentBytes {
		return nil
	}
	return fmt.Errorf("%w: %d bytes free, a segment takes %d and %d stay in reserve", ErrFull, free, l.o.SegmentBytes, l.o.ReserveBytes)
}

// fillSpare makes a new file full of zeroes. It gets the name of a spare once all of it is on disk.
func (l *Log) fillSpare() error {
	fresh := filepath.Join(l.o.Dir, "fresh"+freshSuffix)
	f, err := l.o.FS.OpenFile(fresh, os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	if err := errors.Join(l.zero(f), f.Close()); err != nil {
		return errors.Join(err, l.o.FS.Remove(fresh))
	}
	return l.addSpare(fresh)
}

func (l *Log) zero(f File) error {
	if err := f.Allocate(l.o.SegmentBytes); err != nil {
		return err
	}
	for at := int64(0); at < l.o.SegmentBytes; {
		for step := min(at+fillStep, l.o.SegmentBytes); at < step; {
			n, err := f.WriteAt(zeroes[:min(int64(len(zeroes)), step-at)], at)
			if err != nil {
				return err
			}
			at += int64(n)
		}
		if err := f.Datasync(); err != nil {
			return err
		}
		if err := l.refused(); err != nil { // closed meanwhile
			return err
		}
	}
	return nil
}

// addSpare renames a file of full length into the pool.
func (l *Log) addSpare(path string) error {
	l.mu.Lock()
	l.spareID++
	spare := filepath.Join(l.o.Dir, fmt.Sprintf("%016x%s", l.spareID, spareSuffix))
	l.mu.Unlock()
	if err := l.o.FS.Rename(path, spare); err != nil {
		return err
	}
	l.mu.Lock()
	l.spares = append(l.spares, spare)
	l.mu.Unlock()
	return nil
}

func (l *Log) randomNonce() (uint64, error) {
	var b [8]byte
	if _, err := io.ReadFull(l.o.Rand, b[:]); err != nil {
		return 0, fmt.Errorf("draw nonce: %w", err)
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}
