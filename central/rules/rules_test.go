package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
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
	return days(evaluateAll(h, always(college), never))
}

// days are rules with the days on which they were met.
func days(findings []Finding) string {
	var out []string
	for _, f := range findings {
		out = append(out, f.Rule+"@"+calendar.DayOf(f.AsOf).String())
	}
	return strings.Join(out, " ")
}

func TestReplayOfAPastDate(t *testing.T) {
	h := history("2026-10-01", "AAAAAAAAAA")
	asOf := time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC)
	got := evaluateAll(h, always(college), asOf)
	if len(got) != 1 || got[0].Rule != "A-2" {
		t.Errorf("findings as of 5 October = %+v, want the first warning of 4 October alone", got)
	}
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
