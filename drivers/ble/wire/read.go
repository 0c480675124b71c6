package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Sizes as the length octet counts them.
const (
	advertFixed = 1 + 1 + 1 + 6 // type, random, rssi, address
	statusSize  = 1 + 8 + 8 + 4
)

// Record is one record read. Only the field its Type names is meaningful.
type Record struct {
	Type    Type
	Advert  Advert
	Status  Status
	Trouble Trouble
}

// Reader reads records from one worker. Not for several goroutines.
type Reader struct {
	from  *bufio.Reader
	buf   [256]byte
	hello bool
}

// NewReader reads from r, with a buffer of its own.
func NewReader(r io.Reader) *Reader { return &Reader{from: bufio.NewReaderSize(r, 16<<10)} }

// Next fills rec with the next record after Hello, which it reads and checks by itself. It returns io.EOF at the end of a
// whole record, io.ErrUnexpectedEOF inside one, ErrRecord or ErrVersion wrapped, or the connection's own error.
// After an error the stream is out of step and must be closed.
func (r *Reader) Next(rec *Record) error {
	body, err := r.record()
	if err != nil {
		return err
	}
	if !r.hello {
		if err := checkHello(body); err != nil {
			return err
		}
		r.hello = true
		return r.Next(rec)
	}
	rec.Type = Type(body[0])
	return rec.decode(body[1:])
}

// record reads type and body of the next record.
func (r *Reader) record() ([]byte, error) {
	n, err := r.from.ReadByte()
	if err != nil {
		return nil, err
	}
	if n == 0 || int(n) >= MaxRecord {
		return nil, fmt.Errorf("length %d: %w", n, ErrRecord)
	}
	body := r.buf[:n]
	if _, err := io.ReadFull(r.from, body); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return body, nil
}

func checkHello(body []byte) error {
	if Type(body[0]) != HelloType || len(body) != 2 {
		return fmt.Errorf("no hello: %w", ErrVersion)
	}
	if body[1] != Version {
		return fmt.Errorf("version %d, want %d: %w", body[1], Version, ErrVersion)
	}
	return nil
}

func (rec *Record) decode(b []byte) error {
	ok := false
	switch rec.Type {
	case AdvertType:
		ok = rec.Advert.decode(b)
	case StatusType:
		ok = rec.Status.decode(b)
	case TroubleType:
		ok = rec.Trouble.decode(b)
	}
	if !ok {
		return fmt.Errorf("type %d, %d octets: %w", rec.Type, len(b), ErrRecord)
	}
	return nil
}

func (a *Advert) decode(b []byte) bool {
	const fixed = advertFixed - 1
	if len(b) < fixed || len(b) > fixed+MaxData || b[0] > 1 {
		return false
	}
	a.Random, a.RSSI = b[0] == 1, int8(b[1])
	copy(a.Addr[:], b[2:fixed])
	a.Len = uint8(copy(a.Data[:], b[fixed:]))
	return true
}

func (s *Status) decode(b []byte) bool {
	if len(b) != statusSize-1 {
		return false
	}
	s.Dropped = binary.BigEndian.Uint64(b)
	s.Malformed = binary.BigEndian.Uint64(b[8:])
	s.RoundTrip = binary.BigEndian.Uint32(b[16:])
	return true
}

func (t *Trouble) decode(b []byte) bool {
	if len(b) < 1 || len(b) > 1+MaxDetail || b[0] == 0 || Reason(b[0]) >= reasons || !utf8.Valid(b[1:]) {
		return false
	}
	t.Reason, t.Detail = Reason(b[0]), string(b[1:])
	return true
}
