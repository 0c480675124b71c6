package verdict

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

// Marks are codes by place in a register; more than one letter where the world leaves more than one open.
type Marks map[model.Key]string

// Allow adds what follows from one possible course of events.
func (m Marks) Allow(codes map[model.Key]byte) {
	for key, code := range codes {
		if !strings.Contains(m[key], string(code)) {
			m[key] += string(code)
		}
	}
}

// Compare counts the places where central's register says something the model does not allow, or one of them has a place that
// the other has not. It names the sessions, no students.
func (m Marks) Compare(central map[model.Key]string) (mismatches int, problems []string) {
	wrong := map[string]int{}
	kinds := map[string]string{}
	for key, allowed := range m {
		code, listed := central[key]
		if listed && code != "" && strings.Contains(allowed, code) {
			continue
		}
		wrong[key.Session]++
		kinds[key.Session] = fmt.Sprintf("central has %q, want %s", code, allowed)
	}
	for key, code := range central {
		if _, expected := m[key]; !expected {
			wrong[key.Session]++
			kinds[key.Session] = fmt.Sprintf("central has %q for somebody who is not expected", code)
		}
	}
	for _, session := range slices.SortedFunc(maps.Keys(wrong), func(a, b string) int { return cmp.Compare(a, b) }) {
		mismatches += wrong[session]
		if len(problems) < mostProblems {
			problems = append(problems, fmt.Sprintf("register of %s: %d marks differ; one of them: %s", session, wrong[session], kinds[session]))
		}
	}
	return mismatches, problems
}
