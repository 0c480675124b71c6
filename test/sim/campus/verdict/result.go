package verdict

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"
)

// Result is what a bounded run ends with. Counts are of taps of this run unless they say otherwise.
type Result struct {
	OK      bool     `json:"ok"`
	Reasons []string `json:"reasons"` // why not; empty when ok

	Presented  int            `json:"presented"`  // cards held to readers
	Lights     map[Light]int  `json:"lights"`     // what people saw; at a reader without a light: none
	Journalled int            `json:"journalled"` // taps on the disks of the gateways that heard them
	Replicated map[string]int `json:"replicated"` // gateway → taps of all gateways that its replica holds
	Central    int            `json:"central"`    // taps at central
	Lost       int            `json:"lost"`
	Duplicated int            `json:"duplicated"`
	LightMS    Spread         `json:"light_ms"` // card sent → light shown, at the reader

	RegisterMismatches int `json:"register_mismatches"`
	Judged             int `json:"students_judged_again"` // from the facts, by central's own program, after everything had stopped
	JudgedDifferently  int `json:"judgement_mismatches"`  // of them: stored judgements that the facts do not give

	Missing        int      `json:"missing_at_central"`       // taps on a gateway's disk that central has not got
	Unheard        int      `json:"unheard"`                  // taps at central that no reader heard
	Unlike         int      `json:"light_outcome_mismatches"` // lights that differ from the recorded outcome
	LightSurprises int      `json:"light_model_mismatches"`   // lights that differ from what the independent model expects
	Lightless      int      `json:"lightless"`                // presentations at the reader without a light, part of lights.none
	MarksCompared  int      `json:"marks_compared"`
	Absences       int      `json:"absences_concluded"` // marks A of classes that ended during the run
	History        int      `json:"history_records"`    // of the term before, which entered by the same door
	Faults         []Injury `json:"faults"`
	Converged      bool     `json:"converged"`
	ConvergedMS    int64    `json:"converged_after_ms"` // after the last tap and the last healing
	Seed           uint64   `json:"seed"`
	Seconds        float64  `json:"seconds"` // of tapping

	Problems []string `json:"problems"` // in words, the first of each kind
}

// Spread is a distribution of durations in milliseconds.
type Spread struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Injury is a fault as it was injected.
type Injury struct {
	Fault string `json:"fault"`
	Bit   bool   `json:"bit"` // it was seen to have had its effect
	Note  string `json:"note,omitempty"`
}

// SpreadOf takes the nearest ranks of durations; zero when there are none.
func SpreadOf(durations []time.Duration) Spread {
	if len(durations) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(durations))
	rank := func(percent int) float64 {
		return milliseconds(sorted[max(0, (len(sorted)*percent+99)/100-1)])
	}
	return Spread{rank(50), rank(99), milliseconds(sorted[len(sorted)-1])}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// Decide sets OK and says why not. A fault that had no effect, and a run in which nothing was tried, prove nothing.
func (r *Result) Decide() {
	r.Reasons = []string{}
	if r.Problems == nil {
		r.Problems = []string{}
	}
	fail := func(n int, what string) {
		if n > 0 {
			r.Reasons = append(r.Reasons, fmt.Sprintf("%d %s", n, what))
		}
	}
	fail(r.Lost, "taps were lost")
	fail(r.Duplicated, "taps were duplicated")
	fail(r.Missing, "taps are on a gateway's disk and not at central")
	fail(r.Unheard, "taps at central were heard by no reader")
	fail(r.Unlike, "lights differ from the recorded outcome")
	fail(r.LightSurprises, "lights differ from what the rules say")
	fail(r.RegisterMismatches, "marks differ from what the rules say")
	fail(r.JudgedDifferently, "students' stored judgements are not what the facts give")
	if r.Judged == 0 {
		r.Reasons = append(r.Reasons, "nobody was judged again from the facts")
	}
	if r.Presented == 0 {
		r.Reasons = append(r.Reasons, "nobody tapped")
	}
	if !r.Converged {
		r.Reasons = append(r.Reasons, "journals, replicas and central did not become equal in time")
	}
	for _, f := range r.Faults {
		if !f.Bit {
			r.Reasons = append(r.Reasons, f.Fault+" did not bite: "+f.Note)
		}
	}
	r.OK = len(r.Reasons) == 0
}

// Write stores the result as JSON.
func (r *Result) Write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil { //nolint:gosec // it names nobody
		return fmt.Errorf("write result: %w", err)
	}
	return nil
}
