package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/fleet"
	"github.com/rollcall-edge/rollcall/central/ingest"
)

func TestProblemsOfGateways(t *testing.T) {
	for _, tt := range []struct {
		err      error
		status   int
		kind     string
		expected uint64
		retry    time.Duration
	}{
		{&ingest.GapError{First: 9, Expected: 4}, 409, contract.ProblemGap, 4, 0},
		{ingest.ErrFork, 409, contract.ProblemFork, 0, 0},
		{ingest.ErrTooLarge, 413, contract.ProblemTooLarge, 0, 0},
		{ingest.ErrBusy, 503, contract.ProblemBusy, 0, retryAfter},
		{errBusy, 503, contract.ProblemBusy, 0, retryAfter},
		{fmt.Errorf("%w: %w", contract.ErrBatch, contract.ErrRecordChecksum), 400, contract.ProblemMalformed, 0, 0},
		{fmt.Errorf("%w: %w", errMalformed, contract.ErrSyntax), 400, contract.ProblemMalformed, 0, 0},
		{fmt.Errorf("%w: %w", errMalformed, contract.ErrTooLarge), 413, contract.ProblemTooLarge, 0, 0},
		{fmt.Errorf("%w: %w", errMalformed, &http.MaxBytesError{Limit: 1}), 413, contract.ProblemTooLarge, 0, 0},
		{fleet.ErrToken, 403, contract.ProblemToken, 0, 0},
		{fleet.ErrRequest, 422, contract.ProblemNotAccepted, 0, 0},
		{fleet.ErrReport, 422, contract.ProblemNotAccepted, 0, 0},
		{fleet.ErrNoCertificate, 403, contract.ProblemForbidden, 0, 0},
		{fleet.ErrForeign, 403, contract.ProblemForbidden, 0, 0},
		{fleet.ErrExpired, 403, contract.ProblemForbidden, 0, 0},
		{fleet.ErrRetired, 403, contract.ProblemForbidden, 0, 0},
		{fleet.ErrRevoked, 403, contract.ProblemForbidden, 0, 0},
		{fleet.ErrSuperseded, 403, contract.ProblemForbidden, 0, 0},
		{fleet.ErrUnknownGateway, 403, contract.ProblemForbidden, 0, 0},
		{errNowhere, 404, "about:blank", 0, 0},
		{errMethod, 405, "about:blank", 0, 0},
		{errors.New("the disk is on fire"), 500, contract.ProblemInternal, 0, 0},
	} {
		p := problemOf(fmt.Errorf("answer: %w", tt.err))
		if p.Status != tt.status || p.Type != tt.kind || p.Expected != tt.expected || p.RetryAfter != tt.retry || p.Title == "" {
			t.Errorf("problemOf(%v) = %+v, want %d %s, expected %d, retry after %v", tt.err, p, tt.status, tt.kind, tt.expected, tt.retry)
		}
	}
	if p := problemOf(errors.New("the disk is on fire")); strings.Contains(p.Detail, "fire") {
		t.Errorf("detail %q tells a gateway what is only for the log", p.Detail)
	}
}

// slowStore holds every batch until it is let go.
type slowStore struct{ entered, let chan struct{} }

func (s slowStore) Receive(ctx context.Context, _ func(ingest.Tx) error) error {
	s.entered <- struct{}{}
	select {
	case <-s.let:
	case <-ctx.Done():
	}
	return ingest.ErrBusy
}

func newTestUplink(t *testing.T, store ingest.Store) *Uplink {
	t.Helper()
	registry, log := prometheus.NewRegistry(), slog.New(slog.DiscardHandler)
	u, err := NewUplink(UplinkOptions{
		Intake:  ingest.New(ingest.Options{Store: store, Log: log, Registerer: registry, Now: time.Now}),
		Changed: func() {}, Log: log, Registerer: registry,
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func aBatch(t *testing.T) contract.Batch {
	t.Helper()
	octets, err := contract.AppendRecord(nil, contract.Record{
		ID: contract.TapID{Stream: contract.Stream{1}, Seq: 1}, Stamp: contract.Stamp{At: time.Unix(0, 0), Quality: contract.NeverSet},
		Anchor: &contract.Anchor{At: time.Unix(0, 0)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return contract.Batch{Version: 1, Stream: contract.Stream{1}, First: 1, Records: [][]byte{octets}}
}

// full is a batch as a backlog is drained with.
func full(t *testing.T) contract.Batch {
	b := aBatch(t)
	b.Records = make([][]byte, contract.MaxBatchRecords)
	return b
}

// ingesting keeps a batch of one record, whatever batch it stands for.
func ingesting(t *testing.T, u *Uplink) func() (contract.Receipt, error) {
	b := aBatch(t)
	return func() (contract.Receipt, error) { return u.Intake.Ingest(t.Context(), "gw", b) }
}

func TestBatchesBeyondTheSlotsAreSentBack(t *testing.T) {
	for name, tt := range map[string]struct {
		batch  contract.Batch
		atOnce int // as many reach the database side by side
	}{"small": {aBatch(t), maxBatches}, "full": {full(t), maxDrains}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := slowStore{entered: make(chan struct{}, 2*maxBatches), let: make(chan struct{})}
				u := newTestUplink(t, store)
				done := make(chan error)
				for range maxBatches {
					go func() {
						_, err := u.store(t.Context(), tt.batch, ingesting(t, u))
						done <- err
					}()
				}
				synctest.Wait()
				if n := len(store.entered); n != tt.atOnce {
					t.Errorf("%d are being stored at once, want %d", n, tt.atOnce)
				}
				if _, err := u.store(t.Context(), tt.batch, ingesting(t, u)); !errors.Is(err, errBusy) {
					t.Errorf("one batch too many: %v, want errBusy", err)
				}
				close(store.let)
				for range maxBatches {
					if err := <-done; !errors.Is(err, ingest.ErrBusy) {
						t.Errorf("a batch in time: %v, want what the store said", err)
					}
				}
			})
		})
	}
}

// However many gateways drain what they kept through an outage, a tap of now does not stand in line behind them.
func TestATapOfNowPassesThoseWhoDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := slowStore{entered: make(chan struct{}, 2*maxBatches), let: make(chan struct{})}
		u, many := newTestUplink(t, store), full(t)
		var all sync.WaitGroup
		for range maxBatches {
			all.Go(func() { _, _ = u.store(t.Context(), many, ingesting(t, u)) })
		}
		synctest.Wait()
		all.Go(func() { _, _ = u.store(t.Context(), aBatch(t), ingesting(t, u)) })
		synctest.Wait()
		if n := len(store.entered); n != maxDrains+1 {
			t.Errorf("%d batches are being stored, want those of %d who drain and the tap of now", n, maxDrains)
		}
		close(store.let)
		all.Wait()
	})
}

func TestBusyAndPanicAnswers(t *testing.T) {
	u := newTestUplink(t, slowStore{})
	u.engine.GET("/busy", u.anybody(func(*gin.Context, fleet.Caller) (any, error) { return nil, errBusy }))
	u.engine.GET("/panic", u.anybody(func(*gin.Context, fleet.Caller) (any, error) { panic("bug") }))
	for path, want := range map[string]struct {
		status int
		retry  string
	}{"/busy": {503, "2"}, "/panic": {500, ""}} {
		w := httptest.NewRecorder()
		u.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want.status || w.Header().Get("Retry-After") != want.retry || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s = %d, Retry-After %q, %q; want %+v as a problem", path, w.Code, w.Header().Get("Retry-After"), w.Header().Get("Content-Type"), want)
		}
	}
}
