package cuts

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/card"
)

var (
	cuts = flag.Int("cuts", 10, "power cuts of each store")
	seed = flag.Uint64("seed", 1, "seed of every random choice")
)

// Zero promised records are lost.
func TestPowerCuts(t *testing.T) {
	tests := []struct {
		store string
		fs    card.FileSystem
	}{
		{"journal", card.Ext4},
		{"encrypted journal", card.Ext4},
		{"journal", card.XFS},
		{"replica", card.Ext4},
		{"encrypted replica", card.Ext4},
	}
	for _, tt := range tests {
		t.Run(tt.store+" on "+string(tt.fs), func(t *testing.T) {
			r := cutting(t, Options{Store: tt.store, FileSystem: tt.fs})
			if r.Lost > 0 || len(r.Broken) > 0 {
				t.Errorf("%d records lost; broken: %v", r.Lost, r.Broken)
			}
			if r.Promised < r.Cuts || r.Bit*2 < r.Cuts {
				t.Errorf("void: %d records promised, %d of %d cuts found something unflushed", r.Promised, r.Bit, r.Total())
			}
		})
	}
}

func cutting(t *testing.T, o Options) Result {
	t.Helper()
	if err := card.Available(o.FileSystem); err != nil {
		t.Skip(err)
	}
	o.Cuts, o.Seed = *cuts, *seed
	r, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d cuts and %d more during or after recovery, %d of them bit %v; %d promises kept, %d broken", r.Cuts, r.Again, r.Bit, r.Kinds, r.Promised-r.Lost, r.Lost)
	return r
}

// The laboratory finds out a store that promises and never flushes.
func TestCarelessStoreIsFoundOut(t *testing.T) {
	if r := cutting(t, Options{Store: "careless", FileSystem: card.Ext4}); r.Lost == 0 {
		t.Errorf("nothing was lost; broken: %v", r.Broken)
	}
}

func TestMain(m *testing.M) {
	stores := Gateway()
	stores["careless"] = func(dir string) (Store, error) { return openLines(dir) }
	Serve(stores)
	os.Exit(m.Run())
}

// lines is a careless store: numbers in a text file.
type lines struct {
	mu sync.Mutex
	f  *os.File
}

func openLines(dir string) (*lines, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(dir, "lines"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	return &lines{f: f}, err
}

func (l *lines) Put(record uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	time.Sleep(time.Millisecond) // a disk's time, without the disk
	_, err := fmt.Fprintf(l.f, "%d\n", record)
	return err
}

func (l *lines) Records() (records []uint64, err error) {
	if _, err := l.f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	for s := bufio.NewScanner(l.f); s.Scan(); {
		n, err := strconv.ParseUint(s.Text(), 10, 64)
		if err != nil {
			return nil, err
		}
		records = append(records, n)
	}
	return records, nil
}

func (l *lines) Close() error { return l.f.Close() }
