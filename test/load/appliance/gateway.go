package appliance

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus/site"
)

// patience bounds every wait for the gateway. What takes longer has failed.
const patience = time.Minute

// look is how often the gateway's metrics are read while something is waited for.
const look = 50 * time.Millisecond

// ErrTooLong means that the gateway did not do something in time.
var ErrTooLong = errors.New("the gateway took too long")

// Gateway is the program at work.
type Gateway struct {
	site    *Site
	line    *Line
	process site.Process
	http    http.Client
}

// Start runs the gateway with the readers of a line, which may be nil. It does not wait for anything.
func (s *Site) Start(l *Line) (*Gateway, error) {
	if err := s.configure(l); err != nil {
		return nil, err
	}
	g := &Gateway{site: s, line: l, http: http.Client{Timeout: 5 * time.Second}}
	g.process = site.Process{Name: "gateway", Path: s.program, Args: []string{"run", "--config", s.config()}, Log: s.log()}
	return g, g.process.Start()
}

// Stop ends the gateway and waits for it.
func (g *Gateway) Stop() error {
	g.http.CloseIdleConnections()
	return g.process.Stop()
}

// Serving waits until all its readers show blue.
func (g *Gateway) Serving(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, ErrTooLong)
	defer cancel()
	_, err := g.line.Lit(ctx)
	return errors.Join(err, g.process.Ended())
}

// Settled waits until everything in its journal is in its replica and at central.
func (g *Gateway) Settled(ctx context.Context) error {
	return g.await(ctx, "everything is replicated and forwarded", func(m metrics) bool {
		durable := m["rollcall_gateway_journal_durable"]
		return m["rollcall_gateway_timetable_version"] > 0 && m["rollcall_gateway_replicated_records"] >= durable && m["rollcall_gateway_journal_acknowledged"] >= durable
	})
}

func (g *Gateway) await(ctx context.Context, what string, done func(metrics) bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, ErrTooLong)
	defer cancel()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		if m, err := g.scrape(ctx); err == nil && done(m) {
			return nil
		}
		if err := g.process.Ended(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w", what, context.Cause(ctx))
		case <-tick.C:
		}
	}
}
