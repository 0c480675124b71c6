package register

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// shipped is a policy that a university may start from, on every day, with lines replaced: old, new, old, new.
func shipped(t testing.TB, name string, changes ...string) policy.ByDay {
	t.Helper()
	text, err := os.ReadFile("../../config/policies/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(string(text), changes[i]) {
			t.Fatalf("%s.yaml does not say %q", name, changes[i])
		}
	}
	p, err := policy.Parse(name+".yaml", []byte(strings.NewReplacer(changes...).Replace(string(text))))
	if err != nil {
		t.Fatal(err)
	}
	return func(calendar.Day) *policy.Policy { return p }
}

// marked is the register as text, with the reasons.
func marked(marks []Mark) string {
	var parts []string
	for _, m := range marks {
		parts = append(parts, m.Session.ID+"="+string(m.Code)+" "+string(m.Source)+": "+m.Reason)
	}
	return strings.Join(parts, "\n")
}

// lastly is later than everything of the day, and known.
func lastly(f Facts) Facts {
	if f.Coverage == nil {
		f.Coverage = alwaysOn()
	}
	return f
}

// How credentials were presented, by the numbers of the contract.
const (
	heard    = contract.EvidenceBLEHeard
	reported = contract.EvidenceBLEReported
	code     = contract.EvidenceCode
)

// A row is one table-driven test of RULES section 4 by a shipped policy.
type row struct {
	name   string
	policy policy.ByDay
	facts  Facts
	want   string
}

func runRows(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if got := codes(Marks(lastly(r.facts), r.policy, evening)); got != r.want {
				t.Errorf("marks = %s, want %s\n%s", got, r.want, marked(Marks(lastly(r.facts), r.policy, evening)))
			}
		})
	}
}

// tapped is one tap at a door at a time of the day.
func tapped(clock string) []Tap { return []Tap{tapAt(1, local(clock))} }

// wholeDay is an absence of the day of these tests.
var wholeDay = []Absence{{ID: 1, Since: london(day + "00:00:00.000"), Until: london(day + "23:59:59.999"), Reason: "illness"}}

// Policies name evidence as the contract does.
func TestPoliciesNameEvidenceAsTheContractDoes(t *testing.T) {
	var names []string
	for e := contract.Evidence(1); e.String() != "unknown"; e++ {
		names = append(names, e.String())
	}
	if !slices.Equal(names, policy.Evidence) {
		t.Errorf("policy.Evidence = %v, want %v", policy.Evidence, names)
	}
}
