package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// A batch is what one flush makes durable. It starts on a block of its own and is padded to whole blocks:
//
//	0  magic "rcjb"
//	4  CRC32C over nonce of the segment, offset in the segment, and bytes 8..24+n of the batch
//	8  n, bytes of items
//	12 number of items
//	16 number the log would give its next record when the batch begins
//	24 items
//
// An item is kind<<24 | length (4 bytes), CRC32C over its salt and payload (4 bytes), payload. The salt is the record's
// number, so that a read of one record proves itself without the batch around it. In an encrypted segment the payload is what
// Key.seal makes of it, and the lengths are those on disk. All integers are little endian.
const (
	block      = 4096
	batchMagic = 0x626a6372
	batchHead  = 24
	itemHead   = 8

	maxPayload = 1 << 20                                      // bytes of one record
	maxItems   = maxPayload + block                           // bytes of one batch, and the most that recovery reads at once
	maxValues  = block - segmentHead - keyIDSize - sealedMore // bytes of all stable values, since they ride in a segment's header block
	minSegment = 8 * block
	maxSegment = 1 << 30
)

type kind uint8

const (
	recordItem kind = iota + 1
	valueItem       // a stable value: key length (1 byte), key, value
	cutItem         // everything above this number is forgotten (8 bytes); alone in its batch

	headerValues kind = 0xff // no item: the stable values in a segment's header, as Key binds them
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is CRC32C over the salts and then data.
func checksum(data []byte, salts ...uint64) uint32 {
	var b [16]byte
	for i, s := range salts {
		binary.LittleEndian.PutUint64(b[8*i:], s)
	}
	return crc32.Update(crc32.Checksum(b[:8*len(salts)], castagnoli), castagnoli, data)
}

// place is where one record's payload lies in its segment, as it is on disk.
type place struct {
	at   uint32 // offset of the payload
	size uint32
}

type value struct {
	key string
	val []byte
}

// batch is a batch being gathered.
type batch struct {
	key    *Key // nil encrypts nothing
	buf    []byte
	next   uint64 // number of the first record
	items  uint32
	places []place // of its records, offsets from the start of the batch
	values []value
	cut    *uint64
}

func (b *batch) reset(next uint64) {
	*b = batch{key: b.key, buf: append(b.buf[:0], make([]byte, batchHead)...), next: next, places: b.places[:0], values: b.values[:0]}
}

// number is what the next record of the batch will be called.
func (b *batch) number() uint64 { return b.next + uint64(len(b.places)) }

func (b *batch) empty() bool { return b.items == 0 }

func (b *batch) size() int { return len(b.buf) - batchHead }

func (b *batch) item(k kind, salt uint64, payload []byte) {
	b.buf = binary.LittleEndian.AppendUint32(b.buf, uint32(k)<<24|uint32(len(payload)+b.key.more()))
	b.buf = append(b.buf, zeroes[:4]...)
	at := len(b.buf)
	b.buf = b.key.seal(b.buf, payload, k, salt)
	binary.LittleEndian.PutUint32(b.buf[at-4:], checksum(b.buf[at:], salt))
	b.items++
}

func (b *batch) addRecord(payload []byte) {
	number := b.number()
	b.item(recordItem, number, payload)
	size := len(payload) + b.key.more()
	b.places = append(b.places, place{at: uint32(len(b.buf) - size), size: uint32(size)})
}

func (b *batch) addValue(v value) {
	b.item(valueItem, 0, encodeValue(nil, v))
	b.values = append(b.values, v)
}

func (b *batch) addCut(last uint64) {
	b.item(cutItem, 0, binary.LittleEndian.AppendUint64(nil, last))
	b.cut = &last
}

// padded is the room the batch takes on disk.
func (b *batch) padded() int64 { return pad(int64(len(b.buf))) }

// seal pads the batch and fills in its header for its place in a segment. Nothing can be added to it after that.
func (b *batch) seal(nonce uint64, off int64) []byte {
	n := b.size()
	binary.LittleEndian.PutUint32(b.buf, batchMagic)
	binary.LittleEndian.PutUint32(b.buf[8:], uint32(n))
	binary.LittleEndian.PutUint32(b.buf[12:], b.items)
	binary.LittleEndian.PutUint64(b.buf[16:], b.next)
	binary.LittleEndian.PutUint32(b.buf[4:], checksum(b.buf[8:], nonce, uint64(off)))
	b.buf = append(b.buf, zeroes[:b.padded()-int64(len(b.buf))]...)
	return b.buf
}

var zeroes [64 << 10]byte

func pad(n int64) int64 { return (n + block - 1) / block * block }

// header is the fixed front of a batch read back.
type header struct {
	crc   uint32
	bytes uint32
	items uint32
	next  uint64
}

// parseHeader reads the front of a batch; ok is false where no batch of ours can begin.
func parseHeader(b []byte) (h header, ok bool) {
	if len(b) < batchHead || binary.LittleEndian.Uint32(b) != batchMagic {
		return header{}, false
	}
	h = header{
		crc:   binary.LittleEndian.Uint32(b[4:]),
		bytes: binary.LittleEndian.Uint32(b[8:]),
		items: binary.LittleEndian.Uint32(b[12:]),
		next:  binary.LittleEndian.Uint64(b[16:]),
	}
	return h, h.bytes <= maxItems
}

// item is one item of a batch read back; at is the offset of its payload in the batch.
type item struct {
	kind    kind
	at      int
	crc     uint32
	payload []byte
}

var errItems = errors.New("items do not fill their batch")

// walkItems visits the items of a batch whose checksum has been verified; b is the whole batch without padding.
// It fails on what the checksum cannot have let through but a faulty writer could have written.
func walkItems(b []byte, items uint32, visit func(item) error) error {
	at := batchHead
	for range items {
		if len(b)-at < itemHead {
			return errItems
		}
		word := binary.LittleEndian.Uint32(b[at:])
		it := item{kind: kind(word >> 24), crc: binary.LittleEndian.Uint32(b[at+4:]), at: at + itemHead}
		size := int(word & 0xffffff)
		if len(b)-it.at < size {
			return errItems
		}
		it.payload = b[it.at : it.at+size]
		at = it.at + size
		if err := visit(it); err != nil {
			return err
		}
	}
	if at != len(b) {
		return errItems
	}
	return nil
}

func encodeValue(dst []byte, v value) []byte {
	dst = append(dst, byte(len(v.key)))
	dst = append(dst, v.key...)
	return append(dst, v.val...)
}

func decodeValue(b []byte) (value, error) {
	if len(b) == 0 || len(b) < 1+int(b[0]) {
		return value{}, fmt.Errorf("stable value of %d bytes is cut short", len(b))
	}
	n := 1 + int(b[0])
	return value{key: string(b[1:n]), val: append([]byte{}, b[n:]...)}, nil
}
