package tty_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/test/sim/reader/tty"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, link string, baud int) *tty.Port {
	t.Helper()
	p, err := tty.Open(link, baud)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func host(t *testing.T, link string) *os.File {
	t.Helper()
	f, err := os.OpenFile(link, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() }) //nolint:errcheck // may have been closed by the test
	return f
}

func TestEveryOctetPassesUnchanged(t *testing.T) {
	link := filepath.Join(t.TempDir(), "usb-reader")
	p := open(t, link, 38400)
	defer p.Close() //nolint:errcheck // end of test
	h := host(t, link)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, way := range []struct {
		name string
		from io.Writer
		to   io.Reader
	}{{"host to device", h, p}, {"device to host", p, h}} {
		if _, err := way.from.Write(all); err != nil {
			t.Fatalf("%s: %v", way.name, err)
		}
		got := make([]byte, len(all))
		if _, err := io.ReadFull(way.to, got); err != nil {
			t.Fatalf("%s: %v", way.name, err)
		}
		if !bytes.Equal(got, all) {
			t.Errorf("%s: got % X, want 00 to FF", way.name, got)
		}
	}
}

func TestCloseHangsTheHostUpAndTheLinkMoves(t *testing.T) {
	link := filepath.Join(t.TempDir(), "usb-reader")
	p := open(t, link, 9600)
	h := host(t, link)

	read := make(chan error, 2)
	go func() { // the device's own read, under way when the plug is pulled
		_, err := p.Read(make([]byte, 1))
		read <- err
	}()
	go func() {
		_, err := h.Read(make([]byte, 1))
		read <- err
	}()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err := <-read
		if !errors.Is(err, os.ErrClosed) && !errors.Is(err, io.EOF) && !errors.Is(err, unix.EIO) {
			t.Errorf("Read across a hang-up = %v, want closed, EOF or EIO", err)
		}
	}
	if _, err := h.Write([]byte{1}); !errors.Is(err, unix.EIO) {
		t.Errorf("host Write after hang-up = %v, want EIO", err)
	}
	if _, err := os.Lstat(link); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("link after unplug: %v, want it gone", err)
	}

	again := open(t, link, 9600)
	defer again.Close() //nolint:errcheck // end of test
	fresh := host(t, link)
	if _, err := fresh.Write([]byte{0x60}); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 1)
	if _, err := again.Read(got); err != nil || got[0] != 0x60 {
		t.Errorf("Read after replug = % X, %v, want 60", got, err)
	}
}

func TestBaudFollowsTheHost(t *testing.T) {
	link := filepath.Join(t.TempDir(), "usb-reader")
	p := open(t, link, 38400)
	defer p.Close() //nolint:errcheck // end of test
	if got := p.Baud(); got != 38400 {
		t.Errorf("Baud at open = %d, want 38400", got)
	}
	h := host(t, link)
	s, err := unix.IoctlGetTermios(int(h.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	s.Cflag = s.Cflag&^unix.CBAUD | unix.B115200
	if err := unix.IoctlSetTermios(int(h.Fd()), unix.TCSETS, s); err != nil {
		t.Fatal(err)
	}
	if got := p.Baud(); got != 115200 {
		t.Errorf("Baud after the host set it = %d, want 115200", got)
	}
}

func TestOpenRefusesAnUnknownSpeed(t *testing.T) {
	if _, err := tty.Open(filepath.Join(t.TempDir(), "x"), 31250); !errors.Is(err, tty.ErrSpeed) {
		t.Errorf("Open at 31250 baud = %v, want ErrSpeed", err)
	}
}
