package ble

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/rollcall-edge/rollcall/drivers/ble/wire"
)

// rig is a supervisor that runs, and ends with the test.
type rig struct {
	*Supervisor
	t    *testing.T
	reg  *prometheus.Registry
	stop func() // ends Run and waits
}

func run(t *testing.T, o Options) *rig {
	t.Helper()
	reg := prometheus.NewRegistry()
	o.Registerer, o.Beacons = reg, places
	if o.Socket == "" {
		o.Socket = filepath.Join(t.TempDir(), "ble.sock")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.RetryAfter, o.RetryAtMost = or(o.RetryAfter, time.Millisecond), or(o.RetryAtMost, 10*time.Millisecond)
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
		if filepath.Ext(o.Socket) == ".sock" && exists(o.Socket) {
			t.Error("the socket is still there")
		}
		if got := s.Adapter(); got.Up || got.Trouble != "" {
			t.Errorf("adapter = %+v after the end", got)
		}
	})
	t.Cleanup(stop)
	return &rig{s, t, reg, stop}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// until waits for what to become true, looking again at every change. The bound is for a test that fails.
func (r *rig) until(what string, is func() bool) {
	r.t.Helper()
	late := time.After(10 * time.Second)
	for {
		changed := r.Changed()
		if is() {
			return
		}
		select {
		case <-changed:
		case <-late:
			r.t.Fatalf("never %s: adapter %+v", what, r.Adapter())
		}
	}
}

func (r *rig) untilTrouble(part string) {
	r.t.Helper()
	r.until("in trouble with "+part, func() bool { return strings.Contains(r.Adapter().Trouble, part) })
}

func (r *rig) untilUp() { r.t.Helper(); r.until("up", func() bool { return r.Adapter().Up }) }

// restarts is the metric for one reason.
func (r *rig) restarts(reason string) float64 {
	return testutil.ToFloat64(r.metrics.restarts.WithLabelValues(reason))
}

// far is the worker's end of the socket, played by the test.
type far struct {
	net.Conn
	t *testing.T
}

func (r *rig) connect() far {
	r.t.Helper()
	var c net.Conn
	r.until("listening", func() (listens bool) { // a socket has its name before it takes calls
		var err error
		c, err = net.Dial("unix", r.o.Socket)
		return err == nil
	})
	r.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(10 * time.Second)) // for a test that fails
	return far{c, r.t}
}

func (w far) say(records ...[]byte) {
	w.t.Helper()
	for _, b := range records {
		if _, err := w.Write(b); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w far) scans() { w.say(wire.AppendHello(nil), wire.AppendStatus(nil, wire.Status{})) }

// ends waits for the supervisor to hang up.
func (w far) ends() {
	w.t.Helper()
	if _, err := io.Copy(io.Discard, w); err != nil && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") {
		w.t.Fatal(err)
	}
}

func TestEveryTroubleHasWords(t *testing.T) {
	for _, c := range []struct {
		reason wire.Reason
		want   string
	}{
		{wire.NoAdapter, "no Bluetooth adapter hci0: cards go on working; plug an adapter in, or switch beacons off in the configuration"},
		{wire.NoPermission, "no permission to use hci0: cards go on working; give the Bluetooth worker CAP_NET_ADMIN, as its systemd unit does"},
		{wire.Busy, "another program is using hci0: cards go on working; mask bluetooth.service, or stop the other program"},
		{wire.Blocked, "hci0 is switched off by rfkill: cards go on working; run rfkill unblock bluetooth"},
		{wire.NoAddress, "hci0 answers but has no address, so its firmware is not loaded: cards go on working; install the adapter's firmware or use another adapter"},
		{wire.Heartbeat, "hci0 stopped working and is being restarted: cards go on working; if this does not end, unplug the adapter and plug it in again"},
		{wire.Crash, "hci0 stopped working and is being restarted: cards go on working; if this does not end, unplug the adapter and plug it in again"},
	} {
		t.Run(c.reason.String(), func(t *testing.T) {
			r := run(t, Options{External: true})
			w := r.connect()
			w.say(wire.AppendHello(nil), wire.AppendTrouble(nil, wire.Trouble{Reason: c.reason}))
			w.ends()
			r.until("counted", func() bool { return r.restarts(c.reason.String()) == 1 })
			if got := r.Adapter(); got.Trouble != c.want || got.Restarts != 1 {
				t.Errorf("adapter = %+v, want one restart and trouble %q", got, c.want)
			}
			again := r.connect() // and the next worker is welcome
			again.scans()
			r.untilUp()
			if got := r.Adapter().Trouble; got != "" {
				t.Errorf("Trouble = %q while up", got)
			}
		})
	}
}

func TestStreamsThatEnd(t *testing.T) {
	hello := slices.Clip(wire.AppendHello(nil))
	for _, c := range []struct {
		name   string
		say    []byte
		hangUp bool
		within time.Duration
		reason string
	}{
		{"without a word", nil, true, 0, "crash"},
		{"inside a record", append(hello, 9, 2), true, 0, "crash"},
		{"after hello", hello, true, 0, "crash"},
		{"not a worker", []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + strings.Repeat("x", 100)), false, 0, "protocol"},
		{"another version", []byte{2, 1, 9}, false, 0, "protocol"},
		{"a damaged record", append(hello, 1, 99), false, 0, "protocol"},
		{"nothing more is said", hello, false, time.Millisecond, "no_status"},
		{"an advert is no sign of life", wire.AppendAdvert(hello, advert(t, 1, -60, doorAD)), false, 10 * time.Millisecond, "no_status"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, Options{External: true, StatusWithin: c.within})
			w := r.connect()
			_, _ = w.Write(c.say) // the supervisor may have hung up already
			if c.hangUp {
				_ = w.Close()
			} else {
				w.ends()
			}
			r.until("counted", func() bool { return r.restarts(c.reason) == 1 })
			if c.within == 0 {
				r.connect().scans()
				r.untilUp()
			}
		})
	}
}

func TestCountsAreAddedUpOverWorkers(t *testing.T) {
	r := run(t, Options{External: true})
	status := func(dropped, malformed uint64) []byte {
		return wire.AppendStatus(nil, wire.Status{Dropped: dropped, Malformed: malformed, RoundTrip: 500})
	}
	lost := wire.AppendTrouble(nil, wire.Trouble{Reason: wire.Lost})
	w := r.connect()
	w.say(wire.AppendHello(nil), status(0, 0), status(5, 1), status(7, 1), status(3, 1), lost) // a count that shrinks adds nothing
	w.ends()
	w = r.connect()
	w.say(wire.AppendHello(nil), status(2, 4), lost)
	w.ends()
	r.until("both ended", func() bool { return r.restarts("adapter_lost") == 2 })
	if got := testutil.ToFloat64(r.metrics.dropped.WithLabelValues(stageWorker)); got != 9 {
		t.Errorf("dropped = %v, want 9", got)
	}
	if got := testutil.ToFloat64(r.metrics.malformed.WithLabelValues(layerController)); got != 5 {
		t.Errorf("malformed = %v, want 5", got)
	}
	if got := r.Adapter().Restarts; got != 2 {
		t.Errorf("Restarts = %d, want 2", got)
	}
}

// A beacon that falls silent gets the scan restarted once; the worker is asked at its own signs of life.
func TestSilentBeaconRestartsScanOnce(t *testing.T) {
	clock := make(chan time.Time, 1)
	clock <- noon
	set := func(at time.Time) { <-clock; clock <- at }
	r := run(t, Options{External: true, Now: func() time.Time { at := <-clock; clock <- at; return at }})
	w := r.connect()
	w.scans()
	w.say(wire.AppendAdvert(nil, advert(t, 1, -60, doorAD)))
	r.until("heard", func() bool { return !r.Beacons()[0].HeardAt.IsZero() })
	set(noon.Add(time.Minute + 1))
	w.say(wire.AppendStatus(nil, wire.Status{}))
	w.ends()
	r.untilTrouble("replace its battery")
	w = r.connect()
	w.scans()
	r.untilUp()
	set(noon.Add(time.Hour))
	w.say(wire.AppendStatus(nil, wire.Status{}), wire.AppendStatus(nil, wire.Status{}))
	_ = w.Close()
	r.until("ended", func() bool { return r.restarts("crash") == 1 })
	if got := r.restarts("beacon_silent"); got != 1 {
		t.Errorf("restarts{beacon_silent} = %v, want 1", got)
	}
}

func TestCommandsThatAreNoWorker(t *testing.T) {
	for _, c := range []struct {
		name    string
		command []string
		reason  string
		trouble string
	}{
		{"not there", []string{"/nonexistent/rollcall-gateway"}, "spawn", "cannot be started"},
		{"ends at once", []string{"/bin/false"}, "no_worker", "does not connect"},
		{"never connects", []string{"/bin/sh", "-c", "exec sleep 600"}, "no_worker", "does not connect"},
		{"never connects and will not end", []string{"/bin/sh", "-c", "trap '' TERM; sleep 600"}, "no_worker", "does not connect"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, Options{Command: c.command, ConnectWithin: 20 * time.Millisecond, StopWithin: 20 * time.Millisecond, Stderr: io.Discard})
			r.untilTrouble(c.trouble)
			r.until("tried again", func() bool { return r.restarts(c.reason) >= 2 })
		})
	}
}

// Who is not the process that was started is not listened to, or anybody on the machine could report beacons.
func TestStrangerIsNotTheWorker(t *testing.T) {
	r := run(t, Options{Command: []string{"/bin/sh", "-c", "exec sleep 600"}, StopWithin: time.Millisecond})
	w := r.connect()
	_, _ = w.Write(wire.AppendStatus(wire.AppendHello(nil), wire.Status{}))
	w.ends()
	if r.Adapter().Up {
		t.Error("up, by a stranger's word")
	}
}

func TestSocketInTheWay(t *testing.T) {
	t.Run("left by a killed gateway", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "ble.sock")
		l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: path})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		_ = l.Close()
		r := run(t, Options{External: true, Socket: path})
		r.until("listening anew", func() bool {
			c, err := net.Dial("unix", path)
			if err != nil {
				return false
			}
			w := far{c, t}
			w.scans()
			t.Cleanup(func() { _ = c.Close() })
			return true
		})
		r.untilUp()
	})
	t.Run("a file is never removed", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "notes.txt")
		if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		r := run(t, Options{External: true, Socket: path})
		r.untilTrouble("cannot be made")
		if b, err := os.ReadFile(path); string(b) != "precious" {
			t.Errorf("file = %q, %v", b, err)
		}
	})
}

func TestOptionsAreChecked(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		want error
	}{
		{"no socket", Options{External: true}, ErrSocket},
		{"socket too long for Unix", Options{External: true, Socket: "/" + strings.Repeat("a", 107)}, ErrSocket},
		{"nobody starts the worker", Options{Socket: "/run/x"}, ErrCommand},
		{"beacon without a name", Options{External: true, Socket: "/run/x", Beacons: map[string]Place{doorID: {}}}, ErrPlace},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Registerer = prometheus.NewRegistry()
			if _, err := New(c.o); !errors.Is(err, c.want) {
				t.Errorf("New = %v, want %v", err, c.want)
			}
		})
	}
}

func TestTwoAdaptersShareARegistry(t *testing.T) {
	reg := prometheus.NewRegistry()
	for device := range 2 {
		if _, err := New(Options{Device: device, External: true, Socket: "/run/x", Registerer: reg, Beacons: places}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := New(Options{Device: 1, External: true, Socket: "/run/x", Registerer: reg}); err == nil {
		t.Error("the same adapter twice is accepted")
	}
}

func TestMetricsGolden(t *testing.T) {
	r := run(t, Options{External: true, Now: func() time.Time { return noon }})
	w := r.connect()
	w.scans()
	for _, ad := range []string{doorAD, doorAD, batteryAD, phoneAD, "", "ff01", "02011a020a0c0aff4c001005031c8a1b2c"} {
		w.say(wire.AppendAdvert(nil, advert(t, 1, -60, ad)))
	}
	w.say(wire.AppendAdvert(nil, anyone(t, 7)), wire.AppendStatus(nil, wire.Status{Dropped: 3, Malformed: 2, RoundTrip: 800}))
	_ = w.Close()
	r.until("ended", func() bool { return r.restarts("crash") == 1 })
	want, err := os.Open("testdata/metrics.golden")
	if err != nil {
		t.Fatal(err)
	}
	defer want.Close()
	if err := testutil.GatherAndCompare(r.reg, want); err != nil {
		t.Error(err)
	}
}
