package store

import "testing"

func TestReadersMayNotWrite(t *testing.T) {
	s := openTest(t)
	if _, err := s.read.Exec(`DELETE FROM student`); err == nil {
		t.Error("a reader may write, want it refused")
	}
}
