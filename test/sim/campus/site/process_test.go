package site

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shell is a process that runs a script and says "ready" when it has begun.
func shell(t *testing.T, script string) (*Process, func()) {
	t.Helper()
	said := make(chan struct{}, 1)
	p := &Process{
		Name: "script", Path: "/bin/sh", Args: []string{"-c", script}, Log: filepath.Join(t.TempDir(), "log"),
		Stdout: writer(func(b []byte) {
			if bytes.Contains(b, []byte("ready")) {
				said <- struct{}{}
			}
		}),
	}
	return p, func() {
		t.Helper()
		select {
		case <-said:
		case <-time.After(10 * time.Second):
			t.Fatal("the script did not begin")
		}
	}
}

type writer func([]byte)

func (w writer) Write(b []byte) (int, error) { w(b); return len(b), nil }

func TestStopAsksAndWaits(t *testing.T) {
	p, ready := shell(t, `trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done`)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	ready()
	if err := p.Start(); err == nil {
		t.Errorf("it was started twice")
	}
	if p.PID() == 0 {
		t.Errorf("it runs and has no number")
	}
	if err := p.Stop(); err != nil {
		t.Errorf("Stop = %v", err)
	}
	log, err := os.ReadFile(p.Log)
	if err != nil || !strings.Contains(string(log), "bye") {
		t.Errorf("log = %q, %v, want its last word", log, err)
	}
	if err := p.Ended(); err != nil {
		t.Errorf("Ended = %v, want nil for one that was stopped", err)
	}
	if err := p.Stop(); err != nil {
		t.Errorf("a second Stop = %v, want nil", err)
	}
}

func TestKillAndStartAgain(t *testing.T) {
	p, ready := shell(t, `trap '' TERM; echo ready; while :; do sleep 0.01; done`)
	for range 2 {
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		ready()
		if !p.Kill() {
			t.Errorf("Kill did not end it")
		}
	}
	if p.Kill() {
		t.Errorf("Kill ended one that does not run")
	}
	lives := p.Lives()
	if len(lives) != 2 || lives[0].To.Before(lives[0].From) || lives[1].From.Before(lives[0].To) {
		t.Errorf("lives = %v, want two, one after the other", lives)
	}
	if err := p.Ended(); err != nil {
		t.Errorf("Ended = %v, want nil for one that was killed", err)
	}
}

func TestEndedByItself(t *testing.T) {
	p, ready := shell(t, `echo ready; exit 7`)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	ready()
	err := await(context.Background(), 10*time.Second, "it ends", func(context.Context) (bool, error) { return p.PID() == 0, nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Ended(); !errors.Is(err, ErrEnded) || !strings.Contains(err.Error(), "7") {
		t.Errorf("Ended = %v, want its status", err)
	}
}

func TestBadEndIsToldByStop(t *testing.T) {
	p, ready := shell(t, `trap 'exit 3' TERM; echo ready; while :; do sleep 0.01; done`)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	ready()
	if err := p.Stop(); err == nil || !strings.Contains(err.Error(), "status 3") {
		t.Errorf("Stop = %v, want status 3", err)
	}
}

func TestProgramThatIsNotThere(t *testing.T) {
	p := &Process{Name: "nothing", Path: "/nowhere/nothing", Log: filepath.Join(t.TempDir(), "log")}
	if err := p.Start(); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("Start = %v, want advice", err)
	}
	if err := p.Stop(); err != nil {
		t.Errorf("Stop = %v", err)
	}
}

func TestAwaitGivesUp(t *testing.T) {
	err := await(context.Background(), time.Millisecond, "pigs fly", func(context.Context) (bool, error) { return false, nil })
	if !errors.Is(err, ErrTooLong) || !strings.Contains(err.Error(), "pigs fly") {
		t.Errorf("await = %v, want ErrTooLong with what was waited for", err)
	}
	broken := errors.New("broken")
	err = await(context.Background(), time.Minute, "pigs fly", func(context.Context) (bool, error) { return false, broken })
	if !errors.Is(err, broken) {
		t.Errorf("await = %v, want the reason at once", err)
	}
}

func TestFirstPasswordIsFound(t *testing.T) {
	f := &firstPassword{}
	for _, piece := range []string{"first start: log in at http://127.0.0.1:8080/ as admin with the one-", "time password abcde-fgh", "jk-mnopq-rstuv\nmore\n"} {
		if _, err := f.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	if got := f.get(); got != "abcde-fghjk-mnopq-rstuv" {
		t.Errorf("password = %q", got)
	}
}
