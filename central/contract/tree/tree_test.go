package tree

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/rollcall-edge/rollcall/central/contract"
)

func leaf(n uint64) Commitment {
	return sha256.Sum256(binary.BigEndian.AppendUint64([]byte("leaf"), n))
}

func grown(size uint64) Frontier {
	var f Frontier
	for n := range size {
		f.Append(leaf(n))
	}
	return f
}

// Three implementations of RFC 6962 must agree on every size.
func TestRootsAgreeWithTwoOtherImplementations(t *testing.T) {
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	theirs := factory.NewEmptyRange(0)
	var stored hashes
	var f Frontier
	for n := range uint64(3000) {
		if got, want := f.Root(), rootOf(t, theirs, n); !cmp.Equal(got[:], want) {
			t.Fatalf("root of %d records = %s, transparency-dev/merkle has %x", n, got, want)
		}
		f.Append(leaf(n))
		c := leaf(n)
		if err := theirs.Append(rfc6962.DefaultHasher.HashLeaf(c[:]), nil); err != nil {
			t.Fatal(err)
		}
		more, err := tlog.StoredHashes(int64(n), c[:], stored)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, more...)
		if want, err := tlog.TreeHash(int64(n+1), stored); err != nil || f.Root() != want {
			t.Fatalf("root of %d records = %s, tlog has %s, %v", n+1, f.Root(), want, err)
		}
	}
}

func rootOf(t *testing.T, r *compact.Range, size uint64) []byte {
	t.Helper()
	if size == 0 {
		return rfc6962.DefaultHasher.EmptyRoot()
	}
	root, err := r.GetRootHash(nil)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// hashes implements tlog.HashReader.
type hashes []Hash

func (h hashes) ReadHashes(indexes []int64) ([]Hash, error) {
	out := make([]Hash, len(indexes))
	for i, x := range indexes {
		out[i] = h[x]
	}
	return out, nil
}

func TestFrontierGoesOnWhereItWasWrittenDown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at, more := rapid.Uint64Range(0, 5000).Draw(t, "at"), rapid.Uint64Range(0, 70).Draw(t, "more")
		f := grown(at)
		b, err := f.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var again Frontier
		if err := again.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		for n := at; n < at+more; n++ {
			again.Append(leaf(n))
		}
		if want := grown(at + more); again.Root() != want.Root() || again.Size() != at+more {
			t.Fatalf("root of %d+%d records differs from that of a tree grown at once", at, more)
		}
	})
}

func TestCommitmentsAreMadeAsDocumented(t *testing.T) {
	record := contract.Record{
		ID: contract.TapID{Stream: contract.Stream{1}, Seq: 1}, Stamp: contract.Stamp{At: time.Unix(1_790_000_000, 0).UTC(), Quality: contract.NeverSet},
		Tap: &contract.Tap{Point: "p", Evidence: contract.EvidenceCard, Outcome: contract.Unjudged, Reason: contract.NoTimetable},
	}
	plain := encode(t, record)
	record.Salt = contract.Salt{1, 2, 3}
	salted := encode(t, record)
	salt := record.Salt[:]
	tests := []struct {
		name   string
		record []byte
		input  string
	}{
		{"version 1", plain, "rollcall/record/v1\x00" + string(plain[:len(plain)-4])},
		{"version 2", salted, "rollcall/record/v2\x00" + string(salt) + string(salted[:len(salted)-20])},
	}
	for _, tt := range tests {
		got, err := Commit(tt.record)
		if want := Commitment(sha256.Sum256([]byte(tt.input))); err != nil || got != want {
			t.Errorf("%s: commitment = %s, %v; want %s", tt.name, got, err, want)
		}
	}
	for _, b := range [][]byte{nil, {2}, append([]byte{3}, salted[1:]...), append([]byte{0}, salted[1:]...)} {
		if _, err := Commit(b); !errors.Is(err, ErrCommit) {
			t.Errorf("commitment of %d octets of version %v = %v, want ErrCommit", len(b), b[:min(1, len(b))], err)
		}
	}
}

func encode(t testing.TB, r contract.Record) []byte {
	t.Helper()
	b, err := contract.AppendRecord(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// keyOf is a key that is the same in every run, so that checkpoints are too.
func keyOf(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

var stream = contract.Stream{1, 2, 3, 4, 5, 6, 7, 8}

func signed(t testing.TB, size uint64) []byte {
	t.Helper()
	f := grown(size)
	note, err := f.At("library", stream).Sign(keyOf("library"))
	if err != nil {
		t.Fatal(err)
	}
	return note
}

// The text of a checkpoint is what the key signs: it must not change within a version.
func TestCheckpointText(t *testing.T) {
	text, signature, found := strings.Cut(string(signed(t, 1000)), "\n\n")
	want := "rollcall/library/0102030405060708\n1000\n" + func() string { f := grown(1000); return f.Root().String() }()
	if text != want || !found || !strings.HasPrefix(signature, "— library ") {
		t.Errorf("checkpoint = %q with %q, want %q with a signature of library", text, signature, want)
	}
}

func TestCheckpointIsBelievedOnlyWithItsGatewaysKey(t *testing.T) {
	note := signed(t, 7)
	f := grown(7)
	if got, err := Open(note, public(keyOf("library"))); err != nil || got != f.At("library", stream) {
		t.Errorf("Open = %+v, %v", got, err)
	}
	if _, err := Open(note, public(keyOf("thief"))); !errors.Is(err, ErrForeignKey) {
		t.Errorf("Open with another key = %v, want ErrForeignKey", err)
	}
	forged := strings.Replace(string(note), "\n7\n", "\n8\n", 1)
	if _, err := Open([]byte(forged), public(keyOf("library"))); !errors.Is(err, ErrForeignKey) {
		t.Errorf("Open of a changed checkpoint = %v, want ErrForeignKey", err)
	}
	renamed, err := f.At("annexe", stream).Sign(keyOf("library"))
	if err != nil {
		t.Fatal(err)
	}
	if c, err := Open(renamed, public(keyOf("annexe"))); !errors.Is(err, ErrForeignKey) {
		t.Errorf("Open in another gateway's name = %+v, %v; want ErrForeignKey", c, err)
	}
}

func TestCosignaturesStandBesideTheFirst(t *testing.T) {
	note := signed(t, 7)
	for _, by := range []string{"annexe", "union"} {
		var err error
		if note, err = Cosign(note, by, keyOf(by)); err != nil {
			t.Fatal(err)
		}
	}
	for _, by := range []string{"library", "annexe", "union"} {
		if err := CheckSignature(note, by, public(keyOf(by))); err != nil {
			t.Errorf("signature of %s: %v", by, err)
		}
	}
	if err := CheckSignature(note, "annexe", public(keyOf("union"))); !errors.Is(err, ErrForeignKey) {
		t.Errorf("annexe's signature with union's key = %v, want ErrForeignKey", err)
	}
	if names, err := Signers(note); err != nil || !cmp.Equal(names, []string{"library", "annexe", "union"}) {
		t.Errorf("Signers = %v, %v", names, err)
	}
}

func TestRefusedCheckpoints(t *testing.T) {
	root := func() string { f := grown(7); return f.Root().String() }()
	tests := []struct{ name, text string }{
		{"no origin", "7\n" + root + "\n"},
		{"another log", "go.sum database tree\n7\n" + root + "\n"},
		{"gateway with an upper-case letter", "rollcall/Library/0102030405060708\n7\n" + root + "\n"},
		{"stream too short", "rollcall/library/01\n7\n" + root + "\n"},
		{"size with a zero before it", "rollcall/library/0102030405060708\n07\n" + root + "\n"},
		{"negative size", "rollcall/library/0102030405060708\n-7\n" + root + "\n"},
		{"size past all numbers", "rollcall/library/0102030405060708\n9223372036854775807\n" + root + "\n"},
		{"no root", "rollcall/library/0102030405060708\n7\n"},
		{"short root", "rollcall/library/0102030405060708\n7\nAAAA\n"},
		{"a line too many", "rollcall/library/0102030405060708\n7\n" + root + "\nmore\n"},
	}
	for _, tt := range tests {
		if _, err := parse(tt.text); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("%s: parse = %v, want ErrCheckpoint", tt.name, err)
		}
	}
	if _, err := Read(make([]byte, maxNote+1)); !errors.Is(err, ErrCheckpoint) {
		t.Errorf("an overlong note = %v, want ErrCheckpoint", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(signed(f, 0))
	f.Add(signed(f, 12345))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Read(b)
		if err != nil {
			return
		}
		if again, err := parse(c.text()); err != nil || again != c {
			t.Fatalf("parse of its own text = %+v, %v; want %+v", again, err, c)
		}
	})
}

func FuzzFrontier(f *testing.F) {
	for _, size := range []uint64{0, 1, 2, 3, 1000} {
		frontier := grown(size)
		b, err := frontier.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var frontier Frontier
		if frontier.UnmarshalBinary(b) != nil {
			return
		}
		again, err := frontier.MarshalBinary()
		if err != nil || !cmp.Equal(again, b) {
			t.Fatalf("Marshal(Unmarshal(b)) = %x, %v; want %x", again, err, b)
		}
		frontier.Append(leaf(1))
		frontier.Root()
	})
}

func BenchmarkAppendRecord(b *testing.B) {
	record := encode(b, contract.Record{
		ID: contract.TapID{Stream: stream, Seq: 1}, Stamp: contract.Stamp{At: time.Unix(1_790_000_000, 0).UTC(), Quality: contract.Synchronised}, Salt: contract.Salt{1},
		Tap: &contract.Tap{Point: "LIB-0.01/door", Evidence: contract.EvidenceCard, Outcome: contract.Accepted, Session: "LAW101-2026-10-05"},
	})
	var f Frontier
	b.ReportAllocs()
	for b.Loop() {
		c, err := Commit(record)
		if err != nil {
			b.Fatal(err)
		}
		f.Append(c)
	}
}

func BenchmarkSign(b *testing.B) {
	f := grown(100_000)
	c, key := f.At("library", stream), keyOf("library")
	for b.Loop() {
		if _, err := c.Sign(key); err != nil {
			b.Fatal(err)
		}
	}
}
