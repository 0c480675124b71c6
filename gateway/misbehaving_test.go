package gateway

import (
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/forward"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// outage is how long the server of these tests misbehaves, of fake time.
const outage = 10 * time.Minute

// sendBuffer is an end of a pipe that takes what is written at once, as a socket does: with TLS both ends may write first.
type sendBuffer struct {
	net.Conn
	mu  sync.Mutex // guards out
	out chan []byte
}

func buffered(c net.Conn) *sendBuffer {
	b := &sendBuffer{Conn: c, out: make(chan []byte, 1000)}
	go func() {
		defer c.Close()
		for piece := range b.out {
			_, _ = c.Write(piece) // the other end is gone; what follows goes nowhere too
		}
	}()
	return b
}

func (b *sendBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.out == nil {
		return 0, net.ErrClosed
	}
	b.out <- slices.Clone(p)
	return len(p), nil
}

func (b *sendBuffer) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.out != nil {
		close(b.out)
		b.out = nil
	}
	return b.Conn.SetReadDeadline(time.Unix(0, 0))
}

// misbehaving is a central over mutual TLS on pipes, which answers as it likes at first and as the contract says later. What
// it keeps is written again from the contract.
type misbehaving struct {
	pipes     chan net.Conn
	closed    sync.Once
	authority *x509.Certificate
	key       *ecdsa.PrivateKey
	answer    func(m *misbehaving, w http.ResponseWriter, r *http.Request, store func(http.ResponseWriter))

	mu        sync.Mutex // guards everything that follows
	well      time.Time  // from here on it behaves
	dials     int
	requests  int // before
	elsewhere int // that followed a redirect
	records   [][]byte
	early     map[uint64]string
	forks     int
	serving   *tls.Certificate // neither is written to: handshakes under way hold them
	presented *tls.Certificate // what the gateway shows
}

func newMisbehaving(t *testing.T) *misbehaving {
	t.Helper()
	m := &misbehaving{pipes: make(chan net.Conn), key: newTestKey(t), early: map[uint64]string{}, well: time.Now().Add(outage)}
	m.authority = m.issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "campus"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, &m.key.PublicKey, 100*time.Hour)
	serving, presented := m.certificate(t, 100*time.Hour), m.certificate(t, 100*time.Hour)
	m.renew(&serving, &presented)
	return m
}

func (m *misbehaving) issue(t *testing.T, template *x509.Certificate, public *ecdsa.PublicKey, life time.Duration) *x509.Certificate {
	t.Helper()
	template.SerialNumber, template.NotBefore, template.NotAfter = big.NewInt(1), time.Now().Add(-time.Hour), time.Now().Add(life)
	parent := m.authority
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, m.key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// certificate is good for both ends, for a while.
func (m *misbehaving) certificate(t *testing.T, life time.Duration) tls.Certificate {
	t.Helper()
	key := newTestKey(t)
	leaf := m.issue(t, &x509.Certificate{DNSNames: []string{"central"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}, &key.PublicKey, life)
	return tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key}
}

func (m *misbehaving) renew(serving, presented *tls.Certificate) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if serving != nil {
		m.serving = serving
	}
	if presented != nil {
		m.presented = presented
	}
}

// Accept, Close and Addr make it a listener.
func (m *misbehaving) Accept() (net.Conn, error) {
	c, ok := <-m.pipes
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (m *misbehaving) Close() error   { m.closed.Do(func() { close(m.pipes) }); return nil }
func (m *misbehaving) Addr() net.Addr { return &net.TCPAddr{} }

func (m *misbehaving) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	m.mu.Lock()
	m.dials++
	m.mu.Unlock()
	here, there := net.Pipe()
	select {
	case m.pipes <- buffered(there):
		return buffered(here), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// serve answers until the returned function is called.
func (m *misbehaving) serve() (stop func()) {
	pool := x509.NewCertPool()
	pool.AddCert(m.authority)
	s := &http.Server{Handler: m, ErrorLog: log.New(io.Discard, "", 0), TLSConfig: &tls.Config{
		MinVersion: tls.VersionTLS13, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			return m.serving, nil
		},
	}}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.ServeTLS(m, "", "")
	}()
	return func() {
		_ = s.Close()
		<-ended
	}
}

// client is the gateway's own, dialling into the pipes.
func (m *misbehaving) client() (client *contract.Client, hangUp func()) {
	pool := x509.NewCertPool()
	pool.AddCert(m.authority)
	client, hangUp = newClient("https://central", m.dial, func() *tls.Config {
		return &tls.Config{
			MinVersion: tls.VersionTLS13, RootCAs: pool,
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				m.mu.Lock()
				defer m.mu.Unlock()
				return m.presented, nil
			},
		}
	})
	return client, hangUp
}

func (m *misbehaving) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	well := !time.Now().Before(m.well)
	if !well {
		m.requests++
	}
	if r.URL.Path == "/elsewhere" {
		m.elsewhere++
	}
	m.mu.Unlock()
	switch store := func(w http.ResponseWriter) { m.store(w, r) }; {
	case r.TLS.PeerCertificates[0].NotAfter.Before(time.Now()):
		problem(w, contract.Problem{Type: contract.ProblemForbidden, Status: http.StatusForbidden, Detail: "certificate expired"})
	case well || m.answer == nil:
		store(w)
	default:
		m.answer(m, w, r, store)
	}
}

func problem(w http.ResponseWriter, p contract.Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

func (m *misbehaving) store(w http.ResponseWriter, r *http.Request) {
	var b contract.Batch
	if err := readJSON(r, &b); err != nil {
		problem(w, contract.Problem{Type: contract.ProblemMalformed, Status: 400})
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.URL.Path == contract.PathAhead {
		for i, octets := range b.Records {
			m.early[b.First+uint64(i)] = string(octets)
		}
	} else if int(b.First) > len(m.records)+1 {
		problem(w, contract.Problem{Type: contract.ProblemGap, Status: 409, Expected: uint64(len(m.records) + 1)})
		return
	} else {
		m.appendLocked(b)
	}
	_ = json.NewEncoder(w).Encode(contract.Receipt{Stream: b.Stream, Through: uint64(len(m.records))})
}

func (m *misbehaving) appendLocked(b contract.Batch) {
	for i, octets := range b.Records {
		seq := b.First + uint64(i)
		if early, ok := m.early[seq]; ok && early != string(octets) {
			m.forks++
		}
		if int(seq) > len(m.records) {
			m.records = append(m.records, octets)
		} else if string(m.records[seq-1]) != string(octets) {
			m.forks++
		}
	}
}

// nowhere takes an answer that never arrives.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header       { return n.header }
func (nowhere) WriteHeader(int)             {}
func (nowhere) Write(b []byte) (int, error) { return len(b), nil }

type answer = func(m *misbehaving, w http.ResponseWriter, r *http.Request, store func(http.ResponseWriter))

func answers(code int, header, value string) answer {
	return func(_ *misbehaving, w http.ResponseWriter, _ *http.Request, _ func(http.ResponseWriter)) {
		if header != "" {
			w.Header().Set(header, value)
		}
		http.Error(w, "no", code)
	}
}

// says keeps the batch and answers with something that is no receipt.
func says(text string) answer {
	return func(_ *misbehaving, w http.ResponseWriter, _ *http.Request, store func(http.ResponseWriter)) {
		store(nowhere{http.Header{}})
		_, _ = io.WriteString(w, text)
	}
}

// Whatever central, or what stands before it, does for ten minutes: in the end each record is there once as it was written, the
// journal knows it, and meanwhile nobody was asked more often than the back-off allows.
func TestForwardingToACentralThatMisbehaves(t *testing.T) {
	for name, tt := range map[string]struct {
		answer answer
		most   int // requests and connections within these minutes
		expiry string
	}{
		"is slow by 40 s": {func(_ *misbehaving, w http.ResponseWriter, _ *http.Request, store func(http.ResponseWriter)) {
			time.Sleep(40 * time.Second)
			store(w)
		}, 50, ""},
		"429 without a time":  {answers(429, "", ""), 80, ""},
		"500":                 {answers(500, "", ""), 80, ""},
		"503 for two minutes": {answers(503, "Retry-After", "120"), 14, ""},
		"503 until a date": {func(m *misbehaving, w http.ResponseWriter, r *http.Request, _ func(http.ResponseWriter)) {
			answers(503, "Retry-After", time.Now().Add(5*time.Minute).UTC().Format(http.TimeFormat))(m, w, r, nil)
		}, 8, ""},
		"503 for ten years":              {answers(503, "Retry-After", "315360000"), 4, ""},
		"the log-in page of a network":   {says("<html>please log in</html>"), 80, ""},
		"a redirect to that page":        {answers(302, "Location", "/elsewhere"), 80, ""},
		"a redirect that keeps the body": {answers(307, "Location", "/elsewhere"), 80, ""},
		"nothing at all": {func(_ *misbehaving, _ http.ResponseWriter, r *http.Request, store func(http.ResponseWriter)) {
			store(nowhere{http.Header{}})
			<-r.Context().Done()
		}, 50, ""},
		"stored and the answer lost": {func(_ *misbehaving, _ http.ResponseWriter, _ *http.Request, store func(http.ResponseWriter)) {
			store(nowhere{http.Header{}})
			panic(http.ErrAbortHandler)
		}, 80, ""},
		"half a receipt":              {says(`{"stream":"00`), 80, ""},
		"an empty answer":             {says(""), 80, ""},
		"a receipt of another stream": {says(`{"stream":"0102030405060708","through":1,"stored":0,"known":0}`), 80, ""},
		"two megabytes of nothing":    {says(strings.Repeat(" ", 2<<20)), 80, ""},
		"gzip that ends too soon": {func(_ *misbehaving, w http.ResponseWriter, _ *http.Request, store func(http.ResponseWriter)) {
			store(nowhere{http.Header{}})
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, `{"stream":"`)
			_ = z.Flush()
		}, 80, ""},
		"the gateway's certificate has ended": {nil, 80, "gateway"},
		"central's certificate has ended":     {nil, 80, "central"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMisbehaving(t)
				m.answer = tt.answer
				good, ended := m.certificate(t, 100*time.Hour), m.certificate(t, -time.Minute)
				switch tt.expiry {
				case "gateway":
					m.renew(nil, &ended)
				case "central":
					m.renew(&ended, nil)
				}
				client, hangUp := m.client()
				stopServing := m.serve()
				j := filledJournal(t, 803)
				stop := forwarding(client, j)

				time.Sleep(outage)
				m.renew(&good, &good)
				hangUp() // as the gateway does when its certificate is renewed
				appendTaps(t, j, 7)
				time.Sleep(12 * time.Minute) // the longest that anybody may ask for, and the back-off
				synctest.Wait()
				stop()
				hangUp()
				stopServing()
				m.check(t, j, tt.most)
			})
		})
	}
}

// forwarding runs the real forwarder on a journal.
func forwarding(client *contract.Client, j *journal.Journal) (stop func()) {
	link := forward.NewUplink(forward.Options{Central: client, Log: slog.New(slog.DiscardHandler)})
	f := forward.NewForwarder(link, j)
	ctx, cancel := context.WithCancel(context.Background())
	var both sync.WaitGroup
	both.Go(func() { _ = f.Run(ctx) })
	both.Go(func() { _ = f.RunAhead(ctx) })
	return func() {
		cancel()
		both.Wait()
	}
}

func filledJournal(t *testing.T, n int) *journal.Journal {
	t.Helper()
	j, err := journal.Open(journal.Options{Dir: t.TempDir(), SegmentBytes: 256 << 10, ReserveBytes: -1, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	appendTaps(t, j, n)
	return j
}

func appendTaps(t *testing.T, j *journal.Journal, n int) {
	t.Helper()
	for i := range n {
		r := contract.Record{Stamp: contract.Stamp{At: time.Now().Add(time.Duration(i)).UTC(), Quality: contract.NeverSet},
			Tap: &contract.Tap{Point: "lib/door", Digest: contract.Digest{byte(i), byte(i >> 8)}, Evidence: contract.EvidenceCard, Outcome: contract.Accepted, Session: "s"}}
		if _, err := j.Append(r); err != nil {
			t.Fatal(err)
		}
	}
}

// check compares what central has with the journal, octet for octet, and counts what central was asked.
func (m *misbehaving) check(t *testing.T, j *journal.Journal, most int) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if asked := max(m.requests, m.dials); asked > most || asked == 0 {
		t.Errorf("central was asked %d times and dialled %d times while it misbehaved, want 1 to %d", m.requests, m.dials, most)
	}
	if m.elsewhere > 0 || m.forks > 0 {
		t.Errorf("%d requests followed a redirect, %d records came otherwise than before", m.elsewhere, m.forks)
	}
	if j.Acknowledged() != j.Durable() || len(m.records) != int(j.Durable()) {
		t.Fatalf("central has %d and has acknowledged %d of %d records", len(m.records), j.Acknowledged(), j.Durable())
	}
	for seq := uint64(1); seq <= j.Durable(); seq++ {
		written, err := j.Read(seq, 1, contract.MaxRecord)
		if err != nil || string(written[0]) != string(m.records[seq-1]) {
			t.Fatalf("record %d at central is not the one written (%v)", seq, err)
		}
	}
}
