package simulation

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
	"github.com/rollcall-edge/rollcall/central/proof"
)

// prove exports everything and has the offline verifier look for faults, with the keys and daily seals that the gateways keep
// themselves. All that central holds of the streams in use is sealed by then.
func (w *world) prove() {
	var file bytes.Buffer
	err := w.central.store.Audit(context.Background(), func(s proof.Source) error {
		return proof.Export(context.Background(), &file, s, proof.Span{From: w.began, To: time.Now().Add(time.Hour), MadeAt: time.Now()})
	})
	if err != nil {
		w.fault("export: %v", err)
		return
	}
	verdict, err := proof.Verify(bytes.NewReader(file.Bytes()), int64(file.Len()), w.trust())
	if err != nil {
		w.fault("verify: %v", err)
		return
	}
	for _, finding := range verdict.All() {
		w.fault("the verifier finds: %v", finding)
	}
	used := map[contract.Stream]bool{}
	for _, b := range w.buildings {
		used[b.now().journal.Stream()] = true
	}
	for _, a := range verdict.Streams {
		w.ledger.seals += a.Seals
		if used[a.Stream] && a.Unsealed > 0 {
			w.fault("of stream %s of %s, %d records have no seal", a.Stream, a.Gateway, a.Unsealed)
		}
		delete(used, a.Stream)
	}
	for stream := range used {
		w.fault("stream %s is not in the export", stream)
	}
	w.ledger.days = verdict.Days
}

// trust is what an auditor collects at the gateways.
func (w *world) trust() (t proof.Trust) {
	for _, b := range w.buildings {
		key, err := tree.VerifierKey(b.name, b.papers.checkpoint.Public().(ed25519.PublicKey))
		if err != nil {
			w.fault("key of %s: %v", b.name, err)
		}
		t.Keys = append(t.Keys, key)
		paths, _ := filepath.Glob(filepath.Join(b.dir, shelfName, "*.json"))
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				w.fault("daily seal of %s: %v", b.name, err)
				continue
			}
			day, err := tree.ReadDay(bytes.NewReader(text))
			if err != nil {
				w.fault("daily seal of %s: %v", b.name, err)
				continue
			}
			t.Days = append(t.Days, day)
		}
	}
	return t
}

// secrets: where there is a key file nothing in the journal tells whose card was held to a reader; elsewhere it can be read, or this
// would search in vain.
func (w *world) secrets() {
	for _, b := range w.buildings {
		encrypted, told := b.papers.secret != nil, false
		for _, digest := range w.digests {
			told = told || b.disk.Holds(digest[:]) || b.mirrored() && b.stick.Holds(digest[:])
		}
		if told == encrypted {
			w.fault("%s, encrypted: %v, gives away cards: %v", b.name, encrypted, told)
		}
	}
}
