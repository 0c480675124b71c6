package contract

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

// RecordVersion is the newest version of the record encoding this build writes. DecodeRecord reads all up to it.
const RecordVersion = 2

// unsalted is the version of records without a salt. Releases before proofs wrote them, and they are read for ever.
const unsalted = 1

// MaxRecord is the greatest size of an encoded record, in octets.
const MaxRecord = 16 << 10

const (
	kindTap       = 1
	kindHeartbeat = 2
	kindAnchor    = 3

	headerSize = 1 + 1 + 8 + 8 + stampSize
	stampSize  = 8 + 16 + 8 + 1 + 4
	saltSize   = 16
	crcSize    = 4
	maxPoints  = 126 // the addresses of one OSDP bus; more than any gateway has in sight
)

// What can be wrong with an encoded record.
var (
	ErrRecordSize     = errors.New("record has an impossible size")
	ErrRecordVersion  = errors.New("record version is newer than this build; upgrade it first")
	ErrRecordChecksum = errors.New("record checksum does not match")
	ErrRecordField    = errors.New("record field is out of range")
	ErrRecordTrailing = errors.New("record has octets after its last field")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AppendRecord appends the encoding of r to dst. All integers are big endian:
//
//	version 1 | kind 1 | stream 8 | seq 8 | wall ns 8 | boot 16 | uptime ns 8 | quality 1 | within ms 4 | body | salt 16 | CRC-32C 4
//
// A text is its length in one octet and its octets. The checksum covers everything before it. A record without a salt is
// written as version 1, which has none and is the same otherwise.
func AppendRecord(dst []byte, r Record) ([]byte, error) {
	if err := r.validate(); err != nil {
		return dst, fmt.Errorf("encode record %s: %w", r.ID, err)
	}
	start := len(dst)
	dst = append(dst, r.version(), r.kind())
	dst = append(dst, r.ID.Stream[:]...)
	dst = binary.BigEndian.AppendUint64(dst, r.ID.Seq)
	dst = appendStamp(dst, r.Stamp)
	switch {
	case r.Tap != nil:
		dst = appendTap(dst, r.Tap)
	case r.Heartbeat != nil:
		dst = appendHeartbeat(dst, r.Heartbeat)
	default:
		dst = appendAnchor(dst, r.Anchor)
	}
	if !r.Salt.IsZero() {
		dst = append(dst, r.Salt[:]...)
	}
	return binary.BigEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli)), nil
}

func (r Record) version() byte {
	if r.Salt.IsZero() {
		return unsalted
	}
	return RecordVersion
}

func (r Record) kind() byte {
	switch {
	case r.Tap != nil:
		return kindTap
	case r.Heartbeat != nil:
		return kindHeartbeat
	default:
		return kindAnchor
	}
}

func appendStamp(dst []byte, s Stamp) []byte {
	dst = appendTime(dst, s.At)
	dst = append(dst, s.Boot[:]...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.Uptime))
	dst = append(dst, byte(s.Quality))
	return binary.BigEndian.AppendUint32(dst, uint32(s.Within/time.Millisecond))
}

func appendTap(dst []byte, t *Tap) []byte {
	dst = appendText(dst, t.Point)
	dst = append(dst, t.Digest[:]...)
	dst = append(dst, byte(t.Evidence), byte(t.Outcome), byte(t.Reason))
	dst = appendText(dst, t.Session)
	return binary.BigEndian.AppendUint64(dst, t.Timetable)
}

func appendHeartbeat(dst []byte, h *Heartbeat) []byte {
	dst = appendTime(dst, h.Since)
	dst = append(dst, byte(len(h.Points)))
	for _, p := range h.Points {
		dst = appendText(dst, p.Point)
		dst = append(dst, boolByte(p.Up))
	}
	return dst
}

func appendAnchor(dst []byte, a *Anchor) []byte {
	dst = append(dst, a.Boot[:]...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(a.Uptime))
	dst = appendTime(dst, a.At)
	return binary.BigEndian.AppendUint32(dst, uint32(a.Within/time.Millisecond))
}

func appendTime(dst []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(t.UnixNano()))
}

func appendText(dst []byte, s string) []byte { return append(append(dst, byte(len(s))), s...) }

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}
