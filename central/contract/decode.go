package contract

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"
)

// DecodeRecord reads one record that AppendRecord wrote and refuses everything else: every error wraps one of the
// ErrRecord sentinels. It keeps no reference to b.
func DecodeRecord(b []byte) (Record, error) {
	if len(b) < headerSize+crcSize || len(b) > MaxRecord {
		return Record{}, fmt.Errorf("%w: %d octets", ErrRecordSize, len(b))
	}
	if b[0] == 0 || b[0] > RecordVersion {
		return Record{}, fmt.Errorf("%w: version %d", ErrRecordVersion, b[0])
	}
	body, sum := b[:len(b)-crcSize], binary.BigEndian.Uint32(b[len(b)-crcSize:])
	if crc32.Checksum(body, castagnoli) != sum {
		return Record{}, ErrRecordChecksum
	}
	c := cursor{rest: body[1:]}
	r := c.record()
	if b[0] > unsalted {
		r.Salt = c.salt()
	}
	if c.err != nil {
		return Record{}, c.err
	}
	if len(c.rest) > 0 {
		return Record{}, fmt.Errorf("%w: %d octets", ErrRecordTrailing, len(c.rest))
	}
	if err := r.validate(); err != nil {
		return Record{}, fmt.Errorf("record %s: %w", r.ID, err)
	}
	return r, nil
}

// cursor walks a record; after the first error it yields zeroes.
type cursor struct {
	rest []byte
	err  error
}

func (c *cursor) record() Record {
	kind := c.octet()
	var r Record
	copy(r.ID.Stream[:], c.take(8))
	r.ID.Seq = c.uint64()
	r.Stamp = c.stamp()
	switch kind {
	case kindTap:
		r.Tap = c.tap()
	case kindHeartbeat:
		r.Heartbeat = c.heartbeat()
	case kindAnchor:
		r.Anchor = c.anchor()
	default:
		c.fail(fmt.Errorf("%w: kind %d", ErrRecordField, kind))
	}
	return r
}

// salt refuses a zero one: the record would be written as another version than it was read.
func (c *cursor) salt() Salt {
	s := Salt(c.take(saltSize))
	if s.IsZero() {
		c.fail(fmt.Errorf("%w: salt is zero", ErrRecordField))
	}
	return s
}

func (c *cursor) stamp() Stamp {
	var s Stamp
	s.At = c.time()
	copy(s.Boot[:], c.take(16))
	s.Uptime = time.Duration(c.uint64())
	s.Quality = Quality(c.octet())
	s.Within = c.within()
	return s
}

func (c *cursor) tap() *Tap {
	t := &Tap{Point: c.text()}
	copy(t.Digest[:], c.take(len(t.Digest)))
	t.Evidence, t.Outcome, t.Reason = Evidence(c.octet()), Outcome(c.octet()), Reason(c.octet())
	t.Session = c.text()
	t.Timetable = c.uint64()
	return t
}

func (c *cursor) heartbeat() *Heartbeat {
	h := &Heartbeat{Since: c.time()}
	for n := c.octet(); n > 0 && c.err == nil; n-- {
		p := PointState{Point: c.text()}
		switch up := c.octet(); up {
		case 0, 1:
			p.Up = up == 1
		default:
			c.fail(fmt.Errorf("%w: point state %d", ErrRecordField, up))
		}
		h.Points = append(h.Points, p)
	}
	return h
}

func (c *cursor) anchor() *Anchor {
	a := &Anchor{}
	copy(a.Boot[:], c.take(16))
	a.Uptime = time.Duration(c.uint64())
	a.At = c.time()
	a.Within = c.within()
	return a
}

func (c *cursor) take(n int) []byte {
	if c.err == nil && len(c.rest) < n {
		c.fail(fmt.Errorf("%w: it ends inside a field", ErrRecordSize))
	}
	if c.err != nil {
		return make([]byte, n)
	}
	b := c.rest[:n]
	c.rest = c.rest[n:]
	return b
}

func (c *cursor) octet() byte     { return c.take(1)[0] }
func (c *cursor) uint64() uint64  { return binary.BigEndian.Uint64(c.take(8)) }
func (c *cursor) text() string    { return string(c.take(int(c.octet()))) }
func (c *cursor) time() time.Time { return time.Unix(0, int64(c.uint64())).UTC() }

func (c *cursor) within() time.Duration {
	return time.Duration(binary.BigEndian.Uint32(c.take(4))) * time.Millisecond
}

func (c *cursor) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}
