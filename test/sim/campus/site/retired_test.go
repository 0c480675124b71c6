package site

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

// desk stands for central: it counts what arrives, in order, and may tell a lie in its receipts.
type desk struct {
	through uint64
	batches int
	most    int
	lie     func(*contract.Receipt)
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var b contract.Batch
	if err := json.NewDecoder(z).Decode(&b); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if _, err := b.Open(); err != nil || b.First != d.through+1 {
		http.Error(w, fmt.Sprintf("batch from %d after %d: %v", b.First, d.through, err), http.StatusBadRequest)
		return
	}
	d.through += uint64(len(b.Records))
	d.batches++
	d.most = max(d.most, len(b.Records))
	receipt := contract.Receipt{Stream: b.Stream, Through: d.through, Stored: len(b.Records)}
	if d.lie != nil {
		d.lie(&receipt)
	}
	json.NewEncoder(w).Encode(receipt) //nolint:errcheck // the client sees it
}

func retired(t *testing.T, d *desk) *Retired {
	t.Helper()
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	u := campus.New(1, time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC))
	return &Retired{
		Building: "library", campus: u, stream: contract.Stream{1}, through: d.through,
		client: &contract.Client{HTTP: server.Client(), Base: server.URL},
	}
}

// minutes is a time of n beats.
func beats(u *campus.Campus, n int) model.Interval {
	return model.Interval{From: u.First, To: u.First.Add(time.Duration(n) * 15 * time.Minute)}
}

func TestVouchDeliversInBatches(t *testing.T) {
	d := &desk{through: 70} // an earlier delivery
	r := retired(t, d)
	if err := r.Vouch(context.Background(), beats(r.campus, 1201)); err != nil {
		t.Fatal(err)
	}
	if d.through != 70+1201 || r.through != d.through || d.batches != 3 || d.most > contract.MaxBatchRecords {
		t.Errorf("central is through %d after %d batches of at most %d", d.through, d.batches, d.most)
	}
}

func TestOnlyGoodReceiptsAreBelieved(t *testing.T) {
	for name, lie := range map[string]func(*contract.Receipt){
		"not all stored":  func(r *contract.Receipt) { r.Stored-- },
		"through less":    func(r *contract.Receipt) { r.Through-- },
		"through more":    func(r *contract.Receipt) { r.Through++ },
		"another journal": func(r *contract.Receipt) { r.Stream = contract.Stream{9} },
	} {
		t.Run(name, func(t *testing.T) {
			r := retired(t, &desk{lie: lie})
			if err := r.Vouch(context.Background(), beats(r.campus, 3)); !errors.Is(err, ErrReceipt) {
				t.Errorf("Vouch = %v, want ErrReceipt", err)
			}
		})
	}
}

func TestJournalKeepsItsIdentity(t *testing.T) {
	r := &Retired{Building: "library", dir: t.TempDir()}
	first, err := r.openStream()
	if err != nil || first.IsZero() {
		t.Fatalf("openStream = %s, %v", first, err)
	}
	if again, err := r.openStream(); err != nil || again != first {
		t.Errorf("openStream = %s, %v, want %s again", again, err, first)
	}
}
