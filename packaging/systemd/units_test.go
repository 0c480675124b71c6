// Package systemd holds the units and checks them with systemd's own tools. It starts no service.
package systemd

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A unit's settings: every value of each key, in order.
type unit map[string][]string

// units reads all of them itself, so that go test, which caches a pass by the files a test opened, runs it again when one
// changes.
func units(t *testing.T) map[string]unit {
	t.Helper()
	paths, err := filepath.Glob("*.service")
	if err != nil || len(paths) == 0 {
		t.Fatalf("found %d units, %v", len(paths), err)
	}
	all := map[string]unit{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		u := unit{}
		for line := range strings.Lines(string(text)) {
			if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
				u[key] = append(u[key], value)
			}
		}
		all[path] = u
	}
	return all
}

// systemdAnalyze finds the tool, or fails with what to install.
func systemdAnalyze(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Fatal("systemd-analyze is missing; run: apt-get install -y --no-install-recommends systemd")
	}
	return path
}

// The scores are those of systemd 252, times ten: 0 is locked up, 100 is no protection. A unit that loses a line of its
// armour scores more and fails here.
func TestUnitsAreHardened(t *testing.T) {
	tool := systemdAnalyze(t)
	tests := []struct {
		unit    string
		atMost  int
		because string
	}{
		{"rollcall-gateway.service", 19, "serial lines, the network, and reading the kernel's clock are its work"},
		{"rollcall-ble.service", 13, "an adapter's user channel needs CAP_NET_ADMIN in the first network namespace"},
		{"rollcall-central.service", 11, "it serves the network"},
	}
	if units := units(t); len(units) != len(tests) {
		t.Fatalf("there are %d units, want the %d of the table", len(units), len(tests))
	}
	for _, tt := range tests {
		t.Run(tt.unit, func(t *testing.T) {
			if out, err := security(tool, tt.unit, tt.atMost); err != nil {
				t.Errorf("%s scores above %d although only %s: %v\n%s", tt.unit, tt.atMost, tt.because, err, out)
			}
			if _, err := security(tool, tt.unit, tt.atMost-1); err == nil {
				t.Errorf("%s scores less than %d now; lower the bound so that it cannot grow back unnoticed", tt.unit, tt.atMost)
			}
		})
	}
}

func security(tool, unit string, atMost int) ([]byte, error) {
	return exec.Command(tool, "security", "--offline=true", "--no-pager", fmt.Sprintf("--threshold=%d", atMost), "./"+unit).CombinedOutput()
}

// Every tap says how far its time can be trusted. The three settings that forbid asking the kernel look harmless.
func TestGatewayMayAskHowSureTheClockIs(t *testing.T) {
	u := units(t)["rollcall-gateway.service"]
	if got := u["ProtectClock"]; got != nil {
		t.Errorf("ProtectClock = %q, want none: it forbids adjtimex", got)
	}
	filters := u["SystemCallFilter"]
	for _, call := range []string{"adjtimex", "clock_adjtime"} { // which of them, the C library or Go chooses
		if last := filters[len(filters)-1]; !slices.Contains(strings.Fields(last), call) {
			t.Errorf("last SystemCallFilter = %q, want %s in it: what stands before takes it away", last, call)
		}
	}
	if got := u["ProcSubset"]; got != nil {
		t.Errorf("ProcSubset = %q, want none: a boot has its name under /proc/sys", got)
	}
}

// A gateway that waits for its identity is ready, and one that reads a long journal must not be killed for it.
func TestGatewayMayStandBy(t *testing.T) {
	u := units(t)["rollcall-gateway.service"]
	for key, want := range map[string]string{"Type": "notify", "TimeoutStartSec": "180", "WatchdogSec": "30", "Restart": "always"} {
		if got := u[key]; !slices.Equal(got, []string{want}) {
			t.Errorf("%s = %q, want %s", key, got, want)
		}
	}
}

// notInstalled is what verify says of a program that is not on this machine; that it is in the package, packaging/debian
// tests.
var notInstalled = regexp.MustCompile(`^rollcall-\w+\.service: Command /usr/bin/rollcall-\w+ is not executable: No such file or directory$`)

func TestUnitsAreUnderstood(t *testing.T) {
	for unit := range units(t) {
		for _, fault := range verify(t, "./"+unit) {
			t.Errorf("systemd-analyze verify %s: %s", unit, fault)
		}
	}
}

// verify must see faults, or the test above says nothing.
func TestVerifyFindsFaults(t *testing.T) {
	got := verify(t, "testdata/rollcall-faulty.service")
	want := []string{"ProtectSytem", "output specifier"}
	for _, w := range want {
		if !strings.Contains(strings.Join(got, "\n"), w) {
			t.Errorf("verify = %q, want %q in it", got, w)
		}
	}
}

// verify lists what systemd finds wrong with a unit.
func verify(t *testing.T, unit string) []string {
	t.Helper()
	out, _ := exec.Command(systemdAnalyze(t), "verify", "--man=no", "--recursive-errors=no", unit).CombinedOutput() // status 1 also for what is filtered here
	var faults []string
	for line := range bytes.Lines(out) {
		if text := strings.TrimSpace(string(line)); text != "" && !notInstalled.MatchString(text) {
			faults = append(faults, text)
		}
	}
	return faults
}
