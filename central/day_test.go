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

// What a neighbour brought of a gateway that died before it signed that: central asks those who have copies, the export says
// which end is the gateway's word and which only theirs, and the daily seal holds central to both.
func TestTheEndOfADeadGatewayIsWitnessed(t *testing.T) {
	onEachEngine(t, theEndOfADeadGatewayIsWitnessed)
}

func theEndOfADeadGatewayIsWitnessed(t *testing.T, r *rig) {
	r.furnish()
	a, b := r.author(t, "gw-a", 1), r.author(t, "gw-b", 2)
	swept := batchOf(t, a.stream, 4, 3)
	if receipt, err := b.SendBatch(t.Context(), swept); err != nil || receipt.Through != 6 || receipt.Sealed != 3 {
		t.Fatalf("receipt = %+v, %v; want six records, three of them sealed", receipt, err)
	}
	report := func(cosigned ...[]byte) [][]byte {
		t.Helper()
		reply, err := b.SendReport(t.Context(), contract.Report{Version: contract.ReportVersion, At: r.clock(), Cosigned: cosigned,
			Streams: []contract.StreamState{{Stream: b.stream, Durable: 3, Own: true}, {Stream: a.stream, Durable: 6}}})
		if err != nil {
			t.Fatal(err)
		}
		return reply.Cosign
	}
	if notes := report(); notes != nil {
		t.Errorf("%d ends are to be witnessed of a gateway that may be alive", len(notes))
	}
	r.advance(2 * time.Hour)
	notes := report()
	if len(notes) != 1 {
		t.Fatalf("%d ends are to be witnessed, want one", len(notes))
	}
	const unsealed, attested = "unsealed   3 after record 3", "attested   records 4 to 6 are not signed by their gateway: copies on gw-b and central give the same"
	if out, err := r.audited(t); err != nil || !strings.Contains(out, unsealed) || strings.Contains(out, "attested") {
		t.Errorf("central's word alone: verify = %v\n%s\nwant %q", err, out, unsealed)
	}
	forged, err := tree.Cosign(notes[0], "gw-b", a.key)
	if err != nil {
		t.Fatal(err)
	}
	report(forged)
	if out, err := r.audited(t); err != nil || strings.Contains(out, "attested") {
		t.Errorf("a forged witness: verify = %v\n%s", err, out)
	}
	witnessed, err := tree.Cosign(notes[0], "gw-b", b.key)
	if err != nil {
		t.Fatal(err)
	}
	report(witnessed)
	if out, err := r.audited(t); err != nil || !strings.Contains(out, attested) || strings.Contains(out, unsealed) {
		t.Errorf("verify = %v\n%s\nwant %q", err, out, attested)
	}
	r.advance(24 * time.Hour)
	if err := r.Fleet.SealDay(t.Context()); err != nil {
		t.Fatal(err)
	}
	sealed, err := r.store.NewestSeals(t.Context())
	if c, found := tree.Of(sealed, a.stream); err != nil || !found || c.Size != 6 {
		t.Errorf("the daily seal has %+v, %v; want the dead gateway's stream at 6", c, err)
	}
	r.checkAttestedIsHeld(t, a)
	back := batchOf(t, a.stream, 7, 1)
	back.Checkpoint = a.sign(append(append(append([][]byte{}, a.sent.Records...), swept.Records...), back.Records...)...)
	if receipt, err := a.SendBatch(t.Context(), back); err != nil || receipt.Sealed != 7 {
		t.Errorf("the gateway is back: receipt = %+v, %v; want all seven sealed", receipt, err)
	}
	if out, err := r.audited(t); err != nil || strings.Contains(out, "attested") {
		t.Errorf("after the gateway came back: verify = %v\n%s\nwant nothing that is only attested", err, out)
	}
}

// checkAttestedIsHeld lets a central rewrite the end that a neighbour witnessed, commitment and all.
func (r *rig) checkAttestedIsHeld(t *testing.T, a *author) {
	t.Helper()
	var file bytes.Buffer
	err := r.store.Audit(t.Context(), func(s proof.Source) error {
		return proof.Export(t.Context(), &file, forger{Source: s, id: contract.TapID{Stream: a.stream, Seq: 5}, octets: a.forged(5)}, proof.Span{To: r.clock(), MadeAt: r.clock()})
	})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	err = proof.Check(&out, file.Bytes(), proof.Trust{})
	if want := "gateway gw-a, stream 0100000000000000, records 4 to 6: altered: it is not what was signed"; err == nil || !strings.Contains(out.String(), want) {
		t.Errorf("verify = %v\n%s\nwant %q", err, out.String(), want)
	}
}

// forger is a central that has put another record in the place of one, with what that commits to.
type forger struct {
	proof.Source
	id     contract.TapID
	octets []byte
}

func (f forger) Records(ctx context.Context, stream contract.Stream, last uint64, yield func(uint64, []byte, []byte) error) error {
	return f.Source.Records(ctx, stream, last, func(seq uint64, octets, commitment []byte) error {
		if stream == f.id.Stream && seq == f.id.Seq {
			octets, commitment = f.octets, nil
		}
		return yield(seq, octets, commitment)
	})
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
