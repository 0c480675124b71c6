package gateway

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// A long poll keeps a connection of HTTP/2 busy; what is asked after a renewal must not go over it.
func TestHangUpLeavesABusyConnectionBehind(t *testing.T) {
	polling, answer := make(chan string, 1), make(chan struct{})
	callers := make(chan string, 2)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("asked by %s, want HTTP/2", r.Proto)
		}
		if r.URL.Path == contract.PathTimetable {
			polling <- r.RemoteAddr
			<-answer
			w.WriteHeader(http.StatusNotModified)
			return
		}
		callers <- r.RemoteAddr
		_, _ = io.WriteString(w, "{}")
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	client, hangUp := newClient(server.URL, new(net.Dialer).DialContext, func() *tls.Config { return &tls.Config{RootCAs: pool} })
	defer hangUp()

	polled := make(chan error, 1)
	go func() {
		_, err := client.Timetable(t.Context(), 1, 0)
		polled <- err
	}()
	busy := <-polling
	report := func() string {
		if _, err := client.SendReport(t.Context(), contract.Report{}); err != nil {
			t.Fatal(err)
		}
		return <-callers
	}
	if got := report(); got != busy {
		t.Fatalf("a report went over %s, want the connection of the poll, %s: nothing is shown otherwise", got, busy)
	}
	hangUp()
	if got := report(); got == busy {
		t.Error("a report after the renewal went over the connection that was made before it")
	}
	close(answer)
	if err := <-polled; !errors.Is(err, contract.ErrUnchanged) {
		t.Errorf("the poll on the former connection ended with %v, want %v", err, contract.ErrUnchanged)
	}
}
