package policy_test

import (
	"testing"

	"github.com/rollcall-edge/rollcall/central/policy"
)

func TestValues(t *testing.T) {
	got := map[string]policy.Value{}
	for _, v := range shipped(t, "college").Values() {
		got[v.Path] = v
	}
	for _, want := range []policy.Value{
		{Path: "marking.present_within", Text: "15m"},
		{Path: "marking.opens", Text: "start-30m", Assumed: "The procedure starts with the class; cards need a time before it."},
		{Path: "marking.integrity.burst_cards", Text: "5", Assumed: "The procedure relies on headcounts."}, // marked as a whole
		{Path: "counting.authorised_counts", Text: "false"},
		{Path: "rules.A-4.below", Text: "80"},
		{Path: "rules.A-5.missed", Text: "10"},
		{Path: "rules.A-5.due", Text: "10 calendar days"},
	} {
		if got[want.Path] != want {
			t.Errorf("%s = %+v, want %+v", want.Path, got[want.Path], want)
		}
	}
	for path := range got {
		if len(path) > 8 && path[:8] == "rules.E-" {
			t.Errorf("%s is listed, but the college has no such clause", path)
		}
	}
	stmarys := map[string]string{}
	for _, v := range shipped(t, "stmarys").Values() {
		stmarys[v.Path] = v.Text
	}
	if stmarys["scope.visa"] != "true" || stmarys["rules.E-13.approvals"] != "course_lead head_of_registry" {
		t.Errorf("scope.visa = %q, approvals = %q", stmarys["scope.visa"], stmarys["rules.E-13.approvals"])
	}
}
