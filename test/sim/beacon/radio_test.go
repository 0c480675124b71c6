package beacon

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-ble/ble"
	"github.com/go-ble/ble/linux/hci"
	"github.com/go-ble/ble/linux/hci/cmd"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// The test binary plays the program as well: "on SOCKET" becomes "host" under the filter, and "host" is the real,
// unmodified go-ble, which opens hci0 and prints what it hears.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "on":
		fmt.Println("failed", Exec(os.Args[2], self, []string{self, "host"}, os.Environ()))
		os.Exit(1)
	case len(os.Args) == 2 && os.Args[1] == "host":
		if err := host(); err != nil {
			fmt.Println("failed", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// self works for a user who may not enter the directory of the test binary.
const self = "/proc/self/exe"

func host() error {
	log.SetOutput(io.Discard)
	h, err := hci.NewHCI(ble.OptDeviceID(0), ble.OptScanParams(cmd.LESetScanParameters{LEScanInterval: 96, LEScanWindow: 48}))
	if err != nil {
		return err
	}
	if err := h.Init(); err != nil {
		return err
	}
	fmt.Println("open", h.Addr())
	heard := make(chan string)
	err = h.SetAdvHandler(func(a ble.Advertisement) {
		raw := a.(interface{ Data() []byte })
		heard <- fmt.Sprintf("heard %v %d %x", a.Addr(), a.RSSI(), raw.Data())
	})
	if err != nil {
		return err
	}
	if err := h.Scan(true); err != nil {
		return err
	}
	fmt.Println("scanning")
	for {
		select {
		case line := <-heard:
			fmt.Println(line)
		case <-h.Done():
			return errors.New("adapter lost")
		}
	}
}

// running is one host process and what it prints.
type running struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func start(t *testing.T, r *Radio) *running { return startAs(t, r, nil) }

func startAs(t *testing.T, r *Radio, user *syscall.Credential) *running {
	t.Helper()
	h := &running{t: t, cmd: exec.Command(self, "on", r.Socket())}
	// go-ble reads an error field that its socket loop writes: a race of its own, which must not end this process.
	h.cmd.Env = append(os.Environ(), "GORACE=halt_on_error=0 exitcode=0 log_path=/dev/null")
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user}
	h.cmd.Stderr = nil // the dumps of deaths that tests bring about
	h.lines = bufio.NewScanner(out)
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.stop() })
	return h
}

func (h *running) stop() { _ = h.cmd.Process.Kill(); _ = h.cmd.Wait() }

// want reads the next line and compares its beginning.
func (h *running) want(prefix string) {
	h.t.Helper()
	got := ""
	if h.lines.Scan() {
		got = h.lines.Text()
	}
	if !strings.HasPrefix(got, prefix) {
		h.t.Fatalf("host says %q, want %q", got, prefix)
	}
}

func plug(t *testing.T) (*Controller, *Radio) {
	t.Helper()
	c := New([6]byte{1, 2, 3, 4, 5, 6})
	r, err := Plug(t.TempDir(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return c, r
}

func TestRealHostOpensAndHears(t *testing.T) {
	c, r := plug(t)
	h := start(t, r)
	h.want("open 01:02:03:04:05:06")
	h.want("scanning")
	if got, want := c.Scan(), (Scan{On: true, Interval: 96, Window: 48}); got != want {
		t.Errorf("Scan = %+v, want %+v", got, want)
	}
	report := Report{Type: NonConnectable, Random: true, Addr: [6]byte{0xC0, 1, 2, 3, 4, 5}, RSSI: -60, Data: []byte{2, 1, 6}}
	for range 3 { // duplicates are wanted by this host
		if err := c.Air(report); err != nil {
			t.Fatal(err)
		}
		h.want("heard c0:01:02:03:04:05 -60 020106")
	}
}

func TestOneHostAtATime(t *testing.T) {
	c, r := plug(t)
	first := start(t, r)
	first.want("open")
	first.want("scanning")
	second := start(t, r)
	second.want("failed can't down device: device or resource busy")
	first.stop()
	third := start(t, r) // a killed host frees the adapter at once
	third.want("open")
	third.want("scanning")
	if got := c.Opened(); got != 2 {
		t.Errorf("Opened = %d, want 2", got)
	}
}

func TestKernelRefuses(t *testing.T) {
	for _, c := range []struct {
		errno unix.Errno
		want  string
	}{
		{unix.ENODEV, "failed can't down device: no such device"},
		{unix.EPERM, "failed can't down device: operation not permitted"},
		{unix.ERFKILL, "failed can't down device: operation not possible due to RF-kill"},
	} {
		_, r := plug(t)
		r.Refuse(c.errno)
		start(t, r).want(c.want)
		r.Refuse(0)
		start(t, r).want("open")
	}
}

func TestUnplug(t *testing.T) {
	c, r := plug(t)
	h := start(t, r)
	h.want("open")
	h.want("scanning")
	r.Unplug()
	h.want("failed adapter lost")
	start(t, r).want("failed can't down device: no such device")
	for changed := c.Changed(); c.Scan().On; changed = c.Changed() {
		<-changed
	}
	if err := c.Air(Report{}); err != nil {
		t.Errorf("Air with nobody listening = %v, want nil: nothing is sent", err)
	}
	if err := c.Raw([]byte{4}); !errors.Is(err, ErrNobody) {
		t.Errorf("Raw with nobody there = %v, want ErrNobody", err)
	}
}

func TestRefusedScanReachesHost(t *testing.T) {
	c, r := plug(t)
	c.Refuse(LESetScanEnable, 0x0C)
	h := start(t, r)
	h.want("open")
	h.want("failed")
}

// A single octet is no packet. It kills this host, as it should: that is why a driver keeps it in a process of its own.
func TestRubbishReachesHost(t *testing.T) {
	c, r := plug(t)
	h := start(t, r)
	h.want("open")
	h.want("scanning")
	if err := c.Raw([]byte{4}); err != nil {
		t.Fatal(err)
	}
	for h.lines.Scan() { // it may still notice that its socket loop has ended
	}
	if err := h.cmd.Wait(); err == nil {
		t.Error("host ended well, want a death")
	}
}

// A plain user can use the controller too: nothing but the promise to gain no privileges is needed.
func TestPlainUser(t *testing.T) {
	if os.Getuid() != 0 {
		return // every other test of this file has shown it
	}
	_, r := plug(t)
	dir := filepath.Dir(r.Socket())
	for _, err := range []error{os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(r.Socket(), 0o666)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	startAs(t, r, &syscall.Credential{Uid: 65534, Gid: 65534}).want("open")
}

// The commands and answers are laid out by hand from the Core Specification.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name  string
		setup []string
		cmd   string
		want  string
	}{
		{"reset", nil, "01030c00", "040e0401030c00"},
		{"address, least significant octet first", nil, "01091000", "040e0a0109100006050403 0201"},
		{"unknown command", nil, "01ffff00", "040e0401ffff01"},
		{"wrong length", nil, "010b200100", "040e04010b2012"},
		{"scan parameters", nil, "010b200700600060000000", "040e04010b2000"},
		{"interval too short", nil, "010b200700030003000000", "040e04010b2012"},
		{"window longer than interval", nil, "010b200700600061000000", "040e04010b2012"},
		{"scan type of 2", nil, "010b200702600060000000", "040e04010b2012"},
		{"enable of 2", nil, "010c20020200", "040e04010c2012"},
		{"parameters while scanning", []string{"010c20020100"}, "010b200700600060000000", "040e04010b200c"},
		{"parameters after scanning", []string{"010c20020100", "010c20020000"}, "010b200700600060000000", "040e04010b2000"},
		{"host's data is nothing to answer", nil, "0200000000", ""},
		{"shorter than it says", nil, "010c200201", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			ctl := New([6]byte{1, 2, 3, 4, 5, 6})
			ctl.host = &out
			for _, s := range append(c.setup, c.cmd) {
				out.Reset()
				ctl.handle(unhex(t, s))
			}
			if want := unhex(t, c.want); !bytes.Equal(out.Bytes(), want) {
				t.Errorf("answer % x, want % x", out.Bytes(), want)
			}
		})
	}
}

func TestWhatIsHeard(t *testing.T) {
	const (
		all      = "010c20020100"
		filtered = "010c20020101"
		event    = "043e0f 02 01 03 01 060504030201 03 020106 c4"
	)
	report := Report{Type: NonConnectable, Random: true, Addr: [6]byte{1, 2, 3, 4, 5, 6}, RSSI: -60, Data: []byte{2, 1, 6}}
	for _, c := range []struct {
		name  string
		setup []string
		want  string
	}{
		{"not scanning: no event mask lets it through", nil, ""},
		{"scanning, masked by the events of a reset", []string{all}, ""},
		{"scanning", []string{"01010c08ffffffffffffffff", all}, event + event},
		{"duplicates filtered", []string{"01010c08ffffffffffffffff", filtered}, event},
		{"LE events masked", []string{"01010c08ffffffffffffffff", "010120080100000000000000", all}, ""},
		{"after a reset", []string{"01010c08ffffffffffffffff", all, "01030c00"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			ctl := New([6]byte{})
			ctl.host = &out
			for _, s := range c.setup {
				ctl.handle(unhex(t, s))
			}
			out.Reset()
			if err := ctl.Air(report, report); err != nil {
				t.Fatal(err)
			}
			if want := unhex(t, c.want); !bytes.Equal(out.Bytes(), want) {
				t.Errorf("sent % x, want % x", out.Bytes(), want)
			}
		})
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
