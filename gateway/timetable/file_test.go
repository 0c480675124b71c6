package timetable

import (
	"bytes"
	"encoding/base64"
	"errors"
	"testing"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Whatever lies in the file, reading it does not panic, and what is read is what keep would have written.
func FuzzFile(f *testing.F) {
	f.Add([]byte(fileMagic + base64.StdEncoding.EncodeToString([]byte("signature")) + "\n{}"))
	f.Add([]byte(fileMagic))
	f.Add([]byte("rollcall timetable 2\n\n{}"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parseFile(b)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatalf("parseFile = %v, want %v", err, ErrDamaged)
			}
			return
		}
		again := append([]byte(fileMagic+base64.StdEncoding.EncodeToString(s.Signature)+"\n"), s.Document...)
		back, err := parseFile(again)
		if err != nil || !bytes.Equal(back.Document, s.Document) || !bytes.Equal(back.Signature, s.Signature) {
			t.Fatalf("read again: %+v, %v, want %+v", back, err, contract.SignedTimetable(s))
		}
	})
}
