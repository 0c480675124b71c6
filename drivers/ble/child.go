package ble

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// errChild says how a worker ended that never connected.
var errChild = errors.New("worker ended before it connected")

// child is the worker's process, a holder: start opens it, stop ends it and waits.
type child struct {
	cmd *exec.Cmd
	end chan struct{} // closed when the process has been waited for
	err error         // how it ended; to be read after end
}

func start(o Options) (*child, error) {
	args := append(o.Command[1:len(o.Command):len(o.Command)], "--device", strconv.Itoa(o.Device), "--socket", o.Socket)
	c := &child{cmd: exec.Command(o.Command[0], args...), end: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), "LOGXI=*=ERR") // go-ble's own logger prints packets below that
	c.cmd.Stderr = o.Stderr
	c.cmd.WaitDelay = o.StopWithin // a grandchild that keeps standard error open
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start worker: %w", err)
	}
	go func() {
		defer close(c.end)
		c.err = c.cmd.Wait()
	}()
	return c, nil
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// stop asks the process to end, kills it when it has not after within, and returns when it is gone.
func (c *child) stop(within time.Duration) {
	_ = c.cmd.Process.Signal(unix.SIGTERM) // may be gone already
	t := time.NewTimer(within)
	defer t.Stop()
	select {
	case <-c.end:
		return
	case <-t.C:
	}
	_ = c.cmd.Process.Kill()
	<-c.end
}

// onEnd calls f when the process ends, unless the function it returns has been called before. That one waits.
func (c *child) onEnd(f func()) (unhook func()) {
	off, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-c.end:
			f()
		case <-off:
		}
	}()
	return func() { close(off); <-done }
}

// over reports whether the process has ended.
func (c *child) over() bool {
	select {
	case <-c.end:
		return true
	default:
		return false
	}
}

// how tells how the process ended. Only after over.
func (c *child) how() error {
	if c.err == nil {
		return errChild
	}
	return fmt.Errorf("%w: %w", errChild, c.err)
}
