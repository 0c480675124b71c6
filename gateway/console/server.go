package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"
)

// Options of a Server.
type Options struct {
	Socket  string // path; whatever lies there is replaced
	Lines   Lines
	Taps    *Taps
	Cluster Cluster // nil: none could be opened
	Log     *slog.Logger
}

// Server answers technicians.
type Server struct{ o Options }

// New makes a server; nothing listens yet.
func New(o Options) *Server { return &Server{o} }

// Limits of a connection. What a person waits for has its own.
const (
	headersWithin = 5 * time.Second
	lineWithin    = 10 * time.Second // for one line of a stream to be taken
	closeWithin   = 2 * time.Second
	listenAgain   = 10 * time.Second
	headerOctets  = 8 << 10
	bodyOctets    = 4 << 10
)

// Run serves until ctx ends and returns nil then. A gateway does without its console when the socket cannot be made, and
// tries again.
func (s *Server) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := s.listen(ctx)
		if ctx.Err() != nil {
			break
		}
		s.o.Log.Error("console is not served", slog.String("socket", s.o.Socket), slog.Any("error", err))
		select {
		case <-ctx.Done():
		case <-time.After(listenAgain):
		}
	}
	return nil
}

func (s *Server) listen(ctx context.Context) error {
	if err := os.Remove(s.o.Socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove old socket: %w", err)
	}
	var c net.ListenConfig
	listener, err := c.Listen(ctx, "unix", s.o.Socket)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if err := os.Chmod(s.o.Socket, 0o600); err != nil {
		return errors.Join(fmt.Errorf("guard socket: %w", err), listener.Close())
	}
	return s.serve(ctx, listener)
}

// serve ends every request with ctx, closes the listener and waits for them.
func (s *Server) serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: headersWithin, MaxHeaderBytes: headerOctets,
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve console: %w", err)
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
