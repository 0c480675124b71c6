package status

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Options of a Server.
type Options struct {
	Listen   string // host:port
	Snapshot func() Snapshot
	Healthy  func() error // nil while a tap could be kept now
	Gatherer prometheus.Gatherer
	Log      *slog.Logger
}

// Server serves the page.
type Server struct{ o Options }

// New makes a server; nothing listens yet.
func New(o Options) *Server { return &Server{o: o} }

// Limits of a connection. The page is small and asks for nothing.
const (
	readWithin   = 5 * time.Second
	writeWithin  = 30 * time.Second
	idleWithin   = 2 * time.Minute
	headerOctets = 8 << 10
	listenAgain  = 5 * time.Second
	closeWithin  = 2 * time.Second
)

// Run serves until ctx ends and returns nil then. An address that cannot be listened on does not stop the gateway: it is
// logged and tried again.
func (s *Server) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		var config net.ListenConfig
		listener, err := config.Listen(ctx, "tcp", s.o.Listen)
		if err == nil {
			err = s.Serve(ctx, listener)
		}
		if ctx.Err() != nil {
			break
		}
		s.o.Log.Error("status page is not served", slog.String("listen", s.o.Listen), slog.Any("error", err))
		select {
		case <-ctx.Done():
		case <-time.After(listenAgain):
		}
	}
	return nil
}

// Serve answers on a listener until ctx ends, closes it and waits for requests under way.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: s.Handler(), ReadTimeout: readWithin, ReadHeaderTimeout: readWithin, WriteTimeout: writeWithin,
		IdleTimeout: idleWithin, MaxHeaderBytes: headerOctets, ErrorLog: slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve status page: %w", err)
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
	defer cancel()
	err := server.Shutdown(patience)
	if err != nil {
		err = errors.Join(err, server.Close())
	}
	<-served
	return err
}

// Handler answers /, /style.css, /healthz and /metrics, for reading only.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("GET /style.css", style)
	mux.HandleFunc("GET /healthz", s.health)
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.o.Gatherer, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	return guarded(mux)
}

// guarded sends the headers that keep a browser from doing more than show the page.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// health is 200 while the process lives and the journal can keep a tap, else 503 with the reason.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err := s.o.Healthy(); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, err)
		return
	}
	fmt.Fprintln(w, "ok")
}

//go:embed style.css
var stylesheet []byte

func style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(stylesheet) // a browser that hung up wants none
}
