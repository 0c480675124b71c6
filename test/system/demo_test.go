package system

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// outcome is the result of a bounded run, as its file says it.
type outcome struct {
	OK                 bool     `json:"ok"`
	Reasons            []string `json:"reasons"`
	Problems           []string `json:"problems"`
	Presented          int      `json:"presented"`
	Journalled         int      `json:"journalled"`
	Central            int      `json:"central"`
	Lost               int      `json:"lost"`
	Duplicated         int      `json:"duplicated"`
	RegisterMismatches int      `json:"register_mismatches"`
	Lights             struct {
		Green     int `json:"green"`
		Red       int `json:"red"`
		BlueBlink int `json:"blue_blink"`
		Amber     int `json:"amber"`
		None      int `json:"none"`
	} `json:"lights"`
	Replicated map[string]int     `json:"replicated"`
	LightMS    map[string]float64 `json:"light_ms"`
	Faults     []struct {
		Fault string `json:"fault"`
		Bit   bool   `json:"bit"`
	} `json:"faults"`
}

// The demo from nothing to its verdict: the campus is made, a gateway is killed among people who tap, and nothing is lost,
// duplicated or marked as it should not be.
func TestDemoRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	result := filepath.Join(dir, "out.json")
	program := filepath.Join(bin, "rollcall-campus")
	var said strings.Builder
	run := ownNetwork(t.Context(), program, "--bin", bin, "--dir", filepath.Join(dir, "demo"),
		"--for", "20s", "--kill", "gateway:2@4s,up@9s", "--json", result)
	run.Stdout, run.Stderr = &said, &said
	run.Cancel = func() error { return run.Process.Signal(syscall.SIGTERM) } // it stops what it started
	run.WaitDelay = time.Minute
	run, err := startOwn(t.Context(), run, program)
	must(t, err)
	err = run.Wait()
	text, unread := os.ReadFile(result)
	if err != nil || unread != nil {
		t.Fatalf("the run ended with %v, its result %v; it said:\n%s", err, unread, said.String())
	}
	var o outcome
	must(t, json.Unmarshal(text, &o))
	if !o.OK || o.Lost != 0 || o.Duplicated != 0 || o.RegisterMismatches != 0 {
		t.Errorf("the verdict is %+v; it said:\n%s", o, said.String())
	}
	if len(o.Faults) != 1 || !o.Faults[0].Bit {
		t.Errorf("faults = %+v, want one that had its effect", o.Faults)
	}
	seen := o.Lights.Green + o.Lights.Red + o.Lights.BlueBlink + o.Lights.Amber + o.Lights.None
	if o.Presented < 50 || seen != o.Presented || o.Lights.Green == 0 || o.Lights.Red == 0 {
		t.Errorf("presented = %d and lights = %+v, want at least 50 people, each with what they saw, green and red among them", o.Presented, o.Lights)
	}
	if o.Central < o.Lights.Green+o.Lights.Red || o.Journalled != o.Central {
		t.Errorf("journalled = %d, at central = %d, want the same, and no fewer than saw green or red", o.Journalled, o.Central)
	}
	for _, gateway := range []string{"library", "science", "union"} {
		if o.Replicated[gateway] != o.Central {
			t.Errorf("replicated[%s] = %d, want %d", gateway, o.Replicated[gateway], o.Central)
		}
	}
	if p50, p99 := o.LightMS["p50"], o.LightMS["p99"]; p50 <= 0 || p99 < p50 || o.LightMS["max"] < p99 {
		t.Errorf("light_ms = %v, want p50, p99 and max in this order", o.LightMS)
	}
}
