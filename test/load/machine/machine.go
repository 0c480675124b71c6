// Package machine says on what a measurement was made: processor, kernel, disk, and how much of the processors others took
// meanwhile. It measures nothing of ours.
package machine

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Description is one machine, in words; what the machine does not tell is "unknown".
type Description struct {
	CPU    string // model as the kernel names it
	Cores  int    // that programs may use
	Kernel string // e.g. "Linux 6.12.0 amd64"
	Disk   string // file system and device below the directory that was asked about
	Go     string // version of the compiler
}

// String is one line.
func (d Description) String() string {
	return fmt.Sprintf("%s, %d cores, %s, %s, %s", d.CPU, d.Cores, d.Kernel, d.Disk, d.Go)
}

// Describe looks at this machine and the disk on which dir lies.
func Describe(dir string) Description {
	return Description{
		CPU: model(read("/proc/cpuinfo")), Cores: runtime.NumCPU(), Go: runtime.Version(),
		Kernel: "Linux " + known(strings.TrimSpace(read("/proc/sys/kernel/osrelease"))) + " " + runtime.GOARCH,
		Disk:   disk(dir),
	}
}

// Volatile reports whether dir lies in memory, where an fdatasync costs nothing.
func Volatile(dir string) bool {
	var st unix.Statfs_t
	return unix.Statfs(dir, &st) == nil && (st.Type == unix.TMPFS_MAGIC || st.Type == unix.RAMFS_MAGIC)
}

func read(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(text)
}

func known(text string) string {
	if text == "" {
		return "unknown"
	}
	return text
}

// model finds the processor's name; on ARM boards the kernel names the board instead.
func model(cpuinfo string) string {
	board := ""
	for line := range strings.Lines(cpuinfo) {
		name, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(name) {
		case "model name":
			return strings.TrimSpace(value)
		case "Model":
			board = strings.TrimSpace(value)
		}
	}
	return known(board)
}

// disk is the file system below dir, its device, and whether that is a rotating or a virtual one.
func disk(dir string) string {
	var st unix.Stat_t
	if unix.Stat(dir, &st) != nil {
		return "unknown disk"
	}
	number := fmt.Sprintf("%d:%d", unix.Major(st.Dev), unix.Minor(st.Dev))
	kind, source := mount(read("/proc/self/mountinfo"), number)
	return describe(kind, source, "/sys/dev/block/"+number)
}

// mount finds file system type and source of the device with a number (proc_pid_mountinfo(5)).
func mount(mountinfo, number string) (kind, source string) {
	for line := range strings.Lines(mountinfo) {
		before, after, _ := strings.Cut(line, " - ")
		if fields := strings.Fields(before); len(fields) < 3 || fields[2] != number {
			continue
		}
		if fields := strings.Fields(after); len(fields) >= 2 {
			return fields[0], fields[1]
		}
	}
	return "unknown file system", "unknown device"
}

func describe(kind, source, block string) string {
	text := kind + " on " + source
	device, err := filepath.EvalSymlinks(block)
	if err != nil {
		return text
	}
	if _, err := os.Stat(filepath.Join(device, "partition")); err == nil {
		device = filepath.Dir(device)
	}
	var traits []string
	if name := strings.TrimSpace(read(filepath.Join(device, "device", "model"))); name != "" {
		traits = append(traits, name)
	}
	if strings.Contains(device, "/virtio") {
		traits = append(traits, "virtual")
	}
	if strings.TrimSpace(read(filepath.Join(device, "queue", "rotational"))) == "1" {
		traits = append(traits, "said to rotate")
	}
	if len(traits) == 0 {
		return text
	}
	return text + " (" + strings.Join(traits, ", ") + ")"
}
