package journal

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"
)

const (
	defaultSegment = 4 << 20
	defaultReserve = 64 << 20
)

func (o *LogOptions) setDefaults() error {
	if o.SegmentBytes == 0 {
		o.SegmentBytes = defaultSegment
	}
	if o.SegmentBytes < minSegment || o.SegmentBytes%block != 0 || o.SegmentBytes > maxSegment {
		return fmt.Errorf("segment of %d bytes: want whole blocks of %d, from %d bytes to 1 GiB", o.SegmentBytes, block, minSegment)
	}
	if o.ReserveBytes == 0 {
		o.ReserveBytes = defaultReserve
	}
	o.ReserveBytes = max(o.ReserveBytes, 0)
	if o.Flushed == nil {
		o.Flushed = func(Flush) {}
	}
	if o.Audit == nil {
		o.Audit = func(uint64, []byte) error { return nil }
	}
	if o.FS == nil {
		o.FS = disk{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	return nil
}
