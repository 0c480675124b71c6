package proof

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/central/contract"
)

func proven(t testing.TB, b *book, seq uint64) Tap {
	t.Helper()
	p, err := ProveTap(t.Context(), b, contract.TapID{Stream: b.stream, Seq: seq})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func written(t testing.TB, p Tap) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := p.Write(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestOneTapIsProvenAlone(t *testing.T) {
	b := newBook(t)
	for seq := uint64(1); seq <= 30; seq++ {
		file := written(t, proven(t, b, seq))
		var out strings.Builder
		if err := Check(&out, file, Trust{Keys: []string{b.keys[0].Key}}); err != nil || !strings.HasSuffix(out.String(), "PASS\n") {
			t.Fatalf("proof of record %d: %v\n%s", seq, err, out.String())
		}
		for i, r := range b.rows {
			if shows := bytes.Contains(proven(t, b, seq).Record, r.octets); shows != (uint64(i+1) == seq) {
				t.Errorf("the proof of record %d shows record %d", seq, i+1)
			}
		}
	}
}

func TestAnUnsealedTapHasNoProof(t *testing.T) {
	b := newBook(t)
	b.add(t, b.tap(31, monday))
	for _, id := range []contract.TapID{{Stream: b.stream, Seq: 31}, {Stream: b.stream}, {Stream: contract.Stream{9}, Seq: 1}} {
		if _, err := ProveTap(context.Background(), b, id); !errors.Is(err, ErrUnsealed) {
			t.Errorf("ProveTap(%s) = %v, want ErrUnsealed", id, err)
		}
	}
}

func TestAChangedProofOfATapFails(t *testing.T) {
	b := newBook(t)
	for name, change := range map[string]func(p *Tap) (trusted string){
		"another record": func(p *Tap) string { p.Record = b.rows[3].octets; return "" },
		"one made up": func(p *Tap) string {
			r := b.tap(15, monday)
			r.Tap.Session = "another"
			p.Record = b.row(t, r).octets
			return ""
		},
		"a hash left out":      func(p *Tap) string { p.Hashes = p.Hashes[1:]; return "" },
		"an earlier seal":      func(p *Tap) string { p.Note = b.seals[0].Note; return "" },
		"no checkpoint":        func(p *Tap) string { p.Note = nil; return "" },
		"another key":          func(p *Tap) string { p.Key = verifierKey(t, "library", keyOf("thief")); return "" },
		"another gateway":      func(p *Tap) string { p.Key = verifierKey(t, "annexe", b.key); return "" },
		"not the key we know":  func(*Tap) string { return verifierKey(t, "library", keyOf("the true one")) },
		"a record cut short":   func(p *Tap) string { p.Record = p.Record[:20]; return "" },
		"a record of no octet": func(p *Tap) string { p.Record = nil; return "" },
	} {
		p := proven(t, b, 15)
		trusted := change(&p)
		if _, err := p.Open(trusted); !errors.Is(err, ErrTapProof) {
			t.Errorf("%s: Open = %v, want ErrTapProof", name, err)
		}
	}
}

func FuzzReadTap(f *testing.F) {
	f.Add(written(f, proven(f, newBook(f), 15)))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ReadTap(bytes.NewReader(b))
		if err != nil {
			if !errors.Is(err, ErrExport) {
				t.Fatalf("ReadTap = %v, want ErrExport", err)
			}
			return
		}
		if _, err := p.Open(""); err != nil && !errors.Is(err, ErrTapProof) {
			t.Fatalf("Open = %v, want ErrTapProof", err)
		}
	})
}
