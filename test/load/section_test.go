package load

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/test/load/appliance"
	"github.com/rollcall-edge/rollcall/test/load/gobench"
	"github.com/rollcall-edge/rollcall/test/load/light"
	"github.com/rollcall-edge/rollcall/test/load/sample"
	"github.com/rollcall-edge/rollcall/test/load/storage"
)

// good are results that meet every aim, each by a little. At 38400 baud the model of one reader is 23.69 ms.
func good() *Results {
	return &Results{
		Decide: gobench.Figures{"BenchmarkDecide": {"ns/op": 999, "allocs/op": 0}},
		Isolation: gobench.Figures{"BenchmarkIsolation": {
			"whole-median-ms": 1, "whole-p99-ms": 10, "isolated-median-ms": 1.5, "isolated-p99-ms": 13, "isolated/whole-p99": 1.3, "lag-median-ms": 60, "lag-p99-ms": 249,
		}},
		Backlog: gobench.Figures{
			"BenchmarkBacklog/engine=sqlite":   {"records": 400_000, "records/s": 5000, "taps": 1200, "tap-median-ms": 900, "tap-p99-ms": 1500, "tap-max-ms": 4999},
			"BenchmarkBacklog/engine=postgres": {"records": 400_000, "records/s": 6000, "taps": 1200, "tap-median-ms": 800, "tap-p99-ms": 1400, "tap-max-ms": 1600},
		},
		Storage: storage.Result{
			Disk:    storage.Speed{Middle: time.Millisecond, Times: 1},
			Journal: []storage.Speed{{Times: 1 / 1.19}, {Times: 5}, {Times: 20}},
			Badger:  []storage.Speed{{}, {}, {}},
		},
		Lights: []light.Cell{
			{Wiring: appliance.Wiring{Baud: 38400, Readers: 8}, Tap: sample.Times{20 * time.Millisecond}},
			{Wiring: appliance.Wiring{Baud: 38400, Readers: 1}, Tap: sample.Times{27150 * time.Microsecond}}, // 10 % over 24.69 ms are 27.16
		},
		Appliance: Appliance{
			Fetched: appliance.Memory{Resident: 96<<20 - 1}, Restarted: appliance.Memory{Resident: 1},
			Starts: []Start{{Days: 1, Times: sample.Times{2 * time.Second}}, {Days: 30, Times: sample.Times{999 * time.Millisecond}}},
		},
	}
}

func TestAims(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Results)
		missed []string // how the aims that are missed begin
	}{
		{"all met", func(*Results) {}, nil},
		{"decide at 1 µs", func(r *Results) { r.Decide["BenchmarkDecide"]["ns/op"] = 1000 }, []string{"a tap is judged"}},
		{"decide allocates", func(r *Results) { r.Decide["BenchmarkDecide"]["allocs/op"] = 1 }, []string{"a tap is judged"}},
		{"one cell a little over", func(r *Results) { r.Lights[1].Tap[0] = 27170 * time.Microsecond }, []string{"from card to light"}},
		{"lone writer", func(r *Results) { r.Storage.Journal[0].Times = 1 / 1.21 }, []string{"journal, one writer"}},
		{"256 writers", func(r *Results) { r.Storage.Journal[2].Times = 19.9 }, []string{"journal, 256 writers"}},
		{"slower when isolated", func(r *Results) { r.Isolation["BenchmarkIsolation"]["isolated/whole-p99"] = 1.31 }, []string{"green's p99"}},
		{"copied late", func(r *Results) { r.Isolation["BenchmarkIsolation"]["lag-p99-ms"] = 250 }, []string{"a tap is on a majority"}},
		{"one tap of now late", func(r *Results) { r.Backlog["BenchmarkBacklog/engine=postgres"]["tap-max-ms"] = 5000 }, []string{"taps of now"}},
		{"less than a week", func(r *Results) { r.Backlog["BenchmarkBacklog/engine=sqlite"]["records"]-- }, []string{"taps of now"}},
		{"memory once fetched", func(r *Results) { r.Appliance.Fetched.Resident++ }, []string{"gateway with a campus"}},
		{"memory after a restart", func(r *Results) { r.Appliance.Restarted.Resident = 96 << 20 }, []string{"gateway with a campus"}},
		{"start with the longest journal", func(r *Results) { r.Appliance.Starts[1].Times[0] = time.Second }, []string{"from the start"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := good()
			test.change(r)
			var missed []string
			for _, a := range r.Aims() {
				if !a.Met {
					what := a.What
					for _, want := range test.missed {
						if strings.HasPrefix(what, want) {
							what = want
						}
					}
					missed = append(missed, what)
				}
			}
			if diff := cmp.Diff(missed, test.missed); diff != "" {
				t.Errorf("missed (-got +want):\n%s", diff)
			}
		})
	}
}

// What was not measured is neither met nor missed.
func TestAimsOfNothing(t *testing.T) {
	if got := new(Results).Aims(); got != nil {
		t.Errorf("Aims = %v, want none", got)
	}
}

func TestMarkdownSaysWhatWasMissed(t *testing.T) {
	r := good()
	r.At = time.Date(2026, 10, 5, 9, 30, 0, 0, time.UTC)
	r.Storage.Journal[2].Times = 12
	text := r.Markdown("abc1234")
	for _, want := range []string{
		"on 2026-10-05 09:30 UTC, at commit abc1234",
		"| journal, 256 writers: at least 20 × the rate of bare flushes | 12 × | **missed** |",
		"| a tap is judged in less than 1 µs, without allocation | 999 ns, 0 allocations | met |",
		"journal of 30 days, 103,200 records",
		"| kept, the building isolated | 1.50 | 13.00 |",
		"| central on SQLite | 5,000 | 1,200 | 0.90 | 1.50 | 5.00 |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("Markdown lacks %q:\n%s", want, text)
		}
	}
	if text := new(Results).Markdown("abc1234"); strings.Contains(text, "|") {
		t.Errorf("Markdown of nothing has a table:\n%s", text)
	}
}
