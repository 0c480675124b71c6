package wire

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// recorder notes what a link delivers, and when.
type recorder struct {
	began  time.Time
	frames []string
	at     []time.Duration
}

func (r *recorder) Write(p []byte) (int, error) {
	r.frames = append(r.frames, string(p[headerSize:]))
	r.at = append(r.at, time.Since(r.began))
	return len(p), nil
}

// linked runs a link in fake time.
func linked(t *testing.T, rule Impairment, do func(l *link, r *recorder)) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		r := &recorder{began: time.Now()}
		l := newLink(r, rand.New(rand.NewPCG(4, 2)))
		l.set(rule)
		go l.run()
		do(l, r)
		time.Sleep(time.Hour)
		l.close()
	})
}

func frame(payload string) []byte { return append(make([]byte, headerSize), payload...) }

const ms = time.Millisecond

// When each of three frames leaves that arrive at once, of 1,000 bits each.
func TestTimes(t *testing.T) {
	tests := []struct {
		name string
		rule Impairment
		want []time.Duration
	}{
		{"nothing", Impairment{}, []time.Duration{0, 0, 0}},
		{"delay", Impairment{Delay: 50 * ms}, []time.Duration{50 * ms, 50 * ms, 50 * ms}},
		{"rate", Impairment{Rate: 100_000}, []time.Duration{10 * ms, 20 * ms, 30 * ms}},
		{"rate and delay", Impairment{Rate: 100_000, Delay: 50 * ms}, []time.Duration{60 * ms, 70 * ms, 80 * ms}},
		{"cut", Impairment{Cut: true}, nil},
		{"all lost", Impairment{Loss: 1}, nil},
		{"all twice", Impairment{Duplicate: 1}, []time.Duration{0, 0, 0, 0, 0, 0}},
		{"all held back", Impairment{Reorder: 1, Delay: 20 * ms}, []time.Duration{45 * ms, 45 * ms, 45 * ms}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got *recorder
			linked(t, tt.rule, func(l *link, r *recorder) {
				got = r
				for range 3 {
					l.offer(make([]byte, 125))
				}
			})
			if diff := cmp.Diff(got.at, tt.want); diff != "" {
				t.Errorf("delivered at (-got +want):\n%s", diff)
			}
		})
	}
}

func TestJitterKeepsOrderAndBounds(t *testing.T) {
	const frames = 500
	linked(t, Impairment{Delay: 50 * ms, Jitter: 10 * ms}, func(l *link, r *recorder) {
		for n := range frames {
			l.offer(frame(fmt.Sprint(n)))
			time.Sleep(ms)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if len(r.frames) != frames {
			t.Fatalf("%d frames arrived, want %d", len(r.frames), frames)
		}
		for n, payload := range r.frames {
			if payload != fmt.Sprint(n) {
				t.Fatalf("frame %d arrived as number %d", n, n)
			}
			if late := r.at[n] - time.Duration(n)*ms; late < 40*ms || late > 60*ms {
				t.Errorf("frame %d took %v, want 40 to 60 ms", n, late)
			}
		}
	})
}

// Every frame is accounted for, and the chances are what they were asked to be.
func TestChances(t *testing.T) {
	const frames = 10_000
	within := func(t *testing.T, what string, got uint64, p float64) {
		t.Helper()
		if share := float64(got) / frames; share < p-0.02 || share > p+0.02 { // 4 standard deviations and more
			t.Errorf("%s: %.3f of frames, want %.2f", what, share, p)
		}
	}
	linked(t, Impairment{Loss: 0.2, Duplicate: 0.3, Reorder: 0.1, Corrupt: 0.2}, func(l *link, r *recorder) {
		for range frames {
			l.offer(frame("what it carries"))
			time.Sleep(ms)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		c := l.count()
		within(t, "lost", c.Lost, 0.2)
		within(t, "duplicated", c.Duplicated, 0.3*0.8)
		within(t, "reordered", c.Reordered, 0.1*0.8*1.3)
		within(t, "corrupted", c.Corrupted, 0.2*0.8*1.3)
		if c.Offered != frames || c.Delivered != frames-c.Lost+c.Duplicated || c.Delivered != uint64(len(r.frames)) {
			t.Errorf("the sums do not agree: %+v, %d arrived", c, len(r.frames))
		}
		damaged := uint64(0)
		for _, payload := range r.frames {
			if payload != "what it carries" {
				damaged++
			}
		}
		if damaged != c.Corrupted {
			t.Errorf("%d frames arrived damaged, %d counted", damaged, c.Corrupted)
		}
	})
}

func TestReorder(t *testing.T) {
	linked(t, Impairment{Reorder: 0.2}, func(l *link, r *recorder) {
		for n := range 100 {
			l.offer(frame(fmt.Sprintf("%03d", n)))
			time.Sleep(ms)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		overtaken := uint64(0)
		for n := 1; n < len(r.frames); n++ {
			if r.frames[n] < r.frames[n-1] {
				overtaken++
			}
		}
		if overtaken == 0 || len(r.frames) != 100 {
			t.Errorf("%d of %d frames came after a later one, %d were held back", overtaken, len(r.frames), l.count().Reordered)
		}
	})
}

// The same seed makes the same choices.
func TestSeed(t *testing.T) {
	run := func(seed uint64) (lost string) {
		l := newLink(new(recorder), rand.New(rand.NewPCG(seed, 0)))
		l.set(Impairment{Loss: 0.5})
		for range 100 {
			before := l.count().Lost
			l.offer(frame("x"))
			lost += fmt.Sprint(l.count().Lost - before)
		}
		return lost
	}
	if first, again := run(1), run(1); first != again {
		t.Error("one seed, two sequences")
	}
	if run(1) == run(2) {
		t.Error("two seeds, one sequence")
	}
}

func TestOverflow(t *testing.T) {
	linked(t, Impairment{Delay: time.Second}, func(l *link, r *recorder) {
		for range waitingMost + 10 {
			l.offer(frame("x"))
		}
		if got := l.count().Overflowed; got != 10 {
			t.Errorf("Overflowed = %d, want 10", got)
		}
	})
}

// Exchanged words leave RFC 1071's sum as it was, and whatever arrives, nothing is read or written beyond the frame.
func TestGarble(t *testing.T) {
	segment := append([]byte{0, 80, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 5 << 4, 0, 0, 0, 0, 0, 0, 0}, "abcdefgh"...)
	packet := append([]byte{0x45, 0, 0, 48, 0, 0, 0, 0, 64, 6, 0, 0, 10, 77, 0, 1, 10, 77, 0, 2}, segment...)
	whole := append(append(make([]byte, 12), 8, 0), packet...)
	got := append([]byte(nil), whole...)
	if !garble(got, rand.New(rand.NewPCG(1, 1))) {
		t.Fatal("nothing was exchanged")
	}
	if cmp.Equal(got, whole) || sum(got[34:]) != sum(whole[34:]) || !cmp.Equal(got[:54], whole[:54]) {
		t.Errorf("garbled %x from %x", got, whole)
	}
	same := append([]byte(nil), whole[:54]...)
	same = append(same, "aaaaaaaa"...)
	if garble(same, rand.New(rand.NewPCG(1, 1))) {
		t.Error("equal words were exchanged")
	}
}

func sum(p []byte) (s uint32) {
	for n := 0; n+1 < len(p); n += 2 {
		s += uint32(p[n])<<8 | uint32(p[n+1])
	}
	for s>>16 > 0 {
		s = s&0xffff + s>>16
	}
	return s
}

func FuzzGarble(f *testing.F) {
	f.Add(make([]byte, 60))
	f.Add(append(append(make([]byte, 12), 8, 0), 0x45, 0, 0, 48, 0, 0, 0, 0, 64, 6, 0, 0, 10, 77, 0, 1, 10, 77, 0, 2, 0, 80, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 5<<4, 0, 0, 0, 0, 0, 0, 0, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'))
	f.Fuzz(func(t *testing.T, p []byte) {
		before := len(p)
		garble(p, rand.New(rand.NewPCG(1, 1)))
		if len(p) != before {
			t.Error("the frame changed its length")
		}
	})
}
