package console

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/recent"
	"github.com/rollcall-edge/rollcall/gateway/capture"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shop is a gateway's lines as a test wants them. A nil member must not be called.
type shop struct {
	lines   []capture.LineState
	try     func(ctx context.Context, reader string, signals []drivers.Signal, shown func(drivers.Signal)) error
	may     func(reader string, shared bool) error
	install func(ctx context.Context, reader string, shared bool) error
	move    func(ctx context.Context, reader string, address byte, baud int) (byte, int, error)
	cluster Cluster
}

func (s *shop) Lines() []capture.LineState { return s.lines }
func (s *shop) Try(ctx context.Context, reader string, signals []drivers.Signal, shown func(drivers.Signal)) error {
	return s.try(ctx, reader, signals, shown)
}
func (s *shop) MayInstall(reader string, shared bool) error {
	if s.may == nil {
		return nil
	}
	return s.may(reader, shared)
}
func (s *shop) InstallKey(ctx context.Context, reader string, shared bool) error {
	return s.install(ctx, reader, shared)
}
func (s *shop) Move(ctx context.Context, reader string, address byte, baud int) (gotAddress byte, gotBaud int, err error) {
	return s.move(ctx, reader, address, baud)
}

// serving runs a console on a socket and returns a client of it, the memory of taps, and what stops it.
func serving(t *testing.T, s *shop) (*Client, *Taps, context.CancelFunc) {
	t.Helper()
	dir, err := os.MkdirTemp("", "console") // shorter than t.TempDir, or the path does not fit into a socket's address
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket, taps := Socket(dir), NewTaps()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- New(Options{Socket: socket, Lines: s, Taps: taps, Cluster: s.cluster, Log: slog.New(slog.DiscardHandler)}).Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
	awaitSocket(t, socket)
	return NewClient(socket), taps, stop
}

func awaitSocket(t *testing.T, socket string) {
	t.Helper()
	for {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "unix", socket)
		if err == nil {
			conn.Close()
			return
		}
		time.Sleep(time.Millisecond) // until go test's own limit
	}
}

func TestLinesCrossWhole(t *testing.T) {
	at := time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC)
	want := []capture.LineState{{
		Line: drivers.LineStatus{
			Bus: "ground", Driver: "osdp", Device: "/dev/ttyUSB0", Baud: 38400, Up: true, Since: at, Advice: "set the latency timer to 1 ms",
			Exchanges: 1000, Retries: 3, Noise: 17, Reopens: 1,
			Cycle: recent.Summary{Median: 33 * time.Millisecond, P99: 45 * time.Millisecond, Of: 256}, Light: recent.Summary{Median: 34 * time.Millisecond, Of: 9},
		},
		Readers: []drivers.Status{
			{Reader: "LIB-0.01/door", Up: true, Since: at, HeardAt: at, Steady: drivers.Ready, Supervised: true, Keyed: true, Secure: true, Made: "vendor 5C2699", Counts: drivers.Counts{Taps: 12, Unshown: 1}},
			{Reader: "LIB-0.02/door", Trouble: "no answer", Tamper: true, PowerLost: true},
		},
	}}
	client, _, _ := serving(t, &shop{lines: want})
	got, err := client.Lines(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestSocketIsTheGatewaysAlone(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	if err := os.WriteFile(socket, []byte("left by a crash"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- New(Options{Socket: socket, Lines: &shop{}, Taps: NewTaps(), Log: slog.New(slog.DiscardHandler)}).Run(ctx)
	}()
	awaitSocket(t, socket)
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket: %v, %v, want mode 0600", info, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
	if _, err := os.Stat(socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("socket after the end: %v, want none", err)
	}
}

func numbered(n int) Tap {
	return Tap{Seq: uint64(n), Card: "0123abcd", Point: "p", Result: "accepted"}
}

func TestLastTaps(t *testing.T) {
	tests := []struct {
		name        string
		added, last int
		first, want int
	}{
		{"none yet", 0, 10, 0, 0},
		{"fewer than asked for", 3, 10, 1, 3},
		{"the last of many", 250, 10, 241, 10},
		{"all that is remembered", 250, 1000, 151, 100},
		{"none asked for", 5, 0, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client, taps, _ := serving(t, &shop{})
			for n := range test.added {
				taps.Add(numbered(n + 1))
			}
			var got []Tap
			if err := client.Taps(t.Context(), test.last, false, func(tap Tap) { got = append(got, tap) }); err != nil {
				t.Fatal(err)
			}
			var want []Tap
			for n := range test.want {
				want = append(want, numbered(test.first+n))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("taps (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFollowedTapsComeOnceAndInOrder(t *testing.T) {
	client, taps, _ := serving(t, &shop{})
	taps.Add(numbered(1))
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	came, ended := make(chan uint64), make(chan error, 1)
	go func() { ended <- client.Taps(ctx, 1, true, func(tap Tap) { came <- tap.Seq }) }()
	for n := range 50 {
		if n > 0 {
			taps.Add(numbered(n + 1))
		}
		if got := <-came; got != uint64(n+1) {
			t.Fatalf("tap %d came, want %d", got, n+1)
		}
	}
	leave()
	if err := <-ended; err != nil {
		t.Errorf("Taps of a technician who left = %v", err)
	}
}

func TestFollowerIsToldWhenTheGatewayStops(t *testing.T) {
	client, taps, stop := serving(t, &shop{})
	taps.Add(numbered(1))
	came, ended := make(chan uint64), make(chan error, 1)
	go func() { ended <- client.Taps(t.Context(), 1, true, func(tap Tap) { came <- tap.Seq }) }()
	<-came
	stop()
	if err := <-ended; !errors.Is(err, ErrStopped) {
		t.Errorf("Taps = %v, want %v", err, ErrStopped)
	}
}

func TestLightsAreToldAsTheyAreShown(t *testing.T) {
	broken := fmt.Errorf("a: %w", capture.ErrTapped)
	tests := []struct {
		name  string
		asked string
		ends  error
		want  []string
	}{
		{"one", "accepted", nil, []string{"accepted"}},
		{"all", "", nil, []string{"ready", "accepted", "refused", "several", "stored", "not_kept", "fault", "off"}},
		{"ended early", "refused", broken, []string{"refused"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			seen := make(chan string)
			client, _, _ := serving(t, &shop{try: func(_ context.Context, reader string, signals []drivers.Signal, shown func(drivers.Signal)) error {
				if reader != "LIB-0.01/door" {
					t.Errorf("reader %q was tried", reader)
				}
				for _, s := range signals {
					shown(s)
					if got := <-seen; got != s.String() { // it crossed before the next is shown
						t.Errorf("technician was told %q, want %q", got, s)
					}
				}
				return test.ends
			}})
			var got []string
			err := client.Try(t.Context(), Lights{Reader: "LIB-0.01/door", Light: test.asked}, func(light string) {
				got = append(got, light)
				seen <- light
			})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("lights (-want +got):\n%s", diff)
			}
			checkSentence(t, err, test.ends)
		})
	}
}

// checkSentence wants the very words of an error that crossed the socket.
func checkSentence(t *testing.T, got, want error) {
	t.Helper()
	if (got == nil) != (want == nil) || want != nil && !strings.HasPrefix(got.Error(), want.Error()) {
		t.Errorf("error = %v, want %v", got, want)
	}
}

func TestWishesAreGrantedOrRefusedInWords(t *testing.T) {
	down := fmt.Errorf("a: %w", capture.ErrDown)
	shared := fmt.Errorf("%w: b, c", capture.ErrShared)
	tests := []struct {
		name string
		ask  func(*Client, context.Context) error
		shop shop
		want string // part of the sentence; empty when granted
	}{
		{"key", func(c *Client, ctx context.Context) error {
			return c.Install(ctx, Install{Reader: "a", Within: time.Minute, Shared: true})
		}, shop{install: func(ctx context.Context, reader string, shared bool) error {
			if until, ok := ctx.Deadline(); reader != "a" || !shared || !ok || time.Until(until) > time.Minute {
				return fmt.Errorf("asked for %q, shared %v, until %v", reader, shared, until)
			}
			return nil
		}}, ""},
		{"key on a line with others", func(c *Client, ctx context.Context) error {
			return c.Install(ctx, Install{Reader: "a", Within: time.Minute})
		}, shop{install: func(context.Context, string, bool) error { return shared }}, "b, c: disconnect them for the moment, or add --shared-line"},
		{"may a key be installed", func(c *Client, ctx context.Context) error {
			return c.Install(ctx, Install{Reader: "a", Within: time.Minute, Only: true})
		}, shop{}, ""},
		{"may a key be installed on a line with others", func(c *Client, ctx context.Context) error {
			return c.Install(ctx, Install{Reader: "a", Within: time.Minute, Only: true})
		}, shop{may: func(string, bool) error { return shared }}, "or add --shared-line"},
		{"key that never came", func(c *Client, ctx context.Context) error {
			return c.Install(ctx, Install{Reader: "a", Within: time.Nanosecond})
		}, shop{install: func(ctx context.Context, _ string, _ bool) error { <-ctx.Done(); return ctx.Err() }}, "not done in time"},
		{"key, driver's own words for it", func(c *Client, ctx context.Context) error {
			return c.Install(ctx, Install{Reader: "a", Within: time.Nanosecond})
		}, shop{install: func(ctx context.Context, _ string, _ bool) error {
			<-ctx.Done()
			return fmt.Errorf("it is not in installation mode: %w", ctx.Err())
		}}, "it is not in installation mode"},
		{"key, for ever", func(c *Client, ctx context.Context) error {
			return c.Install(ctx, Install{Reader: "a", Within: Longest + 1})
		}, shop{}, "at most 5m0s"},
		{"key, at no time", func(c *Client, ctx context.Context) error { return c.Install(ctx, Install{Reader: "a"}) }, shop{}, "at most 5m0s"},
		{"move, for ever", func(c *Client, ctx context.Context) error {
			_, err := c.Move(ctx, Move{Reader: "a", Within: time.Hour})
			return err
		}, shop{}, "at most 5m0s"},
		{"move, refused", func(c *Client, ctx context.Context) error {
			_, err := c.Move(ctx, Move{Reader: "a", Within: time.Minute})
			return err
		}, shop{move: func(context.Context, string, byte, int) (byte, int, error) { return 0, 0, down }}, down.Error()},
		{"light that does not exist", func(c *Client, ctx context.Context) error {
			return c.Try(ctx, Lights{Reader: "a", Light: "purple"}, func(string) {})
		}, shop{}, `no light is called "purple"`},
		{"lights of a reader that is down", func(c *Client, ctx context.Context) error {
			return c.Try(ctx, Lights{Reader: "a"}, func(string) {})
		}, shop{try: func(context.Context, string, []drivers.Signal, func(drivers.Signal)) error { return down }}, down.Error()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client, _, _ := serving(t, &test.shop)
			err := test.ask(client, t.Context())
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want %q", err, test.want)
			}
		})
	}
}

func TestMoveTellsWhatTheReaderAccepted(t *testing.T) {
	client, _, _ := serving(t, &shop{move: func(_ context.Context, reader string, address byte, baud int) (byte, int, error) {
		return address, 19200, nil // it cannot go faster
	}})
	got, err := client.Move(t.Context(), Move{Reader: "a", Within: time.Minute, Address: 5, Baud: 115200})
	want := Move{Reader: "a", Within: time.Minute, Address: 5, Baud: 19200}
	if got != want || err != nil {
		t.Errorf("Move = %+v, %v, want %+v", got, err, want)
	}
}

// A technician who leaves takes the wish along: no installation goes on behind their back.
func TestLeavingEndsTheInstallation(t *testing.T) {
	begun, left := make(chan struct{}), make(chan error, 1)
	client, _, _ := serving(t, &shop{install: func(ctx context.Context, _ string, _ bool) error {
		close(begun)
		<-ctx.Done()
		left <- ctx.Err()
		return ctx.Err()
	}})
	ctx, leave := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- client.Install(ctx, Install{Reader: "a", Within: time.Minute}) }()
	<-begun
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("installation ended with %v, want %v", err, context.Canceled)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Install = %v, want %v", err, context.Canceled)
	}
}

func TestNobodyAnswers(t *testing.T) {
	client := NewClient(filepath.Join(t.TempDir(), "s"))
	if _, err := client.Lines(t.Context()); !errors.Is(err, ErrNotRunning) {
		t.Errorf("Lines = %v, want %v", err, ErrNotRunning)
	}
	for name, answer := range map[string]string{"cut off": "", "not ours": "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"} {
		t.Run(name, func(t *testing.T) {
			socket := filepath.Join(t.TempDir(), "s")
			listener, err := net.Listen("unix", socket)
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			go func() {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				if _, err := bufio.NewReader(conn).ReadString('\n'); err == nil {
					_, _ = io.WriteString(conn, answer)
				}
			}()
			_, err = NewClient(socket).Lines(t.Context())
			if err == nil || !strings.Contains(err.Error(), "systemctl") && !strings.Contains(err.Error(), "journalctl") {
				t.Errorf("Lines = %v, want what to do", err)
			}
		})
	}
}

// Whatever is asked, the console answers in JSON and grants nothing that it does not understand.
func FuzzHandler(f *testing.F) {
	f.Add("/lights", []byte(`{"reader":"a","light":"accepted"}`))
	f.Add("/install", []byte(`{"reader":"a","within":60000000000,"shared":true}`))
	f.Add("/install", []byte(`{"reader":"a","within":1}{"reader":"b"}`))
	f.Add("/move", []byte(`{"reader":"a","within":60000000000,"address":300,"baud":9600}`))
	f.Add("/move", []byte(`{"reader":"a","key":"00"}`))
	f.Fuzz(func(t *testing.T, path string, body []byte) {
		switch path {
		case "/lights", "/install", "/move":
		default:
			return
		}
		s := New(Options{Lines: &shop{
			try:     func(context.Context, string, []drivers.Signal, func(drivers.Signal)) error { return capture.ErrDown },
			install: func(context.Context, string, bool) error { return nil },
			move: func(_ context.Context, _ string, address byte, baud int) (byte, int, error) {
				return address, baud, nil
			},
		}, Taps: NewTaps(), Log: slog.New(slog.DiscardHandler)})
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(body))))
		if got := w.Header().Get("Content-Type"); got != "application/json" {
			t.Errorf("%s with %q answers %d as %q", path, body, w.Code, got)
		}
	})
}
