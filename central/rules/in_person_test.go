package rules

import (
	"testing"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// RULES section 4, rows 54 to 56. The rows give what a module or a programme has come to.
func TestInPersonRows(t *testing.T) {
	p, err := shipped("imperial")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name            string
		count           engagement.Count
		unknown         int64
		contact, notice bool
	}{
		{"row 54 A-9 20 P 5 R", engagement.Count{Present: 20, Remote: 5}, 0, false, false},
		{"row 54 A-9 19 P 5 R 1 A", engagement.Count{Present: 19, Remote: 5, Absent: 1}, 0, true, false},
		{"row 54 A-9 19 P 1 L 5 R, and L counts", engagement.Count{Present: 19, Late: 1, Remote: 5}, 0, false, false},
		{"row 55 A-9 R 6 of 25 is 24 %", engagement.Count{Present: 19, Remote: 6}, 0, true, true},
		{"row 56 A-9 illness 5 and P 20 of 25", engagement.Count{Present: 20, Authorised: 5}, 0, false, false},
		{"A-9 illness 6 and P 20 of 26", engagement.Count{Present: 20, Authorised: 6}, 0, true, false},
		{"A-9 nine sessions make no percentage", engagement.Count{Absent: 4, Remote: 5}, 0, false, false},
		{"A-9 the unknown may have been attended", engagement.Count{Present: 7, Absent: 3}, 5, false, false},
		{"A-9 and too much is too much whatever they were", engagement.Count{Present: 5, Remote: 5}, 5, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st := stretch{Measure: engagement.Measure{Count: tt.count, Unknown: tt.unknown}}
			if got := fewInPerson(st, p); got != tt.contact {
				t.Errorf("below 80 %% in person = %v, want %v", got, tt.contact)
			}
			if got := muchRemote(st, p); got != tt.notice {
				t.Errorf("above 20 %% remote = %v, want %v", got, tt.notice)
			}
		})
	}
}

// A policy whose rates leave authorised absences out still has them inside the part that may be missed.
func TestAuthorisedIsInsideInPerson(t *testing.T) {
	p := &policy.Policy{Counting: policy.Counting{LateAttends: true, MinCounted: 10}, Rules: policy.Rules{InPerson: &policy.InPerson{Below: 80, RemoteAbove: 20}}}
	st := stretch{Measure: engagement.Measure{Count: engagement.Count{Present: 20, Authorised: 6}}}
	if !fewInPerson(st, p) {
		t.Error("20 of 26 are not below 80 %, want six authorised absences in the denominator")
	}
}
