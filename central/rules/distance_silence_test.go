package rules

import (
	"testing"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

func TestDistanceSilence(t *testing.T) {
	const found = "30 days, 2026-11-02, case, 2026-12-02"
	reason := func(first, last string) engagement.Fact {
		f := engagement.Fact{Kind: engagement.Reason, At: on(first)}
		if last != "" {
			f.Until = on(last)
		}
		return f
	}
	tests := []struct {
		name  string
		facts []engagement.Fact
		asOf  string
		want  []string
	}{
		{"row 66 E-9 last log-in 2 November, 1 December", nil, "2026-12-01", nil},
		{"row 66 E-9 last log-in 2 November, 2 December", nil, "2026-12-02", []string{found}},
		{"row 66 E-9 a reason is recorded", []engagement.Fact{reason("2026-11-20", "")}, "2027-03-01", nil},
		{"a reason is recorded afterwards", []engagement.Fact{reason("2026-12-03", "")}, "2027-03-01", []string{found}},
		{"a reason for a week", []engagement.Fact{reason("2026-11-09", "2026-11-15")}, "2027-03-01", []string{"30 days, 2026-11-02, case, 2026-12-09"}},
		{"a reason for a silence before", []engagement.Fact{reason("2026-10-20", "")}, "2027-03-01", []string{found}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := followed(t, nil, append(logins("2026-10-15", "2026-11-02"), tt.facts...)...).with(withDistance)
			s.Delivery, s.AsOf = "distance", on(tt.asOf)
			wantLines(t, s, "E-9", tt.want...)
		})
	}
}

func withDistance(p *policy.Policy) { p.Rules.DistanceSilence = &policy.DistanceSilence{Days: 30} }

func TestDistanceSilenceWaits(t *testing.T) {
	s := followed(t, nil, logins("2026-11-02")...).with(withDistance)
	s.Delivery = "distance"
	s.Known = until("2026-11-30")
	wantLines(t, s, "E-9")
	s.Known = until("2026-12-01")
	wantLines(t, s, "E-9", "30 days, 2026-11-02, case, 2026-12-02")
	s.Delivery = "campus"
	wantLines(t, s, "E-9")
	s.Delivery, s.Policies = "distance", always(stMarys(t))
	wantLines(t, s, "E-9") // the concession is over
}

func TestDistanceStudentWhoNeverLoggedIn(t *testing.T) {
	s := followed(t, nil, engagement.Fact{Kind: engagement.Enrolled, At: on("2026-10-01")}).with(withDistance)
	s.Delivery = "distance"
	wantLines(t, s, "E-9", "30 days, 2026-10-01, case, 2026-10-31")
}

// E-10: nobody expects taps of a student on a distance course, and none of the clauses about taps looks at them.
func TestWithoutTaps(t *testing.T) {
	s := followed(t, of("LAW", daily("2026-09-28", 600, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")))
	for _, delivery := range []string{"", "distance", "placement"} {
		s.Delivery = delivery
		for _, rule := range []string{"E-3", "E-4", "E-5", "E-6"} {
			if got := lines(s, rule); (len(got) > 0) != (delivery == "") {
				t.Errorf("%q: %s found %v", delivery, rule, got)
			}
		}
	}
	s.AsOf = on("2026-10-12")
	wantLines(t, s, "E-2") // on placement not even log-ins
	s.Delivery = "distance"
	wantLines(t, s, "E-2", "amber, 2026-09-28, notice, 2026-10-12") // the log-ins alone
}
