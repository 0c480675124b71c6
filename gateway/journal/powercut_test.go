package journal

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// truth is what a log must hold after the calls that returned.
type truth struct {
	records map[uint64]string
	last    uint64
	floor   uint64 // records below it may be gone
	value   string
}

// clone lets an operation in flight be undone.
func (w truth) clone() truth {
	w.records = maps.Clone(w.records)
	return w
}

// differs tells how l is not w; empty if it is.
func (w truth) differs(l *Log) string {
	if l.Last() != w.last {
		return fmt.Sprintf("Last = %d, want %d", l.Last(), w.last)
	}
	if got, _ := l.Get("value"); string(got) != w.value {
		return fmt.Sprintf("value = %q, want %q", got, w.value)
	}
	first := l.First()
	for seq, want := range w.records {
		if seq < w.floor && (first == 0 || seq < first) {
			continue
		}
		if got, err := l.Read(seq); err != nil || string(got) != want {
			return fmt.Sprintf("Read(%d) = %.20q, %v, want %.20q", seq, got, err, want)
		}
	}
	for seq := first; first != 0 && seq <= l.Last(); seq++ {
		if _, ok := w.records[seq]; !ok {
			return fmt.Sprintf("record %d was never written", seq)
		}
	}
	return ""
}

// step does one random operation and gives what the log must hold once it has returned.
func (w truth) step(rng *rand.Rand, l *Log) (truth, error) {
	after := w.clone()
	switch n := rng.IntN(100); {
	case n < 75:
		return after, appendRandom(rng, l, &after)
	case n < 83:
		after.value = fmt.Sprint(rng.Int())
		return after, l.Set("value", []byte(after.value))
	case n < 89:
		after.last -= min(after.last, uint64(rng.IntN(4)))
		maps.DeleteFunc(after.records, func(seq uint64, _ string) bool { return seq > after.last })
		return after, l.TruncateAfter(after.last)
	case n < 97:
		after.floor = max(after.floor, after.last-min(after.last, uint64(rng.IntN(20))))
		return after, l.PruneBefore(after.floor)
	default:
		next := uint64(rng.IntN(1000) + 1)
		after = truth{records: map[uint64]string{}, last: next - 1, value: w.value}
		return after, l.Reset(next)
	}
}

// appendRandom appends up to three records, some of several blocks, all in one batch.
func appendRandom(rng *rand.Rand, l *Log, after *truth) error {
	var payloads [][]byte
	for range 1 + rng.IntN(3) {
		after.last++
		p := slices.Repeat(fmt.Appendf(nil, "%d/%d ", after.last, rng.Int()), 1+rng.IntN(200))
		after.records[after.last] = string(p)
		payloads = append(payloads, p)
	}
	_, err := l.Append(payloads...)
	return err
}

// runUntilCut works on disk until the power goes, and gives the two states between which the cut fell.
func runUntilCut(t *testing.T, rng *rand.Rand, disk *cutFS, key *Key, was []truth) (before, after truth) {
	t.Helper()
	l, err := OpenLog(LogOptions{Dir: "/j", SegmentBytes: minSegment, ReserveBytes: -1, FS: disk, Key: key})
	if errors.Is(err, errCut) {
		return was[0], was[1] // nothing but recovery was done
	}
	if err != nil {
		t.Fatalf("OpenLog after a cut: %v", err)
	}
	defer l.Close()
	i := slices.IndexFunc(was, func(w truth) bool { return w.differs(l) == "" })
	if i < 0 && l.Failed() == nil {
		t.Fatalf("neither the state before the cut (%s) nor after the operation it fell into (%s)",
			was[0].differs(l), was[1].differs(l))
	}
	if i < 0 { // cut again while it was being compared
		return was[0], was[1]
	}
	before = was[i]
	for {
		if after, err = before.step(rng, l); err != nil {
			if !errors.Is(err, errCut) {
				t.Fatalf("operation: %v", err)
			}
			return before, after
		}
		before = after
	}
}

// Every acknowledged record, value, cut and reset outlives power cuts at any call, with torn and garbled writes, also
// during recovery from the cut before, after the process alone was killed, and while a plain log becomes an encrypted one.
func TestPowerCutLosesNothingAcknowledged(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			disk := newCutFS(30 + rng.IntN(300))
			empty := truth{records: map[uint64]string{}}
			before, after := empty, empty
			var key *Key
			for n := range 8 {
				if n == int(seed)%12 { // some logs are encrypted from the beginning, some later, some never
					key = testKey(t, 1)
				}
				before, after = runUntilCut(t, rng, disk, key, []truth{before, after})
				if calls := 30 + rng.IntN(300); rng.IntN(4) == 0 {
					disk = disk.afterKill(calls)
				} else {
					disk = disk.afterCut(rng, calls)
				}
			}
		})
	}
}

// After a failed flush the page cache shows as clean what the device never took. Opening again must not believe it:
// the record would be gone at the next power cut, and records after it would be lost with it.
func TestFailedFlushIsNotBelievedAfterRestart(t *testing.T) {
	disk := newCutFS(1 << 30)
	o := LogOptions{Dir: "/j", SegmentBytes: minSegment, ReserveBytes: -1, FS: disk}
	l := openLog(t, o)
	appendNumbered(t, l, 3)
	l.filling.Lock() // the filler must not take the failure
	disk.lieOnce = true
	_, err := l.Append([]byte("never durable"))
	l.filling.Unlock()
	checkIs(t, err, ErrFailed)
	checkIs(t, l.Close(), ErrFailed)

	o.FS = disk.afterKill(1 << 30)
	l = openLog(t, o)
	defer closeLog(t, l)
	if got := l.Last(); got != 3 {
		t.Errorf("Last after restart = %d, want 3", got)
	}
	appendNumbered(t, l, 1)
	checkNumbered(t, l)
}

// The process alone is killed at every call in turn, another one takes over and acknowledges records, and then the power
// goes: what the second one found in the page cache, names of files included, must have become durable first.
func TestKillAtEveryCallThenPowerCut(t *testing.T) {
	o := LogOptions{Dir: "/j", SegmentBytes: minSegment, ReserveBytes: -1}
	for calls := range 200 {
		disk := newCutFS(calls)
		o.FS = disk
		var last uint64
		if l, err := OpenLog(o); err == nil {
			for err == nil {
				last = l.Last()
				_, err = l.AppendFunc(1, func(first uint64, dst [][]byte) error {
					dst[0] = numbered(first)
					return nil
				})
			}
			l.Close()
		}
		disk = disk.afterKill(1 << 30)
		o.FS = disk
		l := openLog(t, o)
		appendNumbered(t, l, 1)
		if l.Last() <= last {
			t.Fatalf("killed at call %d: Last = %d after one more append, want above %d", calls, l.Last(), last)
		}
		last = l.Last()
		closeLog(t, l)
		o.FS = disk.afterWorstCut(1 << 30)
		l = openLog(t, o)
		if l.Last() != last {
			t.Errorf("killed at call %d, then cut: Last = %d, want %d", calls, l.Last(), last)
		}
		checkNumbered(t, l)
		closeLog(t, l)
	}
}
