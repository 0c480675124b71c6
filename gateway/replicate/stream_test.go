package replicate

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"
	"testing/iotest"

	"github.com/hashicorp/raft"
)

var someMeta = raft.SnapshotMeta{Version: 1, ID: "3-9", Index: 9, Term: 3}

// filled is a replica with two streams.
func filled(t testing.TB) *replica {
	r := newReplica(t, t.TempDir())
	entries := []*raft.Log{entry(7, shipOf(t, streamA, 1, 20)), entry(8, ackOf(streamA, 3)), entry(9, shipOf(t, streamB, 1, 2))}
	if err := r.apply(entries, make([]any, 3)); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSnapshotStreamCarriesEverything(t *testing.T) {
	from, to := filled(t), newReplica(t, t.TempDir())
	applyOne(t, to, entry(1, shipOf(t, streamB, 1, 1))) // gone afterwards
	if err := from.note(someMeta); err != nil {
		t.Fatal(err)
	}
	d, err := from.dump()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	in, err := to.receive()
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(in, iotest.HalfReader(d))
	if err != nil {
		t.Fatal(err)
	}
	if n != d.size {
		t.Errorf("stream has %d octets, said to have %d", n, d.size)
	}
	if err := in.finish(someMeta); err != nil {
		t.Fatal(err)
	}
	if err := to.exchange(); err != nil {
		t.Fatal(err)
	}
	if got, want := contents(t, to), contents(t, from); got != want {
		t.Error("the received replica is another one")
	}
	if got := to.appliedIndex(); got != 9 {
		t.Errorf("applied = %d, want 9", got)
	}
	if got, err := to.snapshot(); err != nil || got.Index != 9 || got.ID != "3-9" {
		t.Errorf("snapshot note = %+v, %v", got, err)
	}
}

// Records may come in while a snapshot is read: it shows the state when it was opened.
func TestSnapshotStreamIsConsistent(t *testing.T) {
	r := filled(t)
	want := contents(t, r)
	d, err := r.dump()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	applyOne(t, r, entry(10, shipOf(t, streamA, 21, 5)))
	got, err := io.ReadAll(d)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("the stream changed while it was read")
	}
}

// parse feeds a stream in pieces of n octets.
func parse(raw []byte, n int) error {
	p := streamParser{put: func(_, _ []byte) error { return nil }}
	for len(raw) > 0 {
		piece := raw[:min(n, len(raw))]
		if err := p.feed(piece); err != nil {
			return err
		}
		raw = raw[len(piece):]
	}
	return p.end()
}

func TestSnapshotStreamRefusesDamage(t *testing.T) {
	raw := []byte(contents(t, filled(t)))
	for _, n := range []int{1, 7, len(raw)} {
		if err := parse(raw, n); err != nil {
			t.Fatalf("sound stream in pieces of %d: %v", n, err)
		}
	}
	for i := range raw {
		if err := parse(raw[:i], 1<<20); !errors.Is(err, ErrSnapshot) {
			t.Fatalf("cut at %d: %v, want ErrSnapshot", i, err)
		}
		flipped := bytes.Clone(raw)
		flipped[i] ^= 0x10
		if err := parse(flipped, 1<<20); !errors.Is(err, ErrSnapshot) {
			t.Fatalf("flipped at %d: %v, want ErrSnapshot", i, err)
		}
	}
	if err := parse(append(bytes.Clone(raw), 0), 1<<20); !errors.Is(err, ErrSnapshot) {
		t.Errorf("one octet more: %v, want ErrSnapshot", err)
	}
}

func FuzzSnapshotStream(f *testing.F) {
	raw := []byte(contents(f, filled(f)))
	f.Add(raw, 1)
	f.Add(raw[:100], 13)
	f.Add([]byte("RCRS\x01\x09m/applied\x08\x00\x00\x00\x00\x00\x00\x00\x01\x00"), 3)
	f.Fuzz(func(t *testing.T, raw []byte, n int) {
		whole, pieces := parse(raw, len(raw)+1), parse(raw, max(1, n%64))
		if (whole == nil) != (pieces == nil) {
			t.Errorf("whole: %v, in pieces: %v", whole, pieces)
		}
		if whole != nil && !errors.Is(whole, ErrSnapshot) {
			t.Errorf("unnamed error %v", whole)
		}
	})
}

// A refused or abandoned snapshot leaves the replica as it was and nothing behind.
func TestAbandonedSnapshot(t *testing.T) {
	r := filled(t)
	want := contents(t, r)
	store := &snapshots{replica: r, fault: newFault()}
	for name, raw := range map[string]string{"cut": want[:200], "empty": "", "no snapshot": "hello there"} {
		sink, err := store.Create(1, 5, 1, raft.Configuration{}, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = sink.Write([]byte(raw))
		if err == nil {
			err = sink.Close()
		}
		if !errors.Is(err, ErrSnapshot) {
			t.Errorf("%s: %v, want ErrSnapshot", name, err)
		}
		if err := sink.Cancel(); err != nil {
			t.Errorf("%s: cancel: %v", name, err)
		}
	}
	if _, err := os.Stat(r.path(incomingDir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("incoming directory: %v, want none", err)
	}
	if contents(t, r) != want {
		t.Error("the replica changed")
	}
}

// The power may go between any two steps of the exchange; the next start finds a whole replica, old or new.
func TestCutDuringExchange(t *testing.T) {
	for _, tt := range []struct {
		name string
		cut  func(r *replica) error // what had happened
		want uint64                 // applied index afterwards
	}{
		{"while receiving", func(r *replica) error { return nil }, 1},
		{"after the current one went", func(r *replica) error { return r.rename(currentDir, outgoingDir) }, 9},
		{"after the new one came", func(r *replica) error {
			return errors.Join(r.rename(currentDir, outgoingDir), r.rename(incomingDir, currentDir))
		}, 9},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			r := newReplica(t, dir)
			applyOne(t, r, entry(1, shipOf(t, streamB, 1, 1)))
			in, err := r.receive()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(in, contents(t, filled(t))); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(in.finish(someMeta), r.close(), tt.cut(r)); err != nil {
				t.Fatal(err)
			}
			r = newReplica(t, dir)
			if got := r.appliedIndex(); got != tt.want {
				t.Errorf("applied = %d, want %d", got, tt.want)
			}
			for _, rest := range []string{incomingDir, outgoingDir} {
				if _, err := os.Stat(r.path(rest)); !errors.Is(err, os.ErrNotExist) {
					t.Errorf("%s: %v, want it gone", rest, err)
				}
			}
		})
	}
}
