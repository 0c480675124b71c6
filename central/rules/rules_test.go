package rules

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
	"pgregory.net/rapid"
)

// college is the ladder of source 004, items 7 to 11.
var college = &policy.Policy{
	Name: "college", Version: 1, Counting: policy.Counting{LateAttends: true, MinCounted: 10},
	Rules: policy.Rules{
		FirstWarning: &policy.Rung{Below: 90, Missed: 4}, SecondWarning: &policy.Rung{Below: 85, Missed: 8}, FinalWarning: &policy.Rung{Below: 80, Missed: 10},
		SponsorReport: &policy.SponsorReport{Rung: policy.Rung{Below: 80, Missed: 10}, Due: policy.Deadline{Days: 10}},
	},
}

func always(p *policy.Policy) policy.ByDay { return func(calendar.Day) *policy.Policy { return p } }

func tally(attended, counted, missed int64) engagement.Tally {
	return engagement.Tally{Attended: attended, Counted: counted, Missed: missed}
}

// RULES section 4, rows 42 to 48. Rows about a percentage alone give no missed contacts, as the rows do.
func TestLadderRows(t *testing.T) {
	tests := []struct {
		name   string
		tally  engagement.Tally
		want   Level
		report bool
	}{
		{"row 42 A-2 27/30 is 90.00", tally(27, 30, 0), NoLevel, false},
		{"row 43 A-2 719/800 is 89.875", tally(719, 800, 0), First, false},
		{"row 44 A-2 9/10", tally(9, 10, 0), NoLevel, false},
		{"row 44 A-2 8/10 is 80, below 85, not below 80", tally(8, 10, 2), Second, false},
		{"row 45 A-2 four missed at 96 %", tally(96, 100, 4), First, false},
		{"row 46 A-3 17/20 is 85.00", tally(17, 20, 3), First, false},
		{"row 46 A-3 17/21", tally(17, 21, 4), Second, false},
		{"row 46 A-3 eight missed at 95 %", tally(152, 160, 8), Second, false},
		{"row 47 A-4 16/20 is 80.00", tally(16, 20, 4), Second, false},
		{"row 47 A-4 15/19", tally(15, 19, 4), Final, true},
		{"row 48 A-4 5/9 is too few to be a percentage", tally(5, 9, 0), NoLevel, false},
		{"row 48 A-4 5/9 with four missed", tally(5, 9, 4), First, false},
		{"A-4 ten missed at 96 %", tally(240, 250, 10), Final, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := warning(tt.tally, college).level; got != tt.want {
				t.Errorf("warning = %v, want %v", got, tt.want)
			}
			if got := sponsorReport(tt.tally, college); got != tt.report {
				t.Errorf("report = %v, want %v", got, tt.report)
			}
		})
	}
}

// history makes one session a day at 09:00-10:00 UTC from a first day, with the codes given.
func history(first string, codes string) engagement.History {
	day, err := time.Parse(time.DateOnly, first)
	if err != nil {
		panic(err)
	}
	var contacts []engagement.Contact
	for i, c := range codes {
		start := day.AddDate(0, 0, i).Add(9 * time.Hour)
		contacts = append(contacts, engagement.Contact{Kind: engagement.Session, ID: start.Format(time.DateOnly), StartsAt: start, EndsAt: start.Add(time.Hour), Code: register.Code(c)})
	}
	return engagement.New(engagement.Person{ID: "s", Sponsored: true}, "t", contacts)
}

// oneTerm is a calendar in which every test's history is in one term.
var oneTerm = &calendar.Calendar{Terms: []calendar.Term{{ID: "t", First: calendar.Day{Year: 2026, Month: 9, Day: 1}, Last: calendar.Day{Year: 2027, Month: 8, Day: 31}}}}

// evaluateAll asks every clause about a history.
func evaluateAll(h engagement.History, policies policy.ByDay, asOf time.Time) []Finding {
	return Evaluate(Student{Record: engagement.NewRecord(h.Person, h.Contacts, nil, nil, nil), Policies: policies, Calendar: oneTerm, AsOf: asOf})
}

var never = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

func evaluate(h engagement.History) string {
	var out []string
	for _, f := range evaluateAll(h, always(college), never) {
		out = append(out, f.Rule+"@"+calendar.DayOf(f.AsOf).String())
	}
	return strings.Join(out, " ")
}

func TestLadderOverTime(t *testing.T) {
	tests := []struct {
		name, codes, want string
	}{
		{"nothing missed", strings.Repeat("P", 30), ""},
		{"ambiguity i: one absence at session 3", "PPA", ""},
		{"the tenth counted contact makes a percentage", "PPPPPPPPAA", "A-3@2026-10-10"},
		{"each rung in turn by number", strings.Repeat("P", 90) + "AAAAAAAAAA", "A-2@2027-01-02 A-3@2027-01-06 A-4@2027-01-08 A-5@2027-01-08"},
		{"ambiguity ii: only the highest of several", "PPPPPPPAAA", "A-4@2026-10-10 A-5@2026-10-10"},
		{"ambiguity iii, iv: recovery and a second fall", strings.Repeat("P", 17) + "AA" + strings.Repeat("P", 10) + "AA", "A-2@2026-10-19"},
		{"U never counts", "PPPPPPPPP" + strings.Repeat("U", 40), ""},
		{"E, X and N never count", "PPPPPPPPP" + strings.Repeat("EXN", 10), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := evaluate(history("2026-10-01", tt.codes)); got != tt.want {
				t.Errorf("findings = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestOnlySponsoredStudentsAreReported(t *testing.T) {
	h := history("2026-10-01", "AAAAAAAAAA")
	h.Sponsored = false
	if got := evaluate(h); strings.Contains(got, "A-5") {
		t.Errorf("findings = %q, want no report of a student without a sponsored visa", got)
	}
}

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
		last := findings[len(findings)-1]
		if last.Rule != "A-5" || last.Deadline.String() != tt.want || len(last.Evidence) != 10 {
			t.Errorf("finding = %+v, want A-5 due %s with ten sessions", last, tt.want)
		}
	}
}

func TestReplayOfAPastDate(t *testing.T) {
	h := history("2026-10-01", "AAAAAAAAAA")
	asOf := time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC)
	got := evaluateAll(h, always(college), asOf)
	if len(got) != 1 || got[0].Rule != "A-2" {
		t.Errorf("findings as of 5 October = %+v, want the first warning of 4 October alone", got)
	}
}

// Findings up to a date are a prefix of the findings up to a later date: nothing that was true of the past changes because
// time went on.
func TestFindingsOnlyGrowWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		codes := rapid.StringOfN(rapid.SampledFrom([]rune("PPPPLAEUXNR")), 0, 60, -1).Draw(t, "codes")
		h := history("2026-10-01", codes)
		shuffled := engagement.New(engagement.Person{ID: "s", Sponsored: true}, "t", rapid.Permutation(slices.Clone(h.Contacts)).Draw(t, "order"))
		if diff := cmp.Diff(evaluateAll(h, always(college), never), evaluateAll(shuffled, always(college), never)); diff != "" {
			t.Fatalf("order of arrival matters:\n%s", diff)
		}
		cut := rapid.IntRange(0, 60).Draw(t, "cut")
		asOf := time.Date(2026, 10, 1+cut, 12, 0, 0, 0, time.UTC)
		early, late := evaluateAll(h, always(college), asOf), evaluateAll(h, always(college), never)
		if len(early) > len(late) || len(early) > 0 && cmp.Diff(early, late[:len(early)]) != "" {
			t.Fatalf("findings of %v are no prefix of the later ones:\n%v\n%v", asOf, early, late)
		}
	})
}

// A new version applies from its day; what was found by the old one before stays found by it.
func TestNewVersionAppliesFromItsDay(t *testing.T) {
	stricter := *college
	stricter.Version = 2
	stricter.Rules.FirstWarning = &policy.Rung{Below: 90, Missed: 2}
	byDay := func(d calendar.Day) *policy.Policy {
		if d.Before(calendar.Day{Year: 2026, Month: time.October, Day: 5}) {
			return college
		}
		return &stricter
	}
	tests := []struct{ name, codes, want string }{
		{"two missed before the day and none after", "AAPPPP", "A-2 college v2@2026-10-05"},
		{"four missed before the day", "AAAAPP", "A-2 college v1@2026-10-04"},
		{"one before and one after", "APPPPA", "A-2 college v2@2026-10-06"},
		{"one", "APPPPP", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range evaluateAll(history("2026-10-01", tt.codes), byDay, never) {
				got = append(got, f.Rule+" "+f.Policy+"@"+calendar.DayOf(f.AsOf).String())
			}
			if strings.Join(got, ", ") != tt.want {
				t.Errorf("findings = %v, want %s", got, tt.want)
			}
		})
	}
}
