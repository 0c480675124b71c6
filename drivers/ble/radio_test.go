package ble

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/drivers/ble/beacon"
)

// These tests run the real, unmodified go-ble in a real worker process. Its adapter is the virtual controller of
// test/sim/beacon, which is a program of its own: it knows Bluetooth and nothing of this driver.

const simulator = "../../test/sim/beacon"

var buildRadio = sync.OnceValues(func() (string, error) {
	// Looking at the sources makes go test run again when one of them changes.
	sources, err := filepath.Glob(simulator + "/*.go")
	mains, err2 := filepath.Glob(simulator + "/cmd/rollcall-radio/*.go")
	if err != nil || err2 != nil || len(sources) == 0 {
		return "", fmt.Errorf("find the simulator: %w", os.ErrNotExist)
	}
	for _, name := range append(sources, mains...) {
		if _, err := os.Stat(name); err != nil {
			return "", err
		}
	}
	path := filepath.Join(buildDir, "rollcall-radio")
	out, err := exec.Command("go", "build", "-o", path, simulator+"/cmd/rollcall-radio").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the simulator: %w: %s", err, out)
	}
	return path, nil
})

// radio is a virtual adapter in its own process.
type radio struct {
	t       *testing.T
	program string
	socket  string
	in      io.Writer
	answers *bufio.Scanner
}

func plug(t *testing.T, flags ...string) *radio {
	t.Helper()
	program, err := buildRadio()
	if err != nil {
		t.Fatal(err)
	}
	r := &radio{t: t, program: program}
	cmd := exec.Command(program, append(flags, "-dir", t.TempDir())...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	r.in, r.answers = in, bufio.NewScanner(out)
	r.socket = r.answer()
	r.check()
	return r
}

// check fails with the machine's own words where seccomp user notification is refused.
func (r *radio) check() {
	r.t.Helper()
	if out, err := exec.Command(r.program, "-on", r.socket, "true").CombinedOutput(); err != nil {
		r.t.Fatalf("the virtual controller cannot be used here: %v: %s", err, out)
	}
}

func (r *radio) answer() string {
	r.t.Helper()
	if !r.answers.Scan() {
		r.t.Fatalf("radio is gone: %v", r.answers.Err())
	}
	said, ok := strings.CutPrefix(r.answers.Text(), "ok")
	if !ok {
		r.t.Fatalf("radio says %q", r.answers.Text())
	}
	return strings.TrimSpace(said)
}

func (r *radio) do(format string, args ...any) string {
	r.t.Helper()
	if _, err := fmt.Fprintf(r.in, format+"\n", args...); err != nil {
		r.t.Fatal(err)
	}
	return r.answer()
}

func (r *radio) air(addr byte, rssi int, ad string) {
	r.t.Helper()
	r.do("air random c000000000%02x %d %s", addr, rssi, ad)
}

// supervise starts a supervisor whose workers use this radio, with further flags of workerMain.
func (r *radio) supervise(o Options, flags ...string) *rig {
	r.t.Helper()
	self, err := os.Executable()
	if err != nil {
		r.t.Fatal(err)
	}
	o.Command = append([]string{r.program, "-on", r.socket, self, "ble-worker"}, flags...)
	o.ConnectWithin, o.StatusWithin = or(o.ConnectWithin, time.Minute), or(o.StatusWithin, time.Minute)
	said := &said{}
	o.Stderr = said
	r.t.Cleanup(func() { said.check(r.t) }) // runs after the supervisor's own clean-up
	return run(r.t, o)
}

// said is what worker processes print. It must hold no race of ours and no address off the air.
type said struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

// access finds the function of each of the two accesses in a report of the race detector.
var access = regexp.MustCompile(`(?m)^(?:Read|Write|Previous read|Previous write) at .*\n +(\S+?)\(\)`)

// raceOfOurs tells whether a report of the race detector concerns our code. go-ble's socket loop writes an error field
// that its Send reads; that race is its own, and nothing of ours can lock it.
func raceOfOurs(report string) bool {
	if !strings.Contains(report, "DATA RACE") {
		return false
	}
	accesses := access.FindAllStringSubmatch(report, -1)
	theirs := slices.IndexFunc(accesses, func(m []string) bool { return !strings.HasPrefix(m[1], "github.com/go-ble/") }) < 0
	return len(accesses) != 2 || !theirs
}

func (s *said) check(t *testing.T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.buf.String()
	if t.Failed() {
		t.Logf("workers printed:\n%s", text)
	}
	for _, report := range strings.Split(text, "==================") {
		if raceOfOurs(report) {
			t.Errorf("race in the worker:\n%s", report)
		}
	}
	for _, addr := range []string{"c0:00:00", "c00000", "C0 00 00"} {
		if strings.Contains(text, addr) {
			t.Errorf("a worker printed a device address:\n%s", text)
		}
	}
}

func TestRaceOfOurs(t *testing.T) {
	const theirs = `
WARNING: DATA RACE
Read at 0x00c000240190 by goroutine 12:
  github.com/go-ble/ble/linux/hci.(*HCI).send()
      /go/hci.go:242 +0x44

Previous write at 0x00c000240190 by goroutine 9:
  github.com/go-ble/ble/linux/hci.(*HCI).handleEvt()
      /go/hci.go:386 +0x1d0
`
	for _, c := range []struct {
		name, report string
		want         bool
	}{
		{"not a report", "level=INFO msg=scanning", false},
		{"between two of theirs", theirs, false},
		{"ours writes", strings.Replace(theirs, "github.com/go-ble/ble/linux/hci.(*HCI).handleEvt", "github.com/rollcall-edge/rollcall/drivers/ble/worker.hear", 1), true},
		{"one we cannot read", strings.Replace(theirs, "Previous write", "Earlier write", 1), true},
	} {
		if got := raceOfOurs(c.report); got != c.want {
			t.Errorf("%s: raceOfOurs = %v, want %v", c.name, got, c.want)
		}
	}
}

func TestBeaconsAreHeardThroughRealGoBLE(t *testing.T) {
	r := plug(t)
	s := r.supervise(Options{})
	s.untilUp()
	if got, want := r.do("wait 1"), "passive all 96 96"; got != want {
		t.Errorf("scan = %q, want %q", got, want)
	}
	r.air(1, -61, doorAD)
	r.air(2, -72, stageAD)
	heard := func() bool {
		return !s.Beacons()[0].HeardAt.IsZero() && !s.Beacons()[1].HeardAt.IsZero()
	}
	s.until("heard", heard)
	r.air(1, -61, batteryAD)
	s.until("told the battery", func() bool { return s.Beacons()[0].Telemetry != nil })
	door, stage := s.Beacons()[0], s.Beacons()[1]
	if door.ID != doorID || door.RSSI != -61 || door.Telemetry.Volts != 3 || door.Telemetry.Celsius != 21.5 {
		t.Errorf("door = %+v %+v", door, door.Telemetry)
	}
	if stage.ID != stageID || stage.RSSI != -72 || stage.Telemetry != nil {
		t.Errorf("stage = %+v", stage)
	}
	if age := time.Since(door.HeardAt); age < 0 || age > time.Minute {
		t.Errorf("door heard %v ago", age)
	}
}

// Two octets send go-ble's own parser into an endless loop, four make it panic. Ours must not mind, and theirs never see them.
func TestCraftedAdvertsDoNoHarm(t *testing.T) {
	r := plug(t)
	s := r.supervise(Options{}, "--every", "50ms")
	s.untilUp()
	for range 20 {
		for _, ad := range []string{"ff01", "ffff4c00", "0403aafe11", "0216aa", "0116", "041f010203", strings.Repeat("00", 40)} {
			r.air(3, -50, ad)
		}
	}
	r.do("raw 043e0b020103010605040302011f") // 31 octets of data announced, none there
	r.air(1, -61, doorAD)
	s.until("heard after them", func() bool { return !s.Beacons()[0].HeardAt.IsZero() })
	malformed := func(layer string) float64 { return testutil.ToFloat64(s.metrics.malformed.WithLabelValues(layer)) }
	s.until("counted", func() bool { return malformed(layerAdvert) == 2*20 && malformed(layerController) == 20+1 })
	if got := s.Adapter(); !got.Up || got.Restarts != 0 {
		t.Errorf("adapter = %+v, want up and never restarted", got)
	}
}

// An adapter whose firmware is missing answers everything, with nothing in it.
func TestAdapterWithoutAnAddress(t *testing.T) {
	r := plug(t, "-address", "000000000000")
	s := r.supervise(Options{})
	s.untilTrouble("hci0 answers but has no address")
	if s.Adapter().Up {
		t.Error("up without an address")
	}
}

func TestMuteControllerIsNoticedAndReplaced(t *testing.T) {
	r := plug(t)
	s := r.supervise(Options{}, "--every", "20ms", "--within", "500ms")
	s.untilUp()
	r.do("mute on")
	s.until("noticed", func() bool { return s.restarts("heartbeat") >= 1 })
	if got := s.Adapter(); got.Up || !strings.Contains(got.Trouble, "unplug the adapter") {
		t.Errorf("adapter = %+v, want down, with advice", got)
	}
	r.do("mute off")
	r.do("wait 2")
	s.untilUp()
	r.air(1, -61, doorAD)
	s.until("heard again", func() bool { return !s.Beacons()[0].HeardAt.IsZero() })
}

// go-ble opens a controller that does not answer for ever.
func TestControllerMuteFromTheStart(t *testing.T) {
	r := plug(t)
	r.do("mute on")
	s := r.supervise(Options{}, "--start", "200ms")
	s.until("given up", func() bool { return s.restarts("start_timeout") >= 2 })
	r.do("mute off")
	s.untilUp()
}

func TestGarbageEventKillsOnlyTheWorker(t *testing.T) {
	for nth, packet := range []string{"04", "043e00", "043e02020a"} {
		r := plug(t)
		s := r.supervise(Options{})
		s.untilUp()
		r.do("raw %s", packet)
		s.until("counted", func() bool { return s.restarts("crash") == 1 })
		r.do("wait 2")
		s.untilUp()
		r.air(1, -61, doorAD)
		s.until("heard again", func() bool { return !s.Beacons()[0].HeardAt.IsZero() })
		if got := s.Adapter().Restarts; got != 1 {
			t.Errorf("packet %d: %d restarts, want 1", nth, got)
		}
	}
}

func TestNoAdapter(t *testing.T) {
	for _, c := range []struct{ errno, reason, trouble string }{
		{"ENODEV", "no_adapter", "no Bluetooth adapter hci0: cards go on working"},
		{"EPERM", "no_permission", "CAP_NET_ADMIN"},
		{"EBUSY", "busy", "mask bluetooth.service"},
		{"ERFKILL", "rfkill", "rfkill unblock bluetooth"},
		{"EIO", "open_failed", "unplug the adapter"},
	} {
		t.Run(c.errno, func(t *testing.T) {
			r := plug(t)
			r.do("kernel %s", c.errno)
			s := r.supervise(Options{})
			s.untilTrouble(c.trouble)
			s.until("tried again", func() bool { return s.restarts(c.reason) >= 2 })
			r.do("kernel ok")
			s.untilUp()
			if got := s.Adapter().Trouble; got != "" {
				t.Errorf("Trouble = %q after the adapter came", got)
			}
		})
	}
}

func TestAdapterPulledOutAndPutBack(t *testing.T) {
	r := plug(t)
	s := r.supervise(Options{})
	s.untilUp()
	r.do("unplug")
	s.untilTrouble("no Bluetooth adapter hci0")
	if got := s.restarts("adapter_lost"); got != 1 {
		t.Errorf("restarts{adapter_lost} = %v, want 1", got)
	}
	r.do("kernel ok")
	s.untilUp()
}

// go-ble goes on in all three cases as if nothing had been said.
func TestRefusalsThatGoBLEIgnores(t *testing.T) {
	for _, c := range []struct{ name, refuse, reason string }{
		{"address", "1009 1f", "open_failed"},
		{"scan parameters", "200b 12", "scan_refused"},
		{"scan enable", "200c 0c", "scan_refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := plug(t)
			r.do("refuse %s", c.refuse)
			s := r.supervise(Options{})
			s.until("refused", func() bool { return s.restarts(c.reason) >= 1 })
			if s.Adapter().Up {
				t.Error("up with a controller that refuses")
			}
		})
	}
}

// A worker that systemd started: it connects by itself, ends well when told to, and does not outlive its gateway.
func TestExternalWorker(t *testing.T) {
	r := plug(t)
	s := run(t, Options{External: true, StatusWithin: time.Minute})
	start := func() *exec.Cmd {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(r.program, "-on", r.socket, self, "ble-worker", "--socket", s.o.Socket)
		cmd.Env = append(os.Environ(), "GORACE=exitcode=0") // go-ble's own race, see raceOfOurs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill() })
		return cmd
	}
	s.until("listening", func() bool { return exists(s.o.Socket) })
	first := start()
	s.untilUp()
	if err := first.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := first.Wait(); err != nil {
		t.Errorf("worker told to end: %v", err)
	}
	s.until("noticed", func() bool { return !s.Adapter().Up })
	second := start()
	s.untilUp()
	s.stop()
	if err := second.Wait(); err == nil {
		t.Error("worker without a gateway ended well, want an error: systemd must start it again")
	}
}

func TestEmptyAdvertsRestartTheWorker(t *testing.T) {
	r := plug(t)
	s := r.supervise(Options{}, "--empty", "100ms")
	s.untilUp()
	for s.restarts("empty_adverts") == 0 {
		if strings.Contains(r.doOrNobody("air random c00000000001 -60 -"), "no program") {
			s.until("counted", func() bool { return s.restarts("empty_adverts") > 0 })
		}
	}
}

// doOrNobody is do for a moment at which the worker may just have ended.
func (r *radio) doOrNobody(line string) string {
	r.t.Helper()
	if _, err := fmt.Fprintln(r.in, line); err != nil {
		r.t.Fatal(err)
	}
	if !r.answers.Scan() {
		r.t.Fatal("radio is gone")
	}
	return r.answers.Text()
}

// A thousand beacons in a room nobody has configured, as fast as the worker reads: what is remembered is bounded, and a
// configured beacon is heard among them.
func TestFlood(t *testing.T) {
	r := plug(t)
	s := r.supervise(Options{MaxBeacons: 16})
	s.untilUp()
	for n := range 1000 {
		r.air(byte(n), -80, fmt.Sprintf("0d16aafe30ee%016x", n))
	}
	r.air(1, -61, doorAD)
	adverts := func() float64 {
		return testutil.ToFloat64(s.metrics.adverts) + testutil.ToFloat64(s.metrics.dropped.WithLabelValues(stageWorker))
	}
	s.until("heard", func() bool { return !s.Beacons()[0].HeardAt.IsZero() && adverts() == 1001 })
	if got := len(s.Beacons()); got != 18 {
		t.Errorf("%d beacons, want 16 and the 2 configured", got)
	}
	if got := testutil.ToFloat64(s.metrics.frames[beacon.EddystoneEID]); got != 1000 {
		t.Errorf("EID frames = %v, want 1000", got)
	}
}
