package skew

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// program is internal/clocks, built once for all tests.
var program string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "rollcall-skew-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary directory
	bin := filepath.Join(dir, "bin")
	if err := build(context.Background(), dir, bin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	program = filepath.Join(bin, "clocks")
	return m.Run()
}

func build(ctx context.Context, dir, bin string) error {
	overlay, err := Overlay(ctx, ".", dir)
	if err != nil {
		return err
	}
	if err := os.Mkdir(bin, 0o700); err != nil {
		return err
	}
	return Build(ctx, ".", overlay, bin, "./internal/clocks")
}

// reading is what the program says.
type reading struct {
	Now, At               time.Time
	Since, Uptime, Within time.Duration
	Boot                  contract.Boot
	Quality               contract.Quality
}

// machine is a running program.
type machine struct {
	t     *testing.T
	ask   io.Writer
	lines *bufio.Scanner
}

func start(t *testing.T, env ...string) *machine {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = in.Close(), cmd.Wait() })
	return &machine{t: t, ask: in, lines: bufio.NewScanner(out)}
}

func (m *machine) read() (r reading) {
	m.t.Helper()
	if _, err := io.WriteString(m.ask, "\n"); err != nil {
		m.t.Fatal(err)
	}
	if !m.lines.Scan() {
		m.t.Fatalf("the program has ended: %v", m.lines.Err())
	}
	if err := json.Unmarshal(m.lines.Bytes(), &r); err != nil {
		m.t.Fatal(err)
	}
	return r
}

func clock(t *testing.T) *Clock {
	t.Helper()
	c, err := New(t.TempDir(), "gw0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// Whatever the offset, every reader of the time of day in the program agrees, and lies between the clock before and after.
func TestOffsets(t *testing.T) {
	c := clock(t)
	m := start(t, c.Env()...)
	last := m.read()
	for _, offset := range []time.Duration{0, time.Hour, -26 * time.Hour, 999_999_999, -1, -56 * 365 * 24 * time.Hour, 0} {
		t.Run(offset.String(), func(t *testing.T) {
			c.Set(offset)
			before := time.Now().Round(0).Add(offset)
			got := m.read()
			after := time.Now().Round(0).Add(offset)
			for what, at := range map[string]time.Time{"time.Now": got.Now, "the gateway's stamp": got.At} {
				if at.Before(before) || at.After(after) {
					t.Errorf("%s = %v, want between %v and %v", what, at, before, after)
				}
			}
			if got.Since < last.Since || got.Since-last.Since > after.Sub(before)+time.Minute {
				t.Errorf("monotonic time went from %v to %v", last.Since, got.Since)
			}
			last = got
		})
	}
}

func TestSetTo(t *testing.T) {
	c := clock(t)
	m := start(t, c.Env()...)
	unset := time.Date(1970, 1, 1, 0, 0, 5, 0, time.UTC)
	c.SetTo(unset)
	if got := m.read().Now; got.Before(unset) || got.Sub(unset) > time.Hour {
		t.Errorf("time.Now = %v, want %v", got, unset)
	}
}

func TestDiscipline(t *testing.T) {
	tests := []struct {
		name    string
		set     Discipline
		quality contract.Quality
		within  time.Duration
	}{
		{"as New makes it", Discipline{Synchronised: true, Within: time.Millisecond}, contract.Synchronised, time.Millisecond},
		{"less sure", Discipline{Synchronised: true, Within: 250 * time.Millisecond}, contract.Synchronised, 250 * time.Millisecond},
		{"lost", Discipline{}, contract.FreeRunning, 0},
	}
	c := clock(t)
	m := start(t, c.Env()...)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c.SetDiscipline(tt.set)
			got := m.read()
			if got.Quality != tt.quality || got.Within != tt.within {
				t.Errorf("quality %v within %v, want %v within %v", got.Quality, got.Within, tt.quality, tt.within)
			}
		})
	}
}

// A machine that was switched off has another boot id, and its uptime begins anew.
func TestBoot(t *testing.T) {
	c := clock(t)
	first := start(t, c.Env()...).read()
	c.SetDiscipline(Discipline{})
	time.Sleep(50 * time.Millisecond) // an uptime that a new boot must fall behind
	before := time.Now()
	longer := start(t, c.Env()...).read()
	if err := c.Boot(); err != nil {
		t.Fatal(err)
	}
	booted := time.Now()
	second := start(t, c.Env()...).read()
	if second.Boot == first.Boot || longer.Boot != first.Boot || second.Boot == (contract.Boot{}) {
		t.Errorf("boots %x, %x and %x: want the third alone to differ", first.Boot, longer.Boot, second.Boot)
	}
	if second.Uptime < 0 || second.Uptime > time.Since(booted)+time.Since(before) || longer.Uptime < 50*time.Millisecond {
		t.Errorf("uptimes %v, %v, %v", first.Uptime, longer.Uptime, second.Uptime)
	}
	if second.Quality != contract.NeverSet {
		t.Errorf("quality after the boot = %v, want %v", second.Quality, contract.NeverSet)
	}
}

// Two machines side by side, and one without the laboratory.
func TestMachinesAreTheirOwn(t *testing.T) {
	a, b := clock(t), clock(t)
	inA, inB, outside := start(t, a.Env()...), start(t, b.Env()...), start(t)
	a.Set(10 * time.Minute)
	b.Set(-time.Hour)
	before := time.Now().Round(0)
	got := []time.Duration{inA.read().Now.Sub(before), inB.read().Now.Sub(before), outside.read().Now.Sub(before)}
	slack := time.Since(before)
	for n, want := range []time.Duration{10 * time.Minute, -time.Hour, 0} {
		if late := got[n] - want; late < 0 || late > slack {
			t.Errorf("machine %d is off by %v, want %v", n, got[n], want)
		}
	}
	if inA.read().Boot == inB.read().Boot {
		t.Error("two machines, one boot")
	}
}

func TestNoFileNoStart(t *testing.T) {
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), variable+"="+filepath.Join(t.TempDir(), "missing"))
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), variable) {
		t.Errorf("started by a clock that does not exist: %v %q", err, out)
	}
}

func TestDrift(t *testing.T) {
	c := clock(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		go c.Drift(ctx, 500)
		time.Sleep(time.Hour)
		stop()
		synctest.Wait()
		if got, want := c.Offset(), 1800*time.Millisecond; (got - want).Abs() > time.Millisecond {
			t.Errorf("after an hour at 500 ppm the clock is off by %v, want %v", got, want)
		}
	})
}

func TestStrobe(t *testing.T) {
	c := clock(t)
	synctest.Test(t, func(t *testing.T) {
		c.Set(time.Second)
		ctx, stop := context.WithCancel(t.Context())
		go c.Strobe(ctx, time.Hour, time.Minute)
		var seen []time.Duration
		for range 3 {
			time.Sleep(time.Minute)
			synctest.Wait()
			seen = append(seen, c.Offset())
		}
		stop()
		synctest.Wait()
		if got, want := fmt.Sprint(append(seen, c.Offset())), "[1h0m1s 1s 1h0m1s 1s]"; got != want {
			t.Errorf("offsets %s, want %s", got, want)
		}
	})
}

// The overlay refuses a source that it does not know.
func TestOverlayRefuses(t *testing.T) {
	tests := []struct{ name, file, text, want string }{
		{"Now has changed", patches[0].file, "package time\n", "has changed"},
		{"Now stands there twice", patches[0].file, strings.Repeat(patches[0].old, 2), "has changed"},
		{"another reader", "gateway/clock/linux.go", "package clock\n\nvar t = unix.Gettimeofday(nil)\n", "does not cover"},
		{"no reader", "gateway/clock/linux.go", "package clock\n", "nothing in"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			path := filepath.Join(root, tt.file)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			o := overlay{Replace: map[string]string{}, out: t.TempDir()}
			err := o.cover(root)
			if tt.file == patches[0].file {
				err = o.apply(root, patches[0])
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one that says %q", err, tt.want)
			}
		})
	}
}

// A program that was built without the overlay is not taken for one that was.
func TestBuildLooksAtWhatItBuilt(t *testing.T) {
	dir := t.TempDir()
	none, bin := filepath.Join(dir, "none.json"), filepath.Join(dir, "bin")
	if err := os.WriteFile(none, []byte(`{"Replace": {}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Build(t.Context(), ".", none, bin, "./internal/clocks"); err == nil || !strings.Contains(err.Error(), "does not read shared clocks") {
		t.Errorf("Build = %v, want a complaint", err)
	}
}
