// Package proc runs programs as systemd would and mistreats them: signals, limits, the freezer, a starved processor, too
// little memory. It knows processes, not what they are for.
package proc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// ErrEnded is what comes of a signal to a program that is not running.
var ErrEnded = errors.New("the program is not running")

// Options of a Process.
type Options struct {
	Name    string                              // in messages
	Command func(ctx context.Context) *exec.Cmd // made anew for each start; its output is replaced
	Log     string                              // the file that output is appended to; "" throws it away
	Restart time.Duration                       // how long after an end it is started again, as RestartSec= has it; 0 is never
	Started func(pid int) error                 // called after each start, for a Group to take it in; may be nil
}

// Life is one start of the program and its end.
type Life struct {
	PID       int
	StartedAt time.Time
	EndedAt   time.Time        // zero while it runs
	State     *os.ProcessState // nil while it runs
	Asked     bool             // the end was asked for: by Kill, Terminate, Hold, Stop or Close, or foretold by Excuse
}

// Process is a program that is started again when it ends. Safe from any goroutine.
type Process struct {
	o      Options
	ctx    context.Context // ended by Close
	cancel context.CancelFunc
	ended  chan struct{} // closed when nothing will be started any more

	mu      sync.Mutex // guards everything that follows
	wanted  bool
	changed chan struct{} // closed, and replaced, when anything here changes
	lives   []Life
	broken  error // why it could not be started
}

// Start starts the program, and again after each end, until Close or the end of ctx.
func Start(ctx context.Context, o Options) (*Process, error) {
	p := &Process{o: o, wanted: true, changed: make(chan struct{}), ended: make(chan struct{})}
	p.ctx, p.cancel = context.WithCancel(ctx)
	go p.run()
	if err := p.await(func() bool { return len(p.lives) > 0 || p.broken != nil }); err != nil {
		p.cancel()
		return nil, err
	}
	return p, nil
}

// run is the life of the process, from one start to the next. The kernel takes the thread that starts a program for its
// parent, and kills the program when that thread ends: it is kept.
func (p *Process) run() {
	defer close(p.ended)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		if p.ctx.Err() != nil || p.await(func() bool { return p.wanted }) != nil {
			return
		}
		if err := p.live(); err != nil {
			p.change(func() { p.broken = err })
			return
		}
		if p.o.Restart == 0 {
			p.change(func() { p.wanted = false })
			continue
		}
		p.rest()
	}
}

// rest waits before the next start, unless the program is not to be started anyhow.
func (p *Process) rest() {
	t := time.NewTimer(p.o.Restart)
	defer t.Stop()
	select {
	case <-t.C:
	case <-p.ctx.Done():
	}
}

// live starts the program and waits for its end.
func (p *Process) live() error {
	cmd, log, err := p.prepare()
	if err != nil {
		return fmt.Errorf("start %s: %w", p.o.Name, err)
	}
	defer log.Close() //nolint:errcheck // the program wrote it, not we
	started, err := p.begin(cmd)
	if err != nil {
		return fmt.Errorf("start %s: %w", p.o.Name, err)
	}
	if !started {
		return nil
	}
	_ = cmd.Wait() // its end is in the state
	p.change(func() {
		last := &p.lives[len(p.lives)-1]
		last.EndedAt, last.State = time.Now(), cmd.ProcessState
		last.Asked = last.Asked || p.ctx.Err() != nil
	})
	return nil
}

// prepare makes the command. The program is alone in its process group, and dies with this process.
func (p *Process) prepare() (cmd *exec.Cmd, log *os.File, err error) {
	path := p.o.Log
	if path == "" {
		path = os.DevNull
	}
	if log, err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return nil, nil, err
	}
	cmd = p.o.Command(p.ctx)
	cmd.Stdout, cmd.Stderr = log, log
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid, cmd.SysProcAttr.Pdeathsig = true, syscall.SIGKILL
	return cmd, log, nil
}

// begin starts the command, unless the program is no longer wanted.
func (p *Process) begin(cmd *exec.Cmd) (started bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.wanted {
		return false, nil
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	if p.o.Started != nil {
		if err := p.o.Started(cmd.Process.Pid); err != nil {
			_, _ = cmd.Process.Kill(), cmd.Wait()
			return false, err
		}
	}
	p.lives = append(p.lives, Life{PID: cmd.Process.Pid, StartedAt: time.Now()})
	p.changedLocked()
	return true, nil
}

// Close kills the program, waits for its end and starts it no more.
func (p *Process) Close() error {
	_ = p.Hold()
	p.cancel()
	<-p.ended
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.broken
}

// Hold kills the program (SIGKILL), waits for its end and leaves it dead until Resume: the machine has no power.
func (p *Process) Hold() error { return p.halt(syscall.SIGKILL) }

// Stop asks the program to end (SIGTERM), kills it when patience ends first, and leaves it dead until Resume.
func (p *Process) Stop(patience time.Duration) error {
	impatient := time.AfterFunc(patience, func() { _ = p.signal(syscall.SIGKILL) })
	defer impatient.Stop()
	return p.halt(syscall.SIGTERM)
}

func (p *Process) halt(s syscall.Signal) error {
	p.change(func() { p.wanted = false })
	if err := p.end(s); err != nil && !errors.Is(err, ErrEnded) {
		return err
	}
	return p.await(func() bool { return !p.runningLocked() })
}

// Resume starts a program that Hold, Stop or, without Restart, its end has left dead, and returns when it runs.
func (p *Process) Resume() error {
	lives := 0
	p.change(func() { p.wanted, lives = true, len(p.lives) })
	return p.await(func() bool { return p.runningLocked() || len(p.lives) > lives || p.broken != nil })
}

// Kill ends this life with SIGKILL; Restart applies.
func (p *Process) Kill() error { return p.end(syscall.SIGKILL) }

// Terminate asks this life to end with SIGTERM; Restart applies.
func (p *Process) Terminate() error { return p.end(syscall.SIGTERM) }

func (p *Process) end(s syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.signalLocked(s); err != nil {
		return err
	}
	p.lives[len(p.lives)-1].Asked = true
	return nil
}

// Excuse says that the end of this life, whenever and however it comes, was asked for; Restart applies.
func (p *Process) Excuse() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.runningLocked() {
		return fmt.Errorf("excuse the end of %s: %w", p.o.Name, ErrEnded)
	}
	p.lives[len(p.lives)-1].Asked = true
	return nil
}

// Pause stops the program where it stands (SIGSTOP) and returns when every thread of it stands.
func (p *Process) Pause() error {
	if err := p.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	return awaitStopped(p.PID())
}

// Continue lets a paused program go on.
func (p *Process) Continue() error { return p.signal(syscall.SIGCONT) }

func (p *Process) signal(s syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.signalLocked(s)
}

func (p *Process) signalLocked(s syscall.Signal) error {
	if !p.runningLocked() {
		return fmt.Errorf("%s to %s: %w", s, p.o.Name, ErrEnded)
	}
	if err := syscall.Kill(-p.lives[len(p.lives)-1].PID, s); err != nil {
		return fmt.Errorf("%s to %s: %w", s, p.o.Name, err)
	}
	return nil
}

func (p *Process) runningLocked() bool {
	return len(p.lives) > 0 && p.lives[len(p.lives)-1].State == nil
}

// Running tells whether the program runs, or is paused, at this moment.
func (p *Process) Running() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.runningLocked()
}

// PID of the running program, or of the last one.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lives[len(p.lives)-1].PID
}

// Lives are the starts so far, the last one last.
func (p *Process) Lives() []Life {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Life(nil), p.lives...)
}

// AwaitLife waits until so many lives have begun, for a restart that nobody asked for by hand.
func (p *Process) AwaitLife(ctx context.Context, number int) error {
	return p.awaitUntil(ctx, func() bool { return len(p.lives) >= number })
}

// AwaitEnd waits until the program is not running.
func (p *Process) AwaitEnd(ctx context.Context) error {
	return p.awaitUntil(ctx, func() bool { return !p.runningLocked() })
}

func (p *Process) change(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
	p.changedLocked()
}

func (p *Process) changedLocked() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// await waits for a condition, which is asked with mu held, until Close.
func (p *Process) await(ready func() bool) error { return p.awaitUntil(p.ctx, ready) }

func (p *Process) awaitUntil(ctx context.Context, ready func() bool) error {
	for {
		p.mu.Lock()
		done, broken, changed := ready(), p.broken, p.changed
		p.mu.Unlock()
		switch {
		case broken != nil:
			return broken
		case done:
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", p.o.Name, context.Cause(ctx))
		}
	}
}
