package status

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/recent"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 10, 5, 9, 30, 0, 0, time.UTC)

// full is a gateway with something in every part.
func full() Snapshot {
	return Snapshot{
		At: now, StartedAt: now.Add(-time.Hour), Gateway: "library", Building: "LIB", Version: "0.1.0",
		Warnings:  []Warning{{Name: "reader LIB-0.01/door", Text: `plug it in <b>again</b>`}},
		Clock:     Clock{Quality: "synchronised", Within: 38 * time.Millisecond, Offset: -2 * time.Millisecond},
		Timetable: Timetable{Version: 1842, MadeAt: now.Add(-time.Minute), ValidUntil: now.AddDate(0, 0, 14), SyncedAt: now.Add(-20 * time.Second), Cards: 50000},
		Journal:   Journal{Stream: "0102030405060708", Durable: 1203, Replicated: 1202, Acknowledged: 1200, Mirror: "/srv/rollcall-mirror/journal", Mirrored: 1201},
		Uplink:    Uplink{Central: "https://central.example:8443", Queue: 3, OldestAt: now.Add(-5 * time.Minute), HeardAt: now.Add(-3 * time.Second), Trouble: "connection refused"},
		Cluster: Cluster{State: "follower", Leader: "science", Peers: []string{"science", "union (silent)"}, Commit: 77, Applied: 76,
			Streams: []Stream{{Stream: "1112131415161718", Replicated: 9001, Acknowledged: 9000}}},
		Notes: []Warning{{Name: "bus ground unsecured", Text: "LIB-0.03/door: whoever reaches the wires can read cards there"}},
		Lines: []Line{{
			Line: drivers.LineStatus{
				Bus: "ground", Driver: "osdp", Device: "/dev/serial/by-id/usb-FTDI_USB-RS485_A10K4RTE-if00-port0", Baud: 38400, Up: true, Since: now.Add(-time.Hour),
				Advice: "replies wait 16 ms in the adapter: set its latency_timer to 1", Exchanges: 123456, Retries: 7, Noise: 42, Reopens: 1,
				Cycle: recent.Summary{Median: 33 * time.Millisecond, P99: 45 * time.Millisecond, Of: 256},
				Reply: recent.Summary{Median: 8240 * time.Microsecond, P99: 9 * time.Millisecond, Of: 256},
				Light: recent.Summary{Median: 34 * time.Millisecond, P99: 52 * time.Millisecond, Of: 12},
			},
			Readers: []drivers.Status{
				{Reader: "LIB-0.01/door", Since: now.Add(-3 * 24 * time.Hour), Trouble: "no answer since Friday", Supervised: true, Keyed: true, Counts: drivers.Counts{Taps: 412, Failures: 9}},
				{Reader: "LIB-0.02/door", Up: true, Since: now.Add(-time.Hour), HeardAt: now.Add(-time.Second), Steady: drivers.Ready, Supervised: true, Keyed: true, Secure: true,
					Made: "vendor 5C2699, model 1.2, firmware 3.4.5", Counts: drivers.Counts{Taps: 1203, Retries: 2}},
				{Reader: "LIB-0.03/door", Up: true, Since: now.Add(-time.Hour), HeardAt: now.Add(-time.Second), Supervised: true, Tamper: true, PowerLost: true, Trouble: "reports that its case is open: go and look"},
			},
		}, {
			Line:    drivers.LineStatus{Bus: "desk", Driver: "twn4", Device: "/dev/serial/by-id/usb-Elatec_TWN4-if00", Baud: 9600, Up: true, Since: now.Add(-time.Hour), Reopens: 2},
			Readers: []drivers.Status{{Reader: "LIB-1.10/desk", Up: true, Since: now.Add(-time.Hour), Supervised: true}},
		}, {
			Line:    drivers.LineStatus{Bus: "codes", Driver: "qr", Device: "/dev/ttyACM7", Baud: 9600, Since: now.Add(-2 * time.Minute), Trouble: "find serial line: no such device", Noise: 3},
			Readers: []drivers.Status{{Reader: "LIB-0.00/codes", Since: now.Add(-2 * time.Minute)}},
		}, {
			Line:    drivers.LineStatus{Bus: "lift", Driver: "ascii", Device: "/dev/ttyUSB9", Baud: 9600, Up: true, Since: now.Add(-time.Hour), Reopens: 1},
			Readers: []drivers.Status{{Reader: "LIB-0.00/lift", Up: true, Since: now.Add(-time.Hour)}},
		}},
		Bluetooth: Bluetooth{Enabled: true, Up: true, Beacons: []Beacon{{ID: "ibeacon:e2c56db5:1:2", Name: "lib-0.01", Room: "LIB-0.01", RSSI: -61, Volts: 2.98, HeardAt: now.Add(-2 * time.Second)}}},
	}
}

func serve(t *testing.T, s Snapshot, health error) http.Handler {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	count := prometheus.NewCounter(prometheus.CounterOpts{Name: "rollcall_gateway_test_total", Help: "Test."})
	registry.MustRegister(count)
	return New(Options{Snapshot: func() Snapshot { return s }, Healthy: func() error { return health }, Gatherer: registry, Log: slog.New(slog.DiscardHandler)}).Handler()
}

func get(h http.Handler, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

func TestPageShowsEveryPart(t *testing.T) {
	body := get(serve(t, full(), nil), "GET", "/").Body.String()
	for _, want := range []string{
		"library", "Building LIB", "0.1.0", "2026-10-05 09:30:00Z",
		"reader LIB-0.01/door", "plug it in &lt;b&gt;again&lt;/b&gt;", // escaped
		"synchronised", "38ms", "-2ms", "1842", "for 14 days", "20 s ago", "50000",
		"0102030405060708", "1203", "1202", "1200", "On the mirror <code>/srv/rollcall-mirror/journal</code></dt><dd>1201", "https://central.example:8443", "3 records, oldest 5 min ago", "connection refused",
		"follower", "science, union (silent)", "77, applied 76", "1112131415161718", "9001",
		"no answer since Friday", "3 days", "answers", "line open", "down", "ready",
		"osdp at 38400 baud on", "set its latency_timer to 1", "33 ms, 99 % within 45 ms", "8.2 ms, 99 % within 9.0 ms", "34 ms, 99 % within 52 ms", "123456", "42 octets", "1 ×",
		`<span class="up">secure</span>`, `<span class="down">set, not spoken</span>`, `<span class="mark">unsecured</span>`, `<span class="alarm">tamper</span>`, `<span class="alarm">power</span>`,
		"vendor 5C2699, model 1.2, firmware 3.4.5", `1203 <span class="dim">2 asked again</span>`, `412 <span class="dim">9 failures</span>`,
		"find serial line: no such device", "bus ground unsecured", "whoever reaches the wires",
		"lib-0.01", "-61 dBm", "2.98 V",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("page lacks %q", want)
		}
	}
	if t.Failed() {
		t.Log(body)
	}
}

// A mark that says "unsecured" where nothing could be secured would teach people to look away.
func TestOnlyReadersThatCanHaveKeysAreMarked(t *testing.T) {
	body := get(serve(t, full(), nil), "GET", "/").Body.String()
	if got := strings.Count(body, `class="mark"`); got != 1 {
		t.Errorf("%d readers are marked unsecured, want one", got)
	}
	if got := strings.Count(body, "none possible"); got != 3 {
		t.Errorf("%d readers cannot have a key, want three", got)
	}
}

func TestPageOfAGatewayThatHasNothingYet(t *testing.T) {
	s := Snapshot{At: now}
	s.Bluetooth.Enabled = true
	body := get(serve(t, s, nil), "GET", "/").Body.String()
	for _, want := range []string{"None. Taps are being recorded.", "No reader is configured.", "none", "never", "Taps are not replicated.", "The radio is not working"} {
		if !strings.Contains(body, want) {
			t.Errorf("page lacks %q:\n%s", want, body)
		}
	}
	s.Bluetooth.Enabled = false
	if body := get(serve(t, s, nil), "GET", "/").Body.String(); strings.Contains(body, "Beacons") {
		t.Error("page speaks of beacons although no radio is wanted")
	}
}

func TestHealth(t *testing.T) {
	tests := []struct {
		health error
		status int
		body   string
	}{
		{nil, http.StatusOK, "ok\n"},
		{errors.New("journal: disk failed"), http.StatusServiceUnavailable, "journal: disk failed\n"},
	}
	for _, test := range tests {
		if w := get(serve(t, full(), test.health), "GET", "/healthz"); w.Code != test.status || w.Body.String() != test.body {
			t.Errorf("/healthz = %d %q, want %d %q", w.Code, w.Body, test.status, test.body)
		}
	}
}

func TestReadOnlyAndGuarded(t *testing.T) {
	h := serve(t, full(), nil)
	for path, want := range map[string]string{"/": "text/html; charset=utf-8", "/style.css": "text/css; charset=utf-8", "/healthz": "text/plain; charset=utf-8", "/metrics": "text/plain"} {
		w := get(h, "GET", path)
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), want) {
			t.Errorf("GET %s = %d %s", path, w.Code, w.Header().Get("Content-Type"))
		}
		csp := w.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none';") || strings.Contains(csp, "unsafe") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("GET %s is not guarded: %v", path, w.Header())
		}
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
			if w := get(h, method, path); w.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s = %d, want %d", method, path, w.Code, http.StatusMethodNotAllowed)
			}
		}
	}
	if w := get(h, "GET", "/secret"); w.Code != http.StatusNotFound {
		t.Errorf("GET /secret = %d, want %d", w.Code, http.StatusNotFound)
	}
	if body := get(h, "GET", "/").Body.String(); strings.Contains(body, "<script") || strings.Contains(body, "style=") {
		t.Error("page has script or inline style, which its own policy forbids")
	}
	if body := get(h, "GET", "/metrics").Body.String(); !strings.Contains(body, "rollcall_gateway_test_total 0") {
		t.Errorf("/metrics = %s", body)
	}
}

func TestDurationsInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 0: "0 s", 119 * time.Second: "119 s", 2 * time.Minute: "2 min", 119 * time.Minute: "119 min",
		2 * time.Hour: "2 h", 47 * time.Hour: "47 h", 48 * time.Hour: "2 days",
	} {
		if got := rough(d); got != want {
			t.Errorf("rough(%v) = %q, want %q", d, got, want)
		}
	}
	if got, want := left(now, now.Add(-time.Hour)), "over since 60 min"; got != want {
		t.Errorf("left = %q, want %q", got, want)
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(Options{Snapshot: full, Healthy: func() error { return nil }, Gatherer: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, listener) }()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	request := httptest.NewRequest("GET", "http://"+listener.Addr().String()+"/healthz", nil)
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil || string(body) != "ok\n" {
		t.Errorf("/healthz = %q, %v", body, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Serve = %v", err)
	}
	if _, err := net.Dial("tcp", listener.Addr().String()); err == nil {
		t.Error("the address still answers")
	}
}

// An address in use does not end the gateway.
func TestRunWithoutItsAddressWaitsForIt(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	ctx, stop := context.WithCancel(t.Context())
	failed := make(chan struct{}, 16)
	s := New(Options{Listen: taken.Addr().String(), Gatherer: prometheus.NewRegistry(), Log: slog.New(signal{slog.DiscardHandler, failed})})
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-failed
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
}

// signal tells of each line logged.
type signal struct {
	slog.Handler
	logged chan struct{}
}

func (s signal) Enabled(context.Context, slog.Level) bool { return true }
func (s signal) Handle(context.Context, slog.Record) error {
	s.logged <- struct{}{}
	return nil
}
