package serialport_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/drivers/drivertest"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

// uart is a port that can do more than a pseudo-terminal. It sees the structures as octets, at the places that the C
// compiler gives the fields of linux/serial.h on 64 bits.
type uart struct {
	fails  map[uint]error
	revert uint32 // flags of rs485 that it cannot set

	mu     sync.Mutex // guards everything that follows
	asked  []uint     // requests, in order
	rs485  [32]byte
	serial [72]byte
}

const flagsOfSerial = 16 // offset of flags in serial_struct

func (u *uart) ioctl(_ int, request uint, argument unsafe.Pointer) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.asked = append(u.asked, request)
	if err := u.fails[request]; err != nil {
		return err
	}
	switch request {
	case 0x542F: // TIOCSRS485
		u.rs485 = *(*[32]byte)(argument)
		binary.NativeEndian.PutUint32(u.rs485[:], binary.NativeEndian.Uint32(u.rs485[:])&^u.revert)
	case 0x542E: // TIOCGRS485
		*(*[32]byte)(argument) = u.rs485
	case 0x541E: // TIOCGSERIAL
		*(*[72]byte)(argument) = u.serial
	case 0x541F: // TIOCSSERIAL
		u.serial = *(*[72]byte)(argument)
	default:
		return unix.ENOTTY
	}
	return nil
}

// opened is the state of a line with a port once it is open.
func opened(t *testing.T, o serialport.Options) serialport.State {
	t.Helper()
	r := supervise(t, o, nil)
	<-r.ports
	return r.line.State()
}

func TestStructuresAreTheKernels(t *testing.T) {
	want := map[string]uintptr{"serial_rs485": 32, "serial_struct": 72, "serial_icounter_struct": 80} // sizeof in C, 64 bits
	if d := cmp.Diff(want, serialport.Sizes); d != "" {
		t.Errorf("sizes (-C +Go):\n%s", d)
	}
}

func TestRS485(t *testing.T) {
	const enabled, onSend, afterSend = 1, 2, 4 // SER_RS485_…
	for _, tt := range []struct {
		name   string
		wish   serialport.RS485
		want   [3]uint32 // flags, delay before, delay after
		port   *uart
		advice string
	}{
		{"high while sending", serialport.RS485{Enable: true}, [3]uint32{enabled | onSend}, &uart{}, ""},
		{"low while sending", serialport.RS485{Enable: true, SendLow: true}, [3]uint32{enabled | afterSend}, &uart{}, ""},
		{"with delays", serialport.RS485{Enable: true, Before: 2 * time.Millisecond, After: time.Millisecond},
			[3]uint32{enabled | onSend, 2, 1}, &uart{}, ""},
		{"a port that cannot be low while sending", serialport.RS485{Enable: true, SendLow: true}, [3]uint32{enabled},
			&uart{revert: afterSend}, "try the other level of RTS"},
		{"a port without it", serialport.RS485{Enable: true}, [3]uint32{},
			&uart{fails: map[uint]error{0x542F: unix.ENOTTY}}, "use an adapter that does so by itself"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := serialport.Options{Path: drivertest.NewCable(t).Path, Baud: 9600, RS485: tt.wish}
			o.OnIoctl(tt.port.ioctl)
			s := opened(t, o)
			if !s.Up || !strings.Contains(s.Advice, tt.advice) || (s.Advice == "") != (tt.advice == "") {
				t.Errorf("State = %+v, want up, with advice %q", s, tt.advice)
			}
			got := [3]uint32{}
			for i := range got {
				got[i] = binary.NativeEndian.Uint32(tt.port.rs485[4*i:])
			}
			if got != tt.want {
				t.Errorf("flags and delays of the port = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAPortIsLeftAsItIs(t *testing.T) {
	var port uart
	o := serialport.Options{Path: drivertest.NewCable(t).Path, Baud: 9600}
	o.OnIoctl(port.ioctl)
	if s := opened(t, o); !s.Up || s.Advice != "" {
		t.Errorf("State = %+v, want up, without advice", s)
	}
	port.mu.Lock()
	defer port.mu.Unlock()
	for _, request := range port.asked {
		if request != unix.TIOCGICOUNT {
			t.Errorf("the port was asked %#x, though nothing was configured", request)
		}
	}
}

// A pseudo-terminal cannot turn a line round: the kernel itself says so.
func TestRS485OnAPseudoTerminal(t *testing.T) {
	s := opened(t, serialport.Options{Path: drivertest.NewCable(t).Path, Baud: 9600, RS485: serialport.RS485{Enable: true}})
	if !s.Up || !strings.Contains(s.Advice, "cannot turn an RS-485 line round") {
		t.Errorf("State = %+v, want up, with advice", s)
	}
}

func TestRS485ThatBreaksIsTrouble(t *testing.T) {
	port := uart{fails: map[uint]error{0x542E: unix.EIO}}
	news := make(chan struct{}, 1)
	o := serialport.Options{Path: drivertest.NewCable(t).Path, Baud: 9600, RS485: serialport.RS485{Enable: true}, Log: drivertest.Log(news)}
	o.OnIoctl(port.ioctl)
	r := supervise(t, o, nil)
	<-news
	if s := r.line.State(); s.Up || s.Trouble == "" {
		t.Errorf("State = %+v, want down with trouble", s)
	}
}

func TestLatencyTimer(t *testing.T) {
	const lowLatency = 1 << 13 // ASYNC_LOW_LATENCY
	for _, tt := range []struct {
		name   string
		timer  string // content of the file; empty for none
		port   *uart
		asked  bool // for the flag
		advice string
	}{
		{"no FTDI adapter", "", &uart{}, false, ""},
		{"set by udev", "1\n", &uart{}, false, ""},
		{"not a number", "soon\n", &uart{}, false, ""},
		{"the flag helps", "16\n", &uart{}, true, ""},
		{"the flag is refused", "16\n", &uart{fails: map[uint]error{0x541F: unix.EPERM}}, false, "holds every reply back for 16 ms"},
		{"there is no flag", "16\n", &uart{fails: map[uint]error{0x541E: unix.ENOTTY}}, false, "70-rollcall-readers.rules"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cable := drivertest.NewCable(t)
			tt.port.serial[0], tt.port.serial[flagsOfSerial] = 7, 1 // type and another flag, which must stay
			o := serialport.Options{Path: cable.Path, Baud: 9600, Sysfs: sysfs(t, cable.Path, tt.timer)}
			o.OnIoctl(tt.port.ioctl)
			s := opened(t, o)
			if !s.Up || !strings.Contains(s.Advice, tt.advice) || (s.Advice == "") != (tt.advice == "") {
				t.Errorf("State = %+v, want up, with advice %q", s, tt.advice)
			}
			want := uint32(1)
			if tt.asked {
				want |= lowLatency
			}
			if got := binary.NativeEndian.Uint32(tt.port.serial[flagsOfSerial:]); got != want || tt.port.serial[0] != 7 {
				t.Errorf("flags = %#x, type %d, want %#x, 7", got, tt.port.serial[0], want)
			}
		})
	}
}

// sysfs is a tree as the kernel has it, with the latency timer of the adapter behind the link.
func sysfs(t *testing.T, link, timer string) (root string) {
	t.Helper()
	root = t.TempDir()
	device, err := filepath.EvalSymlinks(link)
	if err != nil || timer == "" {
		return root
	}
	dir := filepath.Join(root, "class", "tty", filepath.Base(device), "device")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "latency_timer"), []byte(timer), 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestAdviceGoesWithThePort(t *testing.T) {
	cable := drivertest.NewCable(t)
	r := supervise(t, serialport.Options{Path: cable.Path, Baud: 9600, RS485: serialport.RS485{Enable: true}}, nil)
	<-r.ports
	cable.Unplug()
	<-r.hungUp
	for r.line.State().Up {
		time.Sleep(time.Millisecond)
	}
	if s := r.line.State(); s.Advice != "" {
		t.Errorf("State of a closed line = %+v, want no advice", s)
	}
	cable.Plug()
	<-r.ports
	if s := r.line.State(); s.Advice == "" {
		t.Errorf("State = %+v after the replug, want the advice again", s)
	}
}

func TestFramingErrors(t *testing.T) {
	const wrong = "/dev/ttyUSB0 hears octets without an end: a reader speaks at another speed, or the wires A and B are swapped"
	type look struct {
		after  time.Duration
		count  int32
		advice string
		news   bool
	}
	for _, tt := range []struct {
		name  string
		looks []look
	}{
		{"none", []look{{0, 5, "", false}, {time.Second, 5, "", false}, {2 * time.Minute, 5, "", false}}},
		{"a plug that was moved", []look{{0, 5, "", false}, {time.Second, 24, "", false}, {time.Minute, 24, "", false}, {2 * time.Minute, 30, "", false}}},
		{"another speed", []look{{0, 5, "", false}, {time.Second, 25, wrong, true}, {2 * time.Second, 60, "", false}}},
		{"looked at once a second", []look{{0, 5, "", false}, {time.Second / 2, 99, "", false}}},
		{"corrected", []look{
			{0, 0, "", false}, {time.Second, 20, wrong, true}, {time.Minute, 50, "", false}, {2*time.Minute - time.Second, 50, "", false},
			{2 * time.Minute, 50, "", true}, {3 * time.Minute, 50, "", false},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			start, now := time.Now(), look{}
			f := serialport.NewFraming("/dev/ttyUSB0", func(frame *int32) error { *frame = now.count; return nil })
			for _, now = range tt.looks {
				if advice, news := f.Look(start.Add(now.after)); advice != now.advice || news != now.news {
					t.Errorf("after %v: advice %q, news %v, want %q, %v", now.after, advice, news, now.advice, now.news)
				}
			}
		})
	}
}

func TestAPortThatDoesNotCountIsAskedOnce(t *testing.T) {
	asked := 0
	f := serialport.NewFraming("/dev/pts/1", func(*int32) error { asked++; return unix.ENOTTY })
	for i := range 5 {
		f.Look(time.Now().Add(time.Duration(i) * time.Minute))
	}
	if asked != 1 {
		t.Errorf("asked %d times, want once", asked)
	}
}

func TestDelaysOfRS485AreBounded(t *testing.T) {
	for _, d := range []time.Duration{-time.Millisecond, time.Second, 1500 * time.Microsecond} {
		o := serialport.Options{Path: "/dev/ttyAMA3", Baud: 9600, RS485: serialport.RS485{Enable: true, After: d}}
		if _, err := serialport.New(o); err == nil || !strings.Contains(err.Error(), "is not possible") {
			t.Errorf("New with a delay of %v = %v, want that it is not possible", d, err)
		}
	}
}
