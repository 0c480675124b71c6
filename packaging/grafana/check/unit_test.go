package check

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// unitsStartWhatExists asks each program for help on the very command line of its unit; it refuses one it does not know.
func unitsStartWhatExists(t *testing.T, c *campus) {
	units, err := filepath.Glob("../../systemd/*.service")
	if err != nil || len(units) == 0 {
		t.Fatalf("found %d units, %v", len(units), err)
	}
	starts := regexp.MustCompile(`(?m)^ExecStart=/usr/bin/(\S+) (.*)$`)
	for _, unit := range units {
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		command := starts.FindStringSubmatch(string(text))
		if command == nil {
			t.Errorf("%s starts none of our programs", unit)
			continue
		}
		if help := c.run(t, command[1], append(strings.Fields(command[2]), "--help")...); !strings.Contains(help, "Usage:") {
			t.Errorf("%s: %s prints no help", unit, command[0])
		}
	}
}
