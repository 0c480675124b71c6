package gateway

import (
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// patience bounds every wait of these tests; what is waited for comes within milliseconds when all is well.
const patience = 30 * time.Second

func deadline(t *testing.T) <-chan time.Time {
	t.Helper()
	timer := time.NewTimer(patience)
	t.Cleanup(func() { timer.Stop() })
	return timer.C
}

// model stands for central: it has an authority of its own, keeps every record by stream and number, and refuses what
// differs or leaves a gap.
type model struct {
	server    *httptest.Server
	authority *x509.Certificate
	key       *ecdsa.PrivateKey
	campusKey []byte
	token     string

	mu        sync.Mutex // guards everything that follows
	records   map[contract.Stream][][]byte
	ahead     map[contract.TapID][]byte // sent ahead of a gap
	timetable contract.SignedTimetable
	version   uint64
	reports   []contract.Report
	directory contract.SignedDirectory
	revision  uint64
	said      chan struct{}
	arrived   chan struct{}
}

func newModel(t *testing.T) *model {
	t.Helper()
	m := &model{campusKey: make([]byte, 32), token: base64.RawURLEncoding.EncodeToString(make([]byte, 32)), records: map[contract.Stream][][]byte{}, ahead: map[contract.TapID][]byte{}, arrived: make(chan struct{}), said: make(chan struct{})}
	m.key = newTestKey(t)
	m.authority = m.issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "campus"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, m.key.Public())
	serverKey := newTestKey(t)
	leaf := m.issue(t, &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, serverKey.Public())
	pool := x509.NewCertPool()
	pool.AddCert(m.authority)
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+contract.PathEnrol, func(w http.ResponseWriter, r *http.Request) { m.enrol(t, w, r) })
	mux.HandleFunc("POST "+contract.PathBatches, m.batch)
	mux.HandleFunc("POST "+contract.PathAhead, m.sendAhead)
	mux.HandleFunc("POST "+contract.PathReports, m.report)
	mux.HandleFunc("GET "+contract.PathTimetable, m.sendTimetable)
	mux.HandleFunc("GET "+contract.PathDirectory, m.sendDirectory)
	mux.HandleFunc("GET "+contract.PathCredits, m.sendCredits)
	m.server = httptest.NewUnstartedServer(mux)
	m.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	m.server.EnableHTTP2 = true
	m.server.TLS = &tls.Config{
		MinVersion: tls.VersionTLS13, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: pool,
		Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.Raw, m.authority.Raw}, PrivateKey: serverKey}},
	}
	m.server.StartTLS()
	t.Cleanup(m.server.Close)
	return m
}

func newTestKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (m *model) issue(t *testing.T, template *x509.Certificate, public any) *x509.Certificate {
	t.Helper()
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Minute), time.Now().Add(time.Hour)
	parent := m.authority
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, m.key)
	if err != nil {
		t.Error(err)
		return nil
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Error(err)
	}
	return c
}

func (m *model) invitation() contract.Invitation {
	return contract.Invitation{Gateway: "library", Secret: m.token, Authority: sha256.Sum256(m.authority.RawSubjectPublicKeyInfo)}
}

func (m *model) enrol(t *testing.T, w http.ResponseWriter, r *http.Request) {
	var e contract.Enrolment
	if err := readJSON(r, &e); err != nil || e.Token != m.token {
		http.Error(w, "token", http.StatusForbidden)
		return
	}
	csr, err := x509.ParseCertificateRequest(e.Request)
	if err != nil || csr.CheckSignature() != nil {
		http.Error(w, "request", http.StatusBadRequest)
		return
	}
	leaf := m.issue(t, &x509.Certificate{
		DNSNames: []string{contract.GatewayHost("library")}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}, csr.PublicKey)
	writeJSON(w, contract.Credentials{Gateway: "library", Building: "lib", Certificate: leaf.Raw, Authority: m.authority.Raw, CampusKey: m.campusKey})
}

func readJSON(r *http.Request, v any) error {
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		return err
	}
	return json.NewDecoder(z).Decode(v)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, p contract.Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

func (m *model) batch(w http.ResponseWriter, r *http.Request) {
	if len(r.TLS.PeerCertificates) == 0 {
		http.Error(w, "certificate", http.StatusUnauthorized)
		return
	}
	var b contract.Batch
	if err := readJSON(r, &b); err != nil {
		refuse(w, contract.Problem{Type: contract.ProblemMalformed, Status: 400, Detail: err.Error()})
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	held := m.records[b.Stream]
	if b.First > uint64(len(held))+1 {
		refuse(w, contract.Problem{Type: contract.ProblemGap, Status: 409, Expected: uint64(len(held)) + 1})
		return
	}
	receipt := contract.Receipt{Stream: b.Stream}
	for i, record := range b.Records {
		place := int(b.First) - 1 + i
		if place < len(held) {
			if string(held[place]) != string(record) {
				refuse(w, contract.Problem{Type: contract.ProblemFork, Status: 409})
				return
			}
			receipt.Known++
			continue
		}
		held = append(held, record)
		receipt.Stored++
	}
	m.records[b.Stream], receipt.Through = held, uint64(len(held))
	close(m.arrived)
	m.arrived = make(chan struct{})
	writeJSON(w, receipt)
}

// sendAhead keeps records that come after others which are not here.
func (m *model) sendAhead(w http.ResponseWriter, r *http.Request) {
	var b contract.Batch
	if err := readJSON(r, &b); err != nil {
		refuse(w, contract.Problem{Type: contract.ProblemMalformed, Status: 400, Detail: err.Error()})
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, record := range b.Records {
		m.ahead[contract.TapID{Stream: b.Stream, Seq: b.First + uint64(i)}] = record
	}
	writeJSON(w, contract.Receipt{Stream: b.Stream, Through: uint64(len(m.records[b.Stream])), Stored: len(b.Records)})
}

func (m *model) report(w http.ResponseWriter, r *http.Request) {
	var report contract.Report
	if err := readJSON(r, &report); err != nil {
		refuse(w, contract.Problem{Type: contract.ProblemMalformed, Status: 400, Detail: err.Error()})
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reports = append(m.reports, report)
	reply := contract.ReportReply{At: time.Now().UTC()}
	for _, s := range report.Streams {
		reply.Receipts = append(reply.Receipts, contract.Receipt{Stream: s.Stream, Through: uint64(len(m.records[s.Stream]))})
	}
	writeJSON(w, reply)
}

// publish signs a timetable with one session that is open now, for the holder of the known card.
func (m *model) publish(t *testing.T, now time.Time) {
	t.Helper()
	start := now.Add(-10 * time.Minute).UTC()
	tt := contract.Timetable{
		Version: m.version + 1, Building: "lib", MadeAt: now.UTC(), ValidUntil: now.Add(14 * 24 * time.Hour).UTC(),
		Points:  []contract.Point{{ID: "lib/door", Room: "lib"}},
		Holders: []contract.Holder{{Digests: []contract.Digest{contract.DigestOf(m.campusKey, "w26:123:45678")}}},
		Lists:   []contract.List{{Holders: []uint32{0}}},
		Sessions: []contract.Session{{ID: fmt.Sprint("open-", m.version+1), Rooms: []string{"lib"}, StartsAt: start, EndsAt: start.Add(time.Hour),
			OpensAt: start.Add(-30 * time.Minute), ClosesAt: start.Add(time.Hour)}},
	}
	document, err := json.Marshal(tt)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := contract.Sign(m.key, document)
	if err != nil {
		t.Fatal(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.version, m.timetable = tt.Version, contract.SignedTimetable{Document: document, Signature: signature}
}

// sendCredits reads them from the records as they came.
func (m *model) sendCredits(w http.ResponseWriter, _ *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var c contract.Credits
	for _, records := range m.records {
		for _, raw := range records {
			if r, err := contract.DecodeRecord(raw); err == nil && r.Tap != nil && r.Tap.Outcome == contract.Accepted {
				c.Credits = append(c.Credits, contract.Credit{Digest: r.Tap.Digest, Session: r.Tap.Session, At: r.Stamp.At})
			}
		}
	}
	writeJSON(w, c)
}

func (m *model) sendTimetable(w http.ResponseWriter, r *http.Request) {
	have, _ := strconv.ParseUint(r.URL.Query().Get("have"), 10, 64)
	m.mu.Lock()
	version, s := m.version, m.timetable
	m.mu.Unlock()
	if version <= have {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set(contract.SignatureHeader, base64.StdEncoding.EncodeToString(s.Signature))
	_, _ = w.Write(s.Document)
}

// taps decodes what has arrived, the taps alone.
func (m *model) taps(t *testing.T) []contract.Record {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	var taps []contract.Record
	for _, records := range m.records {
		for _, b := range records {
			r, err := contract.DecodeRecord(b)
			if err != nil {
				t.Fatal(err)
			}
			if r.Tap != nil {
				taps = append(taps, r)
			}
		}
	}
	return taps
}

// awaitTaps waits until n taps have arrived.
func (m *model) awaitTaps(t *testing.T, n int) []contract.Record {
	t.Helper()
	limit := deadline(t)
	for {
		m.mu.Lock()
		arrived := m.arrived
		m.mu.Unlock()
		if taps := m.taps(t); len(taps) >= n {
			return taps
		}
		select {
		case <-arrived:
		case <-limit:
			t.Fatalf("%d taps arrived at central, want %d", len(m.taps(t)), n)
		}
	}
}
