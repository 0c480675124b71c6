package ble

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// errNotSocket keeps a misspelt path from costing somebody a file.
var errNotSocket = errors.New("something that is not a socket stands there: remove it or choose another path")

// listen makes the socket unless it is there already, in the place of one that a killed gateway left behind.
func (s *Supervisor) listen() error {
	if s.listener != nil {
		return nil
	}
	info, err := os.Lstat(s.o.Socket)
	switch {
	case err == nil && info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("listen on %s: %w", s.o.Socket, errNotSocket)
	case err == nil:
		if err := os.Remove(s.o.Socket); err != nil {
			return fmt.Errorf("remove old socket: %w", err)
		}
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: s.o.Socket})
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o600)
	if s.o.External {
		mode = 0o660 // the worker runs as a user of its own, in the gateway's group
	}
	if err := os.Chmod(s.o.Socket, mode); err != nil {
		_ = l.Close()
		return fmt.Errorf("set mode of socket: %w", err)
	}
	s.listener = l
	s.changed.tell()
	return nil
}

func (s *Supervisor) unlisten() {
	if s.listener != nil {
		_ = s.listener.Close() // removes the socket
		s.listener = nil
	}
}

// accept waits for c to connect, or for anybody when c is nil. It gives up when c ends or is late, or ctx ends.
func (s *Supervisor) accept(ctx context.Context, c *child) (net.Conn, error) {
	now := time.Now()
	until := time.Time{}
	if c != nil {
		until = now.Add(s.o.ConnectWithin)
	}
	if err := s.listener.SetDeadline(until); err != nil {
		return nil, err
	}
	hurry := func() { _ = s.listener.SetDeadline(now) }
	unhook := context.AfterFunc(ctx, hurry)
	defer unhook()
	if c != nil {
		defer c.onEnd(hurry)()
	}
	for {
		conn, err := s.listener.AcceptUnix()
		if err != nil {
			return s.acceptLast(ctx, c, err)
		}
		if c == nil || peer(conn) == c.pid() {
			return conn, nil
		}
		_ = conn.Close() // a stranger
	}
}

// acceptLast looks once more for the connection of a worker that has ended already: it waits in the queue, with the
// reason in it.
func (s *Supervisor) acceptLast(ctx context.Context, c *child, err error) (net.Conn, error) {
	if c == nil || ctx.Err() != nil || !c.over() {
		return nil, err
	}
	if err := s.listener.SetDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		return nil, err
	}
	for {
		conn, err := s.listener.AcceptUnix()
		if err != nil {
			return nil, c.how()
		}
		if peer(conn) == c.pid() {
			return conn, nil
		}
		_ = conn.Close()
	}
}

// peer is the process at the other end, 0 when the kernel will not say.
func peer(conn *net.UnixConn) int {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0
	}
	pid := 0
	err = raw.Control(func(fd uintptr) {
		if cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			pid = int(cred.Pid)
		}
	})
	if err != nil {
		return 0
	}
	return pid
}
