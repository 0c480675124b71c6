package reader_test

import (
	"bytes"
	"encoding/hex"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newLine is a line that is closed with the test.
func newLine(t testing.TB, o reader.Options) *reader.Line {
	t.Helper()
	l, err := reader.NewLine(t.TempDir(), "usb-test", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close line: %v", err)
		}
	})
	return l
}

// addOSDP is a device on l.
func addOSDP(t testing.TB, l *reader.Line, name string, address byte, o osdp.Options) *reader.OSDP {
	t.Helper()
	d, err := l.AddOSDP(name, address, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// host is the machine at the other end of a line: raw octets in and out.
type host struct {
	t testing.TB
	f *os.File
}

func plugIn(t testing.TB, l *reader.Line) *host {
	t.Helper()
	f, err := os.OpenFile(l.Path(), os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() }) //nolint:errcheck // the test may have done it
	return &host{t, f}
}

// plugInAt is plugIn with the port set to a speed.
func plugInAt(t testing.TB, l *reader.Line, baud int) *host {
	t.Helper()
	h := plugIn(t, l)
	speeds := map[int]uint32{9600: unix.B9600, 57600: unix.B57600, 115200: unix.B115200}
	conn, err := h.f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	err = conn.Control(func(fd uintptr) {
		var set *unix.Termios
		if set, failed = unix.IoctlGetTermios(int(fd), unix.TCGETS); failed != nil {
			return
		}
		set.Cflag = set.Cflag&^unix.CBAUD | speeds[baud]
		failed = unix.IoctlSetTermios(int(fd), unix.TCSETS, set)
	})
	if err != nil || failed != nil {
		t.Fatalf("set %d baud: %v, %v", baud, err, failed)
	}
	return h
}

func octets(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatalf("vector %q: %v", text, err)
	}
	return b
}

func (h *host) write(b []byte) {
	h.t.Helper()
	if _, err := h.f.Write(b); err != nil {
		h.t.Fatal(err)
	}
}

// read waits for n octets. The bound only ends a test that has failed.
func (h *host) read(n int) []byte {
	h.t.Helper()
	if err := h.f.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		h.t.Fatal(err)
	}
	b := make([]byte, n)
	if got, err := io.ReadFull(h.f, b); err != nil {
		h.t.Fatalf("read %d octets: %v after % X", n, err, b[:got])
	}
	return b
}

// expect sends octets as printed and demands exactly these in return.
func (h *host) expect(name, command, want string) {
	h.t.Helper()
	h.write(octets(h.t, command))
	w := octets(h.t, want)
	if got := h.read(len(w)); !bytes.Equal(got, w) {
		h.t.Errorf("%s: answered with % X, want % X", name, got, w)
	}
}

// ask sends a command in CRC mode and returns the octets of the reply, mark included.
func (h *host) ask(address, sequence, code byte, data ...byte) []byte {
	h.t.Helper()
	h.write(osdp.Frame{Address: address, Sequence: sequence, CRC: true, Code: code, Data: data}.Encode())
	head := h.read(5)
	return append(head, h.read(int(head[3])+1-len(head))...)
}

// await waits for an event of this kind and light. The bound only ends a test that has failed.
func await(t testing.TB, told <-chan reader.Event, want reader.Event) reader.Event {
	t.Helper()
	patience := time.NewTimer(20 * time.Second)
	defer patience.Stop()
	for {
		select {
		case e := <-told:
			if e.Kind == want.Kind && e.Light == want.Light {
				return e
			}
		case <-patience.C:
			t.Fatalf("no event %v %v", want.Kind, want.Light)
		}
	}
}

// code is the reply code in a frame.
func code(frame []byte) byte { return frame[6] }

// The commands of these tests, as DESIGN's lights are made of them.
var (
	blue  = []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 4, 4}
	green = []byte{0, 0, 2, 2, 1, 2, 0, 10, 0, 0, 0, 0, 0, 0}
	red   = []byte{0, 0, 2, 1, 0, 1, 1, 15, 0, 0, 0, 0, 0, 0}
)

const (
	poll, led = 0x60, 0x69
	ack, raw  = 0x40, 0x50
)
