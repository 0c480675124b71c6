package central

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
	"github.com/rollcall-edge/rollcall/central/proof"
)

// Each day is sealed once, follows the day before, and reaches every gateway with the answer to its next report. What central
// deletes after that, it is held to.
func TestDaysAreSealedAndReachGateways(t *testing.T) { onEachEngine(t, daysAreSealedAndReachGateways) }

func daysAreSealedAndReachGateways(t *testing.T, r *rig) {
	r.furnish()
	a := r.author(t, "gw-a", 1)
	report := func(held string) []byte {
		t.Helper()
		reply, err := a.SendReport(t.Context(), contract.Report{Version: contract.ReportVersion, At: r.clock(), Day: held,
			Streams: []contract.StreamState{{Stream: a.stream, Durable: 3, Own: true}}})
		if err != nil {
			t.Fatal(err)
		}
		return reply.Day
	}
	var days []tree.SealedDay
	for range 2 {
		r.advance(24 * time.Hour)
		for range 2 { // the second finds the day sealed
			if err := r.Fleet.SealDay(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		d, err := tree.ReadDay(bytes.NewReader(report("")))
		if err != nil {
			t.Fatal(err)
		}
		days = append(days, d)
	}
	_, key, err := tree.ParseVerifierKey(days[1].Key)
	if err != nil {
		t.Fatal(err)
	}
	streams, previous, err := days[1].Open(key)
	if c, found := tree.Of(streams, a.stream); err != nil || previous != days[0].Digest() || !found || c.Size != 3 || c.Gateway != "gw-a" {
		t.Errorf("second daily seal = %+v after %s, %v; want gw-a's stream at 3 after %s", streams, previous, err, days[0].Digest())
	}
	if again := report(days[1].Day); again != nil {
		t.Errorf("a gateway that has the last daily seal is sent %d octets", len(again))
	}
	if out, err := r.audited(t); err != nil || !strings.Contains(out, "2 daily seals of central") {
		t.Errorf("verify = %v\n%s", err, out)
	}
	if day, digest := r.Fleet.Day(); day != days[1].Day || digest != days[1].Digest().String() {
		t.Errorf("Day = %s, %s; want %s, %s", day, digest, days[1].Day, days[1].Digest())
	}
	r.checkHeldToItsWord(t, days[1])
}

// What a day ended with is cosigned by the gateways that hold copies, asked with the answer to a report, and by nobody else.
func TestNeighboursCosignWhatADayEndedWith(t *testing.T) {
	r := startRig(t)
	r.furnish()
	a, b := r.author(t, "gw-a", 1), r.author(t, "gw-b", 2)
	report := func(g *author, held uint64, cosigned ...[]byte) [][]byte {
		t.Helper()
		reply, err := g.SendReport(t.Context(), contract.Report{Version: contract.ReportVersion, At: r.clock(), Cosigned: cosigned,
			Streams: []contract.StreamState{{Stream: g.stream, Durable: 3, Own: true}, {Stream: a.stream, Durable: held}}[:min(2, 1+int(held))]})
		if err != nil {
			t.Fatal(err)
		}
		return reply.Cosign
	}
	if notes := report(b, 3); notes != nil {
		t.Errorf("%d checkpoints of a day that goes on are to be cosigned", len(notes))
	}
	r.advance(25 * time.Hour)
	notes := report(b, 3)
	if len(notes) != 1 || report(a, 0) != nil || report(b, 3) != nil {
		t.Fatalf("%d checkpoints are to be cosigned, want one of gw-b, once", len(notes))
	}
	forged, err := tree.Cosign(notes[0], "gw-b", a.key)
	if err != nil {
		t.Fatal(err)
	}
	report(b, 0, forged, []byte("garbage"))
	if out, err := r.audited(t); err != nil || strings.Contains(out, "cosigned") {
		t.Errorf("after a forged cosignature: verify = %v\n%s", err, out)
	}
	cosigned, err := tree.Cosign(notes[0], "gw-b", b.key)
	if err != nil {
		t.Fatal(err)
	}
	report(b, 0, cosigned)
	if out, err := r.audited(t); err != nil || strings.Count(out, "cosigned by gw-b") != 1 {
		t.Errorf("verify = %v\n%s\nwant gw-a's stream cosigned by gw-b", err, out)
	}
}

// checkHeldToItsWord lets a central lose its daily seals; the copy that a gateway kept shows it.
func (r *rig) checkHeldToItsWord(t *testing.T, kept tree.SealedDay) {
	t.Helper()
	var file bytes.Buffer
	err := r.store.Audit(t.Context(), func(s proof.Source) error {
		return proof.Export(t.Context(), &file, forgetful{s}, proof.Span{To: r.clock(), MadeAt: r.clock()})
	})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	err = proof.Check(&out, file.Bytes(), proof.Trust{Days: []tree.SealedDay{kept}})
	if want := "the daily seal of " + kept.Day + " that a gateway kept is not in the export"; err == nil || !strings.Contains(out.String(), want) {
		t.Errorf("verify = %v\n%s\nwant %q", err, out.String(), want)
	}
}

// forgetful is a central that denies its daily seals.
type forgetful struct{ proof.Source }

func (forgetful) Days(context.Context) ([]tree.SealedDay, error) { return nil, nil }
