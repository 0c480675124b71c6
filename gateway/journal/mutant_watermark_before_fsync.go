//go:build mutant_watermark_before_fsync

package journal

// persist is planted: readers, and through them cluster and central, see the batch before it is on disk.
func (l *Log) persist(s *segment, size int64) error {
	at := s.end
	if _, err := s.file.WriteAt(l.staged.seal(s.nonce, at), at); err != nil {
		return l.fail("write "+s.name, err)
	}
	l.publish(s, size)
	if err := s.file.Datasync(); err != nil {
		return l.fail("flush "+s.name, err)
	}
	return nil
}
