package system

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// inOwnNetwork names a program in the environment of this test's own binary: it is then to become that program, alone with
// a loopback of its own.
const inOwnNetwork = "ROLLCALL_SYSTEM_IN_OWN_NETWORK"

// ownNetwork makes a command that runs a program with fixed ports where nobody else's ports are. The kernel may refuse such
// a network; startOwn then runs the program among all others.
func ownNetwork(ctx context.Context, program string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, os.Args[0], args...) //nolint:gosec // this very binary
	c.Env = append(os.Environ(), inOwnNetwork+"="+program)
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGTERM}
	if uid, gid := os.Getuid(), os.Getgid(); uid != 0 {
		c.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		c.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
		c.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
		c.SysProcAttr.AmbientCaps = []uintptr{unix.CAP_NET_ADMIN}
	}
	return c
}

// startOwn starts what ownNetwork made, without a network of its own where the kernel grants none.
func startOwn(ctx context.Context, c *exec.Cmd, program string) (*exec.Cmd, error) {
	err := c.Start()
	if !errors.Is(err, syscall.EPERM) && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOSPC) {
		return c, err
	}
	plain := exec.CommandContext(ctx, program, c.Args[1:]...) //nolint:gosec // the program of this repository
	plain.Stdout, plain.Stderr, plain.Dir, plain.Cancel, plain.WaitDelay = c.Stdout, c.Stderr, c.Dir, c.Cancel, c.WaitDelay
	return plain, plain.Start()
}

// enterNetwork brings the loopback up and becomes the program. It returns only when it cannot.
func enterNetwork(program string, args []string) error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("bring loopback up: %w", err)
	}
	loopback, err := unix.NewIfreq("lo")
	if err != nil {
		return fmt.Errorf("bring loopback up: %w", err)
	}
	loopback.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, loopback); err != nil {
		return fmt.Errorf("bring loopback up: %w", err)
	}
	return fmt.Errorf("become %s: %w", program, syscall.Exec(program, append([]string{program}, args...), os.Environ()))
}
