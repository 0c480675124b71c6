package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/recent"
	"github.com/rollcall-edge/rollcall/gateway/capture"
	"github.com/rollcall-edge/rollcall/gateway/console"
)

// shop is a gateway's lines as a test wants them.
type shop struct {
	lines []capture.LineState
	try   error // how a trial ends, after its lights
	may   error // what keeps a key from being tried
	did   error // how a change ends
	asked []string
}

func (s *shop) Lines() []capture.LineState { return s.lines }

func (s *shop) Try(_ context.Context, reader string, signals []drivers.Signal, shown func(drivers.Signal)) error {
	for _, signal := range signals {
		shown(signal)
	}
	return s.try
}

func (s *shop) MayInstall(string, bool) error { return s.may }

func (s *shop) InstallKey(_ context.Context, reader string, shared bool) error {
	s.asked = append(s.asked, fmt.Sprint("key for ", reader, ", shared ", shared))
	return s.did
}

func (s *shop) Move(_ context.Context, reader string, address byte, baud int) (gotAddress byte, gotBaud int, err error) {
	s.asked = append(s.asked, fmt.Sprint("move ", reader, " to ", address, " at ", baud))
	return address, min(baud, 57600), s.did // it cannot go faster
}

// bench is a running gateway and a person before it.
type bench struct {
	t      *testing.T
	config string
	shop   *shop
	taps   *console.Taps
}

func newBench(t *testing.T, s *shop) *bench {
	t.Helper()
	data, err := os.MkdirTemp("", "rollcall") // shorter than t.TempDir, or the socket's path would be too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(data) })
	b := &bench{t, filepath.Join(data, "gateway.yaml"), s, console.NewTaps()}
	text := fmt.Sprintf(`data: %s
central: {url: "https://127.0.0.1:8443"}
buses:
  - {name: ground, driver: osdp, device: /dev/ttyUSB0, baud: 9600, readers: [{point: LIB-0.01/door, address: 1}, {point: LIB-0.02/door, address: 2}]}
`, data)
	if err := os.WriteFile(b.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- console.New(console.Options{Socket: console.Socket(data), Lines: s, Taps: b.taps, Log: slog.New(slog.DiscardHandler)}).Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for client := console.NewClient(console.Socket(data)); ; time.Sleep(time.Millisecond) { // until go test's own limit
		if _, err := client.Lines(t.Context()); !errors.Is(err, console.ErrNotRunning) {
			return b
		}
	}
}

// run runs a command line as a person who types what is in input.
func (b *bench) run(input string, args ...string) (out string, err error) {
	b.t.Helper()
	var c commands
	parser, err := kong.New(&c, kong.Name("rollcall-gateway"), kong.Exit(func(int) { b.t.Error("the parser ended the program") }))
	if err != nil {
		b.t.Fatal(err)
	}
	parsed, err := parser.Parse(append(args, "--config", b.config))
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	parsed.BindTo(b.t.Context(), (*context.Context)(nil))
	parsed.Bind(terminal{strings.NewReader(input), &text})
	err = parsed.Run(slog.New(slog.DiscardHandler))
	return text.String(), err
}

func fleet() []capture.LineState {
	return []capture.LineState{
		{
			Line: drivers.LineStatus{
				Bus: "ground", Driver: "osdp", Device: "/dev/ttyUSB0", Baud: 9600, Up: true, Advice: "set latency_timer to 1",
				Exchanges: 123456, Retries: 7, Noise: 42, Reopens: 1,
				Cycle: recent.Summary{Median: 145 * time.Millisecond, Of: 256}, Reply: recent.Summary{Median: 8200 * time.Microsecond, Of: 256},
				Light: recent.Summary{Median: 162 * time.Millisecond, P99: 235 * time.Millisecond, Of: 12},
			},
			Readers: []drivers.Status{
				{Reader: "LIB-0.01/door", Up: true, Supervised: true, Steady: drivers.Ready, Keyed: true, Secure: true, Made: "vendor 5C2699, model 1.2, firmware 3.4.5", Counts: drivers.Counts{Taps: 12, Repeats: 3}},
				{Reader: "LIB-0.02/door", Supervised: true, Keyed: true, Tamper: true, PowerLost: true, Trouble: "no answer: check its power, its wires and its address"},
				{Reader: "LIB-0.03/door", Up: true, Supervised: true},
			},
		},
		{
			Line:    drivers.LineStatus{Bus: "desk", Driver: "ascii", Device: "/dev/ttyUSB1", Baud: 9600},
			Readers: []drivers.Status{{Reader: "LIB-1.10/desk", Trouble: "serial line: no such device"}},
		},
		{
			Line:    drivers.LineStatus{Bus: "entrance", Driver: "qr", Device: "/dev/ttyACM0", Baud: 9600, Up: true},
			Readers: []drivers.Status{{Reader: "LIB-0.00/entrance", Up: true}},
		},
	}
}

func TestList(t *testing.T) {
	got, err := newBench(t, &shop{lines: fleet()}).run("", "readers", "list")
	if err != nil {
		t.Fatal(err)
	}
	want := `ground: osdp at 9600 on /dev/ttyUSB0, open
  round over the readers 145 ms, reply 8.2 ms, card to light 162 ms, 99 of 100 within 235 ms
  Advice: set latency_timer to 1
  READER         STATE    KEY              LIGHT  REPORTS        MADE
  LIB-0.01/door  answers  secure           ready  -              vendor 5C2699, model 1.2, firmware 3.4.5
  LIB-0.02/door  down     set, not spoken  off    tamper, power  -
  LIB-0.03/door  answers  none             off    -              -
  ! LIB-0.02/door: no answer: check its power, its wires and its address

desk: ascii at 9600 on /dev/ttyUSB1, closed
  READER         STATE  KEY  LIGHT  REPORTS  MADE
  LIB-1.10/desk  down   -    off    -        -
  ! LIB-1.10/desk: serial line: no such device

entrance: qr at 9600 on /dev/ttyACM0, open
  READER             STATE      KEY  LIGHT  REPORTS  MADE
  LIB-0.00/entrance  line open  -    off    -        -
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

func TestCounters(t *testing.T) {
	got, err := newBench(t, &shop{lines: fleet()[:1]}).run("", "readers", "counters")
	if err != nil {
		t.Fatal(err)
	}
	want := `    LINE  EXCHANGES  RETRIES  NOISE OCTETS  OPENED
  ground     123456        7            42       1

         READER  TAPS  REPEATS  REFUSED  RETRIES  FAILURES  WAITS  UNSHOWN
  LIB-0.01/door    12        3        0        0         0      0        0
  LIB-0.02/door     0        0        0        0         0      0        0
  LIB-0.03/door     0        0        0        0         0      0        0
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counters (-want +got):\n%s", diff)
	}
}

func TestWatch(t *testing.T) {
	b := newBench(t, &shop{lines: fleet()})
	b.taps.Add(console.Tap{At: time.Date(2026, 10, 5, 8, 59, 0, 0, time.UTC), Seq: 1, Card: "ffffffff", Point: "LIB-0.01/door", Result: "accepted"})
	b.taps.Add(console.Tap{At: time.Date(2026, 10, 5, 9, 0, 0, 123e6, time.UTC), Seq: 2, Card: "0123abcd", Point: "LIB-0.01/door", Result: "accepted", Session: "LAW101"})
	b.taps.Add(console.Tap{At: time.Date(2026, 10, 5, 9, 0, 1, 0, time.UTC), Seq: 3, Card: "several", Point: "LIB-0.00/entrance", Result: "multi_card"})
	got, err := b.run("", "readers", "watch", "--once", "--last=2")
	if err != nil {
		t.Fatal(err)
	}
	want := `TIME                        NUMBER  CARD      READER             RESULT          SESSION
2026-10-05 09:00:00.123Z         2  0123abcd  LIB-0.01/door      accepted        LAW101
2026-10-05 09:00:01.000Z         3  several   LIB-0.00/entrance  multi_card      
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("watch (-want +got):\n%s", diff)
	}
}

func TestLights(t *testing.T) {
	b := newBench(t, &shop{})
	got, err := b.run("", "readers", "test", "LIB-0.01/door", "--light=accepted")
	want := `Watch LIB-0.01/door. Each light is shown for two seconds.
  accepted  green, one beep: recorded and credited
Done: it shows again what it is to show. A light that did not come is one the reader does not have.
`
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("test: %v (-want +got):\n%s", err, diff)
	}
	all, err := b.run("", "readers", "test", "LIB-0.01/door")
	if err != nil {
		t.Error(err)
	}
	for light, look := range looks {
		if _, known := drivers.ParseSignal(light); !known || !strings.Contains(all, look) {
			t.Errorf("light %q is not tried, or no signal:\n%s", light, all)
		}
	}
	b.shop.try = capture.ErrTapped
	if _, err := b.run("", "readers", "test", "LIB-0.01/door"); err == nil || !strings.Contains(err.Error(), capture.ErrTapped.Error()) {
		t.Errorf("test that a card ended = %v", err)
	}
}

func TestChanges(t *testing.T) {
	install := []string{"readers", "install", "LIB-0.01/door"}
	tests := []struct {
		name  string
		shop  shop
		args  []string
		input string
		asked []string
		out   string // part of what is printed
		err   string // part of the error; empty for none
	}{
		{"key", shop{}, install, "yes\n", []string{"key for LIB-0.01/door, shared false"}, "Done: LIB-0.01/door has a key of its own", ""},
		{"key under its other name", shop{}, []string{"osdp", "install", "LIB-0.01/door", "--yes", "--shared-line", "--within=5m"}, "", []string{"key for LIB-0.01/door, shared true"}, "Put the reader into installation mode", ""},
		{"key, not confirmed", shop{}, install, "y\n", nil, "Type yes", "nothing was changed"},
		{"key, nobody there", shop{}, install, "", nil, "Type yes", "nothing was changed"},
		{"key on a shared line", shop{may: fmt.Errorf("%w: LIB-0.02/door", capture.ErrShared)}, install, "yes\n", nil, "", "LIB-0.02/door: disconnect them"},
		{"key for a reader that is not there", shop{}, []string{"readers", "install", "LIB-9.99/door"}, "yes\n", nil, "", `no reader "LIB-9.99/door"; it has LIB-0.01/door, LIB-0.02/door`},
		{"key that did not come", shop{did: errors.New("the reader is not in installation mode")}, install, "yes\n", []string{"key for LIB-0.01/door, shared false"}, "Waiting for LIB-0.01/door, at most 2m0s", "no key was installed: the reader is not in installation mode"},
		{"key, waited for too long", shop{}, append(install, "--within=6m"), "yes\n", nil, "", "at most 5m0s"},
		{"move to another address", shop{}, []string{"readers", "move", "LIB-0.01/door", "--address=5"}, "yes\n", []string{"move LIB-0.01/door to 5 at 9600"}, "accepted address 5 and 9600 baud", ""},
		{"move to another speed", shop{}, []string{"readers", "move", "LIB-0.02/door", "--baud=38400"}, "yes\n", []string{"move LIB-0.02/door to 2 at 38400"}, "listen at address 2 and 38400 baud", ""},
		{"move, not confirmed", shop{}, []string{"readers", "move", "LIB-0.02/door", "--baud=38400"}, "no\n", nil, "Move it?", "nothing was changed"},
		{"move, but the reader has its own mind", shop{}, []string{"readers", "move", "LIB-0.02/door", "--baud=115200", "--yes"}, "", []string{"move LIB-0.02/door to 2 at 115200"}, "accepted address 2 and 57600 baud", "believe the reader"},
		{"move to where it is", shop{}, []string{"readers", "move", "LIB-0.01/door", "--address=1"}, "yes\n", nil, "", "already"},
		{"move to an impossible address", shop{}, []string{"readers", "move", "LIB-0.01/door", "--address=127"}, "yes\n", nil, "", "use 0 to 126"},
		{"move that failed", shop{did: errors.New("the reader does not know this command")}, []string{"readers", "move", "LIB-0.01/door", "--address=3", "--yes"}, "", []string{"move LIB-0.01/door to 3 at 9600"}, "", "was not moved: the reader does not know this command"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, &test.shop)
			out, err := b.run(test.input, test.args...)
			if diff := cmp.Diff(test.asked, b.shop.asked); diff != "" {
				t.Errorf("asked of the reader (-want +got):\n%s", diff)
			}
			if !strings.Contains(out, test.out) {
				t.Errorf("printed %q, want %q", out, test.out)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error = %v, want %q", err, test.err)
			}
		})
	}
}

// Ctrl-C at a question is no yes.
func TestConfirmEndsWithItsContext(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	leave()
	silent, w := io.Pipe()
	defer w.Close()
	if err := (terminal{silent, io.Discard}).confirm(ctx, false, "Well?"); !errors.Is(err, errNotConfirmed) {
		t.Errorf("confirm = %v, want %v", err, errNotConfirmed)
	}
}

func TestNoGatewayRuns(t *testing.T) {
	b := newBench(t, &shop{})
	text, err := os.ReadFile(b.config)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := strings.Replace(string(text), "data: ", "data: /nowhere", 1)
	if err := os.WriteFile(b.config, []byte(elsewhere), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"list"}, {"counters"}, {"watch"}, {"test", "LIB-0.01/door"}, {"install", "LIB-0.01/door", "--yes"}, {"move", "LIB-0.01/door", "--address=3", "--yes"}} {
		if _, err := b.run("", append([]string{"readers"}, args...)...); !errors.Is(err, console.ErrNotRunning) {
			t.Errorf("readers %v = %v, want %v", args, err, console.ErrNotRunning)
		}
	}
}
