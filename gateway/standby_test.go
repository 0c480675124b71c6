package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A gateway without an identity shows amber and says what to do; once it is enrolled it goes to work by itself.
func TestGatewayThatIsNotEnrolledYet(t *testing.T) {
	m, r := newModel(t), newReader(t)
	m.publish(t, time.Now())
	c := site(t, m, r)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, c, Options{Version: "test"}, nil) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	}()
	r.awaitSteady(t, amber)
	r.cards <- knownCard
	r.awaitFlash(t, amber)
	if status, body := fetch(t, "http://"+c.Status.Listen+"/healthz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "rollcall-gateway enrol") {
		t.Errorf("/healthz = %d %q", status, body)
	}
	if _, body := fetch(t, "http://"+c.Status.Listen+"/"); !strings.Contains(body, "rollcall-gateway enrol") || !strings.Contains(body, "lib/door") {
		t.Errorf("page = %s", body)
	}
	if _, _, err := Enrol(t.Context(), c, m.invitation(), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	r.awaitSteady(t, blue)
	r.cards <- knownCard
	r.awaitFlash(t, green)
	m.awaitTaps(t, 1)
}

// A disk that cannot be opened is amber at the doors, not a dark building.
func TestGatewayWhoseDiskCannotBeOpened(t *testing.T) {
	m, r := newModel(t), newReader(t)
	c := enrolledSite(t, m, r)
	if err := os.WriteFile(filepath.Join(c.Data, "journal"), []byte("not a directory"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(c, Options{}); !errors.Is(err, ErrStorage) {
		t.Errorf("New = %v, want %v", err, ErrStorage)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, c, Options{Version: "test"}, nil) }()
	r.awaitSteady(t, amber)
	r.cards <- knownCard
	r.awaitFlash(t, amber)
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
	r.awaitSteady(t, dark)
}

// After a storage error nothing is acknowledged any more: amber, and an end that the supervisor can tell from others.
func TestGatewayWhoseDiskFails(t *testing.T) {
	m, r := newModel(t), newReader(t)
	m.publish(t, time.Now())
	c := enrolledSite(t, m, r)
	begun, ended := make(chan *Gateway, 1), make(chan error, 1)
	go func() {
		ended <- Run(t.Context(), c, Options{Version: "test"}, func(l Living) { begun <- l.(*Gateway) })
	}()
	g := <-begun
	r.awaitSteady(t, blue)
	if err := g.journal.Close(); err != nil { // as good as a dead disk: nothing can be written
		t.Fatal(err)
	}
	r.cards <- knownCard
	r.awaitFlash(t, amber)
	r.awaitSteady(t, amber)
	select {
	case err := <-ended:
		if !errors.Is(err, ErrStorage) {
			t.Errorf("Run = %v, want %v", err, ErrStorage)
		}
	case <-deadline(t):
		t.Fatal("the gateway goes on")
	}
	r.awaitSteady(t, dark)
}
