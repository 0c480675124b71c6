package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/gateway/capture"
	"github.com/rollcall-edge/rollcall/gateway/console"
	"github.com/rollcall-edge/rollcall/gateway/identity"
	"github.com/rollcall-edge/rollcall/gateway/status"
)

const (
	enrolledLook = 2 * time.Second  // how often a gateway that is not enrolled looks for its identity
	storageAgain = 30 * time.Second // before a gateway without a usable disk ends, for the supervisor to start it anew
)

// Living can be asked for a sign of life: Alive returns unless something hangs that must not.
type Living interface{ Alive() }

// Run makes a gateway and runs it until ctx ends; it returns nil then. A gateway always starts: while it has no identity or
// its disk cannot be opened, the readers are amber and the status page says what to do. Started is called with
// whatever begins to run, a *Gateway or one on stand-by, again whenever that changes; it may be nil.
func Run(ctx context.Context, c *config.Gateway, o Options, started func(Living)) error {
	if started == nil {
		started = func(Living) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	for {
		g, err := New(c, o)
		if err == nil {
			started(g)
			err = g.Run(ctx)
			if closed := g.Close(); closed != nil || !errors.Is(err, errMoved) {
				return errors.Join(err, closed)
			}
			continue
		}
		if err := standBy(ctx, c, o, err, started); err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// standBy shows why no tap can be kept: nil once that may have changed, or ctx ended.
func standBy(ctx context.Context, c *config.Gateway, o Options, why error, started func(Living)) error {
	o.Log.Error("no tap can be kept", slog.Any("error", why))
	registry := newRegistry(o.Version)
	s := &standby{why: why, startedAt: time.Now(), version: o.Version}
	lines := openLines(c, registry, o.Log, s.notice)
	s.capture = capture.New(capture.Options{Buses: lines, Handler: s, Lights: s, Registerer: registry, Log: o.Log})
	page := status.New(status.Options{Listen: c.Status.Listen, Snapshot: s.snapshot, Healthy: s.healthy, Gatherer: registry, Log: o.Log})
	desk := console.New(console.Options{Socket: console.Socket(c.Data), Lines: s.capture, Taps: console.NewTaps(), Log: o.Log})
	started(s)
	ctx, done := context.WithCancel(ctx)
	return runAll(ctx, s.capture.Run, page.Run, desk.Run, func(ctx context.Context) error {
		defer done()
		return s.wait(ctx, identityDir(c))
	})
}

// standby is a gateway that can keep nothing.
type standby struct {
	capture   *capture.Capture
	why       error
	startedAt time.Time
	version   string
	notices   []status.Warning // of the start
}

func (s *standby) notice(name, text string) {
	s.notices = append(s.notices, status.Warning{Name: name, Text: text})
}

// wait ends when the reason may be gone: an identity appears, or it is time for a fresh start.
func (s *standby) wait(ctx context.Context, dir string) error {
	if errors.Is(s.why, ErrStorage) {
		if !sleep(ctx, storageAgain) {
			return nil
		}
		return s.why
	}
	for sleep(ctx, enrolledLook) {
		if _, err := identity.Open(identity.Options{Dir: dir}); err == nil {
			return nil
		}
	}
	return nil
}

// Alive implements Living.
func (s *standby) Alive() { s.capture.Status() }

// Tap implements capture.Handler.
func (s *standby) Tap(context.Context, drivers.Read) drivers.Signal { return drivers.NotKept }

// Steady implements capture.Lights.
func (s *standby) Steady(string, time.Time) drivers.Signal { return drivers.Fault }

// Next implements capture.Lights.
func (s *standby) Next(time.Time) (time.Time, bool) { return time.Time{}, false }

// Changed implements capture.Lights.
func (s *standby) Changed() <-chan struct{} { return nil }

func (s *standby) healthy() error { return s.why }

func (s *standby) snapshot() status.Snapshot {
	return status.Snapshot{
		At: time.Now(), StartedAt: s.startedAt, Gateway: "Gateway on stand-by", Version: s.version, Lines: linesOf(s.capture),
		Warnings: append([]status.Warning{{Name: "stand-by", Text: fmt.Sprintf("no tap can be kept and all readers are amber: %v", s.why)}}, s.notices...),
	}
}
