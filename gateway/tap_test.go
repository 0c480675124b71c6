package gateway

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/drivers"
)

// What a reader heard is recorded as what it is, and only a credential gets a digest. There is no timetable.
func TestRecordOfATap(t *testing.T) {
	card := contract.DigestOf(make([]byte, 32), "uid:04A2B3C4D5E680")
	code := contract.DigestOf(make([]byte, 32), "qr:badge-17")
	tests := []struct {
		name   string
		driver string
		read   drivers.Read
		light  drivers.Signal
		want   contract.Tap
		result string
	}{
		{"a card", "twn4", drivers.Read{Credential: "uid:04A2B3C4D5E680"}, drivers.Stored,
			contract.Tap{Digest: card, Evidence: contract.EvidenceCard, Outcome: contract.Unjudged, Reason: contract.NoTimetable}, "no_timetable"},
		{"a code at a scanner", "qr", drivers.Read{Credential: "qr:badge-17"}, drivers.Stored,
			contract.Tap{Digest: code, Evidence: contract.EvidenceCode, Outcome: contract.Unjudged, Reason: contract.NoTimetable}, "no_timetable"},
		{"a number that names nobody", "osdp", drivers.Read{Unsuitable: true}, drivers.Refused,
			contract.Tap{Evidence: contract.EvidenceCard, Outcome: contract.Refused, Reason: contract.UnsuitableUID}, "unsuitable_uid"},
		{"two cards", "pn532", drivers.Read{Several: true}, drivers.Several,
			contract.Tap{Evidence: contract.EvidenceCard, Outcome: contract.Refused, Reason: contract.SeveralCards}, "multi_card"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := stopped(t, enrolledSite(t, newModel(t), newReader(t)))
			g.sources["lib/door"] = test.driver
			test.read.Reader, test.read.HeardAt, test.want.Point = "lib/door", time.Now(), "lib/door"
			if got := g.Tap(t.Context(), test.read); got != test.light {
				t.Errorf("light = %v, want %v", got, test.light)
			}
			if diff := cmp.Diff(*lastTap(t, g).Tap, test.want); diff != "" {
				t.Errorf("record (-got +want):\n%s", diff)
			}
			if got := testutil.ToFloat64(g.taps.WithLabelValues(test.driver, test.result)); got != 1 {
				t.Errorf("taps counted as %s, %s: %v, want 1", test.driver, test.result, got)
			}
		})
	}
}
