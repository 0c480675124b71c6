package central

import (
	"crypto/x509"
	"errors"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/timetable"
	"github.com/rollcall-edge/rollcall/config"
)

// The life of a gateway, from the invitation to the end of trust.
func TestLifeOfAGateway(t *testing.T) { onEachEngine(t, lifeOfAGateway) }

func lifeOfAGateway(t *testing.T, r *rig) {
	r.furnish()
	g := r.enrolled("gw-a", "A")
	ctx := t.Context()
	if g.credentials.Gateway != "gw-a" || g.credentials.Building != "A" || len(g.credentials.CampusKey) != 32 {
		t.Errorf("credentials are for %q of %q with a campus key of %d octets, want gw-a of A with 32",
			g.credentials.Gateway, g.credentials.Building, len(g.credentials.CampusKey))
	}

	stream := contract.Stream{1}
	receipt, err := g.SendBatch(ctx, batchOf(t, stream, 1, 3))
	if want := (contract.Receipt{Stream: stream, Through: 3, Stored: 3}); err != nil || receipt != want {
		t.Fatalf("SendBatch = %+v, %v; want %+v", receipt, err, want)
	}
	reply, err := g.SendReport(ctx, contract.Report{
		Version: contract.ReportVersion, Build: "test", At: r.clock(), Quality: "synchronised",
		Streams: []contract.StreamState{{Stream: stream, Durable: 7, Own: true}, {Stream: contract.Stream{2}, Durable: 5}},
		Points:  []contract.PointReport{{Point: "A-1/door", Up: true}},
	})
	if want := []contract.Receipt{{Stream: stream, Through: 3}, {Stream: contract.Stream{2}}}; err != nil || !cmp.Equal(reply.Receipts, want) {
		t.Errorf("receipts of the report = %+v, %v; want %+v", reply.Receipts, err, want)
	}

	signed, err := g.Timetable(ctx, 0, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := x509.ParseCertificate(g.credentials.Authority)
	if err != nil {
		t.Fatal(err)
	}
	if err := contract.Verify(ecdsaKey(t, authority), signed.Document, signed.Signature); err != nil {
		t.Error(err)
	}
	tt, err := signed.Decode()
	if err != nil || tt.Building != "A" {
		t.Errorf("timetable is of %q, %v; want A", tt.Building, err)
	}
	if _, err := g.Timetable(ctx, tt.Version, 0); !errors.Is(err, contract.ErrUnchanged) {
		t.Errorf("Timetable with the newest version = %v, want ErrUnchanged", err)
	}

	members, err := r.Fleet.Gateways(ctx)
	if err != nil || len(members) != 1 {
		t.Fatalf("%d gateways, %v; want 1", len(members), err)
	}
	if m := members[0]; m.HeardAt.IsZero() || m.Report == nil || len(m.Streams) != 2 || m.Report.Build != "test" {
		t.Errorf("gateway = %+v, want it heard with two streams", m)
	}

	key := newKey(t)
	fresh, err := g.Renew(ctx, contract.Renewal{Request: requestFor(t, key)})
	if err != nil {
		t.Fatal(err)
	}
	g.show(fresh.Certificate, key)
	if _, err := g.SendBatch(ctx, batchOf(t, stream, 4, 1)); err != nil {
		t.Errorf("SendBatch with the fresh certificate = %v, want nil", err)
	}

	if err := r.Fleet.Revoke(ctx, "gw-a"); err != nil {
		t.Fatal(err)
	}
	_, err = g.SendBatch(ctx, batchOf(t, stream, 5, 1))
	wantProblem(t, "on the open connection of a revoked gateway", err, http.StatusForbidden, contract.ProblemForbidden)
	g.transport.CloseIdleConnections()
	if _, err := g.SendBatch(ctx, batchOf(t, stream, 5, 1)); err == nil || isProblem(err) {
		t.Errorf("a fresh handshake of a revoked gateway = %v, want it refused before any answer", err)
	}
}

func isProblem(err error) bool {
	_, ok := errors.AsType[*contract.Problem](err)
	return ok
}

func wantProblem(t *testing.T, what string, err error, status int, kind string) *contract.Problem {
	t.Helper()
	p, ok := errors.AsType[*contract.Problem](err)
	if !ok || p.Status != status || p.Type != kind {
		t.Errorf("%s: %v, want %d %s", what, err, status, kind)
		return &contract.Problem{}
	}
	return p
}

func TestBatchesOfManyGatewaysArriveTogether(t *testing.T) { onEachEngine(t, batchesOfManyGateways) }

func batchesOfManyGateways(t *testing.T, r *rig) {
	r.furnish()
	var gateways sync.WaitGroup
	for i := range 4 {
		g := r.enrolled("gw-"+string(rune('a'+i)), "A")
		gateways.Go(func() {
			stream := contract.Stream{byte(i + 1)}
			for first := uint64(1); first <= 400; first += 100 {
				for range 2 { // every answer is lost once
					receipt, err := g.SendBatch(t.Context(), batchOf(t, stream, first, 100))
					if err != nil || receipt.Through != first+99 {
						t.Errorf("gateway %d: through %d, %v; want %d", i, receipt.Through, err, first+99)
					}
				}
			}
		})
	}
	gateways.Wait()
	streams, err := r.store.Streams(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range streams {
		if s.Through != 400 {
			t.Errorf("stream %s is through %d, want 400", s.ID, s.Through)
		}
	}
	if len(streams) != 4 {
		t.Errorf("%d streams, want 4", len(streams))
	}
}

// A gateway that waits for its timetable hears of a change at once, and is let go when central stops.
func TestLongPoll(t *testing.T) {
	r := startRig(t)
	r.furnish()
	g := r.enrolled("gw-a", "A")
	signed, err := g.Timetable(t.Context(), 0, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	have, err := signed.Decode()
	if err != nil {
		t.Fatal(err)
	}
	type answer struct {
		signed contract.SignedTimetable
		err    error
	}
	answers := make(chan answer, 1)
	poll := func(have uint64) {
		signed, err := g.Timetable(t.Context(), have, time.Minute)
		answers <- answer{signed, err}
	}
	go poll(have.Version)
	tomorrow := r.clock().AddDate(0, 0, 1).Format(time.DateOnly)
	r.take(timetable.Sessions, "event_id,date,start,end,room_id,module_id", "art,"+tomorrow+",11:00,12:00,A-1,ART")
	next := have
	for len(next.Sessions) != 2 { // what the imports before it came to may be published first
		got := <-answers
		if got.err != nil {
			t.Fatal(got.err)
		}
		before := next.Version
		if next, err = got.signed.Decode(); err != nil || next.Version <= before {
			t.Fatalf("version %d after %d, %v; want a later one", next.Version, before, err)
		}
		if len(next.Sessions) != 2 {
			go poll(next.Version)
		}
	}
	go poll(next.Version)
	r.end()
	if got := <-answers; got.err == nil {
		t.Error("a long poll over the end of central brought a timetable, want none")
	}
}

// Who is revoked while waiting gets nothing any more.
func TestLongPollOfARevokedGateway(t *testing.T) {
	r := startRig(t)
	r.furnish()
	g := r.enrolled("gw-a", "A")
	have := &contract.Timetable{}
	for len(have.Sessions) == 0 { // what the imports before the last came to may be published first
		signed, err := g.Timetable(t.Context(), have.Version, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if have, err = signed.Decode(); err != nil {
			t.Fatal(err)
		}
	}
	answer := make(chan error, 1)
	go func() {
		_, err := g.Timetable(t.Context(), have.Version, time.Minute)
		answer <- err
	}()
	if err := r.Fleet.Revoke(t.Context(), "gw-a"); err != nil {
		t.Fatal(err)
	}
	r.take(timetable.Cards, "student_id,card", "ada,w26:1:2")
	wantProblem(t, "a timetable after revocation", <-answer, http.StatusForbidden, contract.ProblemForbidden)
}

func TestFirstPasswordIsAnnouncedOnce(t *testing.T) {
	cfg := testConfig(t)
	first := startRigAt(t, cfg)
	if !regexp.MustCompile(`as admin with the one-time password \S{10,}\n$`).Match(first.announce.Bytes()) {
		t.Errorf("the first start announces %q, want a password", first.announce.String())
	}
	first.end()
	second := startRigAt(t, cfg)
	if second.announce.Len() > 0 {
		t.Errorf("the second start announces %q, want nothing", second.announce.String())
	}
}

func TestPagesAnswer(t *testing.T) {
	r := startRig(t)
	response, err := http.Get("http://" + r.PagesAddr().String() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("/healthz answers %s, want 200", response.Status)
	}
}

func TestPagesStayOnThisMachine(t *testing.T) {
	for _, tt := range []struct {
		listen string
		proxy  bool
		good   bool
	}{
		{"127.0.0.1:8080", false, true},
		{"[::1]:8080", false, true},
		{"localhost:8080", false, true},
		{":8080", false, false},
		{"0.0.0.0:8080", false, false},
		{"192.0.2.1:8080", false, false},
		{"0.0.0.0:8080", true, true},
		{"nonsense", false, false},
	} {
		err := checkListen(&config.Central{Listen: tt.listen, BehindProxy: tt.proxy})
		if _, faults := errors.AsType[config.Faults](err); (err == nil) != tt.good || faults == tt.good {
			t.Errorf("checkListen(%q, proxy %v) = %v, want good %v", tt.listen, tt.proxy, err, tt.good)
		}
	}
}
