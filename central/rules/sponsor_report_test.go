package rules

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/policy"
)

func TestOnlySponsoredStudentsAreReported(t *testing.T) {
	h := history("2026-10-01", "AAAAAAAAAA")
	h.Sponsored = false
	if got := evaluate(h); strings.Contains(got, "A-5") {
		t.Errorf("findings = %q, want no report of a student without a sponsored visa", got)
	}
}

// RULES section 4, row 50.
func TestRow50Deadline(t *testing.T) {
	// The tenth absence falls on Friday 11 December 2026.
	h := history("2026-12-02", "AAAAAAAAAA")
	working := *college
	working.Rules.SponsorReport = &policy.SponsorReport{Rung: college.Rules.SponsorReport.Rung, Due: policy.Deadline{Days: 10, Working: true}}
	tests := []struct {
		policy *policy.Policy
		want   string
	}{{college, "2026-12-21"}, {&working, "2026-12-29"}}
	for _, tt := range tests {
		findings := evaluateAll(h, always(tt.policy), never)
		last := findings[len(findings)-2] // before the one that says that it is overdue
		if last.Rule != "A-5" || last.Deadline.String() != tt.want || len(last.Evidence) != 10 {
			t.Errorf("finding = %+v, want A-5 due %s with ten sessions", last, tt.want)
		}
	}
}

// The day on which a fall became known is day 0 of the 80 % limb; the tenth missed contact has a day of its own.
func TestDayZero(t *testing.T) {
	tests := []struct {
		name, codes string
		late        string // the places of sessions that became known on 1 November
		want        string
	}{
		{"a fall known at once", "PPPPPPPAAA", "", "2026-10-10 due 2026-10-20"},
		{"a fall that became known later", "PPPPPPPAAA", "9", "2026-11-01 due 2026-11-11"},
		{"a session that became known later and was attended", "PPPPPPPPPPAAA", "0", "2026-10-13 due 2026-10-23"},
		{"known later, and below without it", "PPPPPPPAAAA", "9", "2026-10-11 due 2026-10-21"},
		{"the tenth missed contact comes before the fall is known", "AAAAAAAAAA" + strings.Repeat("P", 30), "8 9", "2026-10-10 due 2026-10-20"},
		{"ten missed contacts that became known later", strings.Repeat("P", 60) + "AAAAAAAAAA", "69", "2026-12-09 due 2026-12-19"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := history("2026-10-01", tt.codes)
			for i := range h.Contacts {
				h.Contacts[i].KnownAt = h.Contacts[i].EndsAt
			}
			for place := range strings.FieldsSeq(tt.late) {
				h.Contacts[number(t, place)].KnownAt = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
			}
			got := ""
			for _, f := range evaluateAll(h, always(college), never) {
				if f.Level == Report {
					got += f.AsOf.Format(time.DateOnly) + " due " + f.Deadline.String()
				}
			}
			if got != tt.want {
				t.Errorf("report = %q, want %q", got, tt.want)
			}
		})
	}
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
