package systemd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Whoever a unit or a directory belongs to is made by the package's own files, by systemd's own tools, in an empty system.
func TestUsersExist(t *testing.T) {
	tests := []struct{ part, units string }{
		{"gateway", "rollcall-gateway.service rollcall-ble.service"},
		{"central", "rollcall-central.service"},
	}
	for _, tt := range tests {
		t.Run(tt.part, func(t *testing.T) {
			root := t.TempDir()
			if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
				t.Fatal(err)
			}
			run(t, read(t, tt.part+".sysusers"), "systemd-sysusers", "--root="+root, "-")
			users, groups := names(t, root, "passwd"), names(t, root, "group")
			for _, name := range strings.Fields(tt.units) {
				u := units(t)[name]
				for _, user := range u["User"] {
					if !users[user] {
						t.Errorf("%s runs as %s, whom %s.sysusers does not make", name, user, tt.part)
					}
				}
				for _, group := range append(u["Group"], u["SupplementaryGroups"]...) {
					if !groups[group] {
						t.Errorf("%s is in group %s, which %s.sysusers does not make", name, group, tt.part)
					}
				}
			}
		})
	}
}

// The directories exist before the first start and nobody else may read them: enrolment and imports come before it.
func TestDataIsPrivate(t *testing.T) {
	tests := []struct{ part, dir, owner, group string }{
		{"gateway", "/var/lib/rollcall", "rollcall", "rollcall"},
		{"central", "/var/lib/rollcall-central", "rollcall-central", "rollcall-central"},
	}
	for _, tt := range tests {
		t.Run(tt.part, func(t *testing.T) {
			root := t.TempDir()
			var lines []string
			for line := range strings.Lines(read(t, tt.part+".tmpfiles")) {
				f := strings.Fields(line)
				if len(f) < 5 || strings.HasPrefix(f[0], "#") {
					continue
				}
				if f[1] == tt.dir && (f[3] != tt.owner || f[4] != tt.group) {
					t.Errorf("%s belongs to %s:%s, want %s:%s", f[1], f[3], f[4], tt.owner, tt.group)
				}
				f[3], f[4] = "-", "-" // whoever runs this test: giving files away needs root
				lines = append(lines, strings.Join(f, " "))
			}
			run(t, strings.Join(lines, "\n"), "systemd-tmpfiles", "--create", "--root="+root, "-")
			info, err := os.Stat(filepath.Join(root, tt.dir))
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode().Perm(); got != 0o700 {
				t.Errorf("mode of %s = %04o, want 0700", tt.dir, got)
			}
		})
	}
}

func run(t *testing.T, stdin, tool string, args ...string) {
	t.Helper()
	cmd := exec.Command(tool, args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s(the tool comes with: apt-get install -y --no-install-recommends systemd)", tool, err, out)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func names(t *testing.T, root, file string) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for line := range strings.Lines(read(t, filepath.Join(root, "etc", file))) {
		name, _, _ := strings.Cut(line, ":")
		all[name] = true
	}
	return all
}
