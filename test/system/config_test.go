package system

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A faulty configuration gets every fault at once, with file and line, and status 2, from every command that reads it.
func TestConfigFaultsExitTwo(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, program string
		commands      [][]string
		text          string
		faults        []string // line:column: path
	}{
		{
			"gateway, unknown keys and values of a wrong kind", "rollcall-gateway", [][]string{{"run"}, {"check"}, {"readers", "list"}},
			"data: /var/lib/rollcall\ncolour: red\ncentral:\n  url: https://central.example\n  retries: 3\nbuses:\n  - name: doors\n    baud: fast\n",
			[]string{"2:1: colour", "5:3: central.retries", "8:11: buses[0].baud"},
		},
		{
			"gateway, wrong values", "rollcall-gateway", [][]string{{"run"}, {"check"}},
			"data: lib\ncentral: {url: \"http://central.example\"}\nbuses:\n  - {name: a, driver: telepathy, device: /dev/ttyS0, baud: 12345, readers: [{point: p}]}\n" +
				"  - {name: a, driver: ascii, preset: rdm6300, device: /dev/ttyS1, baud: 9600, readers: [{point: p}]}\n",
			[]string{"1:", "2:", "4:", "4:", "5:", "5:"},
		},
		{
			"central, unknown keys and values of a wrong kind", "rollcall-central", [][]string{{"serve"}, {"gateways"}},
			"data: /var/lib/rollcall\nlissten: 127.0.0.1:8080\npublish_ahead: soon\n",
			[]string{"2:1: lissten", "3:16: publish_ahead"},
		},
		{
			"central, wrong values", "rollcall-central", [][]string{{"serve"}, {"token", "test"}},
			"data: lib\nlisten: everywhere\ngateway_names: []\npublish_ahead: 1h\ninvitation_life: 0s\n",
			[]string{"1:", "2:", "3:", "4:", "5:"},
		},
	}
	for _, tt := range tests {
		for _, command := range tt.commands {
			t.Run(tt.name+" "+command[0], func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "faulty.yaml")
				must(t, os.WriteFile(file, []byte(tt.text), 0o600))
				args := slices.Concat(command, []string{"--config", file})
				out, complaints, status := execute(t.Context(), filepath.Join(bin, tt.program), args...)
				if status != 2 || out != "" {
					t.Errorf("status = %d and output %q, want 2 and none", status, out)
				}
				lines := strings.Split(strings.TrimSpace(complaints), "\n")
				if len(lines) != len(tt.faults) {
					t.Fatalf("faults =\n%s\nwant %d of them", complaints, len(tt.faults))
				}
				for i, want := range tt.faults {
					if want = fmt.Sprintf("%s:%s", file, want); !strings.HasPrefix(lines[i], want) {
						t.Errorf("fault %d = %q, want it to begin with %q", i+1, lines[i], want)
					}
				}
			})
		}
	}
}
