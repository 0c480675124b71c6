package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/config"
)

func shipped(t *testing.T, name string) *policy.Policy {
	t.Helper()
	text, err := config.Policies.ReadFile("policies/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse(name+".yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The table of parameters in the comparison of the five sources: what a source states is taken as it stands there, and what
// it does not state is marked.
func TestShippedPolicies(t *testing.T) {
	type stated struct {
		opens, closes string
		late          time.Duration
		room          policy.RoomChange
		forgotten     policy.ForgottenCard
		authorised    bool
	}
	tests := map[string]struct {
		want   stated
		marked string // paths that must be marked as not from the policy
	}{
		"imperial":     {stated{"start-30m", "start+30m", 0, policy.Exempt, policy.TeamManual, true}, "marking.opens counting.min_counted marking.forgotten_card"},
		"portsmouth":   {stated{"start-30m", "end", 0, policy.FollowTimetable, policy.ForbidManual, false}, "marking.room_change counting.authorised_counts counting.min_counted"},
		"bedfordshire": {stated{"start", "end", 0, policy.FollowTimetable, policy.LecturerManual, false}, "marking.opens counting.authorised_counts counting.min_counted"},
		"stmarys":      {stated{"start-30m", "end", 0, policy.FollowTimetable, policy.LecturerManual, false}, "marking.opens marking.closes marking.room_change rules.E-5.min_counted"},
		"college":      {stated{"start-30m", "end", 30 * time.Minute, policy.FollowTimetable, policy.LecturerManual, false}, "marking.opens marking.closes counting.late_attends counting.min_counted marking.leaving_early.grace"},
		"blank":        {stated{"start-30m", "end", 0, policy.FollowTimetable, policy.LecturerManual, false}, "marking.opens counting.min_counted"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := shipped(t, name)
			m := p.Marking
			got := stated{m.Opens.String(), m.Closes.String(), m.LateWithin.Std(), m.RoomChange, m.ForgottenCard, p.Counting.AuthorisedCounts}
			if got != tt.want || p.Name != name || p.Version != 1 {
				t.Errorf("%s = %+v, want %+v", p.ID(), got, tt.want)
			}
			for _, path := range strings.Fields(tt.marked) {
				if p.NotFromPolicy[path] == "" {
					t.Errorf("%s is not marked as not from the policy", path)
				}
			}
		})
	}
}

// Each mistake stands in testdata with the message a person gets for it.
func TestBadPoliciesSayEveryFault(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.bad.yaml")
	if len(files) < 3 {
		t.Fatalf("found %d bad policies, want at least 3", len(files))
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(strings.TrimSuffix(path, ".yaml") + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		if _, err = policy.Parse(filepath.Base(path), text); err == nil || err.Error()+"\n" != string(want) {
			t.Errorf("Parse(%s):\n%v\nwant:\n%s", path, err, want)
		}
	}
}
