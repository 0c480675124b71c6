package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// A tap record takes about this many bytes.
const benchPayload = 160

// BenchmarkRawFdatasync is the limit of the disk: 4 KiB written and flushed, block after block, in a file of zeroes.
func BenchmarkRawFdatasync(b *testing.B) {
	const blocks = 4096
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for i := range int64(blocks) {
		if _, err := f.WriteAt(zeroes[:block], i*block); err != nil {
			b.Fatal(err)
		}
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, block)
	i := int64(0)
	for b.Loop() {
		if _, err := f.WriteAt(buf, i%blocks*block); err != nil {
			b.Fatal(err)
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 16, 256} {
		for _, key := range []*Key{nil, testKey(b, 1)} {
			b.Run(fmt.Sprintf("writers=%d/encrypted=%v", writers, key != nil), func(b *testing.B) { benchAppend(b, writers, key) })
		}
	}
}

func benchAppend(b *testing.B, writers int, key *Key) {
	var flushes atomic.Int64
	l, err := OpenLog(LogOptions{Dir: b.TempDir(), Flushed: func(Flush) { flushes.Add(1) }, Key: key})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	appendFrom(b, l, writers, make([]byte, benchPayload))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
	b.ReportMetric(float64(flushes.Load())/float64(b.N), "flushes/append")
}

// appendFrom shares b.N appends among writers, each waiting for its own before the next.
func appendFrom(b *testing.B, l *Log, writers int, payload []byte) {
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ResetTimer()
	b.ReportAllocs()
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if _, err := l.Append(payload); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
}

func BenchmarkRead(b *testing.B) {
	l, err := OpenLog(LogOptions{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	payloads := make([][]byte, 10_000)
	for i := range payloads {
		payloads[i] = make([]byte, benchPayload)
	}
	if _, err := l.Append(payloads...); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	seq := uint64(0)
	for b.Loop() {
		if _, err := l.Read(seq%10_000 + 1); err != nil {
			b.Fatal(err)
		}
		seq++
	}
}

// BenchmarkOpen is recovery: 10,000 taps in blocks of their own, 40 MiB.
func BenchmarkOpen(b *testing.B) {
	o := LogOptions{Dir: b.TempDir(), FS: lazyFS{disk{}}}
	l, err := OpenLog(o)
	if err != nil {
		b.Fatal(err)
	}
	for range 10_000 {
		if _, err := l.Append(zeroes[:benchPayload]); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		l, err := OpenLog(o)
		if err != nil {
			b.Fatal(err)
		}
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
