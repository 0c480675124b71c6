package wire

import (
	"container/heap"
	"io"
	"math/rand/v2"
	"sync"
	"time"
)

// Impairment is what one direction does to its frames. The zero value passes everything at once.
type Impairment struct {
	Delay     time.Duration // added to each frame
	Jitter    time.Duration // up to this much more or less, uniformly; frames keep their order unless Reorder says otherwise
	Loss      float64       // probability that a frame vanishes, 0 to 1
	Duplicate float64       // probability that a frame arrives twice
	Reorder   float64       // probability that a frame is held back behind those that follow it
	Corrupt   float64       // probability that one bit behind the Ethernet header is flipped: checksums see it
	Garble    float64       // probability that two octets of the payload are exchanged: TCP's checksum does not see it
	Rate      int64         // bits per second; 0 is no limit
	MTU       int           // bytes of the largest packet that passes, Ethernet header not counted; 0 is no limit
	Cut       bool          // nothing passes
}

// Counts of one direction since Open: what a plan needs to show that a fault bit.
type Counts struct {
	Offered    uint64 // frames the sender sent to this receiver, broadcasts among them
	Delivered  uint64 // frames handed to the receiver, copies among them
	Cut        uint64 // dropped by Cut
	Lost       uint64 // dropped by Loss
	TooBig     uint64 // dropped by MTU
	Overflowed uint64 // dropped because too many were waiting, or the receiver took no more
	Delayed    uint64 // held back by Delay, Jitter or Rate
	Duplicated uint64
	Reordered  uint64
	Corrupted  uint64
	Garbled    uint64
}

func (c Counts) plus(d Counts) Counts {
	c.Offered += d.Offered
	c.Delivered += d.Delivered
	c.Cut += d.Cut
	c.Lost += d.Lost
	c.TooBig += d.TooBig
	c.Overflowed += d.Overflowed
	c.Delayed += d.Delayed
	c.Duplicated += d.Duplicated
	c.Reordered += d.Reordered
	c.Corrupted += d.Corrupted
	c.Garbled += d.Garbled
	return c
}

const (
	waitingMost = 4096                 // frames in one direction
	heldBack    = 5 * time.Millisecond // a reordered frame, besides once more its delay
)

// link is one direction between two hosts.
type link struct {
	to   io.Writer
	wake chan struct{} // one is enough: run looks at everything
	done chan struct{}

	mu      sync.Mutex // guards everything that follows
	random  *rand.Rand
	rule    Impairment
	counts  Counts
	waiting queue
	last    time.Time // when the last frame in order leaves
	free    time.Time // when Rate lets the next frame begin
	serial  uint64
}

func newLink(to io.Writer, random *rand.Rand) *link {
	return &link{to: to, random: random, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

func (l *link) close() { close(l.done) }

func (l *link) set(i Impairment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rule = i
}

func (l *link) count() Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts
}

// offer takes a frame from the sender; the buffer stays the sender's.
func (l *link) offer(frame []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.Offered++
	if l.refuseLocked(len(frame)) {
		return
	}
	l.passLocked(frame)
	if l.chanceLocked(l.rule.Duplicate) {
		l.counts.Duplicated++
		l.passLocked(frame)
	}
}

func (l *link) refuseLocked(size int) bool {
	switch r := l.rule; {
	case r.Cut:
		l.counts.Cut++
	case l.chanceLocked(r.Loss):
		l.counts.Lost++
	case r.MTU > 0 && size-headerSize > r.MTU:
		l.counts.TooBig++
	default:
		return false
	}
	return true
}

// passLocked damages a frame and hands it on, now or later. What is to leave now waits only behind what waits already.
func (l *link) passLocked(frame []byte) {
	now := time.Now()
	at := l.leaveLocked(now, len(frame))
	if !at.After(now) && len(l.waiting) == 0 && l.rule.Corrupt == 0 && l.rule.Garble == 0 {
		l.deliverLocked(frame)
		return
	}
	if len(l.waiting) >= waitingMost {
		l.counts.Overflowed++
		return
	}
	if at.After(now) {
		l.counts.Delayed++
	}
	l.serial++
	heap.Push(&l.waiting, waiter{at: at, serial: l.serial, frame: l.damagedLocked(frame)})
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// leaveLocked is when a frame that arrives now is handed on.
func (l *link) leaveLocked(now time.Time, size int) time.Time {
	r := l.rule
	at := now.Add(r.Delay)
	if r.Jitter > 0 {
		at = at.Add(time.Duration((l.random.Float64()*2 - 1) * float64(r.Jitter)))
	}
	if r.Rate > 0 {
		l.free = later(l.free, now).Add(time.Duration(float64(size*8) / float64(r.Rate) * float64(time.Second)))
		at = later(at, l.free.Add(r.Delay))
	}
	if l.chanceLocked(r.Reorder) {
		l.counts.Reordered++
		return at.Add(r.Delay + heldBack) // l.last stays: others overtake it
	}
	if r.Delay > 0 || r.Jitter > 0 || r.Rate > 0 {
		at = later(at, l.last)
		l.last = at
	}
	return at
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// chanceLocked is true with probability p. Without a chance the random sequence stays where it is.
func (l *link) chanceLocked(p float64) bool { return p > 0 && l.random.Float64() < p }

// damagedLocked is a copy of the frame, with the faults that are due.
func (l *link) damagedLocked(frame []byte) []byte {
	frame = append([]byte(nil), frame...)
	if l.chanceLocked(l.rule.Corrupt) {
		flip(frame, l.random)
		l.counts.Corrupted++
	}
	if l.chanceLocked(l.rule.Garble) && garble(frame, l.random) {
		l.counts.Garbled++
	}
	return frame
}

// deliverLocked hands a frame to the receiver; a device that is full or being closed drops it, as a network card would.
func (l *link) deliverLocked(frame []byte) {
	if _, err := l.to.Write(frame); err != nil {
		l.counts.Overflowed++
		return
	}
	l.counts.Delivered++
}

// run hands on what waits, until close.
func (l *link) run() {
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		if next, ok := l.release(); ok {
			t.Reset(time.Until(next))
		}
		select {
		case <-l.done:
			return
		case <-l.wake:
		case <-t.C:
		}
	}
}

// release hands on what is due, and tells when the next frame is.
func (l *link) release() (next time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.waiting) > 0 {
		if next = l.waiting[0].at; time.Until(next) > 0 {
			return next, true
		}
		l.deliverLocked(heap.Pop(&l.waiting).(waiter).frame)
	}
	return time.Time{}, false
}

// waiter is a frame and when it leaves.
type waiter struct {
	at     time.Time
	serial uint64 // breaks ties in the order of arrival
	frame  []byte
}

// queue is a heap: the frame that leaves first is at 0.
type queue []waiter

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at.Before(q[j].at) || q[i].at.Equal(q[j].at) && q[i].serial < q[j].serial
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(waiter)) }
func (q *queue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	(*q)[last] = waiter{}
	*q = (*q)[:last]
	return x
}
