package replicate

import (
	"encoding/hex"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/raft"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

func newLogStore(t testing.TB, dir string) (*logStore, *journal.Log) {
	t.Helper()
	log, err := journal.OpenLog(journal.LogOptions{Dir: dir, SegmentBytes: 32 << 10, ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil && !errors.Is(err, journal.ErrClosed) {
			t.Error(err)
		}
	})
	return &logStore{log: log, fault: newFault()}, log
}

func raftEntries(from, to, term uint64) []*raft.Log {
	var entries []*raft.Log
	for i := from; i <= to; i++ {
		entries = append(entries, &raft.Log{Index: i, Term: term, Type: raft.LogCommand, Data: number(i)})
	}
	return entries
}

// The octets of version 1 lie in Raft logs on cards.
func TestEntryGolden(t *testing.T) {
	for _, tt := range []struct {
		name string
		e    raft.Log
		hex  string
	}{
		{"command", raft.Log{Term: 300, Type: raft.LogCommand, Data: []byte{0xCA, 0xFE}, AppendedAt: time.Unix(0, 5)}, "0100" + "ac02" + "0a" + "00" + "cafe"},
		{"no-op without time", raft.Log{Term: 1, Type: raft.LogNoop}, "0101" + "01" + "00" + "00"},
		{"extensions", raft.Log{Term: 2, Type: raft.LogConfiguration, Extensions: []byte{7}, Data: []byte{8}}, "0105" + "02" + "00" + "01" + "07" + "08"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := hex.EncodeToString(encodeEntry(&tt.e)); got != tt.hex {
				t.Errorf("encodeEntry = %s, want %s", got, tt.hex)
			}
			raw, err := hex.DecodeString(tt.hex)
			if err != nil {
				t.Fatal(err)
			}
			var got raft.Log
			if err := decodeEntry(raw, &got); err != nil {
				t.Fatal(err)
			}
			if got.Term != tt.e.Term || got.Type != tt.e.Type || !got.AppendedAt.Equal(tt.e.AppendedAt) ||
				!slices.Equal(got.Data, tt.e.Data) || !slices.Equal(got.Extensions, tt.e.Extensions) {
				t.Errorf("decodeEntry = %+v, want %+v", got, tt.e)
			}
		})
	}
}

func FuzzDecodeEntry(f *testing.F) {
	f.Add(encodeEntry(&raft.Log{Term: 300, Data: []byte{1, 2}, AppendedAt: time.Unix(9, 9), Extensions: []byte{3}}))
	f.Add([]byte{1, 0, 1, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		var e raft.Log
		if err := decodeEntry(raw, &e); err != nil {
			return
		}
		var again raft.Log
		if err := decodeEntry(encodeEntry(&e), &again); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(again, e); diff != "" {
			t.Errorf("decode(encode(decode(x))) (-got +want):\n%s", diff)
		}
	})
}

// Every kind of deletion Raft does, and what it must find afterwards; also after reopening.
func TestLogStoreDeletes(t *testing.T) {
	for _, tt := range []struct {
		name        string
		from, to    uint64 // deleted of 1..20
		first, last uint64
		next        uint64 // an index that must be storable
	}{
		{"nothing yet deleted", 0, 0, 1, 20, 21},
		{"suffix", 11, 20, 1, 10, 11},
		{"all but the first", 2, 20, 1, 1, 2},
		{"everything", 1, 20, 0, 0, 21},
		{"everything, then far ahead", 1, 20, 0, 0, 1000},
		{"everything, then a conflicting first entry", 1, 20, 0, 0, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "log")
			s, log := newLogStore(t, dir)
			if err := s.StoreLogs(raftEntries(1, 20, 1)); err != nil {
				t.Fatal(err)
			}
			if tt.from > 0 {
				if err := s.DeleteRange(tt.from, tt.to); err != nil {
					t.Fatal(err)
				}
			}
			expectRange(t, s, tt.first, tt.last)
			if err := log.Close(); err != nil {
				t.Fatal(err)
			}
			s, _ = newLogStore(t, dir)
			expectRange(t, s, tt.first, tt.last)
			if err := s.StoreLogs(raftEntries(tt.next, tt.next+1, 2)); err != nil {
				t.Fatal(err)
			}
			var got raft.Log
			if err := s.GetLog(tt.next+1, &got); err != nil || got.Index != tt.next+1 || got.Term != 2 {
				t.Errorf("GetLog = %+v, %v", got, err)
			}
			if err := s.GetLog(tt.next+2, &got); !errors.Is(err, raft.ErrLogNotFound) {
				t.Errorf("GetLog past the end = %v, want ErrLogNotFound", err)
			}
		})
	}
}

func expectRange(t *testing.T, s *logStore, first, last uint64) {
	t.Helper()
	gotFirst, err := s.FirstIndex()
	if err != nil {
		t.Fatal(err)
	}
	gotLast, err := s.LastIndex()
	if err != nil {
		t.Fatal(err)
	}
	if gotFirst != first || gotLast != last {
		t.Errorf("log holds %d to %d, want %d to %d", gotFirst, gotLast, first, last)
	}
}

// A prefix goes by whole segments: what Raft may not miss is what follows it.
func TestLogStoreDeletesPrefix(t *testing.T) {
	s, _ := newLogStore(t, t.TempDir())
	for i := uint64(1); i <= 60; i++ { // each on a block of its own: several segments
		if err := s.StoreLog(raftEntries(i, i, 1)[0]); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.DeleteRange(1, 40); err != nil {
		t.Fatal(err)
	}
	first, err := s.FirstIndex()
	if err != nil || first == 1 || first > 41 {
		t.Errorf("first = %d, %v; want one of 2 to 41", first, err)
	}
	var got raft.Log
	if err := s.GetLog(41, &got); err != nil {
		t.Error(err)
	}
	if err := s.DeleteRange(45, 46); err == nil {
		t.Error("deleted from the middle")
	}
}

func TestStableStore(t *testing.T) {
	dir := t.TempDir()
	s, log := newLogStore(t, dir)
	if _, err := s.GetUint64([]byte("CurrentTerm")); err == nil || err.Error() != "not found" {
		t.Errorf("GetUint64 of nothing = %v; Raft knows it by the text \"not found\"", err)
	}
	if err := errors.Join(s.SetUint64([]byte("CurrentTerm"), 7), s.Set([]byte("LastVoteCand"), []byte("gw-2")), s.StoreLogs(raftEntries(1, 3, 7)), s.DeleteRange(1, 3)); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	s, _ = newLogStore(t, dir)
	if got, err := s.GetUint64([]byte("CurrentTerm")); err != nil || got != 7 {
		t.Errorf("term after reopening = %d, %v, want 7", got, err)
	}
	if got, err := s.Get([]byte("LastVoteCand")); err != nil || string(got) != "gw-2" {
		t.Errorf("vote after reopening = %q, %v, want gw-2", got, err)
	}
}

// failingLog is a log whose disk has died.
type failingLog struct {
	numberedLog
	err error
}

func (l failingLog) AppendAt(uint64, ...[]byte) error { return l.err }
func (l failingLog) Set(string, []byte) error         { return l.err }
func (l failingLog) Read(uint64) ([]byte, error)      { return nil, l.err }

// Raft would step down and limp on after a failed write, and panic after a failed vote. Either way the failure must be
// told, and the goroutine that would panic must end.
func TestStorageErrorsAreFatal(t *testing.T) {
	dead := errors.New("input/output error")
	for name, use := range map[string]func(*logStore) error{
		"StoreLogs": func(s *logStore) error { return s.StoreLogs(raftEntries(1, 1, 1)) },
		"Set":       func(s *logStore) error { return s.SetUint64([]byte("CurrentTerm"), 2) },
		"GetLog":    func(s *logStore) error { return s.GetLog(1, new(raft.Log)) },
	} {
		t.Run(name, func(t *testing.T) {
			s := &logStore{log: failingLog{err: dead}, fault: newFault()}
			if err := use(s); !errors.Is(err, dead) {
				t.Errorf("before Raft runs: %v, want the error", err)
			}
			if err := <-s.fault.failed; !errors.Is(err, dead) {
				t.Errorf("reported %v, want the error", err)
			}
			s.running.Store(true)
			ended, returned := make(chan struct{}), false
			go func() {
				defer close(ended)
				_ = use(s)
				returned = true
			}()
			<-ended
			if returned != (name == "StoreLogs") {
				t.Errorf("call returned to Raft: %v", returned)
			}
			if err := s.fault.latched(); !errors.Is(err, dead) {
				t.Errorf("latched %v, want the first error", err)
			}
		})
	}
}
