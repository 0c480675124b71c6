package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Remains are what can be read of a stream whose journal nobody writes any more: one that was set aside, or that of a card
// that was pulled. Every record in it has been proven by its own checksum, its number and its stream.
type Remains struct {
	Dir          string
	Stream       contract.Stream // zero if nothing tells it
	Acknowledged uint64          // central held the stream up to here when the journal last knew
	Damage       []Damage
	Blind        bool // a file could not be read, or has no header: what was in it only other files tell
	records      map[uint64][]byte
	numbers      []uint64 // of records, ascending
}

// Damage is a place where something is that should not be, or is not that should.
type Damage struct {
	File string
	Byte int64
	What string
}

func (d Damage) String() string { return fmt.Sprintf("%s, byte %d: %s", d.File, d.Byte, d.What) }

// Range is a range of numbers, both included.
type Range struct{ First, Last uint64 }

func (r Range) String() string {
	if r.First == r.Last {
		return fmt.Sprint(r.First)
	}
	return fmt.Sprintf("%d to %d", r.First, r.Last)
}

// Salvage reads what can be read of the segments in dir, and changes nothing there. Where recovery stops at the first
// damage, it goes on behind it, and takes single records out of batches that are not whole. ErrKey and ErrVersion are for a
// person to settle; damage is no error.
func Salvage(dir string, key *Key) (*Remains, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("salvage journal: %w", err)
	}
	s := &salvager{r: &Remains{Dir: dir, records: map[uint64][]byte{}}, key: key}
	var ids []uint64
	for _, e := range entries {
		if id, ok := parseID(e.Name(), segmentSuffix); ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for i, id := range ids {
		if i > 0 && ids[i-1] != id-1 {
			s.damaged(segmentName(id-1), 0, "the file is missing")
		}
		if err := s.file(segmentName(id)); err != nil {
			return nil, fmt.Errorf("salvage journal: %s: %w", filepath.Join(dir, segmentName(id)), err)
		}
	}
	s.r.index()
	for _, m := range s.r.Missing() {
		at := s.whereabouts(m.First)
		s.damaged(at.file, at.byte, "nothing readable where number %s should be", m)
	}
	return s.r, nil
}

// index sorts the numbers.
func (r *Remains) index() {
	r.numbers = r.numbers[:0]
	for seq := range r.records {
		r.numbers = append(r.numbers, seq)
	}
	slices.Sort(r.numbers)
}

// Add takes in what another copy of the same stream has. Damage stays each copy's own.
func (r *Remains) Add(other *Remains) {
	for seq, record := range other.records {
		if _, ok := r.records[seq]; !ok {
			r.records[seq] = record
		}
	}
	r.Acknowledged = max(r.Acknowledged, other.Acknowledged)
	r.Blind = r.Blind || other.Blind
	r.index()
}

// Cut takes out the numbers from seq on, and gives them.
func (r *Remains) Cut(seq uint64) *Remains {
	cut := &Remains{Dir: r.Dir, Stream: r.Stream, records: map[uint64][]byte{}}
	for _, n := range r.numbers {
		if n >= seq {
			cut.records[n] = r.records[n]
			delete(r.records, n)
		}
	}
	r.index()
	cut.index()
	return cut
}

// Forget takes out the records that another copy of the stream has octet for octet.
func (r *Remains) Forget(other *Remains) {
	for _, n := range other.numbers {
		if bytes.Equal(r.records[n], other.records[n]) {
			delete(r.records, n)
		}
	}
	r.index()
}

// Len is the number of records.
func (r *Remains) Len() int { return len(r.numbers) }

// First is the lowest number there is, 0 if there is none.
func (r *Remains) First() uint64 {
	if len(r.numbers) == 0 {
		return 0
	}
	return r.numbers[0]
}

// Last is the highest number there is, 0 if there is none.
func (r *Remains) Last() uint64 {
	if len(r.numbers) == 0 {
		return 0
	}
	return r.numbers[len(r.numbers)-1]
}

// From gives the lowest number that is there at or above seq; ok is false if there is none.
func (r *Remains) From(seq uint64) (first uint64, ok bool) {
	i, _ := slices.BinarySearch(r.numbers, seq)
	if i == len(r.numbers) {
		return 0, false
	}
	return r.numbers[i], true
}

// Read gives encoded records from number first on as far as they follow one another: at most maxRecords of at most maxBytes
// together, but at least one; ErrNotFound if first is not there.
func (r *Remains) Read(first uint64, maxRecords, maxBytes int) ([][]byte, error) {
	var records [][]byte
	size := 0
	for seq := first; len(records) < max(maxRecords, 1); seq++ {
		record, ok := r.records[seq]
		if size += len(record); !ok || size > maxBytes && len(records) > 0 {
			break
		}
		records = append(records, record)
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("record %d: %w", first, ErrNotFound)
	}
	return records, nil
}

// Missing are the numbers that were given, as far as the remains show, and are not there: between the first and the last, and
// up to what central had acknowledged. What came after that and is gone without a trace nobody can tell.
func (r *Remains) Missing() []Range {
	var missing []Range
	next := r.First()
	for _, seq := range r.numbers {
		if seq > next {
			missing = append(missing, Range{next, seq - 1})
		}
		next = seq + 1
	}
	if len(r.numbers) > 0 && r.Acknowledged >= next {
		missing = append(missing, Range{next, r.Acknowledged})
	}
	return missing
}

// salvager reads one directory.
type salvager struct {
	r   *Remains
	key *Key

	next   uint64 // number expected next, 0 before the first
	end    unread // of the segment before, where what it lacks should have been
	places []unread
}

// unread is a place that could not be read whole, where a number was expected.
type unread struct {
	number uint64
	file   string
	byte   int64
}

// unreadable notes a place; of several in a row where the same number was expected, the first.
func (s *salvager) unreadable(number uint64, file string, at int64) {
	if n := len(s.places); n == 0 || s.places[n-1].number != number {
		s.places = append(s.places, unread{number, file, at})
	}
}

// whereabouts is the place where a number was expected, as near as can be told.
func (s *salvager) whereabouts(number uint64) (at unread) {
	for _, p := range s.places {
		if p.number <= number {
			at = p
		}
	}
	return at
}

func (s *salvager) damaged(file string, at int64, format string, args ...any) {
	s.r.Damage = append(s.r.Damage, Damage{file, at, fmt.Sprintf(format, args...)})
}

// file reads one segment, whatever its state.
func (s *salvager) file(name string) error {
	b, err := readAll(filepath.Join(s.r.Dir, name))
	if err != nil {
		s.damaged(name, int64(len(b)), "cannot be read: %v", err)
		s.r.Blind = true
	}
	seg, err := decodeHeader(b[:min(len(b), block)], s.key)
	switch {
	case errors.Is(err, ErrKey), errors.Is(err, ErrVersion):
		return err
	case err != nil:
		s.damaged(name, 0, "no sound header; single records are looked for")
		s.r.Blind = true
		seg = &segment{} // of no number and no nonce
	}
	seg.name = name
	s.begin(seg)
	s.batches(seg, b)
	s.end = unread{file: name, byte: int64(len(b))}
	return nil
}

// readAll reads a file as far as the device lets it.
func readAll(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxSegment))
}

// begin goes on with a segment whose header is sound.
func (s *salvager) begin(seg *segment) {
	for _, v := range seg.carried {
		s.value(v)
	}
	if seg.begun > s.next && s.next != 0 {
		s.unreadable(s.next, s.end.file, s.end.byte)
	}
	s.next = max(s.next, seg.begun)
}

// batches takes what it can from the blocks of a segment.
func (s *salvager) batches(seg *segment, b []byte) {
	floor := max(seg.begun, s.next, 1) // lower numbers are of the file's former life
	for off := int64(block); off < int64(len(b)); {
		h, ok := parseHeader(b[off:])
		if !ok || h.next < floor || h.next > maxNumber {
			s.unreadable(s.next, seg.name, off)
			off += block
			continue
		}
		batch := b[off:min(off+batchHead+int64(h.bytes), int64(len(b)))]
		step := pad(int64(len(batch)))
		if len(batch) < batchHead+int(h.bytes) || h.crc != checksum(batch[8:], seg.nonce, uint64(off)) {
			s.unreadable(h.next, seg.name, off)
			step = block // its length may be wrong too
		}
		s.items(seg, batch, h)
		off += step
	}
}

// items takes the records of a batch that prove themselves. In one that is not whole it goes on as long as lengths make sense.
func (s *salvager) items(seg *segment, b []byte, h header) {
	number := h.next
	_ = walkItems(b, h.items, func(it item) error {
		switch it.kind {
		case recordItem:
			s.record(seg, number, it)
			number++
		case valueItem:
			if payload, err := s.payload(seg, it, 0); err == nil {
				if v, err := decodeValue(payload); err == nil {
					s.value(v)
				}
			}
		}
		return nil
	}) // its error says that the batch ends early, which the numbers say too
}

// payload gives an item's content if its checksum is right.
func (s *salvager) payload(seg *segment, it item, number uint64) ([]byte, error) {
	if it.crc != checksum(it.payload, number) {
		return nil, ErrDamaged
	}
	if seg.nonce != 0 || s.key == nil {
		return seg.key.open(it.payload, it.kind, number)
	}
	if plain, err := s.key.open(it.payload, it.kind, number); err == nil { // no header tells whether it is encrypted
		return plain, nil
	}
	return it.payload, nil
}

// record keeps a record that is what it should be.
func (s *salvager) record(seg *segment, number uint64, it item) {
	payload, err := s.payload(seg, it, number)
	if err != nil {
		return
	}
	r, err := contract.DecodeRecord(payload)
	if err != nil || r.ID.Seq != number || !s.r.Stream.IsZero() && r.ID.Stream != s.r.Stream {
		return
	}
	s.r.Stream = r.ID.Stream
	s.r.records[number] = append([]byte{}, payload...)
	s.next = max(s.next, number+1)
}

// value notes the stable values that matter to whoever salvages.
func (s *salvager) value(v value) {
	switch {
	case v.key == streamKey && len(v.val) == len(s.r.Stream):
		s.r.Stream = contract.Stream(v.val)
	case v.key == acknowledgedKey && len(v.val) == 8:
		s.r.Acknowledged = max(s.r.Acknowledged, binary.BigEndian.Uint64(v.val))
	}
}
