package central

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
	"github.com/rollcall-edge/rollcall/central/fleet"
	"github.com/rollcall-edge/rollcall/central/proof"
	"github.com/rollcall-edge/rollcall/central/store"
	"github.com/rollcall-edge/rollcall/central/timetable"
)

// author is a gateway that signs what it numbers. It has sent three records, which central sealed.
type author struct {
	*gatewayRig
	t      *testing.T
	name   string
	stream contract.Stream
	key    ed25519.PrivateKey
	sent   contract.Batch
}

func (r *rig) author(t *testing.T, name string, id byte) *author {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	a := &author{gatewayRig: r.enrolled(name, "A"), t: t, name: name, stream: contract.Stream{id}, key: ed25519.NewKeyFromSeed(seed[:])}
	if _, err := r.store.RegisterKey(t.Context(), name, a.key.Public().(ed25519.PublicKey), r.clock()); err != nil {
		t.Fatal(err)
	}
	a.sent = batchOf(t, a.stream, 1, 3)
	a.sent.Checkpoint = a.sign(a.sent.Records...)
	if receipt, err := a.SendBatch(t.Context(), a.sent); err != nil || receipt.Sealed != 3 {
		t.Fatalf("%s: receipt = %+v, %v; want three records sealed", name, receipt, err)
	}
	return a
}

// sign makes a checkpoint over records from number 1 on.
func (a *author) sign(records ...[]byte) []byte {
	a.t.Helper()
	var f tree.Frontier
	for _, r := range records {
		c, err := tree.Commit(r)
		if err != nil {
			a.t.Fatal(err)
		}
		f.Append(c)
	}
	note, err := f.At(a.name, a.stream).Sign(a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return note
}

// forged is a record under a number that the gateway gave to another.
func (a *author) forged(seq uint64) []byte {
	a.t.Helper()
	r, err := contract.DecodeRecord(batchOf(a.t, a.stream, seq, 1).Records[0])
	if err != nil {
		a.t.Fatal(err)
	}
	r.Tap.Point = "A-1/window"
	octets, err := contract.AppendRecord(nil, r)
	if err != nil {
		a.t.Fatal(err)
	}
	return octets
}

// attack is done to one gateway's stream, on its way or in central's database.
type attack struct {
	name     string
	do       func(t *testing.T, a *author, db *sql.DB) error
	answered string // what central answers at once; "" if it cannot know yet
	verified string // what the auditor's program says; "" if nothing was stored and so nothing is wrong
}

// The nine attacks: each is detected with a message of its own that names gateway and number, by central when it happens or
// by whoever checks an export.
var attacks = []attack{
	{"dropped", func(t *testing.T, a *author, _ *sql.DB) error {
		_, err := a.SendBatch(t.Context(), batchOf(t, a.stream, 5, 1))
		return err
	}, "batch leaves a gap in its stream: stream 0100000000000000 of gateway dropped, got record 5, want 4 next", ""},
	{"withheld", func(t *testing.T, a *author, _ *sql.DB) error {
		b := batchOf(t, a.stream, 4, 1)
		b.Checkpoint = a.sign(append(append([][]byte{}, a.sent.Records...), batchOf(t, a.stream, 4, 2).Records...)...)
		_, err := a.SendBatch(t.Context(), b)
		return err
	}, "", "gateway withheld, stream 0200000000000000, records 4 to 5: missing at the end: the gateway signed more than is here"},
	{"deleted", func(t *testing.T, a *author, db *sql.DB) error {
		return run(db, `DELETE FROM record WHERE stream_id = $1 AND seq = 2`, a.stream[:])
	}, "", "gateway deleted, stream 0300000000000000, record 2: missing: it was numbered and signed, and is not here"},
	{"altered", func(t *testing.T, a *author, db *sql.DB) error {
		return run(db, `UPDATE record SET octets = $2 WHERE stream_id = $1 AND seq = 2`, a.stream[:], a.forged(2))
	}, "", "gateway altered, stream 0400000000000000, record 2: altered: it is not what was signed"},
	{"swapped", func(t *testing.T, a *author, db *sql.DB) error {
		return errors.Join(
			run(db, `UPDATE record SET seq = 102 WHERE stream_id = $1 AND seq = 2`, a.stream[:]),
			run(db, `UPDATE record SET seq = 2 WHERE stream_id = $1 AND seq = 3`, a.stream[:]),
			run(db, `UPDATE record SET seq = 3 WHERE stream_id = $1 AND seq = 102`, a.stream[:]))
	}, "", "gateway swapped, stream 0500000000000000, record 2: exchanged: another record of the stream stands in its place"},
	{"inserted", func(t *testing.T, a *author, db *sql.DB) error {
		return errors.Join(
			run(db, `UPDATE record SET seq = seq + 101 WHERE stream_id = $1 AND seq >= 2`, a.stream[:]),
			run(db, `UPDATE record SET seq = seq - 100 WHERE stream_id = $1 AND seq >= 103`, a.stream[:]),
			run(db, `INSERT INTO record (stream_id, seq, received_at, octets) VALUES ($1, 2, 0, $2)`, a.stream[:], a.forged(2)))
	}, "", "gateway inserted, stream 0600000000000000, record 2: added: the gateway never numbered it"},
	{"resent", func(t *testing.T, a *author, _ *sql.DB) error {
		b := a.sent
		b.Records = [][]byte{b.Records[0], a.forged(2), b.Records[2]}
		_, err := a.SendBatch(t.Context(), b)
		return err
	}, "record 0700000000000000/2 of gateway resent is stored with other content", "gateway resent, stream 0700000000000000, record 4: quarantined: central met a second history"},
	{"rewritten", func(t *testing.T, a *author, _ *sql.DB) error {
		b := batchOf(t, a.stream, 4, 1)
		b.Checkpoint = a.sign(a.sent.Records[0], a.forged(2), a.sent.Records[2], b.Records[0])
		_, err := a.SendBatch(t.Context(), b)
		return err
	}, "stream 0800000000000000 of gateway rewritten at record 4: what is stored does not give the root that the gateway signed", "gateway rewritten, stream 0800000000000000, record 4: quarantined: central met a second history"},
	{"foreign", func(t *testing.T, a *author, _ *sql.DB) error {
		_, a.key, _ = ed25519.GenerateKey(nil)
		b := batchOf(t, a.stream, 4, 1)
		b.Checkpoint = a.sign(append(append([][]byte{}, a.sent.Records...), b.Records...)...)
		_, err := a.SendBatch(t.Context(), b)
		return err
	}, "stream 0900000000000000 from gateway foreign: not signed by the key that is registered for its gateway", "gateway foreign, stream 0900000000000000, record 4: quarantined: central met a second history"},
}

func run(db *sql.DB, statement string, args ...any) error {
	_, err := db.Exec(statement, args...)
	return err
}

func TestTheNineAttacks(t *testing.T) {
	cfg := testConfig(t)
	r := startRigAt(t, cfg)
	r.furnish()
	db, err := sql.Open("sqlite", filepath.Join(cfg.Data, "rollcall.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	honest := r.author(t, "honest", 0xff)
	for i, attack := range attacks {
		err := attack.do(t, r.author(t, attack.name, byte(i+1)), db)
		if said := attack.answered; said == "" && err != nil || said != "" && (err == nil || !strings.Contains(err.Error(), said)) {
			t.Errorf("%s: central answered %v, want %q", attack.name, err, said)
		}
	}
	out, err := r.audited(t)
	if !errors.Is(err, proof.ErrFailed) {
		t.Errorf("verify = %v, want ErrFailed", err)
	}
	for _, attack := range attacks {
		want := attack.verified
		if want == "" {
			want = "gateway " + attack.name + ", stream " + "0100000000000000: PASS"
		}
		if !strings.Contains(out, want) {
			t.Errorf("%s: verify does not say %q", attack.name, want)
		}
	}
	if want := "gateway honest, stream " + honest.stream.String() + ": PASS"; !strings.Contains(out, want) {
		t.Errorf("verify does not say %q", want)
	}
	if t.Failed() {
		t.Log(out)
	}
	r.checkDisputes(t, map[string]float64{"resent": 1, "rewritten": 1, "foreign": 1})
	r.settles(t, "resent", contract.Stream{7})
	r.checkDisputes(t, map[string]float64{"rewritten": 1, "foreign": 1})
}

// checkDisputes compares how many streams of each gateway are said to be quarantined; those not named must be in order.
func (r *rig) checkDisputes(t *testing.T, want map[string]float64) {
	t.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got, known := map[string]float64{}, 0
	for _, f := range families {
		if f.GetName() != "rollcall_central_quarantined_streams" {
			continue
		}
		for _, m := range f.GetMetric() {
			known++
			if n := m.GetGauge().GetValue(); n > 0 {
				got[m.GetLabel()[0].GetValue()] = n
			}
		}
	}
	if !maps.Equal(got, want) || known != len(attacks)+1 {
		t.Errorf("quarantined streams = %v of %d gateways, want %v of %d", got, known, want, len(attacks)+1)
	}
}

// settles puts on record what was found out about a stream; of one that is in order there is nothing to settle.
func (r *rig) settles(t *testing.T, gateway string, stream contract.Stream) {
	t.Helper()
	if err := r.Fleet.Settle(t.Context(), "eve", stream, "an old card"); err != nil {
		t.Fatal(err)
	}
	if err := r.Fleet.Settle(t.Context(), "eve", contract.Stream{0xff}, "nothing"); !errors.Is(err, fleet.ErrNotQuarantined) {
		t.Errorf("settling a stream in order = %v, want ErrNotQuarantined", err)
	}
	members, err := r.Fleet.Gateways(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		if m.ID == gateway && (m.Streams[0].Quarantined == "" || !strings.HasPrefix(m.Streams[0].Settled, "an old card (eve, ")) {
			t.Errorf("the settled stream = %+v, want it quarantined as before, with what was found out", m.Streams[0])
		}
	}
}

// audited exports everything and checks it as an auditor would.
func (r *rig) audited(t *testing.T) (string, error) {
	t.Helper()
	var file bytes.Buffer
	if err := r.Export(t.Context(), &file, r.clock().AddDate(-1, 0, 0), r.clock().AddDate(1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	err := proof.Check(&out, file.Bytes(), proof.Trust{})
	return out.String(), err
}

func TestAStudentGetsTheProofOfOneTap(t *testing.T) { onEachEngine(t, studentGetsTheProofOfOneTap) }

func studentGetsTheProofOfOneTap(t *testing.T, r *rig) {
	r.furnish()
	a := r.author(t, "gw-a", 1)
	own, err := contract.DecodeRecord(a.forged(4))
	if err != nil {
		t.Fatal(err)
	}
	own.Tap.Digest, own.Salt = contract.DigestOf(r.authority.CampusKey(), "w26:1:1"), contract.NewSalt()
	octets, err := contract.AppendRecord(nil, own)
	if err != nil {
		t.Fatal(err)
	}
	b := contract.Batch{Version: contract.BatchVersion, Stream: a.stream, First: 4, Records: [][]byte{octets}}
	b.Checkpoint = a.sign(append(append([][]byte{}, a.sent.Records...), octets)...)
	if _, err := a.SendBatch(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	p, err := r.ProveTapOf(t.Context(), "ada", own.ID)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := p.Write(&file); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := proof.Check(&out, file.Bytes(), proof.Trust{}); err != nil || !strings.Contains(out.String(), "where     A-1/window") || !strings.HasSuffix(out.String(), "PASS\n") {
		t.Errorf("Check = %v\n%s", err, out.String())
	}
	if _, err := r.ProveTapOf(t.Context(), "ada", contract.TapID{Stream: a.stream, Seq: 1}); !errors.Is(err, ErrNotTheirs) {
		t.Errorf("the proof of another's tap = %v, want ErrNotTheirs", err)
	}
	if text, err := r.audited(t); err != nil {
		t.Errorf("verify = %v\n%s", err, text)
	}
}

// Whoever is erased is gone, the export passes and says how much was erased, and the proof of somebody else's tap, made before or
// after, holds.
func TestErasureLeavesTheProofsOfOthers(t *testing.T) {
	onEachEngine(t, erasureLeavesTheProofsOfOthers)
}

func erasureLeavesTheProofsOfOthers(t *testing.T, r *rig) {
	r.furnish()
	r.take(timetable.Students, "student_id,name", "ada,Ada", "ben,Ben")
	r.take(timetable.Cards, "student_id,card", "ada,w26:1:1", "ben,w26:1:2")
	a := r.author(t, "gw-a", 1)
	for i, card := range []string{"w26:1:1", "w26:1:2"} {
		record, err := contract.DecodeRecord(a.forged(uint64(4 + i)))
		if err != nil {
			t.Fatal(err)
		}
		record.Tap.Digest, record.Salt = contract.DigestOf(r.authority.CampusKey(), card), contract.NewSalt()
		octets, err := contract.AppendRecord(nil, record)
		if err != nil {
			t.Fatal(err)
		}
		a.sent.Records = append(a.sent.Records, octets)
	}
	a.sent.Checkpoint = a.sign(a.sent.Records...)
	if receipt, err := a.SendBatch(t.Context(), a.sent); err != nil || receipt.Sealed != 5 {
		t.Fatalf("receipt = %+v, %v; want five records sealed", receipt, err)
	}
	ada, ben := contract.TapID{Stream: a.stream, Seq: 4}, contract.TapID{Stream: a.stream, Seq: 5}
	r.checkProven(t, "ben", ben)
	erasure := Erasure{Student: "ada", Actor: "eve", Reason: "request of 1 October"}
	for _, confirm := range []func(store.Erased) bool{nil, func(store.Erased) bool { return false }} {
		erasure.Confirm = confirm
		if what, done, err := r.Erase(t.Context(), erasure); err != nil || done || what.Records != 1 {
			t.Errorf("unconfirmed: %+v, done %v, %v; want one tap counted", what, done, err)
		}
	}
	r.checkProven(t, "ada", ada)
	erasure.Confirm = func(what store.Erased) bool { return what.Records == 1 }
	if _, done, err := r.Erase(t.Context(), erasure); err != nil || !done {
		t.Fatalf("Erase = %v, %v", done, err)
	}
	r.checkProven(t, "ben", ben)
	if _, err := r.ProveTapOf(t.Context(), "ada", ada); err == nil {
		t.Error("the erased tap can still be proven")
	}
	out, err := r.audited(t)
	for _, want := range []string{"1 records, by eve: request of 1 October", "erased     1 of them", "1 records were lawfully erased"} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("verify = %v, and does not say %q:\n%s", err, want, out)
		}
	}
}

// checkProven makes the proof of a tap and checks it.
func (r *rig) checkProven(t *testing.T, student string, id contract.TapID) {
	t.Helper()
	p, err := r.ProveTapOf(t.Context(), student, id)
	if err != nil {
		t.Fatal(err)
	}
	if o, err := p.Open(""); err != nil || o.Record.ID != id {
		t.Errorf("proof of tap %s = %+v, %v", id, o, err)
	}
}

func TestASponsoredStudentIsNotErasedBeforeTime(t *testing.T) {
	r := startRig(t)
	r.take(timetable.Students, "student_id,name,visa", "ada,Ada,yes")
	e := Erasure{Student: "ada", Actor: "eve", Reason: "r", Confirm: func(store.Erased) bool { return true }}
	if _, _, err := r.Erase(t.Context(), e); !errors.Is(err, ErrSponsored) {
		t.Errorf("Erase = %v, want ErrSponsored", err)
	}
	e.SponsorshipOver = true
	if _, done, err := r.Erase(t.Context(), e); err != nil || !done {
		t.Errorf("Erase = %v, %v; want it done", done, err)
	}
}
