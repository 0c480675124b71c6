package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

const (
	tunPath = "/dev/net/tun"
	enter   = "nsenter"
	device  = "eth0" // in every namespace
)

// host is one machine's network.
type host struct {
	name     string
	address  netip.Addr
	hardware hardware
	space    *os.File // the namespace
	tap      *os.File // the far end of its cable
}

func newHost(number int, name string) (*host, error) {
	h := &host{name: name, address: netip.AddrFrom4([4]byte{10, 77, byte((number + 1) >> 8), byte(number + 1)})}
	err := aside(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("make a network namespace: %w", err)
		}
		return h.plug()
	})
	if err != nil {
		_ = h.close()
		return nil, err
	}
	return h, nil
}

// aside runs do on a thread that nobody else uses until it is back in its own network. Were it to end instead, the kernel would
// send their Pdeathsig to the programs that it once started.
func aside(do func() error) error {
	ended := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		home, err := os.Open("/proc/thread-self/ns/net")
		if err != nil {
			ended <- fmt.Errorf("remember the network: %w", err)
			return
		}
		defer home.Close() //nolint:errcheck // nothing was written
		err = do()
		if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread() // or it ends with this goroutine
		}
		ended <- err
	}()
	return <-ended
}

// plug makes the device inside the new namespace, where this thread is.
func (h *host) plug() (err error) {
	if h.space, err = os.Open("/proc/thread-self/ns/net"); err != nil {
		return fmt.Errorf("keep the network namespace: %w", err)
	}
	if err := quieten(); err != nil {
		return err
	}
	if h.tap, err = openTap(); err != nil {
		return fmt.Errorf("make a TAP device: %w", err)
	}
	if err := configure(h.address); err != nil {
		return fmt.Errorf("configure the network: %w", err)
	}
	card, err := net.InterfaceByName(device)
	if err != nil {
		return fmt.Errorf("look at the network: %w", err)
	}
	h.hardware = hardware(card.HardwareAddr)
	return nil
}

// quieten keeps new devices from speaking IPv6 by themselves: the counts are of what programs send.
func quieten() error {
	err := os.WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", []byte("1"), 0)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("keep IPv6 quiet: %w", err)
	}
	return nil
}

func openTap() (*os.File, error) {
	fd, err := unix.Open(tunPath, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	request, err := unix.NewIfreq(device)
	if err == nil {
		request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), tunPath), nil
}

// configure gives the device its address and brings it and the loopback up.
func configure(address netip.Addr) error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket) //nolint:errcheck // nothing was written
	if err := setInet4(socket, unix.SIOCSIFADDR, address.As4()); err != nil {
		return err
	}
	if err := setInet4(socket, unix.SIOCSIFNETMASK, [4]byte{255, 255, 0, 0}); err != nil {
		return err
	}
	return errors.Join(bringUp(socket, device), bringUp(socket, "lo"))
}

func setInet4(socket int, what uint, address [4]byte) error {
	request, err := unix.NewIfreq(device)
	if err != nil {
		return err
	}
	if err := request.SetInet4Addr(address[:]); err != nil {
		return err
	}
	return unix.IoctlIfreq(socket, what, request)
}

func bringUp(socket int, name string) error {
	request, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request)
}

func (h *host) close() error {
	var errs []error
	for _, f := range []*os.File{h.tap, h.space} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// Command is exec.CommandContext inside a host's namespace. The process that runs becomes the program itself, so that signals
// to it arrive. It has the host's network alone; files, pseudo-terminals and process numbers are those of everybody.
func (s *Switch) Command(ctx context.Context, host, name string, args ...string) *exec.Cmd {
	space := fmt.Sprintf("--net=/proc/%d/fd/%d", os.Getpid(), s.mustFind(host).space.Fd())
	return exec.CommandContext(ctx, enter, append([]string{space, "--", name}, args...)...) //nolint:gosec // the caller's program
}

// Dial connects from inside a host's namespace, for a test that asks a gateway's status page. address is an IP address and
// a port.
func (s *Switch) Dial(ctx context.Context, host, network, address string) (c net.Conn, err error) {
	err = s.inside(host, func() (err error) {
		c, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return c, err
}

// Listen listens inside a host's namespace.
func (s *Switch) Listen(ctx context.Context, host, network, address string) (l net.Listener, err error) {
	err = s.inside(host, func() (err error) {
		l, err = new(net.ListenConfig).Listen(ctx, network, address)
		return err
	})
	return l, err
}

// inside runs do in a host's namespace. A socket stays in the namespace it was made in.
func (s *Switch) inside(host string, do func() error) error {
	space := s.mustFind(host).space
	return aside(func() error {
		if err := unix.Setns(int(space.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter the network of %s: %w", host, err)
		}
		return do()
	})
}
