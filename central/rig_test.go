package central

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/store"
	"github.com/rollcall-edge/rollcall/central/store/storetest"
	"github.com/rollcall-edge/rollcall/central/timetable"
	"github.com/rollcall-edge/rollcall/config"
)

// rig is a whole central on loopback, with a clock that the test moves.
type rig struct {
	*Central
	t        testing.TB
	announce bytes.Buffer
	stop     context.CancelFunc
	ended    chan error

	mu  sync.Mutex // guards everything that follows
	now time.Time
}

func testConfig(t testing.TB) *config.Central {
	return &config.Central{
		Data: t.TempDir(), Listen: "127.0.0.1:0", GatewayListen: "127.0.0.1:0", GatewayNames: []string{"central.test"},
	}
}

// postgres has central's schema and nothing in it.
var postgres = storetest.Template{Prepare: func(ctx context.Context, database string) error {
	s, err := store.Open(ctx, store.Place{Database: database})
	if err != nil {
		return err
	}
	return s.Close()
}}

// onEachEngine runs a test over a central on SQLite and over one on PostgreSQL.
func onEachEngine(t *testing.T, test func(*testing.T, *rig)) {
	for name, database := range map[string]func(testing.TB) string{
		"sqlite":   func(testing.TB) string { return "" }, // in the data directory
		"postgres": postgres.Postgres,
	} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t)
			cfg.Database = database(t)
			r := startRigAt(t, cfg)
			if r.store.Engine() != name {
				t.Fatalf("central runs on %s, want %s", r.store.Engine(), name)
			}
			test(t, r)
		})
	}
}

func startRig(t testing.TB) *rig { return startRigAt(t, testConfig(t)) }

func startRigAt(t testing.TB, cfg *config.Central) *rig {
	t.Helper()
	r := &rig{t: t, now: time.Now().UTC(), ended: make(chan error, 1)}
	var err error
	r.Central, err = New(t.Context(), cfg, Options{Log: slog.New(slog.DiscardHandler), Now: r.clock, Build: "test", Announce: &r.announce})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go func() { r.ended <- r.Run(ctx) }()
	t.Cleanup(r.end)
	return r
}

// end stops central as a signal does; calling it again does nothing.
func (r *rig) end() {
	if r.Central == nil {
		return
	}
	r.stop()
	if err := <-r.ended; err != nil {
		r.t.Errorf("Run = %v, want nil", err)
	}
	if err := r.Close(); err != nil {
		r.t.Errorf("Close = %v, want nil", err)
	}
	r.Central = nil
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) advance(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

func (r *rig) take(kind timetable.Kind, lines ...string) {
	r.t.Helper()
	_, err := r.Importer.Import(r.t.Context(), kind, strings.NewReader(strings.Join(lines, "\n")+"\n"), timetable.Options{Actor: "test"})
	if err != nil {
		r.t.Fatal(err)
	}
}

// furnish makes buildings A and B with a room each, and a student with a card and a lecture tomorrow in A.
func (r *rig) furnish() {
	r.t.Helper()
	r.take(timetable.Rooms, "building_id,building_name,room_id,room_name,point_id", "A,A,A-1,A-1,A-1/door", "B,B,B-1,B-1,B-1/door")
	r.take(timetable.Students, "student_id,name", "ada,Ada")
	r.take(timetable.Cards, "student_id,card", "ada,w26:1:1")
	tomorrow := r.clock().AddDate(0, 0, 1).Format(time.DateOnly)
	r.take(timetable.Sessions, "event_id,date,start,end,room_id,module_id,student_id", "law,"+tomorrow+",09:00,10:00,A-1,LAW,ada")
}

// gatewayRig is a gateway as far as central can tell: a key, what it was given for it, and a connection of its own.
type gatewayRig struct {
	contract.Client
	key         *ecdsa.PrivateKey
	credentials contract.Credentials
	transport   *http.Transport

	mu          sync.Mutex // guards everything that follows
	certificate *tls.Certificate
}

// visitor is somebody without a certificate who trusts the campus authority.
func (r *rig) visitor() *gatewayRig {
	g := &gatewayRig{}
	g.transport = &http.Transport{
		ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{
			MinVersion: tls.VersionTLS13, RootCAs: r.authority.Pool(), Time: r.clock,
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				g.mu.Lock()
				defer g.mu.Unlock()
				if g.certificate == nil {
					return &tls.Certificate{}, nil
				}
				return g.certificate, nil
			},
		},
	}
	r.t.Cleanup(g.transport.CloseIdleConnections)
	_, port, err := net.SplitHostPort(r.GatewayAddr().String())
	if err != nil {
		r.t.Fatal(err)
	}
	g.HTTP, g.Base = &http.Client{Transport: g.transport}, "https://localhost:"+port
	return g
}

// show presents a certificate from the next connection on.
func (g *gatewayRig) show(der []byte, key crypto.Signer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.certificate = &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	g.transport.CloseIdleConnections()
}

// enrolled is a gateway that was invited and has enrolled.
func (r *rig) enrolled(name, building string) *gatewayRig {
	r.t.Helper()
	invitation, err := r.Fleet.Invite(r.t.Context(), name, building)
	if err != nil {
		r.t.Fatal(err)
	}
	g := r.visitor()
	g.key = newKey(r.t)
	g.credentials, err = g.Enrol(r.t.Context(), contract.Enrolment{Token: invitation.Secret, Request: requestFor(r.t, g.key)})
	if err != nil {
		r.t.Fatal(err)
	}
	g.show(g.credentials.Certificate, g.key)
	return g
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func requestFor(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	// A name in the request must make no difference.
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{DNSNames: []string{"somebody-else.example"}}, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// batchOf numbers taps of one card from first on; their content depends on their number alone.
func batchOf(t testing.TB, stream contract.Stream, first uint64, n int) contract.Batch {
	t.Helper()
	b := contract.Batch{Version: contract.BatchVersion, Stream: stream, First: first}
	for i := range n {
		seq := first + uint64(i)
		octets, err := contract.AppendRecord(nil, contract.Record{
			ID:    contract.TapID{Stream: stream, Seq: seq},
			Stamp: contract.Stamp{At: time.Unix(1_790_000_000+int64(seq), 0).UTC(), Quality: contract.Synchronised},
			Tap: &contract.Tap{
				Point: "A-1/door", Digest: contract.DigestOf([]byte("x"), fmt.Sprint(seq)), Evidence: contract.EvidenceCard,
				Outcome: contract.Refused, Reason: contract.UnknownCard,
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		b.Records = append(b.Records, octets)
	}
	return b
}
