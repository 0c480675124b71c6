package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/test/outage/internal/claim"
)

const (
	kind       = "group"                // of claims
	period     = 100 * time.Millisecond // over which a share of the processor is counted, the kernel's default
	emptyAfter = 5 * time.Second        // a killed process leaves its group a moment later
	unlimited  = int64(1) << 62
)

// Group is a control group: limits for the processes that are put into it. Version 1 or 2, whichever the machine has.
type Group struct {
	name  string // in messages
	claim *claim.Claim
	hierarchy
}

// hierarchy is where the controllers of the machine stand.
type hierarchy struct {
	v2                   bool
	cpu, memory, freezer string // folders; the same one in version 2
}

// GroupAvailable tells what this machine lacks for OpenGroup, by name; nil when nothing.
func GroupAvailable() error {
	if os.Geteuid() != 0 {
		return errors.New("control groups need root")
	}
	_, err := find()
	return err
}

// find looks for the three controllers, version 1 first: where both are mounted, version 1 has them.
func find() (hierarchy, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return hierarchy{}, fmt.Errorf("look for control groups: %w", err)
	}
	at, unified := mounts(string(text))
	if at["cpu"] != "" && at["memory"] != "" && at["freezer"] != "" {
		return hierarchy{cpu: at["cpu"], memory: at["memory"], freezer: at["freezer"]}, nil
	}
	known, err := os.ReadFile(filepath.Join(unified, "cgroup.controllers"))
	if unified == "" || err != nil || !has(string(known), "cpu") || !has(string(known), "memory") {
		return hierarchy{}, errors.New("control groups need the controllers cpu, memory and freezer: mount /sys/fs/cgroup")
	}
	return hierarchy{v2: true, cpu: unified, memory: unified, freezer: unified}, nil
}

// mounts reads proc(5)'s mountinfo: where each controller of version 1 is mounted, and where version 2 is.
func mounts(info string) (at map[string]string, unified string) {
	at = map[string]string{}
	for line := range strings.Lines(info) {
		before, after, _ := strings.Cut(line, " - ")
		place, system := strings.Fields(before), strings.Fields(after)
		if len(place) < 5 || len(system) < 3 {
			continue
		}
		switch system[0] {
		case "cgroup":
			for _, controller := range strings.Split(system[2], ",") {
				at[controller] = place[4]
			}
		case "cgroup2":
			unified = place[4]
		}
	}
	return at, unified
}

func has(words, word string) bool {
	for _, w := range strings.Fields(words) {
		if w == word {
			return true
		}
	}
	return false
}

// OpenGroup makes a group without limits; its name is for messages. Leftovers of runs that died are removed first.
func OpenGroup(name string) (*Group, error) {
	if err := GroupAvailable(); err != nil {
		return nil, err
	}
	if err := claim.Sweep(kind, discard); err != nil {
		return nil, err
	}
	claimed, err := claim.Make(kind)
	if err != nil {
		return nil, fmt.Errorf("open group %s: %w", name, err)
	}
	g := &Group{name: name, claim: claimed}
	if err := g.make(); err != nil {
		_ = g.Close()
		return nil, fmt.Errorf("open group %s: %w", name, err)
	}
	return g, nil
}

func (g *Group) make() error {
	root, err := find()
	if err != nil {
		return err
	}
	if root.v2 {
		if err := write(root.cpu, "cgroup.subtree_control", "+cpu +memory"); err != nil {
			return err
		}
	}
	g.hierarchy = root.under(g.claim.Name)
	for _, dir := range g.folders() {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}

func (h hierarchy) under(name string) hierarchy {
	h.cpu, h.memory, h.freezer = filepath.Join(h.cpu, name), filepath.Join(h.memory, name), filepath.Join(h.freezer, name)
	return h
}

func (h hierarchy) folders() []string { return []string{h.cpu, h.memory, h.freezer} }

// Close removes the group. Its processes must have ended.
func (g *Group) Close() error {
	if err := discard(g.claim.Name); err != nil {
		return fmt.Errorf("close group %s: %w", g.name, err)
	}
	return g.claim.Release()
}

// discard thaws and removes the folders of a name.
func discard(name string) error {
	root, err := find()
	if err != nil {
		return err
	}
	h := root.under(name)
	_ = h.thaw() // what is frozen cannot end
	for _, dir := range h.folders() {
		if err := empty(dir); err != nil {
			return err
		}
	}
	return nil
}

// empty removes one folder once its last process has left it.
func empty(dir string) error {
	for began := time.Now(); ; time.Sleep(lookEvery) {
		err := unix.Rmdir(dir)
		switch {
		case err == nil, errors.Is(err, fs.ErrNotExist):
			return nil
		case !errors.Is(err, unix.EBUSY) || time.Since(began) > emptyAfter:
			return fmt.Errorf("remove %s: %w", dir, err)
		}
	}
}

// Add puts a process and all its threads into the group.
func (g *Group) Add(pid int) error {
	for _, dir := range g.folders() {
		if err := write(dir, "cgroup.procs", strconv.Itoa(pid)); err != nil {
			return fmt.Errorf("add process %d to group %s: %w", pid, g.name, err)
		}
	}
	return nil
}

// SetCPU limits the group to a share of one processor, 0.05 is five per cent; 0 takes the limit away.
func (g *Group) SetCPU(share float64) error {
	quota := strconv.FormatInt(int64(share*float64(period.Microseconds())), 10)
	if g.v2 {
		if share == 0 {
			quota = "max"
		}
		return write(g.cpu, "cpu.max", fmt.Sprintf("%s %d", quota, period.Microseconds()))
	}
	if share == 0 {
		quota = "-1"
	}
	return write(g.cpu, "cpu.cfs_quota_us", quota)
}

// Throttled is how often the group had to wait because its share of the processor was used up.
func (g *Group) Throttled() (int64, error) { return number(g.cpu, "cpu.stat", "nr_throttled") }

// SetMemory limits the group to so many bytes; 0 takes the limit away. The kernel kills a process that needs more.
func (g *Group) SetMemory(bytes int64) error {
	switch {
	case g.v2 && bytes == 0:
		return write(g.memory, "memory.max", "max")
	case g.v2:
		return write(g.memory, "memory.max", strconv.FormatInt(bytes, 10))
	case bytes == 0:
		bytes = unlimited
	}
	return write(g.memory, "memory.limit_in_bytes", strconv.FormatInt(bytes, 10))
}

// Killed is how many processes the kernel has killed for want of memory.
func (g *Group) Killed() (int64, error) {
	if g.v2 {
		return number(g.memory, "memory.events", "oom_kill")
	}
	return number(g.memory, "memory.oom_control", "oom_kill")
}

// Freeze stops every process of the group, without their knowing, and returns when they stand.
func (g *Group) Freeze() error {
	if err := g.freeze(); err != nil {
		return err
	}
	for began := time.Now(); time.Since(began) < standsWithin; time.Sleep(lookEvery) {
		if frozen, err := g.frozen(); err != nil || frozen {
			return err
		}
	}
	return errors.Join(fmt.Errorf("group %s is not frozen after %v", g.name, standsWithin), g.thaw())
}

// Thaw lets them go on.
func (g *Group) Thaw() error { return g.thaw() }

func (h hierarchy) freeze() error {
	if h.v2 {
		return write(h.freezer, "cgroup.freeze", "1")
	}
	return write(h.freezer, "freezer.state", "FROZEN")
}

func (h hierarchy) thaw() error {
	if h.v2 {
		return write(h.freezer, "cgroup.freeze", "0")
	}
	return write(h.freezer, "freezer.state", "THAWED")
}

func (h hierarchy) frozen() (bool, error) {
	if h.v2 {
		n, err := number(h.freezer, "cgroup.events", "frozen")
		return n == 1, err
	}
	state, err := os.ReadFile(filepath.Join(h.freezer, "freezer.state"))
	return strings.TrimSpace(string(state)) == "FROZEN", err
}

func write(dir, name, value string) error {
	if err := os.WriteFile(filepath.Join(dir, name), []byte(value), 0o644); err != nil { //nolint:gosec // the kernel's file
		return fmt.Errorf("write %s to %s: %w", value, name, err)
	}
	return nil
}

// number reads one line of a file of names and numbers.
func number(dir, file, name string) (int64, error) {
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", file, err)
	}
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) == 2 && words[0] == name {
			return strconv.ParseInt(words[1], 10, 64)
		}
	}
	return 0, fmt.Errorf("read %s: no line %s", file, name)
}
