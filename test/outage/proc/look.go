package proc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	lookEvery    = time.Millisecond
	standsWithin = 30 * time.Second // a thread may be in the kernel until a slow disk has answered
)

// awaitStopped waits until no thread of a process runs a line of its own any more. One that waits for a disk will stop before
// it returns to its program.
func awaitStopped(pid int) error {
	for began := time.Now(); time.Since(began) < standsWithin; time.Sleep(lookEvery) {
		states, err := threads(pid)
		if err != nil {
			return err
		}
		if strings.Trim(states, "TtDZX") == "" {
			return nil
		}
	}
	return fmt.Errorf("process %d does not stand after %v", pid, standsWithin)
}

// threads are the letters of proc(5) for the state of each thread.
func threads(pid int) (states string, err error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(files) == 0 {
		return "", fmt.Errorf("look at process %d: %w", pid, ErrEnded)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) { // a thread that has ended since
			continue
		}
		if err != nil {
			return "", fmt.Errorf("look at process %d: %w", pid, err)
		}
		_, rest, ok := strings.Cut(string(text[bytes.LastIndexByte(text, ')')+1:]), " ")
		if !ok || rest == "" {
			return "", fmt.Errorf("look at process %d: %q has no state", pid, text)
		}
		states += rest[:1]
	}
	return states, nil
}

// Memory is how many bytes a process has in memory, now and at its most: VmRSS and VmHWM of proc(5).
func Memory(pid int) (now, most int64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, fmt.Errorf("memory of process %d: %w", pid, err)
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		into := map[string]*int64{"VmRSS": &now, "VmHWM": &most}[name]
		if into == nil {
			continue
		}
		kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("memory of process %d: %w", pid, err)
		}
		*into = kilobytes << 10
	}
	if most == 0 {
		return 0, 0, fmt.Errorf("memory of process %d: %w", pid, ErrEnded)
	}
	return now, most, nil
}

// LimitFiles limits how many files a process may have open, from now on; the answer puts the old limit back, if the process
// has not ended of it.
func LimitFiles(pid int, files uint64) (restore func() error, err error) {
	var old unix.Rlimit
	limit := func(l *unix.Rlimit, was *unix.Rlimit) error {
		if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, l, was); err != nil {
			return fmt.Errorf("limit the files of process %d: %w", pid, err)
		}
		return nil
	}
	if err := limit(nil, &old); err != nil {
		return nil, err
	}
	if err := limit(&unix.Rlimit{Cur: files, Max: old.Max}, nil); err != nil {
		return nil, err
	}
	return func() error {
		if err := limit(&old, nil); !errors.Is(err, unix.ESRCH) {
			return err
		}
		return nil
	}, nil
}
