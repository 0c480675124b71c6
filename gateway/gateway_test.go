package gateway

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/gateway/console"
)

func TestMain(m *testing.M) {
	// glog's flusher comes with Badger and lives as long as the process.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"))
}

// site is one gateway's configuration with one door, and its central.
func site(t *testing.T, m *model, r *reader) *config.Gateway {
	t.Helper()
	return &config.Gateway{
		Data: t.TempDir(), Central: config.Uplink{URL: m.server.URL}, Status: config.Status{Listen: freeAddress(t)},
		Buses: []config.Bus{{Name: "door", Driver: "osdp", Device: r.path, Baud: 115200, Readers: []config.Reader{{Point: "lib/door", Address: 1}}}},
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// running is a gateway in this process.
type running struct {
	gateway *Gateway
	stop    func() error // ends it and returns what Run returned
}

func start(t *testing.T, c *config.Gateway) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	begun, ended := make(chan *Gateway, 1), make(chan error, 1)
	go func() {
		ended <- Run(ctx, c, Options{Version: "test", oneDisk: true, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}, func(l Living) {
			select {
			case begun <- l.(*Gateway):
			default: // it began anew, in another cluster
			}
		})
	}()
	var stopped error
	done := false
	r := &running{stop: func() error {
		if !done {
			cancel()
			stopped, done = <-ended, true
		}
		return stopped
	}}
	t.Cleanup(func() { _ = r.stop() })
	select {
	case r.gateway = <-begun:
	case err := <-ended:
		done = true
		t.Fatalf("Run = %v before it began", err)
	case <-deadline(t):
		t.Fatal("gateway did not begin")
	}
	return r
}

// A tap travels from the card to the light, the journal and central; the gateway stops with its light off, and serves at
// once after a restart without central.
func TestTapFromCardToCentral(t *testing.T) {
	m, r := newModel(t), newReader(t)
	m.publish(t, time.Now())
	c := site(t, m, r)
	name, building, err := Enrol(t.Context(), c, m.invitation(), slog.New(slog.DiscardHandler))
	if err != nil || name != "library" || building != "lib" {
		t.Fatalf("Enrol = %q, %q, %v", name, building, err)
	}

	first := start(t, c)
	r.awaitSteady(t, blue)
	r.cards <- knownCard
	r.awaitFlash(t, green)
	r.cards <- strangeCard
	r.awaitFlash(t, red)
	taps := m.awaitTaps(t, 2)
	if tap := taps[0].Tap; tap.Outcome != contract.Accepted || tap.Session != "open-1" || tap.Point != "lib/door" || tap.Timetable != 1 {
		t.Errorf("first tap at central = %+v", tap)
	}
	if tap := taps[1].Tap; tap.Outcome != contract.Refused || tap.Reason != contract.UnknownCard {
		t.Errorf("second tap at central = %+v", tap)
	}
	checkPage(t, c, "lib/door", "library")
	checkLastTaps(t, c)
	if err := first.stop(); err != nil {
		t.Fatalf("Run = %v", err)
	}
	r.awaitSteady(t, dark)

	m.server.Close()
	second := start(t, c)
	r.awaitSteady(t, blue)
	r.cards <- knownCard
	r.awaitFlash(t, green)
	last := lastTap(t, second.gateway)
	if last.Tap.Outcome != contract.Duplicate || last.Tap.Session != "open-1" {
		t.Errorf("tap after the restart = %+v, want a duplicate", last.Tap)
	}
	if got, want := last.ID.Stream, taps[0].ID.Stream; got != want {
		t.Errorf("stream after the restart = %v, want %v", got, want)
	}
}

func lastTap(t *testing.T, g *Gateway) contract.Record {
	t.Helper()
	for seq := g.journal.Durable(); seq > 0; seq-- {
		records, err := g.writer.Read(seq, 1)
		if err != nil {
			t.Fatal(err)
		}
		if records[0].Tap != nil {
			return records[0]
		}
	}
	t.Fatal("the journal has no tap")
	return contract.Record{}
}

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func checkPage(t *testing.T, c *config.Gateway, wants ...string) {
	t.Helper()
	status, body := fetch(t, "http://"+c.Status.Listen+"/")
	for _, want := range wants {
		if status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("status page (%d) lacks %q:\n%s", status, want, body)
		}
	}
	if status, body := fetch(t, "http://"+c.Status.Listen+"/healthz"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("/healthz = %d %q", status, body)
	}
	_, metrics := fetch(t, "http://"+c.Status.Listen+"/metrics")
	for _, want := range []string{
		`rollcall_gateway_taps_total{result="accepted",source="osdp"} 1`, `rollcall_gateway_taps_total{result="unknown_card",source="osdp"} 1`,
		"rollcall_gateway_tap_light_seconds_count 2", "rollcall_gateway_timetable_version 1", "rollcall_gateway_roster_cards 1",
		"rollcall_gateway_uplink_queue_records", "rollcall_gateway_uplink_oldest_unsent_timestamp_seconds", "rollcall_gateway_uplink_last_success_timestamp_seconds",
		`rollcall_gateway_uplink_batches_total{result="stored"}`, "rollcall_gateway_uplink_request_seconds_bucket", "rollcall_gateway_clock_synchronised",
		"rollcall_gateway_clock_offset_seconds", `rollcall_gateway_certificate_not_after_timestamp_seconds{cert="gateway"}`,
		"rollcall_gateway_reader_up", "rollcall_gateway_raft_state", "rollcall_gateway_build_info", "rollcall_gateway_timetable_valid_until_timestamp_seconds",
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
	for _, secret := range []string{"45678", contract.DigestOf(make([]byte, 32), "w26:123:45678").Short()} {
		if strings.Contains(body, secret) || strings.Contains(metrics, secret) {
			t.Errorf("page or metrics show %q of a card", secret)
		}
	}
}

func checkLastTaps(t *testing.T, c *config.Gateway) {
	t.Helper()
	desk := console.NewClient(console.Socket(c.Data))
	var got []console.Tap
	if err := desk.Taps(t.Context(), 10, false, func(tap console.Tap) { got = append(got, tap) }); err != nil {
		t.Fatal(err)
	}
	short := contract.DigestOf(make([]byte, 32), "w26:123:45678").Short()
	if len(got) != 2 || got[0].Card != short || got[0].Result != "accepted" || got[0].Session != "open-1" || got[1].Result != "unknown_card" {
		t.Errorf("last taps: %+v", got)
	}
	lines, err := desk.Lines(t.Context())
	if err != nil || len(lines) != 1 || lines[0].Line.Bus != "door" || len(lines[0].Readers) != 1 || !lines[0].Readers[0].Up {
		t.Errorf("lines: %+v, %v", lines, err)
	}
}
