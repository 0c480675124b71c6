package proc

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const soon = 10 * time.Millisecond

// start runs a shell script.
func start(t *testing.T, script string, change ...func(o *Options)) (p *Process, log string) {
	t.Helper()
	log = filepath.Join(t.TempDir(), "log")
	o := Options{Name: t.Name(), Log: log, Restart: soon, Command: func(ctx context.Context) *exec.Cmd {
		return exec.CommandContext(ctx, "sh", "-c", script)
	}}
	for _, c := range change {
		c(&o)
	}
	p, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if p.Running() {
			t.Error("it still runs")
		}
	})
	return p, log
}

// until waits for a condition that is not an event.
func until(t *testing.T, what string, ready func() bool) {
	t.Helper()
	for began := time.Now(); !ready(); time.Sleep(time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Fatalf("%s did not come to be", what)
		}
	}
}

func said(t *testing.T, log, text string) {
	t.Helper()
	until(t, text+" in the log", func() bool {
		all, err := os.ReadFile(log)
		return err == nil && strings.Contains(string(all), text)
	})
}

const forever = "echo up; while :; do sleep 60 & wait $!; done"

// How a life ends is told, and the next begins.
func TestRestart(t *testing.T) {
	tests := []struct {
		name   string
		script string
		end    func(p *Process) error
		want   string
		asked  bool
	}{
		{"kill -9", forever, (*Process).Kill, "signal: killed", true},
		{"asked to end", "trap 'echo bye; exit 7' TERM; " + forever, (*Process).Terminate, "exit status 7", true},
		{"by itself", "sleep 0.1; exit 3", func(*Process) error { return nil }, "exit status 3", false},
		{"by itself, as foretold", "trap 'exit 3' USR1; " + forever, func(p *Process) error { return errors.Join(p.Excuse(), p.signal(syscall.SIGUSR1)) }, "exit status 3", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, log := start(t, tt.script)
			if tt.asked {
				said(t, log, "up")
			}
			if err := tt.end(p); err != nil {
				t.Fatal(err)
			}
			if err := p.AwaitLife(t.Context(), 2); err != nil {
				t.Fatal(err)
			}
			first, second := p.Lives()[0], p.Lives()[1]
			if got := first.State.String(); got != tt.want || first.Asked != tt.asked {
				t.Errorf("ended with %q, asked %v; want %q, %v", got, first.Asked, tt.want, tt.asked)
			}
			if first.PID == second.PID || second.StartedAt.Sub(first.EndedAt) < soon {
				t.Errorf("lives %+v and %+v", first, second)
			}
		})
	}
}

func TestHoldAndResume(t *testing.T) {
	p, log := start(t, forever)
	said(t, log, "up")
	if err := p.Hold(); err != nil {
		t.Fatal(err)
	}
	if p.Running() || len(p.Lives()) != 1 {
		t.Errorf("running: %v, lives: %+v", p.Running(), p.Lives())
	}
	time.Sleep(5 * soon) // longer than Restart
	if got := len(p.Lives()); got != 1 {
		t.Errorf("%d lives of a program that was held", got)
	}
	if err := p.Kill(); !errors.Is(err, ErrEnded) {
		t.Errorf("Kill = %v, want %v", err, ErrEnded)
	}
	if err := p.Hold(); err != nil {
		t.Errorf("Hold a second time = %v", err)
	}
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	if got := len(p.Lives()); got != 2 || !p.Running() {
		t.Errorf("%d lives, want 2; running: %v", got, p.Running())
	}
}

func TestStopIsPatientAndThenNot(t *testing.T) {
	for script, want := range map[string]string{
		"trap 'echo bye; exit 0' TERM; " + forever: "exit status 0",
		"trap '' TERM; " + forever:                 "signal: killed",
	} {
		p, log := start(t, script)
		said(t, log, "up")
		patience := time.Minute
		if want == "signal: killed" {
			patience = soon
		}
		if err := p.Stop(patience); err != nil {
			t.Fatal(err)
		}
		if got := p.Lives()[0].State.String(); got != want {
			t.Errorf("ended with %q, want %q", got, want)
		}
	}
}

// A paused program does not go on, and a paused program can be killed.
func TestPause(t *testing.T) {
	p, log := start(t, "while :; do echo tick; sleep 0.01; done")
	said(t, log, "tick")
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	before := size(t, log)
	time.Sleep(10 * soon)
	if got := size(t, log); got != before {
		t.Errorf("the log grew by %d octets in a pause", got-before)
	}
	if err := p.Continue(); err != nil {
		t.Fatal(err)
	}
	until(t, "growth of the log", func() bool { return size(t, log) > before })
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	if err := p.Hold(); err != nil {
		t.Fatal(err)
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// What the program started dies with it.
func TestChildrenDieToo(t *testing.T) {
	p, log := start(t, "sleep 300 & echo child $!; wait")
	said(t, log, "child")
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	child := strings.Fields(string(text))[1]
	if err := p.Hold(); err != nil {
		t.Fatal(err)
	}
	until(t, "the child's end", func() bool {
		stat, err := os.ReadFile(filepath.Join("/proc", child, "stat"))
		return err != nil || strings.Contains(string(stat), ") Z ")
	})
}

func TestWithoutRestart(t *testing.T) {
	p, log := start(t, "echo up; exit 0", func(o *Options) { o.Restart = 0 })
	said(t, log, "up")
	if err := p.AwaitEnd(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	until(t, "the second life", func() bool { return len(p.Lives()) == 2 && !p.Running() })
}

func TestProgramThatIsNotThere(t *testing.T) {
	_, err := Start(t.Context(), Options{Name: "nothing", Command: func(ctx context.Context) *exec.Cmd {
		return exec.CommandContext(ctx, filepath.Join(t.TempDir(), "nothing"))
	}})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Start = %v, want %v", err, os.ErrNotExist)
	}
}

// The end of ctx ends the program and every later one.
func TestContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	p, err := Start(ctx, Options{Name: t.Name(), Restart: time.Millisecond, Command: func(ctx context.Context) *exec.Cmd {
		return exec.CommandContext(ctx, "sleep", "300")
	}})
	if err != nil {
		t.Fatal(err)
	}
	stop()
	<-p.ended
	if p.Running() || len(p.Lives()) != 1 {
		t.Errorf("running: %v, lives: %+v", p.Running(), p.Lives())
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestMemory(t *testing.T) {
	now, most, err := Memory(os.Getpid())
	if err != nil || now < 1<<20 || most < now/2 || most > 1<<40 {
		t.Errorf("Memory = %d, %d, %v", now, most, err)
	}
	if _, _, err := Memory(1 << 30); err == nil {
		t.Error("a process that is not there has memory")
	}
}

func TestLimitFiles(t *testing.T) {
	p, log := start(t, "while :; do if (true </dev/null); then echo opened; else echo refused; fi; sleep 0.01; done")
	said(t, log, "opened")
	restore, err := LimitFiles(p.PID(), 3)
	if err != nil {
		t.Fatal(err)
	}
	said(t, log, "refused")
	if err := restore(); err != nil {
		t.Fatal(err)
	}
	until(t, "an opened file after a refusal", func() bool {
		all, err := os.ReadFile(log)
		return err == nil && strings.HasSuffix(string(all), "opened\n")
	})
	if restore, err = LimitFiles(p.PID(), 3); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(p.Close(), restore()); err != nil {
		t.Errorf("the limit of a process that has ended: %v", err)
	}
}
