// Package cluster runs clusters of three that keep small values on a majority before they answer: gateways, etcd. Each member
// is a process of its own with a directory of its own, and proves itself to the others with certificates. What the figures
// mean is not its business.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/test/load/sample"
)

// Size of a cluster.
const Size = 3

// Cluster is one that runs.
type Cluster interface {
	// Load has so many clients, spread evenly over the members and beginning with one that does not lead, keep one value after
	// the other for so long. It gives how long each took.
	Load(ctx context.Context, clients int, d time.Duration) (Load, error)
	// Pace has the first so many members keep a value every so often for so long, and gives how many were kept.
	Pace(ctx context.Context, members int, every, d time.Duration) (int, error)
	// PIDs are of the members.
	PIDs() []int
	// Close ends the members.
	Close() error
}

// Load is what came of one.
type Load struct {
	Times sample.Times // of each value
	Took  time.Duration
}

// Dirs are the directories of the members.
type Dirs [Size]string

// Below makes directories for the members of a cluster of this name in one directory.
func Below(dir, name string) (dirs Dirs, err error) {
	for i := range dirs {
		dirs[i] = filepath.Join(dir, fmt.Sprintf("%s-%d", name, i+1))
		if err := os.MkdirAll(dirs[i], 0o700); err != nil {
			return dirs, fmt.Errorf("make directory: %w", err)
		}
	}
	return dirs, nil
}

// share is how many of n clients come to the member at a place in the order.
func share(n, place int) int { return (n + Size - 1 - place) / Size }

// Peak is the largest resident size, in octets, that any of the processes has had (VmHWM in proc_pid_status(5)).
func Peak(pids []int) (int64, error) {
	var peak int64
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return 0, fmt.Errorf("read memory: %w", err)
		}
		own, err := peakOf(string(text))
		if err != nil {
			return 0, fmt.Errorf("read memory of process %d: %w", pid, err)
		}
		peak = max(peak, own)
	}
	return peak, nil
}

var errNoPeak = errors.New("no line VmHWM")

func peakOf(status string) (int64, error) {
	for line := range strings.Lines(status) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errNoPeak
}

// freeAddresses are addresses on loopback on which nobody listens.
func freeAddresses(n int) ([]string, error) {
	var addresses []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find free address: %w", err)
		}
		defer l.Close() //nolint:errcheck // held until all are found, so that they differ
		addresses = append(addresses, l.Addr().String())
	}
	return addresses, nil
}

// The patience of a start.
const (
	startWithin = 30 * time.Second
	lookEvery   = 20 * time.Millisecond
)

// await asks again and again until ready says yes, which it says of state in other processes.
func await(ctx context.Context, what string, ready func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		ok, err := ready(ctx)
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("wait for %s: %w", what, ctx.Err()), err)
		case <-look.C:
		}
	}
}
