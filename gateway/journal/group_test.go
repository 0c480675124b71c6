package journal

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// While the first append is being flushed, 255 more arrive. They share the next flush.
func TestAppendsDuringAFlushShareTheNext(t *testing.T) {
	const writers = 256
	flushing, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	fault := &faultFS{FS: disk{}}
	var opened atomic.Bool
	var segmentSyncs int // guarded by the log: one flush at a time
	fault.datasync = func(name string) error {
		if opened.Load() && inSegment(name) {
			segmentSyncs++
			once.Do(func() {
				close(flushing)
				<-release
			})
		}
		return nil
	}
	l := openLog(t, LogOptions{Dir: t.TempDir(), FS: fault})
	defer closeLog(t, l)
	opened.Store(true)
	numbers := make([]uint64, writers)
	var wg sync.WaitGroup
	appendOne := func(i int) {
		seq, err := l.Append(fmt.Appendf(nil, "writer %d", i))
		if err != nil {
			t.Errorf("Append: %v", err)
		}
		numbers[i] = seq
	}
	wg.Go(func() { appendOne(0) })
	<-flushing
	for i := 1; i < writers; i++ {
		wg.Go(func() { appendOne(i) })
	}
	waitForWaiting(l, writers-1)
	if got := l.Last(); got != 0 {
		t.Errorf("Last during the first flush = %d, want 0: nothing is durable yet", got)
	}
	close(release)
	wg.Wait()
	if segmentSyncs != 2 {
		t.Errorf("%d flushes for %d appends, want 2", segmentSyncs, writers)
	}
	for i, seq := range numbers {
		got, err := l.Read(seq)
		if want := fmt.Sprintf("writer %d", i); err != nil || string(got) != want {
			t.Errorf("Read(%d) = %q, %v, want %q", seq, got, err, want)
		}
	}
	slices.Sort(numbers)
	for i, seq := range numbers {
		if seq != uint64(i+1) {
			t.Fatalf("numbers are not 1 to %d without gaps: %v", writers, numbers)
		}
	}
}

// waitForWaiting returns once n entries wait for the next flush.
func waitForWaiting(l *Log, n int) {
	for {
		l.mu.RLock()
		waiting := 0
		if l.open != nil {
			waiting = len(l.open.entries)
		}
		l.mu.RUnlock()
		if waiting == n {
			return
		}
		runtime.Gosched()
	}
}

// Writers, readers, pruning and values at once, under the race detector: numbers stay gapless and what is read is what
// was written under that number.
func TestConcurrentUse(t *testing.T) {
	const writers, each = 32, 40
	fault := &faultFS{FS: disk{}}
	o := small(t)
	o.FS = fault
	l := openLog(t, o)
	var mu sync.Mutex
	seen := map[uint64]bool{}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				first, err := l.AppendFunc(2, func(first uint64, dst [][]byte) error {
					dst[0], dst[1] = numbered(first), numbered(first+1)
					return nil
				})
				if err != nil {
					t.Errorf("AppendFunc: %v", err)
					return
				}
				if got, err := l.Read(first + 1); err == nil && string(got) != string(numbered(first+1)) {
					t.Errorf("Read(%d) = %q", first+1, got)
				}
				mu.Lock()
				seen[first], seen[first+1] = true, true
				mu.Unlock()
				if w == 0 && i%10 == 9 {
					if err := l.PruneBefore(first); err != nil {
						t.Errorf("PruneBefore: %v", err)
					}
				}
				if w == 1 {
					if err := l.SetSoon("at", numbered(first)); err != nil {
						t.Errorf("SetSoon: %v", err)
					}
				}
			}
		})
	}
	wg.Wait()
	const total = writers * each * 2
	if l.Last() != total || len(seen) != total {
		t.Errorf("Last = %d with %d numbers given, want %d", l.Last(), len(seen), total)
	}
	if n := fault.syncs.Load(); n >= total/2 {
		t.Errorf("%d flushes for %d appends: no group commit", n, total/2)
	}
	closeLog(t, l)
	l = openLog(t, o)
	defer closeLog(t, l)
	checkNumbered(t, l)
}
