package timetable

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// fileMagic starts a kept timetable: this line, the signature in base64 on a line of its own, then the very octets signed.
const fileMagic = "rollcall timetable 1\n"

// maxFile bounds what is read back, in octets; central's documents are smaller.
const maxFile = 65 << 20

// ErrDamaged means a kept timetable is not what was written.
var ErrDamaged = errors.New("kept timetable is damaged")

// keep writes a signed timetable so that a power cut leaves the old one or the new one: temporary file, fsync, rename,
// fsync of the directory.
func keep(path string, s contract.SignedTimetable) error {
	temporary, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("keep timetable: %w", err)
	}
	err = writeAll(temporary, []byte(fileMagic+base64.StdEncoding.EncodeToString(s.Signature)+"\n"), s.Document)
	if err := errors.Join(err, temporary.Close()); err != nil {
		return fmt.Errorf("keep timetable: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("keep timetable: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

func writeAll(f *os.File, parts ...[]byte) error {
	for _, p := range parts {
		if _, err := f.Write(p); err != nil {
			return err
		}
	}
	return f.Sync()
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("keep timetable: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("keep timetable: %w", err)
	}
	return nil
}

// recall reads what keep wrote. The error wraps os.ErrNotExist when nothing was kept.
func recall(path string) (contract.SignedTimetable, error) {
	f, err := os.Open(path)
	if err != nil {
		return contract.SignedTimetable{}, fmt.Errorf("recall timetable: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return contract.SignedTimetable{}, fmt.Errorf("recall timetable: %w", err)
	}
	return parseFile(b)
}

func parseFile(b []byte) (contract.SignedTimetable, error) {
	rest, ok := bytes.CutPrefix(b, []byte(fileMagic))
	if !ok || len(b) > maxFile {
		return contract.SignedTimetable{}, fmt.Errorf("%w: it does not start as one", ErrDamaged)
	}
	line, document, ok := bytes.Cut(rest, []byte("\n"))
	if !ok {
		return contract.SignedTimetable{}, fmt.Errorf("%w: it ends in its signature", ErrDamaged)
	}
	signature, err := base64.StdEncoding.DecodeString(string(line))
	if err != nil {
		return contract.SignedTimetable{}, fmt.Errorf("%w: signature: %w", ErrDamaged, err)
	}
	return contract.SignedTimetable{Document: document, Signature: signature}, nil
}
