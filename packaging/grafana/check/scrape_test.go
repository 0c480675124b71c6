package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb"
)

// target is one program as prometheus.yml names it: labels that its own metrics do not have.
type target struct {
	address string
	labels  map[string]string // job, and for gateways building and gateway
	known   map[string]labels.Labels
}

// storage is Prometheus's own, filled as Prometheus fills it.
type storage struct {
	*tsdb.DB
	targets []*target
}

func openStorage(t *testing.T, targets ...*target) *storage {
	t.Helper()
	db, err := tsdb.Open(t.TempDir(), nil, nil, tsdb.DefaultOptions(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return &storage{db, targets}
}

// scrape asks every target once and stores what it says under one moment.
func (s *storage) scrape(t *testing.T, at time.Time) {
	t.Helper()
	for _, target := range s.targets {
		if err := s.scrapeOne(t.Context(), target, at); err != nil {
			t.Fatalf("scrape %s: %v", target.address, err)
		}
	}
}

// scrapeOne stores a target's samples, and ends the series that it no longer has, as Prometheus does: all but up when it
// does not answer.
func (s *storage) scrapeOne(ctx context.Context, t *target, at time.Time) error {
	app := s.Appender(ctx)
	now := map[string]labels.Labels{}
	put := func(l labels.Labels, v float64) error {
		now[l.String()] = l
		_, err := app.Append(0, l, at.UnixMilli(), v)
		return err
	}
	up := 1.0
	if text, kind, err := fetch(ctx, t.address); err != nil {
		up = 0
	} else if err := samples(text, kind, func(l labels.Labels, v float64) error { return put(t.label(l), v) }); err != nil {
		return err
	}
	if err := put(t.label(labels.FromStrings("__name__", "up")), up); err != nil {
		return err
	}
	for key, l := range t.known {
		if _, still := now[key]; still {
			continue
		}
		if _, err := app.Append(0, l, at.UnixMilli(), math.Float64frombits(value.StaleNaN)); err != nil {
			return err
		}
	}
	t.known = now
	return app.Commit()
}

func (t *target) label(l labels.Labels) labels.Labels {
	b := labels.NewBuilder(l).Set("instance", t.address)
	for name, v := range t.labels {
		b.Set(name, v)
	}
	return b.Labels()
}

func fetch(ctx context.Context, address string) (text []byte, kind string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		return nil, "", err
	}
	request.Header.Set("Accept", "text/plain;version=0.0.4")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("status %s", response.Status)
	}
	text, err = io.ReadAll(response.Body)
	return text, response.Header.Get("Content-Type"), err
}

// samples calls put for every sample of an exposition.
func samples(text []byte, kind string, put func(labels.Labels, float64) error) error {
	p, err := textparse.New(text, kind, nil, textparse.ParserOptions{})
	if err != nil {
		return err
	}
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if entry != textparse.EntrySeries {
			continue
		}
		var l labels.Labels
		p.Labels(&l)
		_, _, v := p.Series()
		if err := put(l, v); err != nil {
			return err
		}
	}
}
