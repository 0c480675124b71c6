package serialport_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/drivers/drivertest"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestJudge(t *testing.T) {
	type read struct {
		n    int
		err  error
		took time.Duration
	}
	slow, early := read{0, io.EOF, 100 * time.Millisecond}, read{0, io.EOF, 2 * time.Microsecond}
	octet := read{1, nil, time.Millisecond}
	oops := errors.New("oops")
	for _, tt := range []struct {
		name  string
		reads []read
		want  error
	}{
		{"an idle line", []read{slow, slow, slow, slow, slow}, nil},
		{"three early ends in a row", []read{early, early, early}, serialport.ErrHangup},
		{"two early ends", []read{early, early}, nil},
		{"an octet between early ends", []read{early, early, octet, early, early}, nil},
		{"an idle read between early ends", []read{early, early, slow, early, early}, nil},
		{"the read in progress at the unplug", []read{{0, &os.PathError{Op: "read", Err: unix.EIO}, time.Millisecond}}, serialport.ErrHangup},
		{"another error", []read{{0, oops, time.Millisecond}}, oops},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var j serialport.Judge
			var got error
			for _, r := range tt.reads {
				got = j.Read(r.n, r.err, r.took)
			}
			if !errors.Is(got, tt.want) {
				t.Errorf("last read: %v, want %v", got, tt.want)
			}
		})
	}
}

// A read returns within 100 ms in a program that runs; on a busy machine somewhat later.
func TestHeldUp(t *testing.T) {
	for took, want := range map[time.Duration]time.Duration{
		0: 0, 100 * time.Millisecond: 0, 400 * time.Millisecond: 0, 600 * time.Millisecond: 600 * time.Millisecond, 8 * time.Second: 8 * time.Second,
	} {
		if got := serialport.HeldUp(took); got != want {
			t.Errorf("HeldUp(%v) = %v, want %v", took, got, want)
		}
	}
}

func TestPauseBeforeReopen(t *testing.T) {
	const ms = time.Millisecond
	var got []time.Duration
	for pause, i := time.Duration(0), 0; i < 8; i++ {
		pause = serialport.NextPause(pause, 0)
		got = append(got, pause)
	}
	want := []time.Duration{100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 3200 * ms, 5000 * ms, 5000 * ms}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("pauses of a line that does not open (-want +got):\n%s", d)
	}
	if got := serialport.NextPause(5*time.Second, time.Minute); got != 100*ms {
		t.Errorf("pause after a session of a minute = %v, want %v", got, 100*ms)
	}
}

// running is a line under supervision whose ports the test sees.
type running struct {
	line   *serialport.Line
	ports  chan *serialport.Port
	stop   context.CancelFunc
	hungUp chan error
	ended  chan error
}

// supervise hands each port to the test and holds it until its chunks end or the test stops it.
func supervise(t *testing.T, o serialport.Options, heard chan<- []byte) *running {
	t.Helper()
	line, err := serialport.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	r := &running{line: line, ports: make(chan *serialport.Port, 1), stop: stop, hungUp: make(chan error, 8), ended: make(chan error, 1)}
	talk := func(ctx context.Context, p *serialport.Port) error {
		r.ports <- p
		for {
			select {
			case c, ok := <-p.Chunks():
				if !ok {
					r.hungUp <- p.Err()
					return p.Err()
				}
				if heard != nil {
					heard <- c.Octets
				}
			case <-ctx.Done():
				return nil
			}
		}
	}
	go func() { r.ended <- line.Supervise(ctx, talk) }()
	t.Cleanup(func() {
		stop()
		if err := <-r.ended; err != nil {
			t.Errorf("Supervise = %v, want nil", err)
		}
	})
	return r
}

func TestOldOctetsAreDropped(t *testing.T) {
	cable := drivertest.NewCable(t)
	write(t, cable.End(), []byte("yesterday"))
	cable.Waiting()

	heard := make(chan []byte, 1)
	r := supervise(t, serialport.Options{Path: cable.Path, Baud: 9600}, heard)
	<-r.ports
	write(t, cable.End(), []byte("today"))
	if got := string(<-heard); got != "today" {
		t.Errorf("first octets heard = %q, want %q", got, "today")
	}
}

func TestEveryOctetPasses(t *testing.T) {
	cable := drivertest.NewCable(t)
	heard := make(chan []byte, 1)
	r := supervise(t, serialport.Options{Path: cable.Path, Baud: 115200}, heard)
	port := <-r.ports
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}

	write(t, cable.End(), all)
	var got []byte
	for len(got) < len(all) {
		got = append(got, <-heard...)
	}
	if !bytes.Equal(got, all) {
		t.Errorf("heard % x, want all octets in order", got)
	}

	if err := port.Write(all); err != nil {
		t.Fatal(err)
	}
	got = make([]byte, len(all))
	if _, err := io.ReadFull(cable.End(), got); err != nil || !bytes.Equal(got, all) {
		t.Errorf("the device got % x (%v), want all octets in order", got, err)
	}
}

func TestUnplugAndReplugThroughLink(t *testing.T) {
	cable := drivertest.NewCable(t)
	reg := prometheus.NewRegistry()
	heard := make(chan []byte, 1)
	r := supervise(t, serialport.Options{Bus: "hall", Path: cable.Path, Baud: 9600, Registerer: reg}, heard)
	<-r.ports
	if s := r.line.State(); !s.Up || s.Trouble != "" {
		t.Errorf("State with the cable in = %+v, want up without trouble", s)
	}

	cable.Unplug()
	if err := <-r.hungUp; !errors.Is(err, serialport.ErrHangup) {
		t.Errorf("Err after the unplug = %v, want %v", err, serialport.ErrHangup)
	}
	cable.Plug()
	<-r.ports
	write(t, cable.End(), []byte{0x53})
	if got := <-heard; !bytes.Equal(got, []byte{0x53}) {
		t.Errorf("heard % x through the new pseudo-terminal, want 53", got)
	}
	want := `
# HELP rollcall_gateway_link_reopens_total Times the serial line of the bus was opened, the first included.
# TYPE rollcall_gateway_link_reopens_total counter
rollcall_gateway_link_reopens_total{bus="hall"} 2
# HELP rollcall_gateway_link_up 1 while the serial line of the bus is open.
# TYPE rollcall_gateway_link_up gauge
rollcall_gateway_link_up{bus="hall"} 1
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

func TestWriteAfterUnplugIsAHangup(t *testing.T) {
	cable := drivertest.NewCable(t)
	r := supervise(t, serialport.Options{Path: cable.Path, Baud: 9600}, nil)
	port := <-r.ports
	cable.Unplug()
	if err := port.Write([]byte{1}); !errors.Is(err, serialport.ErrHangup) {
		t.Errorf("Write = %v, want %v", err, serialport.ErrHangup)
	}
	<-r.hungUp
}

func TestSecondOpenerIsRefused(t *testing.T) {
	cable := drivertest.NewCable(t)
	first := supervise(t, serialport.Options{Path: cable.Path, Baud: 9600}, nil)
	<-first.ports

	news := make(chan struct{}, 1)
	second := supervise(t, serialport.Options{Path: cable.Path, Baud: 9600, Log: drivertest.Log(news)}, nil)
	<-news
	want := cable.Path + " is used by another program: stop that program"
	if got := second.line.State(); got.Up || got.Trouble != want {
		t.Errorf("State of the second opener = %+v, want trouble %q", got, want)
	}
	first.stop()
	<-second.ports
}

func TestIdleLineIsNotAnUnplug(t *testing.T) {
	cable := drivertest.NewCable(t)
	idle := make(chan struct{})
	o := serialport.Options{Path: cable.Path, Baud: 9600}
	o.OnIdle(func() {
		select {
		case idle <- struct{}{}:
		default:
		}
	})
	r := supervise(t, o, nil)
	<-r.ports
	for range 5 {
		select {
		case <-idle:
		case err := <-r.hungUp:
			t.Fatalf("idle line ended: %v", err)
		}
	}
	if s := r.line.State(); !s.Up {
		t.Errorf("State of an idle line = %+v, want up", s)
	}
}

func TestCloseReturnsWhileALineIsIdle(t *testing.T) {
	cable := drivertest.NewCable(t)
	r := supervise(t, serialport.Options{Path: cable.Path, Baud: 9600}, nil)
	port := <-r.ports
	r.stop()
	err := <-r.ended
	r.ended <- err
	if err != nil {
		t.Errorf("Supervise = %v, want nil", err)
	}
	if _, open := <-port.Chunks(); open {
		t.Error("Chunks still open after Supervise returned")
	}
	if err := port.Err(); err != nil {
		t.Errorf("Err after Close = %v, want nil", err)
	}
}

func TestWriteWatchdog(t *testing.T) {
	cable := drivertest.NewCable(t)
	r := supervise(t, serialport.Options{Path: cable.Path, Baud: 9600}, nil)
	port := <-r.ports
	var err error
	for frame, n := make([]byte, 64), 0; err == nil && n < 1<<20; n += len(frame) {
		err = port.Write(frame)
	}
	if !errors.Is(err, serialport.ErrStuck) {
		t.Errorf("Write to a device that takes nothing = %v, want %v", err, serialport.ErrStuck)
	}
}

func TestTroubleSaysWhatToDo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "not-a-tty")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, path, want string }{
		{"no device", "/dev/serial/by-id/nothing", "no device /dev/serial/by-id/nothing: plug the adapter in or correct the path"},
		{"not a line", file, file + ": open serial line: inappropriate ioctl for device"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			news := make(chan struct{}, 1)
			r := supervise(t, serialport.Options{Path: tt.path, Baud: 9600, Log: drivertest.Log(news)}, nil)
			<-news
			if got := r.line.State().Trouble; got != tt.want {
				t.Errorf("Trouble = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		options    serialport.Options
	}{
		{"no path", "name a device", serialport.Options{Baud: 9600}},
		{"a speed the module does not know", "baud 31250 is not possible", serialport.Options{Path: "/dev/ttyUSB0", Baud: 31250}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := serialport.New(tt.options); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New = %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestWireTime(t *testing.T) {
	line, err := serialport.New(serialport.Options{Path: "/dev/ttyUSB0", Baud: 9600})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := line.Wire(960), time.Second; got != want {
		t.Errorf("Wire(960) at 9600 = %v, want %v", got, want)
	}
}

func write(t *testing.T, f *os.File, octets []byte) {
	t.Helper()
	if _, err := f.Write(octets); err != nil {
		t.Fatalf("device writes: %v", err)
	}
}
