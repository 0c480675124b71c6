package gateway

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/journal"
	"github.com/rollcall-edge/rollcall/gateway/keyfile"
)

// A card was pulled out of a dead gateway, encrypted, with a batch that decayed: the export has every other record in batches
// as central takes them, octet for octet; what is missing is said with file and byte, and the card is not touched.
func TestExportOfAPulledCard(t *testing.T) {
	m, r := newModel(t), newReader(t)
	m.publish(t, time.Now())
	c := site(t, m, r)
	c.Storage.KeyFile = filepath.Join(t.TempDir(), "storage.key")
	if _, _, err := Enrol(t.Context(), c, m.invitation(), nil); err != nil {
		t.Fatal(err)
	}
	stream, records := isolatedTaps(t, c, 8)
	damageBlock(t, c, 6)
	secret, err := keyfile.Load(c.Storage.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	var file, report bytes.Buffer
	if err := Export(c.Data, secret, &file, &report); !errors.Is(err, ErrIncomplete) {
		t.Errorf("Export = %v, want ErrIncomplete", err)
	}
	got := map[uint64][]byte{}
	for line := range strings.Lines(file.String()) {
		var b contract.Batch
		if err := contract.DecodeJSON(strings.NewReader(line), contract.MaxBatchBytes, &b); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Open(); err != nil || b.Stream != stream {
			t.Fatalf("batch of %s: %v", b.Stream, err)
		}
		for i, raw := range b.Records {
			got[b.First+uint64(i)] = raw
		}
	}
	for i, want := range records {
		if seq := uint64(i) + 1; (seq == 5) != (got[seq] == nil) || got[seq] != nil && !bytes.Equal(got[seq], want) {
			t.Errorf("record %d: %d octets in the export", seq, len(got[seq]))
		}
	}
	for _, want := range []string{"7 records, number 1 to 8", "0000000000000001.seg, byte 24576: nothing readable where number 5 should be", "missing: number 5"} {
		if !strings.Contains(report.String(), want) {
			t.Errorf("report lacks %q:\n%s", want, report.String())
		}
	}
	if err := Export(c.Data, nil, &file, &report); !errors.Is(err, journal.ErrKey) {
		t.Errorf("Export without the key = %v, want ErrKey", err)
	}
	if err := Export(t.TempDir(), nil, &file, &report); err == nil {
		t.Error("Export of a directory without a journal succeeded")
	}
}
