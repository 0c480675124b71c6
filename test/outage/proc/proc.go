// Package proc runs programs as systemd would and mistreats them: signals, the freezer, a starved processor, too little
// memory. It knows processes, not what they are for.
package proc

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"time"
)

// Options of a Process.
type Options struct {
	Name    string
	Command func(ctx context.Context) *exec.Cmd // made for each start; must not be started, and its output is replaced
	Log     string                              // file that output is appended to
	Restart time.Duration                       // after an end that nobody asked for; 0 is never
}

// Life is one start of the program and its end.
type Life struct {
	PID       int
	StartedAt time.Time
	EndedAt   time.Time        // zero while it runs
	State     *os.ProcessState // nil while it runs
	Asked     bool             // ended by Kill, Terminate or Stop
}

// Process is a program that is started again when it ends. Safe from any goroutine.
type Process struct{}

var errUnfinished = errors.New("not written yet")

// Start starts the program, and again after each end that Stop did not ask for.
func Start(ctx context.Context, o Options) (*Process, error) { return nil, errUnfinished }

// Stop ends the program with SIGTERM, and after patience with SIGKILL, and does not start it again.
func (p *Process) Stop(patience time.Duration) error { return errUnfinished }

// Resume starts a program that Stop or Hold ended.
func (p *Process) Resume() error { return errUnfinished }

// Hold kills the program (SIGKILL), waits for its end and leaves it dead until Resume: the machine has no power.
func (p *Process) Hold() error { return errUnfinished }

// Kill ends this life with SIGKILL; Restart applies.
func (p *Process) Kill() error { return errUnfinished }

// Terminate asks this life to end with SIGTERM; Restart applies.
func (p *Process) Terminate() error { return errUnfinished }

// Pause stops the program where it stands (SIGSTOP) and returns when it stands.
func (p *Process) Pause() error { return errUnfinished }

// Continue lets a paused program go on.
func (p *Process) Continue() error { return errUnfinished }

// Lives are the starts so far, the last one last.
func (p *Process) Lives() []Life { return nil }

// Running tells whether the program runs or is paused at this moment.
func (p *Process) Running() bool { return false }

// Group is a control group (version 1 or 2, whichever the machine has): limits for the processes put into it.
type Group struct{}

// GroupAvailable tells what this machine lacks for OpenGroup, by name; nil when nothing.
func GroupAvailable() error { return errUnfinished }

// OpenGroup makes a group. Leftovers of runs that died are removed first.
func OpenGroup(name string) (*Group, error) { return nil, errUnfinished }

// Close removes the group; its processes must have ended.
func (g *Group) Close() error { return errUnfinished }

// Add puts a process and all its threads into the group.
func (g *Group) Add(pid int) error { return errUnfinished }

// SetCPU limits the group to a share of one processor, 0.05 is five per cent; 0 takes the limit away.
func (g *Group) SetCPU(share float64) error { return errUnfinished }

// SetMemory limits the group to so many bytes; 0 takes the limit away. The kernel kills a process that needs more.
func (g *Group) SetMemory(bytes int64) error { return errUnfinished }

// Freeze stops every process of the group, without their knowing, and returns when they stand.
func (g *Group) Freeze() error { return errUnfinished }

// Thaw lets them go on.
func (g *Group) Thaw() error { return errUnfinished }

// Killed is how many processes the kernel has killed for want of memory.
func (g *Group) Killed() (int, error) { return 0, errUnfinished }

// Memory is how many bytes the group's processes use, and the most they ever used.
func (g *Group) Memory() (now, most int64, err error) { return 0, 0, errUnfinished }
