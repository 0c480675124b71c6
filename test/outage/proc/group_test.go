package proc

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func group(t *testing.T) *Group {
	t.Helper()
	if err := GroupAvailable(); err != nil {
		t.Skip(err)
	}
	g, err := OpenGroup("test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
		for _, dir := range g.folders() {
			if _, err := os.Stat(dir); !os.IsNotExist(err) {
				t.Errorf("%s is left behind", dir)
			}
		}
	})
	return g
}

func in(g *Group) func(o *Options) { return func(o *Options) { o.Started = g.Add } }

func TestFreeze(t *testing.T) {
	g := group(t)
	p, log := start(t, "while :; do echo tick; sleep 0.01; done", in(g))
	said(t, log, "tick")
	if err := g.Freeze(); err != nil {
		t.Fatal(err)
	}
	before := size(t, log)
	time.Sleep(10 * soon)
	if got := size(t, log); got != before {
		t.Errorf("the log grew by %d octets in the freezer", got-before)
	}
	if err := g.Thaw(); err != nil {
		t.Fatal(err)
	}
	until(t, "growth of the log", func() bool { return size(t, log) > before })
	if err := p.Hold(); err != nil {
		t.Fatal(err)
	}
}

func TestSetCPU(t *testing.T) {
	g := group(t)
	p, _ := start(t, "while :; do :; done", in(g))
	if err := g.SetCPU(0.05); err != nil {
		t.Fatal(err)
	}
	until(t, "throttling", func() bool {
		n, err := g.Throttled()
		return err == nil && n > 2
	})
	if err := g.SetCPU(0); err != nil {
		t.Fatal(err)
	}
	if err := p.Hold(); err != nil {
		t.Fatal(err)
	}
}

// A program that wants more memory than there is gets killed; the next one runs.
func TestSetMemory(t *testing.T) {
	g := group(t)
	if err := g.SetMemory(16 << 20); err != nil {
		t.Fatal(err)
	}
	p, _ := start(t, "sleep 0.05; exec dd if=/dev/zero of=/dev/null bs=200M count=1", in(g))
	if err := p.AwaitLife(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if got := p.Lives()[0]; got.State.String() != "signal: killed" || got.Asked {
		t.Errorf("ended with %q, asked: %v", got.State, got.Asked)
	}
	if n, err := g.Killed(); err != nil || n < 1 {
		t.Errorf("Killed = %d, %v", n, err)
	}
	if err := g.SetMemory(0); err != nil {
		t.Error(err)
	}
	if err := p.Hold(); err != nil {
		t.Fatal(err)
	}
}

func TestMounts(t *testing.T) {
	tests := []struct {
		name, info string
		at         map[string]string
		unified    string
	}{
		{"version 1 and an empty version 2", `30 24 0:25 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
31 24 0:26 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
32 24 0:27 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
33 24 0:28 / /proc rw - proc proc rw
`, map[string]string{"rw": "/sys/fs/cgroup/memory", "cpu": "/sys/fs/cgroup/cpu", "cpuacct": "/sys/fs/cgroup/cpu", "memory": "/sys/fs/cgroup/memory"}, "/sys/fs/cgroup/unified"},
		{"version 2", "29 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n", map[string]string{}, "/sys/fs/cgroup"},
		{"none", "", map[string]string{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at, unified := mounts(tt.info)
			if diff := cmp.Diff(at, tt.at); diff != "" || unified != tt.unified {
				t.Errorf("mounts (-got +want), unified at %q:\n%s", unified, diff)
			}
		})
	}
}

const dieWithGroup = "ROLLCALL_DIE_WITH_GROUP"

// A run that died has left a group; the next one removes it.
func TestGroupsAreSwept(t *testing.T) {
	if err := GroupAvailable(); err != nil {
		t.Skip(err)
	}
	dead := exec.Command(os.Args[0], "-test.run=^$")
	dead.Env = append(os.Environ(), dieWithGroup+"=1")
	out, err := dead.Output()
	if err != nil {
		t.Fatal(err)
	}
	left := string(out)
	if _, err := os.Stat(left); err != nil {
		t.Fatalf("the process that died tidied up: %v", err)
	}
	group(t)
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("%s is still there", left)
	}
}

func TestMain(m *testing.M) {
	if os.Getenv(dieWithGroup) == "" {
		os.Exit(m.Run())
	}
	g, err := OpenGroup("test")
	if err != nil {
		os.Exit(1)
	}
	_, _ = os.Stdout.WriteString(g.memory)
	os.Exit(0)
}
