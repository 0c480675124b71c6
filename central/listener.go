package central

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

const (
	headerWithin   = 10 * time.Second
	idleWithin     = 2 * time.Minute
	maxHeader      = 32 << 10 // octets
	shutdownWithin = 10 * time.Second
)

// listener is an open port and the server that will answer there.
type listener struct {
	net.Listener
	server *http.Server
}

// listen opens the port; with a TLS configuration in the server it speaks TLS.
func listen(address string, s *http.Server, log *slog.Logger) (*listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	s.ReadHeaderTimeout, s.IdleTimeout, s.MaxHeaderBytes = headerWithin, idleWithin, maxHeader
	s.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelInfo) // refused handshakes, mostly
	return &listener{Listener: l, server: s}, nil
}

// serve answers until ctx ends, and then until the answers under way are given.
func (l *listener) serve(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() {
		if l.server.TLSConfig != nil {
			failed <- l.server.ServeTLS(l.Listener, "", "")
			return
		}
		failed <- l.server.Serve(l.Listener)
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("serve on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownWithin)
	defer cancel()
	err := l.server.Shutdown(grace)
	if err != nil { // somebody is still reading slowly
		err = l.server.Close()
	}
	<-failed // http.ErrServerClosed
	if err != nil {
		return fmt.Errorf("stop serving on %s: %w", l.Addr(), err)
	}
	return nil
}

// close closes a port that was perhaps never opened, or is closed already.
func (l *listener) close() error {
	if l == nil {
		return nil
	}
	if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close port: %w", err)
	}
	return nil
}
