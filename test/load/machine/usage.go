package machine

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Usage tells how much of the processors other programs took, which is how much a measurement is worth.
type Usage struct {
	since jiffies
	own   time.Duration
}

// jiffies are the kernel's counts of processor time since it started, over all processors (proc_stat(5)).
type jiffies struct{ busy, all float64 }

// Watch begins to look.
func Watch() Usage { return Usage{parseJiffies(read("/proc/stat")), own()} }

// Others is the share of the processors' time since Watch that went to other programs, or to other guests of the host, from
// 0 to 1. Own children count once they have ended.
func (u Usage) Others() float64 {
	now := parseJiffies(read("/proc/stat"))
	all := now.all - u.since.all
	if all <= 0 {
		return 0
	}
	const second = 100 // jiffies; the kernel's ABI fixes it on the processors we build for
	ours := (own() - u.own).Seconds() * second
	return min(max((now.busy-u.since.busy-ours)/all, 0), 1)
}

// own is the processor time of this program and its children.
func own() time.Duration {
	var sum int64
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var r unix.Rusage
		if unix.Getrusage(who, &r) == nil {
			sum += r.Utime.Nano() + r.Stime.Nano()
		}
	}
	return time.Duration(sum)
}

// parseJiffies reads the first line: user, nice, system, idle, iowait, irq, softirq, steal; what follows is in user already.
func parseJiffies(stat string) jiffies {
	var j jiffies
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	for i, text := range fields[min(1, len(fields)):] {
		const idle, iowait, counted = 3, 4, 8
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || i == counted {
			break
		}
		j.all += n
		if i != idle && i != iowait {
			j.busy += n
		}
	}
	return j
}

// Words says what Others means for the figures.
func Words(others float64) string {
	text := fmt.Sprintf("other programs took %.0f %% of the processors meanwhile", 100*others)
	if others > 0.1 {
		return text + ": **the machine was busy, and the figures are worse than it is**"
	}
	return text
}
