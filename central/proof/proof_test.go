package proof

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

var monday = time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC)

// book is a Source in memory: what central would hold of one gateway's stream, signed at the end of each of three days, with
// ten records a day. Attacks change it.
type book struct {
	stream  contract.Stream
	key     ed25519.PrivateKey // of the gateway
	central ed25519.PrivateKey
	keys    []Key
	rows    []row
	seals   []Seal
	claim   []byte
	days    []tree.SealedDay
	erased  []Erasure
}

type row struct {
	octets     []byte
	commitment tree.Commitment
}

func keyOf(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func verifierKey(t testing.TB, name string, key ed25519.PrivateKey) string {
	t.Helper()
	text, err := tree.VerifierKey(name, key.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func newBook(t testing.TB) *book {
	t.Helper()
	b := &book{stream: contract.Stream{0xaa}, key: keyOf("library"), central: keyOf("central")}
	b.keys = []Key{{Name: "library", Key: verifierKey(t, "library", b.key)}, {Name: tree.Central, Key: verifierKey(t, tree.Central, b.central)}}
	for day := range 3 {
		for n := range 10 {
			b.add(t, b.tap(uint64(len(b.rows)+1), monday.AddDate(0, 0, day).Add(time.Duration(9+n)*time.Hour)))
		}
		b.seal(t, monday.AddDate(0, 0, day).Add(20*time.Hour))
	}
	return b
}

// tap is a record of a stream under a number.
func (b *book) tap(seq uint64, at time.Time) contract.Record {
	return contract.Record{
		ID: contract.TapID{Stream: b.stream, Seq: seq}, Salt: contract.Salt{15: byte(seq)},
		Stamp: contract.Stamp{At: at, Boot: contract.Boot{1}, Uptime: at.Sub(monday), Quality: contract.Synchronised},
		Tap:   &contract.Tap{Point: "p", Evidence: contract.EvidenceCard, Outcome: contract.Accepted, Session: "s"},
	}
}

func (b *book) row(t testing.TB, r contract.Record) row {
	t.Helper()
	octets, err := contract.AppendRecord(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	c, err := tree.Commit(octets)
	if err != nil {
		t.Fatal(err)
	}
	return row{octets, c}
}

func (b *book) add(t testing.TB, r contract.Record) {
	t.Helper()
	b.rows = append(b.rows, b.row(t, r))
}

// checkpoint signs the tree over the first n rows.
func (b *book) checkpoint(t testing.TB, n int) (tree.Checkpoint, []byte) {
	t.Helper()
	var f tree.Frontier
	for _, r := range b.rows[:n] {
		f.Append(r.commitment)
	}
	c := f.At("library", b.stream)
	note, err := c.Sign(b.key)
	if err != nil {
		t.Fatal(err)
	}
	return c, note
}

func (b *book) seal(t testing.TB, at time.Time) {
	t.Helper()
	c, note := b.checkpoint(t, len(b.rows))
	b.seals = append(b.seals, Seal{Note: note, SealedAt: at})
	var before tree.Hash
	if n := len(b.days); n > 0 {
		before = b.days[n-1].Digest()
	}
	d, err := tree.SignDay(at.Format(time.DateOnly), before, []tree.Checkpoint{c}, b.central)
	if err != nil {
		t.Fatal(err)
	}
	b.days = append(b.days, d)
}

func (b *book) Keys(context.Context) ([]Key, error)            { return b.keys, nil }
func (b *book) Days(context.Context) ([]tree.SealedDay, error) { return b.days, nil }
func (b *book) Erasures(context.Context) ([]Erasure, error)    { return b.erased, nil }
func (b *book) Holdings(context.Context) ([]Holding, error) {
	return []Holding{{Stream: b.stream, Gateway: "library", Through: uint64(len(b.rows)), Claim: b.claim, Seals: b.seals}}, nil
}

func (b *book) Records(_ context.Context, _ contract.Stream, last uint64, yield func(uint64, []byte, []byte) error) error {
	for i, r := range b.rows {
		if uint64(i) >= last || r.commitment == (tree.Commitment{}) {
			continue // past the last, or deleted
		}
		if err := yield(uint64(i+1), r.octets, r.commitment[:]); err != nil {
			return err
		}
	}
	return nil
}

var threeDays = Span{From: monday, To: monday.AddDate(0, 0, 3), MadeAt: monday.AddDate(0, 0, 4)}

func (b *book) verify(t testing.TB, span Span, trust Trust) Verdict {
	t.Helper()
	var file bytes.Buffer
	if err := Export(t.Context(), &file, b, span); err != nil {
		t.Fatal(err)
	}
	v, err := Verify(bytes.NewReader(file.Bytes()), int64(file.Len()), trust)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAnHonestExportPasses(t *testing.T) {
	b := newBook(t)
	v := b.verify(t, threeDays, Trust{Days: b.days[1:2], Keys: []string{b.keys[0].Key, b.keys[1].Key}})
	if !v.Passed() || v.Days != 3 {
		t.Errorf("findings = %v with %d daily seals, want none and 3", v.All(), v.Days)
	}
	want := Account{
		Gateway: "library", Stream: b.stream, First: 1, Last: 30, Count: 30, Opened: 30, Seals: 3, Signed: 30, Taps: 30,
		From: monday.Add(9 * time.Hour), To: monday.AddDate(0, 0, 2).Add(18 * time.Hour),
	}
	if diff := cmp.Diff(want, v.Streams[0]); diff != "" {
		t.Errorf("account (-want +got):\n%s", diff)
	}
}

// An export of one day opens that day's records alone, and is proven without those before it.
func TestAnExportOpensItsSpanAlone(t *testing.T) {
	b := newBook(t)
	v := b.verify(t, Span{From: monday.AddDate(0, 0, 1), To: monday.AddDate(0, 0, 2), MadeAt: threeDays.MadeAt}, Trust{})
	a := v.Streams[0]
	if !v.Passed() || a.First != 11 || a.Last != 30 || a.Count != 20 || a.Opened != 10 || a.Seals != 3 {
		t.Errorf("account = %+v with findings %v, want records 11 to 30, ten of them opened, under 3 seals", a, v.All())
	}
}

func TestErasedRecordsLeaveTheProofWhole(t *testing.T) {
	b := newBook(t)
	b.rows[4].octets = nil
	b.erased = []Erasure{{At: monday, Actor: "eve", Reason: "asked for", Records: 1}}
	v := b.verify(t, threeDays, Trust{})
	if a := v.Streams[0]; !v.Passed() || a.Count != 30 || a.Opened != 29 || a.Erased != 1 || v.Erased != 1 {
		t.Errorf("account = %+v with findings %v, want one record of 30 erased, and the others opened", a, v.All())
	}
	var out strings.Builder
	v.Print(&out)
	for _, want := range []string{"erasure   2026-10-05 00:00:00Z, 1 records, by eve: asked for", "erased     1 of them", "; 1 records were lawfully erased"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("verify does not say %q:\n%s", want, out.String())
		}
	}
}

// Whoever has a daily seal on paper or in a CSV file can hold central to it.
func TestAPrintedSealIsLookedFor(t *testing.T) {
	b := newBook(t)
	printed := b.days[1].Day + " " + b.days[1].Digest().String()
	if v := b.verify(t, threeDays, Trust{Printed: []string{printed}}); !v.Passed() {
		t.Errorf("findings = %v, want none", v.All())
	}
	for _, other := range []string{b.days[0].Day + " " + b.days[1].Digest().String(), "2026-10-05", ""} {
		v := b.verify(t, threeDays, Trust{Printed: []string{other}})
		if all := v.All(); len(all) != 1 || !errors.Is(all[0], ErrRewritten) {
			t.Errorf("findings of printed seal %q = %v, want ErrRewritten", other, all)
		}
	}
}

// What is gone without being on record is a finding: whoever holds central's database could empty any record.
func TestMoreErasedThanIsOnRecordIsFound(t *testing.T) {
	b := newBook(t)
	b.rows[4].octets, b.rows[25].octets = nil, nil
	b.erased = []Erasure{{At: monday, Actor: "eve", Reason: "asked for", Records: 1}}
	v := b.verify(t, threeDays, Trust{})
	if all := v.All(); len(all) != 1 || !errors.Is(all[0], ErrErased) || !strings.Contains(all[0].Error(), "2 are, and erasures of 1 are on record") {
		t.Errorf("findings = %v, want ErrErased with both figures", all)
	}
}

// A file that version 1 wrote, with a record erased of which it said nothing, is read as before.
func TestExportsOfVersion1AreReadAsBefore(t *testing.T) {
	file, err := os.ReadFile("testdata/export.v1.zip")
	if err != nil {
		t.Fatal(err)
	}
	v, err := Verify(bytes.NewReader(file), int64(len(file)), Trust{})
	if err != nil {
		t.Fatal(err)
	}
	if a := v.Streams[0]; !v.Passed() || v.Head.Version != 1 || a.First != 11 || a.Last != 30 || a.Count != 20 || a.Opened != 9 || a.Seals != 3 || a.Erased != 0 {
		t.Errorf("account = %+v with findings %v, want records 11 to 30, nine of them opened, under 3 seals", a, v.All())
	}
}

func TestUnsealedRecordsAreNoEvidence(t *testing.T) {
	b := newBook(t)
	b.add(t, b.tap(31, monday))
	if a := b.verify(t, threeDays, Trust{}).Streams[0]; a.Unsealed != 1 || a.Last != 30 {
		t.Errorf("account = %+v, want record 31 left out and counted", a)
	}
}

// Each way to tamper with what is stored is found, under its own name, with gateway and number.
func TestTamperingIsNamed(t *testing.T) {
	other := func(b *book, seq uint64) contract.Record {
		r := b.tap(seq, monday.Add(time.Hour))
		r.Tap.Session = "another"
		return r
	}
	tests := []struct {
		name   string
		attack func(t *testing.T, b *book) Trust
		want   []string
		is     error
	}{
		{"the last taps withheld", func(t *testing.T, b *book) Trust {
			_, b.claim = b.checkpoint(t, 30)
			b.rows, b.seals, b.days = b.rows[:28], b.seals[:2], b.days[:2]
			return Trust{}
		}, []string{"gateway library, stream aa00000000000000, records 21 to 30: missing at the end: the gateway signed more than is here (the gateway's checkpoint is of 30 records)"}, ErrTail},
		{"the last taps deleted with their seal", func(t *testing.T, b *book) Trust {
			b.rows, b.seals = b.rows[:20], b.seals[:2]
			return Trust{}
		}, []string{"gateway library, stream aa00000000000000, records 21 to 30: missing at the end: the gateway signed more than is here (central's daily seal of 2026-10-07 is of 30 records)"}, ErrTail},
		{"one deleted", func(t *testing.T, b *book) Trust {
			b.rows[14] = row{}
			return Trust{}
		}, []string{"gateway library, stream aa00000000000000, record 15: missing: it was numbered and signed, and is not here"}, ErrMissing},
		{"one deleted and the later ones moved up", func(t *testing.T, b *book) Trust {
			b.rows = slices.Delete(b.rows, 14, 15)
			return Trust{}
		}, []string{
			"gateway library, stream aa00000000000000, record 15: missing: it was numbered and signed, and is not here (later records stand in its place)",
			"gateway library, stream aa00000000000000, record 30: missing at the end: the gateway signed more than is here (central's daily seal of 2026-10-07 is of 30 records)",
		}, ErrMissing},
		{"one altered", func(t *testing.T, b *book) Trust {
			b.rows[14].octets = b.row(t, other(b, 15)).octets
			return Trust{}
		}, []string{"gateway library, stream aa00000000000000, record 15: altered: it is not what was signed (it is not what it committed to)"}, ErrAltered},
		{"one altered with its commitment", func(t *testing.T, b *book) Trust {
			b.rows[14] = b.row(t, other(b, 15))
			return Trust{}
		}, []string{"gateway library, stream aa00000000000000, records 11 to 20: altered: it is not what was signed (the gateway's checkpoint at record 20 has another root)"}, ErrAltered},
		{"two exchanged", func(t *testing.T, b *book) Trust {
			b.rows[14], b.rows[16] = b.rows[16], b.rows[14]
			return Trust{}
		}, []string{
			"gateway library, stream aa00000000000000, record 15: exchanged: another record of the stream stands in its place (it calls itself aa00000000000000/17)",
			"gateway library, stream aa00000000000000, record 17: exchanged: another record of the stream stands in its place (it calls itself aa00000000000000/15)",
		}, ErrExchanged},
		{"one put in", func(t *testing.T, b *book) Trust {
			b.rows = slices.Insert(b.rows, 14, b.row(t, other(b, 15)))
			return Trust{}
		}, []string{"gateway library, stream aa00000000000000, record 15: added: the gateway never numbered it (what was numbered so stands under 16)"}, ErrAdded},
		{"history rewritten by whoever has the gateway's key, against central's daily seal", func(t *testing.T, b *book) Trust {
			b.rows[14] = b.row(t, other(b, 15))
			b.seals = nil
			for day, at := range []int{10, 20, 30} {
				_, note := b.checkpoint(t, at)
				b.seals = append(b.seals, Seal{Note: note, SealedAt: monday.AddDate(0, 0, day).Add(20 * time.Hour)})
			}
			return Trust{}
		}, []string{"gateway library, stream aa00000000000000, records 11 to 20: rewritten: signed history says otherwise (central's daily seal of 2026-10-06 at record 20 has another root)"}, ErrRewritten},
		{"history rewritten by both, against the copy another gateway kept", func(t *testing.T, b *book) Trust {
			kept := b.days[1]
			b.rows, b.seals, b.days = b.rows[:10], b.seals[:1], b.days[:1]
			for n := range 20 {
				b.add(t, other(b, uint64(11+n)))
			}
			b.seal(t, monday.AddDate(0, 0, 1).Add(20*time.Hour))
			return Trust{Days: []tree.SealedDay{kept}}
		}, nil, ErrRewritten},
		{"a foreign key", func(t *testing.T, b *book) Trust {
			b.key = keyOf("thief")
			_, b.seals[1].Note = b.checkpoint(t, 20)
			return Trust{}
		}, []string{"gateway library, stream aa00000000000000, record 20: foreign key: not signed by a key that is known of its gateway (the checkpoint at this record names library)"}, ErrForeignKey},
		{"everything made up under made-up keys, against a key read off the gateway", func(t *testing.T, b *book) Trust {
			return Trust{Keys: []string{verifierKey(t, "library", keyOf("the true one")), b.keys[1].Key}}
		}, nil, ErrForeignKey},
		{"a daily seal left out", func(t *testing.T, b *book) Trust {
			b.days = slices.Delete(b.days, 1, 2)
			return Trust{}
		}, nil, ErrRewritten},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBook(t)
			trust := tt.attack(t, b)
			v := b.verify(t, threeDays, trust)
			var got []string
			is := false
			for _, f := range v.All() {
				got = append(got, f.Error())
				is = is || errors.Is(f, tt.is)
			}
			if !is {
				t.Errorf("findings = %q, want one that is %q", got, tt.is)
			}
			if tt.want != nil && !cmp.Equal(got, tt.want) {
				t.Errorf("findings = %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzVerify(f *testing.F) {
	var file bytes.Buffer
	if err := Export(context.Background(), &file, newBook(f), threeDays); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Add([]byte("PK"))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := Verify(bytes.NewReader(b), int64(len(b)), Trust{})
		if err != nil && !errors.Is(err, ErrExport) {
			t.Fatalf("Verify = %v, want ErrExport", err)
		}
		_ = fmt.Sprint(v.All())
	})
}
