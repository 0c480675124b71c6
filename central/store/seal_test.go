package store

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
	"github.com/rollcall-edge/rollcall/central/ingest"
)

// author is a gateway that signs what it numbers.
type author struct {
	name     string
	stream   contract.Stream
	key      ed25519.PrivateKey
	frontier tree.Frontier
}

func keyOf(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// newAuthor is a gateway whose key central knows.
func newAuthor(t testing.TB, s *Store, name string, stream contract.Stream) *author {
	t.Helper()
	a := &author{name: name, stream: stream, key: keyOf(name)}
	if _, err := s.RegisterKey(t.Context(), name, a.key.Public().(ed25519.PublicKey), nine); err != nil {
		t.Fatal(err)
	}
	return a
}

// batch numbers records and signs the tree behind them.
func (a *author) batch(t testing.TB, records ...contract.Record) contract.Batch {
	t.Helper()
	for i := range records {
		records[i].Salt = contract.NewSalt()
	}
	b := batchOf(t, a.stream, a.frontier.Size()+1, records...)
	a.follow(t, &b)
	return b
}

// follow signs the tree behind the records of a batch.
func (a *author) follow(t testing.TB, b *contract.Batch) {
	t.Helper()
	for _, octets := range b.Records {
		c, err := tree.Commit(octets)
		if err != nil {
			t.Fatal(err)
		}
		a.frontier.Append(c)
	}
	b.Checkpoint = a.sign(t, a.frontier.At(a.name, a.stream))
}

func (a *author) sign(t testing.TB, c tree.Checkpoint) []byte {
	t.Helper()
	note, err := c.Sign(a.key)
	if err != nil {
		t.Fatal(err)
	}
	return note
}

// checkSealed hands in a batch and compares how far the stream is sealed then.
func (d *door) checkSealed(t testing.TB, sender string, b contract.Batch, want uint64) {
	t.Helper()
	receipt, err := d.intake.Ingest(t.Context(), sender, b)
	if err != nil || receipt.Sealed != want {
		t.Errorf("Ingest of records from %d = %+v, %v; want it sealed to %d", b.First, receipt, err, want)
	}
}

func TestIngestSealsWhatVerifies(t *testing.T) {
	d := newDoor(t)
	a := newAuthor(t, d.store, "gw-a", streamA)
	first := a.batch(t, taps(1, 3)...)
	d.checkSealed(t, "gw-a", first, 3)
	d.checkSealed(t, "gw-a", first, 3) // its answer was lost
	second := a.batch(t, taps(4, 200)...)
	unsigned := second
	unsigned.Checkpoint = nil
	d.checkSealed(t, "gw-b", unsigned, 3) // swept by a neighbour, who does not have the owner's word
	d.checkSealed(t, "gw-a", second, 203)
	d.checkSealed(t, "gw-b", a.batch(t, taps(204, 1)...), 204) // the owner's word, whoever carries it

	got := d.column(t, `SELECT day || ' ' || size FROM seal WHERE stream_id = $1`, streamA[:])
	if want := []string{"2026-10-05 204"}; !cmp.Equal(got, want) {
		t.Errorf("seals = %v, want %v", got, want)
	}
	for _, octets := range d.column(t, `SELECT count(*) FROM record WHERE commitment IS NULL`) {
		if octets != "0" {
			t.Errorf("%s records are stored without their commitment", octets)
		}
	}
}

// A stream that existed before checkpoints is caught up with, and its old records are in the tree.
func TestSealingCatchesUpWithAnEarlierRelease(t *testing.T) {
	d := newDoor(t)
	a := newAuthor(t, d.store, "gw-a", streamA)
	for range 3 {
		plain := batchOf(t, streamA, a.frontier.Size()+1, taps(1, contract.MaxBatchRecords)...)
		a.follow(t, &plain)
		plain.Checkpoint = nil
		d.checkSealed(t, "gw-a", plain, 0)
	}
	d.exec(t, `UPDATE record SET commitment = NULL`) // as that release stored them
	d.checkSealed(t, "gw-a", a.batch(t, taps(1, 2)...), 1502)
}

// A checkpoint of records that have not come is kept, and held against them when they come.
func TestClaimIsHeldAgainstWhatComes(t *testing.T) {
	d := newDoor(t)
	a := newAuthor(t, d.store, "gw-a", streamA)
	first, second := a.batch(t, taps(1, 3)...), a.batch(t, taps(4, 3)...)
	claimed := first
	claimed.Checkpoint = second.Checkpoint
	d.checkSealed(t, "gw-a", claimed, 0)
	second.Checkpoint = nil
	d.checkSealed(t, "gw-b", second, 6)
}

func TestErasedRecordsStayInTheTree(t *testing.T) {
	d := newDoor(t)
	a := newAuthor(t, d.store, "gw-a", streamA)
	unsigned := a.batch(t, taps(1, 3)...)
	unsigned.Checkpoint = nil
	d.checkSealed(t, "gw-a", unsigned, 0)
	d.exec(t, `UPDATE record SET octets = $1 WHERE seq = 2`, []byte{})
	d.checkSealed(t, "gw-a", a.batch(t, taps(4, 1)...), 4)
}

// Whatever a sender does to a stream that does not fit what its gateway signed, the stream is closed, nothing of the batch is
// stored, and the reason names stream, gateway and number.
func TestWhatDoesNotVerifyIsQuarantined(t *testing.T) {
	tests := []struct {
		name   string
		attack func(t *testing.T, d *door, a *author) contract.Batch
		want   error
		says   string
	}{
		{"altered on the way", func(t *testing.T, _ *door, a *author) contract.Batch {
			b := a.batch(t, taps(4, 3)...)
			b.Records[1] = batchOf(t, streamA, 5, tapAt(nine, "w26:6:66")).Records[0]
			return b
		}, ingest.ErrRoot, "stream aa00000000000000 of gateway gw-a at record 6: what is stored does not give the root that the gateway signed: among records 4 to 6"},
		{"one altered here since it came", func(t *testing.T, d *door, a *author) contract.Batch {
			unsigned := a.batch(t, taps(4, 1)...)
			unsigned.Checkpoint = nil
			d.checkSealed(t, "gw-a", unsigned, 3)
			other := batchOf(t, streamA, 4, tapAt(nine, "w26:6:66")).Records[0]
			d.exec(t, `UPDATE record SET octets = $1 WHERE seq = 4`, other)
			return a.batch(t, taps(5, 1)...)
		}, ingest.ErrRoot, "among records 4 to 5"},
		{"one deleted here since it came", func(t *testing.T, d *door, a *author) contract.Batch {
			unsigned := a.batch(t, taps(4, 3)...)
			unsigned.Checkpoint = nil
			d.checkSealed(t, "gw-a", unsigned, 3)
			d.exec(t, `DELETE FROM record WHERE seq = 5`)
			return a.batch(t, taps(7, 1)...)
		}, ingest.ErrRoot, "record aa00000000000000/5 is not stored"},
		{"history rewritten at the gateway", func(t *testing.T, _ *door, a *author) contract.Batch {
			again := &author{name: a.name, stream: a.stream, key: a.key}
			again.batch(t, taps(1, 3)...) // other salts, so other records
			return again.batch(t, taps(4, 1)...)
		}, ingest.ErrRoot, "gateway gw-a at record 4"},
		{"two roots for one number", func(t *testing.T, _ *door, a *author) contract.Batch {
			b := a.batch(t, taps(4, 1)...)
			other := &author{name: a.name, stream: a.stream, key: a.key}
			other.batch(t, taps(1, 4)...)
			b.Checkpoint = other.sign(t, other.frontier.At(a.name, a.stream))
			return b
		}, ingest.ErrRoot, "among records 4 to 4"},
		{"signed with a foreign key", func(t *testing.T, _ *door, a *author) contract.Batch {
			a.key = keyOf("thief")
			return a.batch(t, taps(4, 1)...)
		}, tree.ErrForeignKey, "stream aa00000000000000 from gateway gw-a: not signed by the key that is registered for its gateway"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDoor(t)
			a := newAuthor(t, d.store, "gw-a", streamA)
			d.checkSealed(t, "gw-a", a.batch(t, taps(1, 3)...), 3)
			b := tt.attack(t, d, a)
			_, err := d.intake.Ingest(t.Context(), "gw-a", b)
			if !errors.Is(err, tt.want) || !errors.Is(err, ingest.ErrFork) || !strings.Contains(fmt.Sprint(err), tt.says) {
				t.Errorf("Ingest = %v, want %v that says %q", err, tt.want, tt.says)
			}
			if why := d.column(t, `SELECT quarantined FROM stream`); len(why) != 1 || !strings.Contains(why[0], tt.says) {
				t.Errorf("quarantined = %q, want it to say %q", why, tt.says)
			}
			if got := d.column(t, `SELECT max(seq) FROM record`); got[0] >= fmt.Sprint(b.First+uint64(len(b.Records))-1) {
				t.Errorf("records to %s are stored, those of the batch from %d among them", got[0], b.First)
			}
			honest := newAuthor(t, d.store, "gw-b", streamB)
			d.checkSealed(t, "gw-b", honest.batch(t, taps(1, 1)...), 1)
		})
	}
}

// What is not the owner's word closes nothing: anybody could stop anybody else's stream by it. It seals nothing either.
func TestAStrangersCheckpointCountsForNothing(t *testing.T) {
	for name, forge := range map[string]func(t *testing.T, a *author) []byte{
		"signed by the sender in the owner's name": func(t *testing.T, a *author) []byte {
			stranger := *a
			stranger.key = keyOf("gw-b")
			return stranger.sign(t, a.frontier.At("gw-a", streamA))
		},
		"in the sender's own name": func(t *testing.T, a *author) []byte {
			stranger := *a
			stranger.key = keyOf("gw-b")
			return stranger.sign(t, a.frontier.At("gw-b", streamA))
		},
		"of another stream": func(t *testing.T, a *author) []byte { return a.sign(t, a.frontier.At("gw-a", streamB)) },
		"garbage":           func(*testing.T, *author) []byte { return []byte("checkpoint") },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t)
			a := newAuthor(t, d.store, "gw-a", streamA)
			newAuthor(t, d.store, "gw-b", streamB)
			d.checkSealed(t, "gw-a", a.batch(t, taps(1, 3)...), 3)
			b := a.batch(t, taps(4, 1)...)
			b.Checkpoint = forge(t, a)
			d.checkSealed(t, "gw-b", b, 3)
			d.checkSealed(t, "gw-a", a.batch(t, taps(5, 1)...), 5)
		})
	}
}

func TestGatewayWithoutAKeyIsNotHeldUp(t *testing.T) {
	d := newDoor(t)
	a := &author{name: "gw-a", stream: streamA, key: keyOf("gw-a")}
	d.checkSealed(t, "gw-a", a.batch(t, taps(1, 3)...), 0)
	newAuthor(t, d.store, "gw-a", streamA)
	d.checkSealed(t, "gw-a", a.batch(t, taps(4, 1)...), 4)
}
