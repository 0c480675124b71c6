package timetable

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Campus is everything that is published, read at one moment.
type Campus struct {
	Places
	Cards    []Card
	Sessions []Session // those whose window touches the published time
}

// Publication is a building's timetable as gateways get it.
type Publication struct {
	Building string
	Version  uint64   // grows with every change; 0 if nothing was published yet
	Digest   [32]byte // of the content without version and date
	contract.SignedTimetable
	MadeAt time.Time
}

// PublishStore keeps publications.
type PublishStore interface {
	// Campus reads what concerns the sessions that are open at some time from from to to.
	Campus(ctx context.Context, from, to time.Time) (Campus, error)

	// Published is the version and digest of a building's publication; zero if there is none.
	Published(ctx context.Context, building string) (version uint64, digest [32]byte, err error)

	// Publication is a building's publication if its version is not have; ErrUnchanged otherwise.
	Publication(ctx context.Context, building string, have uint64) (Publication, error)

	SavePublication(ctx context.Context, p Publication) error

	// ImportRevision grows with every import, also one by another process.
	ImportRevision(ctx context.Context) (int64, error)
}

// Signer signs in the name of the campus authority.
type Signer interface {
	Sign(document []byte) ([]byte, error)
}

// PublisherOptions is what a Publisher needs.
type PublisherOptions struct {
	Store      PublishStore
	Signer     Signer
	Ahead      time.Duration // how far ahead gateways know the timetable; 0 means 14 days
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time
}

const (
	behind = 24 * time.Hour // sessions that are over stay published for a day, for gateways whose clock is wrong
	poll   = time.Second    // how soon an import by another process is noticed
	retry  = 5 * time.Second
)

// Publisher makes each building's timetable and wakes those who wait for a new one.
type Publisher struct {
	o         PublisherOptions
	wake      chan struct{} // holds one: a publication that is due
	published prometheus.Counter
	last      prometheus.Gauge

	mu      sync.Mutex // guards everything that follows
	changed chan struct{}
	stopped bool
}

// NewPublisher makes a Publisher and registers its metrics.
func NewPublisher(o PublisherOptions) *Publisher {
	if o.Ahead == 0 {
		o.Ahead = 14 * 24 * time.Hour
	}
	f := promauto.With(o.Registerer)
	return &Publisher{
		o: o, wake: make(chan struct{}, 1), changed: make(chan struct{}),
		published: f.NewCounter(prometheus.CounterOpts{
			Name: "rollcall_central_timetables_published_total", Help: "Versions of buildings' timetables that were published.",
		}),
		last: f.NewGauge(prometheus.GaugeOpts{
			Name: "rollcall_central_publication_last_success_timestamp_seconds", Help: "When the timetables were last made without an error.",
		}),
	}
}

// Wake asks for the timetables to be made anew soon.
func (p *Publisher) Wake() {
	select {
	case p.wake <- struct{}{}:
	default: // one is due already
	}
}

// Run publishes whenever something was imported, and every hour, because cards begin and end and the horizon moves.
// When ctx ends it releases everybody who waits.
func (p *Publisher) Run(ctx context.Context) error {
	defer p.stop()
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	var seen int64 = -1
	var due time.Time
	for {
		revision, err := p.o.Store.ImportRevision(ctx)
		if now := p.o.Now(); err == nil && (revision != seen || !now.Before(due)) {
			if err = p.Publish(ctx); err == nil {
				seen, due = revision, now.Truncate(time.Hour).Add(time.Hour)
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		next := ticker.C
		if err != nil {
			p.o.Log.Error("timetables are not published; trying again", "error", err)
			next = time.After(retry)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-p.wake:
			seen = -1
		case <-next:
		}
	}
}

// Publish makes every building's timetable once and keeps those that changed.
func (p *Publisher) Publish(ctx context.Context) error {
	now := p.o.Now().UTC()
	// Whole days, so that the content does not change with every call.
	today := now.Truncate(24 * time.Hour)
	from, until := today.Add(-behind), today.Add(24*time.Hour+p.o.Ahead)
	campus, err := p.o.Store.Campus(ctx, from, until)
	if err != nil {
		return fmt.Errorf("publish timetables: %w", err)
	}
	holders := holdersOf(campus.Cards, now)
	for _, b := range campus.Buildings {
		t := assemble(b.ID, campus, holders)
		t.ValidUntil = until
		published, err := p.publish(ctx, t, now)
		if err != nil {
			return fmt.Errorf("publish timetable of building %s: %w", b.ID, err)
		}
		if published {
			p.broadcast()
		}
	}
	p.last.Set(float64(now.Unix()))
	return nil
}

// publish keeps a timetable unless it says what the present one says.
func (p *Publisher) publish(ctx context.Context, t *contract.Timetable, now time.Time) (bool, error) {
	content, err := json.Marshal(t)
	if err != nil {
		return false, err
	}
	digest := sha256.Sum256(content)
	version, present, err := p.o.Store.Published(ctx, t.Building)
	if err != nil || (version > 0 && present == digest) {
		return false, err
	}
	t.Version, t.MadeAt = version+1, now
	if err := t.Validate(); err != nil {
		return false, err
	}
	next := Publication{Building: t.Building, Version: t.Version, Digest: digest, MadeAt: now}
	if next.Document, err = json.Marshal(t); err != nil {
		return false, err
	}
	if next.Signature, err = p.o.Signer.Sign(next.Document); err != nil {
		return false, err
	}
	if err := p.o.Store.SavePublication(ctx, next); err != nil {
		return false, err
	}
	p.published.Inc()
	p.o.Log.Info("timetable published", "building", t.Building, "version", t.Version, "sessions", len(t.Sessions), "holders", len(t.Holders))
	return true, nil
}

// Wait returns a building's timetable as soon as there is one of another version than have. It looks at once, and answers
// ErrUnchanged when there was none within the time given, or the publisher stops, or ctx ends.
func (p *Publisher) Wait(ctx context.Context, building string, have uint64, within time.Duration) (Publication, error) {
	timeout := time.NewTimer(within)
	defer timeout.Stop()
	for {
		changed, stopped := p.watch() // before looking, so that no change falls in between
		publication, err := p.o.Store.Publication(ctx, building, have)
		switch {
		case err == nil:
			// Signed anew: another authority may have followed since it was published.
			if publication.Signature, err = p.o.Signer.Sign(publication.Document); err != nil {
				return Publication{}, fmt.Errorf("sign timetable of building %s: %w", building, err)
			}
			return publication, nil
		case stopped || ctx.Err() != nil:
			return Publication{}, ErrUnchanged
		case !errors.Is(err, ErrUnchanged):
			return Publication{}, fmt.Errorf("wait for timetable of building %s: %w", building, err)
		}
		select {
		case <-ctx.Done():
		case <-timeout.C:
			return Publication{}, ErrUnchanged
		case <-changed:
		}
	}
}

func (p *Publisher) watch() (changed <-chan struct{}, stopped bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed, p.stopped
}

func (p *Publisher) broadcast() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *Publisher) stop() {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	p.broadcast()
}
