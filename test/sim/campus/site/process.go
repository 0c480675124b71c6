// Package site is the demo campus as machines: central and three gateways as processes of their own, the cables between them,
// the serial lines with their readers, and the gateways that were retired. It starts, stops, breaks and asks them; what is
// to happen when, and what of it is right, is decided elsewhere.
package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// stopWithin is how long a program may take to end by itself after SIGTERM.
const stopWithin = 20 * time.Second

// ErrEnded means that a program ended although nobody asked it to.
var ErrEnded = errors.New("program ended by itself")

// Process is a program that is started again and again in the life of a site. It is safe for concurrent use.
type Process struct {
	Name   string
	Path   string
	Args   []string
	Log    string    // file that takes what it prints
	Stdout io.Writer // also gets its standard output; may be nil

	mu      sync.Mutex // guards everything that follows
	cmd     *exec.Cmd
	ended   chan struct{} // closed when cmd has ended
	err     error         // why
	stopped bool          // the end was asked for
	spans   []Span
}

// Span is one life of a process; To is zero while it lasts.
type Span struct{ From, To time.Time }

// Start runs the program.
func (p *Process) Start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		return fmt.Errorf("start %s: it runs already", p.Name)
	}
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	cmd := exec.Command(p.Path, p.Args...) //nolint:gosec,noctx // the programs of this repository; Stop and Kill end them
	cmd.Stdout, cmd.Stderr = log, log
	if p.Stdout != nil {
		cmd.Stdout = io.MultiWriter(log, p.Stdout)
	}
	// Ctrl-C at the terminal is for this program, which stops the others in order; they must not outlive it either.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("start %s: %w; build it with: make build", p.Name, err), log.Close())
	}
	p.cmd, p.ended, p.err, p.stopped = cmd, make(chan struct{}), nil, false
	p.spans = append(p.spans, Span{From: time.Now()})
	go p.reap(cmd, log, p.ended)
	return nil
}

// reap waits for the end of one life. It ends with the process, which Stop and Kill wait for.
func (p *Process) reap(cmd *exec.Cmd, log io.Closer, ended chan struct{}) {
	err := errors.Join(cmd.Wait(), log.Close())
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd, p.err = nil, err
	p.spans[len(p.spans)-1].To = time.Now()
	close(ended)
}

// Kill ends the program with SIGKILL and returns when it is dead; false when it was not this signal that ended it.
func (p *Process) Kill() bool {
	cmd, ended := p.leave()
	if cmd == nil {
		return false
	}
	if err := cmd.Process.Kill(); err != nil {
		return false
	}
	<-ended
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// Stop asks the program to end and waits for it; after stopWithin it is killed, which is an error.
func (p *Process) Stop() error {
	cmd, ended := p.leave()
	if cmd == nil {
		return nil
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.Name, err)
	}
	patience := time.NewTimer(stopWithin)
	defer patience.Stop()
	select {
	case <-ended:
	case <-patience.C:
		p.Kill()
		return fmt.Errorf("stop %s: it did not end within %v and was killed; see %s", p.Name, stopWithin, p.Log)
	}
	if code := cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("stop %s: it ended with status %d; see %s", p.Name, code, p.Log)
	}
	return nil
}

// leave notes that the end is wanted.
func (p *Process) leave() (*exec.Cmd, chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	return p.cmd, p.ended
}

// Ended is nil while the program runs or rests as it was told to; ErrEnded when it ended by itself.
func (p *Process) Ended() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil || p.stopped || p.ended == nil {
		return nil
	}
	return fmt.Errorf("%w: %s: %w; see %s", ErrEnded, p.Name, exitOf(p.err), p.Log)
}

func exitOf(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// PID is the number of the running process, 0 if there is none.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// Lives are when the program ran, so far.
func (p *Process) Lives() []Span {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Span(nil), p.spans...)
}

// run runs a command of the same program to its end and gives its standard output, also of one that ends with an error.
func run(ctx context.Context, path, log string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, path, args...).Output() //nolint:gosec // the programs of this repository
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	if err != nil {
		err = fmt.Errorf("%s %s: %w", filepath.Base(path), args[0], err)
	}
	return string(out), errors.Join(err, appendTo(log, out))
}

func appendTo(path string, text []byte) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("keep log: %w", err)
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
