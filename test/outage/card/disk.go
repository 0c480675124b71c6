package card

import (
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"time"
)

// write is one write command since the last flush.
type write struct {
	off  int64
	data []byte
}

// disk is a medium and the volatile cache in front of it. Safe from any goroutine.
type disk struct {
	size     int64
	flushing sync.Mutex // one flush at a time, as on a card

	mu      sync.Mutex // guards everything that follows
	medium  pages      // what is certain
	cache   pages      // pages with a write that is not yet certain, whole; ours alone
	pending []write    // the same writes, in order
	fresh   int64      // bytes written since the last flush began
	powered bool
	cut     chan struct{} // closed when the power goes
	pace    Pace
	fault   Fault
	counts  Counts
	random  *rand.Rand
}

func newDisk(o Options) *disk {
	d := &disk{size: o.Size, pace: o.Pace, medium: pages{}, random: rand.New(rand.NewPCG(o.Seed, 0x0a4d))} //nolint:gosec // repeatable
	if o.Image != nil {
		d.medium = o.Image.pages.copy()
	}
	d.on()
	return d
}

func (d *disk) read(p []byte, off int64) (int, syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.powered || d.fault.FailReads {
		d.counts.FailedReads++
		return 0, syscall.EIO
	}
	d.counts.Reads++
	p = p[:max(0, min(int64(len(p)), d.size-off))]
	each(off, p, func(number, at int64, part []byte) {
		page := d.cache[number]
		if page == nil {
			page = d.medium[number]
		}
		if page == nil {
			clear(part)
			return
		}
		copy(part, page[at:])
	})
	return len(p), 0
}

func (d *disk) write(p []byte, off int64) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case !d.powered || d.fault.FailWrites:
		d.counts.FailedWrites++
		return syscall.EIO
	case off+int64(len(p)) > d.size:
		return syscall.ENOSPC
	}
	d.counts.Writes++
	d.counts.BytesWritten += uint64(len(p))
	d.fresh += int64(len(p))
	d.pending = append(d.pending, write{off, slices.Clone(p)})
	each(off, p, func(number, at int64, part []byte) {
		page := d.cache[number]
		if page == nil {
			page = d.medium.clone(number)
			d.cache[number] = page
		}
		copy(page[at:], part)
	})
	return 0
}

// flush makes certain what was written before it was called.
func (d *disk) flush() syscall.Errno {
	d.flushing.Lock()
	defer d.flushing.Unlock()
	d.mu.Lock()
	before, cost, cut := len(d.pending), d.costLocked(), d.cut
	d.fresh = 0
	d.mu.Unlock()

	wait(cost, cut)

	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.powered || d.fault.FailFlushes || cut != d.cut {
		d.counts.FailedFlushes++
		return syscall.EIO
	}
	d.counts.Flushes++
	d.settleLocked(before)
	return 0
}

func (d *disk) costLocked() time.Duration {
	cost := d.pace.Flush
	if d.pace.Rate > 0 {
		cost += time.Duration(float64(d.fresh) / float64(d.pace.Rate) * float64(time.Second))
	}
	if d.fault.SlowFlush > 0 {
		d.counts.SlowFlushes++
		cost += d.fault.SlowFlush
	}
	return cost
}

// wait lets time pass, unless the power goes.
func wait(cost time.Duration, cut <-chan struct{}) {
	if cost <= 0 {
		return
	}
	t := time.NewTimer(cost)
	defer t.Stop()
	select {
	case <-t.C:
	case <-cut:
	}
}

// settleLocked moves the first n pending writes to the medium. Pages of the medium may be part of images: they are replaced
// and never changed.
func (d *disk) settleLocked(n int) {
	if n < len(d.pending) {
		for _, w := range d.pending[:n] {
			d.medium.write(w.off, w.data)
		}
		d.pending = slices.Clone(d.pending[n:])
		return
	}
	for number, page := range d.cache {
		d.medium[number] = page
	}
	d.cache, d.pending = pages{}, nil
}

// crash is what a power cut would leave.
func (d *disk) crash(k Cut) (*Image, Damage) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := &Image{size: d.size, pages: d.medium.copy()}
	return i, i.pages.survive(k, d.pending, d.random)
}

// off cuts the power. A second cut finds nothing that could be lost.
func (d *disk) off(k Cut) Damage {
	d.mu.Lock()
	defer d.mu.Unlock()
	damage := d.medium.survive(k, d.pending, d.random)
	d.cache, d.pending, d.fresh = pages{}, nil, 0
	if d.powered {
		d.powered = false
		d.counts.Cuts++
		close(d.cut)
	}
	return damage
}

func (d *disk) on() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.powered, d.cut, d.cache = true, make(chan struct{}), pages{}
}

// shut ends waiting: the card is being closed, and nothing on it matters any more.
func (d *disk) shut() {
	d.setFault(Fault{})
	d.setPace(Pace{})
}

func (d *disk) load(i *Image) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.medium = i.pages.copy()
}

func (d *disk) setFault(f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = f
}

func (d *disk) setPace(p Pace) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pace = p
}

func (d *disk) unflushed() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.pending)
}

func (d *disk) count() Counts {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.counts
}
