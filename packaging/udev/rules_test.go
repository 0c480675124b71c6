// Package udev_test holds the rules for udev to their grammar, which udev itself complains of only in its log.
package udev_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const file = "70-rollcall-readers.rules"

// keys are those of udev(7) that we use, with the operators that may follow: a match compares, an assignment sets.
var keys = map[string][]string{
	"ACTION": {"=="}, "SUBSYSTEM": {"==", "!="}, "SUBSYSTEMS": {"=="}, "DRIVER": {"=="}, "KERNEL": {"=="}, "ATTRS": {"=="},
	"ATTR": {"==", "="}, "ENV": {"==", "="}, "GROUP": {"="}, "MODE": {"="}, "SYMLINK": {"+="}, "GOTO": {"="}, "LABEL": {"="},
}

var token = regexp.MustCompile(`^([A-Z]+)(?:\{\w+\})?(==|!=|\+=|=)"([^"]*)"$`)

func TestRulesAreRules(t *testing.T) {
	var gotos, labels []string
	for _, line := range lines(t) {
		for _, part := range strings.Split(line, ", ") {
			m := token.FindStringSubmatch(part)
			if m == nil || !slices.Contains(keys[m[1]], m[2]) {
				t.Errorf("%s: %s is no match and no assignment", line, part)
				continue
			}
			switch m[1] {
			case "GOTO":
				gotos = append(gotos, m[3])
			case "LABEL":
				labels = append(labels, m[3])
			}
		}
	}
	for _, name := range gotos {
		if !slices.Contains(labels, name) {
			t.Errorf("GOTO=%q has no LABEL", name)
		}
	}
}

// What serialport and the runbook say of the rules.
func TestLatencyTimerIsSet(t *testing.T) {
	want := `ACTION=="add|bind", SUBSYSTEM=="usb-serial", DRIVER=="ftdi_sio", ATTR{latency_timer}="1"`
	if !slices.Contains(lines(t), want) {
		t.Errorf("%s does not set the latency timer of FTDI adapters to 1 ms", file)
	}
}

// lines are the rules without comments.
func lines(t *testing.T) (rules []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' {
			rules = append(rules, line)
		}
	}
	return rules
}
