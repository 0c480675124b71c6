package appliance

import (
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

const (
	gatewayName = "bench"
	maxBody     = 4 << 20 // octets of a request, inflated
)

// central stands for the university's service: it lets one gateway enrol, hands it one timetable and takes every batch, over
// TLS. It keeps nothing but how far each stream has come, so that it costs the machine as little as possible.
type central struct {
	url       string
	authority *authority
	campusKey []byte
	secret    string
	campus    *contract.Timetable
	timetable contract.SignedTimetable // campus, as it travels

	server *http.Server
	served chan error
	ending chan struct{} // closed by close: ends long polls

	mu      sync.Mutex // guards everything that follows
	through map[contract.Stream]uint64
}

// openCentral makes an authority and listens on loopback.
func openCentral(size Size, now time.Time) (*central, error) {
	authority, err := newAuthority()
	if err != nil {
		return nil, fmt.Errorf("open central: %w", err)
	}
	c := &central{
		authority: authority, campusKey: randomOctets(), secret: base64.RawURLEncoding.EncodeToString(randomOctets()),
		served: make(chan error, 1), ending: make(chan struct{}), through: map[contract.Stream]uint64{},
	}
	c.campus = NewTimetable(size, c.campusKey, now)
	if err := errors.Join(c.sign(c.campus), c.listen()); err != nil {
		return nil, fmt.Errorf("open central: %w", err)
	}
	return c, nil
}

func randomOctets() []byte {
	b := make([]byte, 32)
	rand.Read(b) // never fails: crypto/rand ends the process instead
	return b
}

func (c *central) sign(t *contract.Timetable) error {
	document, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("encode timetable: %w", err)
	}
	signature, err := contract.Sign(c.authority.key, document)
	c.timetable = contract.SignedTimetable{Document: document, Signature: signature}
	return err
}

func (c *central) listen() error {
	config, err := c.authority.loopback()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c.url = "https://" + listener.Addr().String()
	c.server = &http.Server{Handler: c.routes(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0), TLSConfig: config}
	go func() { c.served <- c.server.ServeTLS(listener, "", "") }()
	return nil
}

// close ends the server and waits for it.
func (c *central) close() error {
	close(c.ending)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := c.server.Shutdown(ctx)
	if served := <-c.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func (c *central) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+contract.PathEnrol, answer(c.enrol))
	mux.HandleFunc("POST "+contract.PathBatches, answer(c.take))
	mux.HandleFunc("POST "+contract.PathReports, answer(c.hear))
	mux.HandleFunc("GET "+contract.PathTimetable, c.sendTimetable)
	return mux
}

// answer makes a handler of what turns one document into another.
func answer[Q, A any](reply func(Q) (A, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var question Q
		body, err := gzip.NewReader(http.MaxBytesReader(w, r.Body, maxBody))
		if err == nil {
			err = contract.DecodeJSON(body, maxBody, &question)
		}
		var a A
		if err == nil {
			a, err = reply(question)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(a) // the gateway notices a torn answer and asks again
	}
}

// invitation is what a technician would type.
func (c *central) invitation() contract.Invitation {
	return contract.Invitation{Gateway: gatewayName, Secret: c.secret, Authority: c.authority.fingerprint()}
}

func (c *central) enrol(e contract.Enrolment) (contract.Credentials, error) {
	request, err := x509.ParseCertificateRequest(e.Request)
	if err != nil || e.Token != c.secret {
		return contract.Credentials{}, errors.New("not invited")
	}
	leaf, err := c.authority.issue(&x509.Certificate{
		DNSNames: []string{contract.GatewayHost(gatewayName)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}, request.PublicKey)
	if err != nil {
		return contract.Credentials{}, err
	}
	return contract.Credentials{
		Gateway: gatewayName, Building: building, Certificate: leaf.Raw, Authority: c.authority.certificate.Raw, CampusKey: c.campusKey,
	}, nil
}

func (c *central) take(b contract.Batch) (contract.Receipt, error) {
	records, err := b.Open()
	if err != nil {
		return contract.Receipt{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.through[b.Stream] = max(c.through[b.Stream], b.First+uint64(len(records))-1)
	return contract.Receipt{Stream: b.Stream, Through: c.through[b.Stream], Stored: len(records)}, nil
}

func (c *central) hear(r contract.Report) (contract.ReportReply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	reply := contract.ReportReply{At: time.Now().UTC()}
	for _, s := range r.Streams {
		reply.Receipts = append(reply.Receipts, contract.Receipt{Stream: s.Stream, Through: c.through[s.Stream]})
	}
	return reply, nil
}

// sendTimetable sends the one timetable there is; who has it waits in vain.
func (c *central) sendTimetable(w http.ResponseWriter, r *http.Request) {
	if have, err := strconv.ParseUint(r.URL.Query().Get("have"), 10, 64); err == nil && have == 0 {
		w.Header().Set(contract.SignatureHeader, base64.StdEncoding.EncodeToString(c.timetable.Signature))
		_, _ = w.Write(c.timetable.Document) // the gateway notices a torn answer and asks again
		return
	}
	seconds, _ := strconv.Atoi(r.URL.Query().Get("wait")) // nothing is no time
	wait := time.NewTimer(time.Duration(seconds) * time.Second)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-r.Context().Done():
	case <-c.ending:
	}
	w.WriteHeader(http.StatusNotModified)
}
