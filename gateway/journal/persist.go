//go:build !mutant_fsync_skipped && !mutant_watermark_before_fsync

package journal

import "github.com/rollcall-edge/rollcall/gateway/failpoint"

// persist puts the staged batch at the end of s, and shows it to readers once it is on disk. flushing is held.
func (l *Log) persist(s *segment, size int64) error {
	failpoint.Hit(failpoint.JournalWrite)
	if _, err := s.file.WriteAt(l.staged.seal(s.nonce, s.end), s.end); err != nil {
		return l.fail("write "+s.name, err)
	}
	failpoint.Hit(failpoint.JournalFlush)
	if err := s.file.Datasync(); err != nil { // never tried again: the kernel may have dropped the pages
		return l.fail("flush "+s.name, err)
	}
	failpoint.Hit(failpoint.JournalFlushed)
	l.publish(s, size)
	return nil
}
