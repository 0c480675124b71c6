package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-ble/ble"
	"github.com/go-ble/ble/linux/hci"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/drivers/ble/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// heard is an advert as go-ble hands it over. What it does not define must never be called: it would panic.
type heard struct {
	ble.Advertisement
	addr ble.Addr
	typ  uint8
	rssi int
	data func() []byte
}

func (h heard) Addr() ble.Addr     { return h.addr }
func (h heard) AddressType() uint8 { return h.typ }
func (h heard) RSSI() int          { return h.rssi }
func (h heard) Data() []byte       { return h.data() }

var mac = net.HardwareAddr{0xC0, 1, 2, 3, 4, 5}

func bytesOf(b ...byte) func() []byte { return func() []byte { return b } }

func TestHear(t *testing.T) {
	type totals struct{ Heard, Empty, Malformed uint64 }
	sound := wire.Advert{Random: true, RSSI: -60, Addr: [6]byte(mac), Len: 3, Data: [31]byte{2, 1, 6}}
	for _, c := range []struct {
		name string
		adv  ble.Advertisement
		want []wire.Advert
		sum  totals
	}{
		{"random address", heard{addr: hci.RandomAddress{Addr: mac}, typ: 1, rssi: -60, data: bytesOf(2, 1, 6)}, []wire.Advert{sound}, totals{1, 0, 0}},
		{"public address, no data", heard{addr: mac, rssi: 127, data: bytesOf()}, []wire.Advert{{RSSI: 127, Addr: [6]byte(mac)}}, totals{1, 1, 0}},
		{"longest", heard{addr: mac, data: bytesOf(make([]byte, 31)...)}, []wire.Advert{{Addr: [6]byte(mac), Len: 31}}, totals{1, 0, 0}},
		{"longer than the air allows", heard{addr: mac, data: bytesOf(make([]byte, 32)...)}, nil, totals{0, 0, 1}},
		{"event that lies about its length", heard{addr: mac, data: func() []byte { return make([]byte, 3)[:len(mac)*2] }}, nil, totals{0, 0, 1}},
		{"address of an unknown kind", heard{addr: ble.NewAddr("not an address"), data: bytesOf(2, 1, 6)}, nil, totals{0, 0, 1}},
		{"not an advert of this library", struct{ ble.Advertisement }{}, nil, totals{0, 0, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := &counts{}
			l := &link{counts: n, ring: make(chan wire.Advert, 4)}
			hear(c.adv, l, n)
			close(l.ring)
			var got []wire.Advert
			for a := range l.ring {
				got = append(got, a)
			}
			if d := cmp.Diff(got, c.want); d != "" {
				t.Errorf("adverts (-got +want):\n%s", d)
			}
			if got := (totals{n.heard.Load(), n.empty.Load(), n.malformed.Load()}); got != c.sum {
				t.Errorf("counts = %+v, want %+v", got, c.sum)
			}
		})
	}
}

func TestFullQueueDropsAndCounts(t *testing.T) {
	n := &counts{}
	l := &link{counts: n, ring: make(chan wire.Advert, 3)}
	for range 10_000 {
		hear(heard{addr: mac, data: bytesOf(2, 1, 6)}, l, n)
	}
	if len(l.ring) != 3 || n.heard.Load() != 10_000 || n.dropped.Load() != 9_997 {
		t.Errorf("kept %d, heard %d, dropped %d", len(l.ring), n.heard.Load(), n.dropped.Load())
	}
}

// go-ble wraps what the system says; its own texts quote what was on the air.
func TestOpenFault(t *testing.T) {
	down := func(e unix.Errno) error {
		return fmt.Errorf("can't init hci: %w", fmt.Errorf("can't down device: %w", e))
	}
	for _, c := range []struct {
		err    error
		reason wire.Reason
		text   string
	}{
		{down(unix.ENODEV), wire.NoAdapter, "open hci3: no such device"},
		{fmt.Errorf("can't create socket: %w", unix.EAFNOSUPPORT), wire.NoAdapter, "open hci3: address family not supported by protocol"},
		{down(unix.EPERM), wire.NoPermission, "open hci3: operation not permitted"},
		{down(unix.EBUSY), wire.Busy, "open hci3: device or resource busy"},
		{down(unix.ERFKILL), wire.Blocked, "open hci3: operation not possible due to RF-kill"},
		{down(unix.ETIMEDOUT), wire.OpenFailed, "open hci3: connection timed out"},
		{hci.ErrCommand(0x0C), wire.OpenFailed, "open hci3: controller status 0x0c"},
		{fmt.Errorf("received scan response c0:01:02:03:04:05 with no data"), wire.OpenFailed, "open hci3: no detail"},
	} {
		got := openFault(3, c.err)
		if got.reason != c.reason || got.Error() != c.text {
			t.Errorf("openFault(%v) = %v %q, want %v %q", c.err, got.reason, got, c.reason, c.text)
		}
	}
}

func TestEmptyWatch(t *testing.T) {
	type lot struct {
		heard, empty uint64
		bad          bool
	}
	for _, c := range []struct {
		name string
		lots []lot
	}{
		{"quiet", []lot{{0, 0, false}}},
		{"all empty, but too few to say", []lot{{19, 19, false}}},
		{"all empty", []lot{{20, 20, true}}},
		{"nine in ten is allowed", []lot{{100, 90, false}}},
		{"one more is not", []lot{{100, 91, true}}},
		{"each lot for itself", []lot{{1000, 0, false}, {1020, 20, true}}},
		{"and past emptiness is past", []lot{{1000, 900, false}, {1020, 900, false}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := emptyWatch{atLeast: 20}
			for i, l := range c.lots {
				if got := w.bad(l.heard, l.empty); got != l.bad {
					t.Errorf("lot %d: bad = %v, want %v", i, got, l.bad)
				}
			}
		})
	}
}

func TestPrintedLinesAreCounted(t *testing.T) {
	var c counts
	for _, s := range []string{"skt: unsupported event packet: 05 C0 01 02\n", "two\nlines\n", "half a"} {
		if n, err := c.Write([]byte(s)); n != len(s) || err != nil {
			t.Errorf("Write = %d, %v", n, err)
		}
	}
	if got := c.malformed.Load(); got != 3 {
		t.Errorf("malformed = %d, want 3", got)
	}
}

func listen(t *testing.T) *net.UnixListener {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: filepath.Join(t.TempDir(), "ble.sock")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func connect(t *testing.T, o Options, c *counts) (*link, *net.UnixConn) {
	t.Helper()
	gateway := listen(t)
	o.Socket = gateway.Addr().String()
	l, err := dial(t.Context(), o.withDefaults(), c)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := gateway.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return l, conn
}

func TestLinkSendsTheReasonLast(t *testing.T) {
	l, conn := connect(t, Options{}, &counts{})
	l.note(wire.AppendStatus(nil, wire.Status{}))
	for range 100 {
		l.offer(wire.Advert{RSSI: -60})
	}
	l.close(farewell(fmt.Errorf("scan: %w", faultf(wire.Heartbeat, "no answer"))))
	r := wire.NewReader(conn)
	var rec, last wire.Record
	for r.Next(&rec) == nil {
		last = rec
	}
	if last.Type != wire.TroubleType || last.Trouble != (wire.Trouble{Reason: wire.Heartbeat, Detail: "no answer"}) {
		t.Errorf("last record = %+v", last)
	}
}

// A gateway that does not read costs adverts, never the worker's time; and ending does not wait for it for ever.
func TestLinkToAGatewayThatDoesNotRead(t *testing.T) {
	c := &counts{}
	l, _ := connect(t, Options{Queue: 8, HeartbeatWithin: 10 * time.Millisecond}, c)
	for c.dropped.Load() == 0 {
		l.offer(wire.Advert{Len: 31})
	}
	l.close(farewell(errGatewayGone))
}

func TestLinkNoticesThatTheGatewayIsGone(t *testing.T) {
	l, conn := connect(t, Options{}, &counts{})
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	<-l.gone
	for range 2 * cap(l.notes) {
		l.note([]byte{0}) // must not block
	}
	l.close(farewell(errGatewayGone))
}

func TestRunWithoutGateway(t *testing.T) {
	o := Options{Socket: filepath.Join(t.TempDir(), "nobody"), Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	if err := Run(t.Context(), o); !errors.Is(err, unix.ENOENT) {
		t.Errorf("Run = %v, want ENOENT", err)
	}
}

func TestLost(t *testing.T) {
	for _, c := range []struct {
		err  error
		want wire.Reason
	}{
		{nil, wire.Crash},
		{io.EOF, wire.Lost},
		{fmt.Errorf("skt: can't read hci socket: broken pipe"), wire.Lost},
	} {
		var f *fault
		if err := lost(0, c.err); !errors.As(err, &f) || f.reason != c.want || strings.Contains(f.text, "skt") {
			t.Errorf("lost(%v) = %v, want %v", c.err, err, c.want)
		}
	}
}

// A worker told to end before it has connected does not connect.
func TestDialEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o := Options{Socket: listen(t).Addr().String()}
	if _, err := dial(ctx, o.withDefaults(), &counts{}); err == nil {
		t.Error("dial = nil, want an error")
	}
}
