package clock

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Linux is the kernel this program runs on. Reading its clocks needs no privilege.
type Linux struct{}

// Wall implements Kernel.
func (Linux) Wall() time.Time { return time.Now() }

// Ago implements Kernel by Go's monotonic reading, which is CLOCK_MONOTONIC.
func (Linux) Ago(at time.Time) time.Duration { return time.Since(at) }

// Uptime implements Kernel. CLOCK_BOOTTIME exists since Linux 2.6.39.
func (Linux) Uptime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// Discipline implements Kernel by adjtimex(2), reading only: STA_UNSYNC is the one sign that a time that looks sane is not.
func (Linux) Discipline() (synchronised bool, within time.Duration, err error) {
	var t unix.Timex
	if _, err := unix.ClockAdjtime(unix.CLOCK_REALTIME, &t); err != nil {
		return false, 0, fmt.Errorf("adjtimex: %w", err)
	}
	return t.Status&unix.STA_UNSYNC == 0, time.Duration(t.Maxerror) * time.Microsecond, nil
}

const bootFile = "/proc/sys/kernel/random/boot_id"

func thisBoot() (contract.Boot, error) {
	text, err := os.ReadFile(bootFile)
	if err != nil {
		return contract.Boot{}, fmt.Errorf("which boot is this: %w", err)
	}
	return parseBoot(string(text))
}

// parseBoot reads a UUID as the kernel writes it.
func parseBoot(text string) (contract.Boot, error) {
	var b contract.Boot
	octets, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(text), "-", ""))
	if err != nil || len(octets) != len(b) {
		return b, fmt.Errorf("which boot is this: %q is not a UUID", text)
	}
	copy(b[:], octets)
	return b, nil
}
