//go:build !mutant_fsync_skipped && !mutant_watermark_before_fsync

package journal

// persist puts the staged batch at the end of s, and shows it to readers once it is on disk. flushing is held.
func (l *Log) persist(s *segment, size int64) error {
	if _, err := s.file.WriteAt(l.staged.seal(s.nonce, s.end), s.end); err != nil {
		return l.fail("write "+s.name, err)
	}
	if err := s.file.Datasync(); err != nil { // never tried again: the kernel may have dropped the pages
		return l.fail("flush "+s.name, err)
	}
	l.publish(s, size)
	return nil
}
