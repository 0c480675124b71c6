package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/config"
)

// checked runs the command on a file with these buses.
func checked(t *testing.T, buses string, strict bool) (out string, err error) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "gateway.yaml")
	text := fmt.Sprintf("data: %s\ncentral: {url: \"https://127.0.0.1:8443\"}\nbuses:\n%s", dir, buses)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	err = (&check{from: from{Config: file}, Strict: strict}).Run(terminal{nil, &b})
	return strings.ReplaceAll(b.String(), file, "gateway.yaml"), err
}

func TestCheck(t *testing.T) {
	const (
		good = "  - {name: ground, driver: osdp, device: /dev/null, baud: 38400, readers: [{point: a, address: 1}, {point: b, address: 2}]}\n"
		gone = "  - {name: codes, driver: qr, device: /dev/nothing, baud: 9600, readers: [{point: q}]}\n"
		// POLL and ACK of 9 octets and two of silence, twice, at 3840 octets a second, and 3 ms twice: 16 ms.
		table = "OSDP BUS  BAUD   READERS  UNDER KEYS  ROUND  CARD TO LIGHT, AT WORST\nground    38400  2        0           16ms   36ms\n"
	)
	tests := []struct {
		name   string
		buses  string
		strict bool
		want   string // how the output begins
		warned bool
		err    string
	}{
		{"no bus", "", true, "gateway.yaml: good\n", false, ""},
		{"good", good, true, "gateway.yaml: good\n" + table, false, ""},
		{"with a warning", good + gone, false, "gateway.yaml: good\n" + table + "warning: bus codes: /dev/nothing is not there", true, ""},
		{"with a warning, and none is allowed", gone, true, "gateway.yaml: good\nwarning: ", true, "warnings: 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, err := checked(t, test.buses, test.strict)
			if !strings.HasPrefix(out, test.want) || strings.Contains(out, "warning: ") != test.warned {
				t.Errorf("printed\n%s\nwant\n%s", out, test.want)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error = %v, want %q", err, test.err)
			}
		})
	}
	out, err := checked(t, "  - {name: a, driver: morse, device: /dev/null, baud: 9600, readers: [{point: a}]}\n", false)
	var faults config.Faults
	if !errors.As(err, &faults) || out != "" {
		t.Errorf("faulty: printed %q, %v, want faults alone", out, err)
	}
}
