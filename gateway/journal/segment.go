package journal

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A segment is one file of fixed length. Its first block is the header:
//
//	0  magic "rcjs"
//	4  CRC32C over the rest of the block
//	8  format version (4 bytes), flags (4 bytes)
//	16 id, one more than the segment before
//	24 nonce, random; part of every checksum in the segment, so what a recycled file held before is never taken for new
//	32 number of the next record when the segment was begun
//	40 wall time of that moment, nanoseconds of Unix time
//	48 length of the stable values on disk (4 bytes), number of them (4 bytes)
//	56 stable values: value length (2 bytes), then as in a value item
//
// In an encrypted segment, which is of version 2, the id of the key (8 bytes) lies at 56 and the stable values, encrypted
// together, follow it. An older program refuses the version by name.
//
// The header is durable before the file gets its name, so under its name it is never torn.
const (
	segmentMagic = 0x736a6372
	segmentHead  = 56
	version      = 1
	versionKeyed = 2 // its payloads are encrypted

	flagReset = 1 // nothing before this segment belongs to the log

	segmentSuffix = ".seg"
	spareSuffix   = ".spare"
	freshSuffix   = ".tmp"
)

// segment is one file of the log. Records of a segment are contiguous.
type segment struct {
	id      uint64
	nonce   uint64
	begun   uint64 // number of the next record when it was begun
	beganAt time.Time
	carried []value // stable values in the header, until replayed
	reset   bool
	keyed   bool // its payloads are encrypted
	key     *Key // nil unless keyed
	name    string
	size    int64
	file    File

	inUse sync.RWMutex // read-held by readers of file, so that it is not recycled under them

	// Guarded by Log.mu.
	first  uint64 // number of places[0]; of the next record if there is none
	places []place
	end    int64 // where the next batch goes
}

// last is the highest number in the segment, or first-1.
func (s *segment) last() uint64 { return s.first + uint64(len(s.places)) - 1 }

// forgetAbove drops what is numbered higher than last.
func (s *segment) forgetAbove(last uint64) {
	if s.first > last {
		s.first, s.places = last+1, nil
		return
	}
	s.places = s.places[:min(uint64(len(s.places)), last+1-s.first)]
}

func segmentName(id uint64) string { return fmt.Sprintf("%016x%s", id, segmentSuffix) }

// parseID gives the number in a name such as 000000000000002a.seg.
func parseID(name, suffix string) (uint64, bool) {
	digits, found := strings.CutSuffix(filepath.Base(name), suffix)
	if !found || len(digits) != 16 {
		return 0, false
	}
	id, err := strconv.ParseUint(digits, 16, 64)
	return id, err == nil
}

// encodeHeader gives the header block of s with the stable values.
func (s *segment) encodeHeader(values map[string][]byte) []byte {
	b := make([]byte, segmentHead, block)
	binary.LittleEndian.PutUint32(b, segmentMagic)
	binary.LittleEndian.PutUint32(b[8:], version)
	if s.keyed {
		binary.LittleEndian.PutUint32(b[8:], versionKeyed)
		b = append(b, s.key.id[:]...)
	}
	from := len(b)
	if s.reset {
		binary.LittleEndian.PutUint32(b[12:], flagReset)
	}
	binary.LittleEndian.PutUint64(b[16:], s.id)
	binary.LittleEndian.PutUint64(b[24:], s.nonce)
	binary.LittleEndian.PutUint64(b[32:], s.begun)
	binary.LittleEndian.PutUint64(b[40:], uint64(s.beganAt.UnixNano()))
	var plain []byte
	keys := make([]string, 0, len(values))
	for k := range values {
		keys = append(keys, k)
	}
	slices.Sort(keys) // the same values are the same bytes
	for _, k := range keys {
		v := value{k, values[k]}
		plain = binary.LittleEndian.AppendUint16(plain, uint16(1+len(v.key)+len(v.val)))
		plain = encodeValue(plain, v)
	}
	b = s.key.seal(b, plain, headerValues, s.id)
	binary.LittleEndian.PutUint32(b[48:], uint32(len(b)-from))
	binary.LittleEndian.PutUint32(b[52:], uint32(len(keys)))
	b = b[:block]
	binary.LittleEndian.PutUint32(b[4:], checksum(b[8:]))
	return b
}

// valuesSize is what the stable values take in a header.
func valuesSize(values map[string][]byte) int {
	n := 0
	for k, v := range values {
		n += 3 + len(k) + len(v)
	}
	return n
}

// decodeHeader reads a header block. Key may be nil while nothing is encrypted; one that is missing or another is ErrKey.
func decodeHeader(b []byte, key *Key) (*segment, error) {
	if len(b) < block || binary.LittleEndian.Uint32(b) != segmentMagic {
		return nil, fmt.Errorf("%w: no segment header", ErrDamaged)
	}
	if binary.LittleEndian.Uint32(b[4:]) != checksum(b[8:block]) {
		return nil, fmt.Errorf("%w: checksum of the segment header differs", ErrDamaged)
	}
	v := binary.LittleEndian.Uint32(b[8:])
	if v != version && v != versionKeyed {
		return nil, fmt.Errorf("%w: format %d, this program reads up to %d", ErrVersion, v, versionKeyed)
	}
	s := &segment{
		keyed:   v == versionKeyed,
		reset:   binary.LittleEndian.Uint32(b[12:])&flagReset != 0,
		id:      binary.LittleEndian.Uint64(b[16:]),
		nonce:   binary.LittleEndian.Uint64(b[24:]),
		begun:   binary.LittleEndian.Uint64(b[32:]),
		beganAt: time.Unix(0, int64(binary.LittleEndian.Uint64(b[40:]))).UTC(),
		end:     block,
	}
	s.first = s.begun
	if err := checkNumber(s.begun); err != nil {
		return nil, fmt.Errorf("%w: first number of the segment: %w", ErrDamaged, err)
	}
	rest := b[segmentHead:block]
	if s.keyed {
		if err := s.useKey(key, [keyIDSize]byte(rest)); err != nil {
			return nil, err
		}
		rest = rest[keyIDSize:]
	}
	size := binary.LittleEndian.Uint32(b[48:])
	if int64(size) > int64(len(rest)) {
		return nil, fmt.Errorf("%w: stable values do not fit their segment header", ErrDamaged)
	}
	plain, err := s.key.open(rest[:size], headerValues, s.id)
	if err != nil {
		return nil, fmt.Errorf("%w: stable values: %w", ErrDamaged, err)
	}
	s.carried, err = decodeValues(plain, binary.LittleEndian.Uint32(b[52:]))
	return s, err
}

// useKey takes the key of an encrypted segment if it is the right one.
func (s *segment) useKey(key *Key, id [keyIDSize]byte) error {
	if key == nil {
		return fmt.Errorf("%w: it needs key %x, and no key file is configured", ErrKey, id)
	}
	if key.id != id {
		return fmt.Errorf("%w: it needs key %x, and the key file holds %x", ErrKey, id, key.id)
	}
	s.key = key
	return nil
}

func decodeValues(b []byte, count uint32) ([]value, error) {
	if int64(count) > int64(len(b)) {
		return nil, fmt.Errorf("%w: stable values do not fit their segment header", ErrDamaged)
	}
	values := make([]value, 0, count)
	for range count {
		if len(b) < 2 || len(b)-2 < int(binary.LittleEndian.Uint16(b)) {
			return nil, fmt.Errorf("%w: stable values are cut short", ErrDamaged)
		}
		n := 2 + int(binary.LittleEndian.Uint16(b))
		v, err := decodeValue(b[2:n])
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		values, b = append(values, v), b[n:]
	}
	return values, nil
}
