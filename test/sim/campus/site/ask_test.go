package site

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/gateway/status"
	"github.com/rollcall-edge/rollcall/test/sim/campus"
)

func TestListsAreReadPageByPage(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			http.Error(w, "who are you", http.StatusUnauthorized)
			return
		}
		switch r.URL.Query().Get("cursor") {
		case "":
			fmt.Fprint(w, `{"items":[{"id":"s/1","point":"A/door","outcome":"accepted"}],"next":"s/1"}`)
		case "s/1":
			fmt.Fprint(w, `{"items":[{"id":"s/2"}]}`)
		default:
			http.Error(w, "no such page", http.StatusBadRequest)
		}
	}))
	defer server.Close()
	a := &API{Base: server.URL, Token: "secret", HTTP: server.Client()}
	taps, err := a.Taps(context.Background(), time.Now(), time.Now())
	if err != nil || len(taps) != 2 || taps[0].Point != "A/door" || taps[1].ID != "s/2" {
		t.Errorf("taps = %+v, %v, want two", taps, err)
	}
	a.Token = "wrong"
	if _, err := a.Taps(context.Background(), time.Now(), time.Now()); err == nil {
		t.Errorf("a refusal was not noticed")
	}
}

func TestScrape(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "# HELP a_total Things.\n# TYPE a_total counter\na_total 12\nb{state=\"leader\",x=\"y z\"} 1\nc 1.5e+06\nnonsense\nd NaN\n")
	}))
	defer server.Close()
	m, err := scrape(context.Background(), server.Client(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	delete(m, "d")
	want := Metrics{"a_total": 12, `b{state="leader",x="y z"}`: 1, "c": 1.5e6}
	if !maps.Equal(m, want) {
		t.Errorf("metrics = %v, want %v", m, want)
	}
}

// The page is the real one: when its tables change, this test says so before a verdict goes wrong.
func TestCopiesAreReadFromTheStatusPage(t *testing.T) {
	snapshot := status.Snapshot{
		Journal: status.Journal{Stream: "00112233445566aa", Durable: 7},
		Cluster: status.Cluster{State: "leader", Streams: []status.Stream{
			{Stream: "00112233445566aa", Replicated: 6, Acknowledged: 5}, {Stream: "ffeeddccbbaa0099", Replicated: 12},
		}},
	}
	page := status.New(status.Options{
		Snapshot: func() status.Snapshot { return snapshot }, Healthy: func() error { return nil },
		Gatherer: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
	})
	server := httptest.NewServer(page.Handler())
	defer server.Close()
	g := &Gateway{Building: campus.Buildings[0], http: &http.Client{Transport: elsewhere(server.Listener.Addr().String())}}
	own, held, err := g.Copies(context.Background())
	want := map[string]uint64{"00112233445566aa": 6, "ffeeddccbbaa0099": 12}
	if err != nil || own != "00112233445566aa" || !maps.Equal(held, want) {
		t.Errorf("Copies = %q, %v, %v, want %v", own, held, err, want)
	}
	if !g.healthy(context.Background()) || g.Dead(context.Background()) {
		t.Errorf("the gateway answers and is not taken for healthy")
	}
}

// elsewhere sends every request to one address.
type elsewhere string

func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	r.URL.Host = string(e)
	return http.DefaultTransport.RoundTrip(r)
}
