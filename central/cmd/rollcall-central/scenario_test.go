package main

import (
	"path/filepath"
	"strings"
	"testing"
)

const oneTap = `scenario: A tap in time
policy: {start_from: portsmouth}
places: {Library: {L1: }}
people: {Amara: }
timetable: {class: Law, room: L1, time: 09:00-10:00, on: 2026-10-05, students: Amara}
steps:
  - at: 2026-10-05 08:45
    tap: Amara at L1
    expect: {light: green}
`

// The status says whether to look at the result or at the file: 0 as written, 1 not so, 2 faulty. Good files are played all the same.
func TestScenario(t *testing.T) {
	file := func(name, content string) string {
		path := filepath.Join(t.TempDir(), name)
		write(t, path, content)
		return path
	}
	good := file("good.yaml", oneTap)
	wrong := file("wrong.yaml", strings.Replace(oneTap, "green", "red", 1))
	faulty := file("faulty.yaml", strings.Replace(oneTap, "tap: Amara at L1", "tap: Amara at L9", 1))
	tests := []struct {
		name    string
		line    []string
		status  int
		printed []string
		failure string
	}{
		{"as written", []string{good}, 0, []string{"good.yaml: 1 steps, 1 expectations, as written"}, ""},
		{"told", []string{"-v", good}, 0, []string{"Mon 5 Oct 2026 08:45  Amara at L1: green"}, ""},
		{"not as written", []string{wrong, good}, 1, []string{"wrong.yaml:9: The light for Amara at L1", "expected  red", "found     green", "1 came out differently", "good.yaml: 1 steps", "2 scenarios, 1 as written"},
			"not everything came out"},
		{"faulty", []string{faulty, good}, 2, []string{"good.yaml: 1 steps"}, `faulty.yaml:8:10: steps[0].tap[0]: there is no reader at "L9"`},
		{"not there", []string{filepath.Join(t.TempDir(), "none.yaml")}, 1, nil, "no such file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			printed, err := run(t, append([]string{"scenario"}, tt.line...)...)
			if statusOf(err) != tt.status || err != nil && !strings.Contains(err.Error(), tt.failure) {
				t.Errorf("status %d, %v; want %d, %q", statusOf(err), err, tt.status, tt.failure)
			}
			for _, want := range tt.printed {
				if !strings.Contains(printed, want) {
					t.Errorf("printed:\n%s\nwant %q in it", printed, want)
				}
			}
		})
	}
}
