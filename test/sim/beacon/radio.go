package beacon

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// Radio is a Controller plugged into a machine: it answers the system calls of every program started by Exec with this
// radio's Socket. Programs may come and go; one at a time has the channel, as with a real adapter.
type Radio struct {
	controller *Controller
	listener   *net.UnixListener
	group      sync.WaitGroup // one for accept, one for each program, one for each channel

	mu      sync.Mutex // guards everything that follows
	closed  bool
	refusal unix.Errno
	owner   *os.File
	open    map[*os.File]bool // ends of channels and watched filters, closed by Close
}

// Plug makes a radio with c inside, at a socket in dir. Close it when done.
func Plug(dir string, c *Controller) (*Radio, error) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: filepath.Join(dir, "radio")})
	if err != nil {
		return nil, fmt.Errorf("plug radio: %w", err)
	}
	r := &Radio{controller: c, listener: l, open: map[*os.File]bool{}}
	r.group.Go(r.accept)
	return r, nil
}

// Socket is what Exec must be given to run a program on this radio.
func (r *Radio) Socket() string { return r.listener.Addr().String() }

// Refuse makes the kernel's part fail: from now on opening the adapter gives errno, for instance ENODEV when it is
// unplugged or ERFKILL when it is blocked. With 0 it works again. A channel that is open stays open; see Unplug.
func (r *Radio) Refuse(errno unix.Errno) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refusal = errno
}

// Unplug takes the adapter away from the program that uses it, and from those to come.
func (r *Radio) Unplug() {
	r.Refuse(unix.ENODEV)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.owner != nil {
		r.dropLocked(r.owner)
	}
}

// Close unplugs the radio and waits for all it started. A program still running sees its channel end.
func (r *Radio) Close() error {
	err := r.listener.Close()
	r.mu.Lock()
	r.closed = true
	for f := range r.open {
		r.dropLocked(f)
	}
	r.mu.Unlock()
	r.group.Wait()
	return err
}

// keep notes f for Close; false when the radio is closed already, and f with it.
func (r *Radio) keep(f *os.File) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		_ = f.Close()
		return false
	}
	r.open[f] = true
	return true
}

func (r *Radio) drop(f *os.File) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dropLocked(f)
}

func (r *Radio) dropLocked(f *os.File) {
	if r.owner == f {
		r.owner = nil
	}
	if r.open[f] {
		delete(r.open, f)
		_ = f.Close()
	}
}

// accept takes the filters of programs as Exec sends them.
func (r *Radio) accept() {
	for {
		conn, err := r.listener.AcceptUnix()
		if err != nil {
			return // closed
		}
		filter, err := receiveFile(conn)
		_ = conn.Close()
		if err != nil || !r.keep(filter) {
			continue // the program gave up before it sent one, and has said so itself
		}
		r.group.Go((&program{radio: r, filter: filter}).watch)
	}
}

// program is one started by Exec: the filter its calls arrive at and the channel it has asked for but not yet bound.
type program struct {
	radio   *Radio
	filter  *os.File
	pending *os.File
}

// watch answers the calls of p until its last thread has ended.
func (p *program) watch() {
	defer p.radio.drop(p.filter)
	defer func() { p.radio.drop(p.pending) }()
	raw, err := p.filter.SyscallConn()
	if err != nil {
		return
	}
	for gone := false; !gone && err == nil; {
		err = raw.Read(func(fd uintptr) (done bool) {
			ready := poll(fd, unix.POLLIN)
			if ready&unix.POLLIN != 0 {
				p.answer(int(fd))
				return true
			}
			gone = ready != 0
			return gone // otherwise the runtime waits and calls again
		})
	}
}

// answer takes one call and answers it. A program killed meanwhile makes either step fail, which is no matter.
func (p *program) answer(fd int) {
	n, err := receive(fd)
	if err != nil {
		return
	}
	switch int(n.nr) {
	case unix.SYS_SOCKET:
		p.socket(fd, &n)
	case unix.SYS_BIND:
		_ = reply(fd, &n, p.bind())
	default:
		_ = reply(fd, &n, p.radio.upOrDown())
	}
}

// socket makes a channel and gives the program its end.
func (p *program) socket(fd int, n *notification) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		_ = reply(fd, n, unix.ENFILE)
		return
	}
	defer unix.Close(pair[1])
	ours, err := pollable(pair[0])
	if err != nil || !p.radio.keep(ours) {
		_ = reply(fd, n, unix.ENODEV)
		return
	}
	p.radio.drop(p.pending)
	p.pending = ours
	_ = replyWithFile(fd, n, pair[1])
}

// bind makes the program the owner of the adapter.
func (p *program) bind() unix.Errno {
	r := p.radio
	if errno := r.upOrDown(); errno != 0 {
		return errno
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	channel := p.pending
	if channel == nil || r.closed {
		return unix.EINVAL
	}
	r.owner, p.pending = channel, nil
	r.group.Go(func() {
		defer r.drop(channel)
		r.controller.serve(channel)
	})
	return 0
}

// upOrDown is what bringing the adapter up or down gets. The kernel closes a killed program's channel before anybody
// learns of its death, so whether the owner lives is asked of the channel: a successor never finds the adapter busy.
func (r *Radio) upOrDown() unix.Errno {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refusal == 0 && r.owner != nil && alive(r.owner) {
		return unix.EBUSY
	}
	return r.refusal
}

func alive(channel *os.File) bool {
	hung := true
	raw, err := channel.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { hung = poll(fd, unix.POLLRDHUP)&(unix.POLLHUP|unix.POLLRDHUP) != 0 })
	}
	return err == nil && !hung
}

// poll tells at once what is so of fd: events, and POLLHUP in any case. An interrupted poll counts as nothing so.
func poll(fd uintptr, events int16) int16 {
	p := []unix.PollFd{{Fd: int32(fd), Events: events}}
	if _, err := unix.Poll(p, 0); err != nil {
		return 0
	}
	return p[0].Revents
}

// pollable hands fd to the runtime's poller, so that closing the file ends a read of it.
func pollable(fd int) (*os.File, error) {
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "bluetooth"), nil
}
