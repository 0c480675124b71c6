package rules

import (
	"fmt"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
	"pgregory.net/rapid"
)

// today is a student at four sessions of Monday 5 October 2026, an hour each at 9, 11, 13 and 15 in London, with codes.
func today(codes string) Student {
	var sessions []engagement.Contact
	for i, code := range codes {
		starts := time.Date(2026, 10, 5, 8+2*i, 0, 0, 0, time.UTC)
		sessions = append(sessions, engagement.Contact{
			ID: fmt.Sprint(i), Kind: engagement.Session, StartsAt: starts, EndsAt: starts.Add(time.Hour), Code: register.Code(code), KnownAt: starts.Add(time.Hour),
		})
	}
	p := *college
	p.Rules = policy.Rules{DailyAlert: &policy.DailyAlert{Settle: policy.Duration(30 * time.Minute)}}
	return Student{Record: engagement.NewRecord(engagement.Person{ID: "s"}, sessions, nil, nil, nil), Policies: always(&p), Calendar: oneTerm, AsOf: never}
}

// RULES section 4, rows 36 and 39 to 41. The store's tests follow rows 40 and 41 to what is kept.
func TestAlertRows(t *testing.T) {
	tests := []struct{ name, codes, want string }{
		{"row 39 A-1 two A and one E on a day", "AEAP", "[[0 2]]"},
		{"row 40 A-1 the A is explained and accepted", "EEPP", "[]"},
		{"row 36 A-1 U is no alert", "UUUU", "[]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			evidence := [][]string{}
			for _, f := range Evaluate(today(tt.codes)) {
				evidence = append(evidence, f.Evidence)
			}
			if got := fmt.Sprint(evidence); got != tt.want {
				t.Errorf("alerts about %s, want %s", got, tt.want)
			}
		})
	}
}

// Each absence is in one alert, and in the one of the day exactly when it was known half an hour after the last session.
func TestEachAbsenceIsAlertedOnce(t *testing.T) {
	settled := time.Date(2026, 10, 5, 15, 30, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		s := today(rapid.StringOfN(rapid.SampledFrom([]rune("AAPEU")), 4, 4, 4).Draw(t, "codes"))
		for i := range s.Contacts {
			s.Contacts[i].KnownAt = s.Contacts[i].EndsAt.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "known after")) * time.Minute)
		}
		alerts := map[string]Finding{}
		for _, f := range Evaluate(s) {
			for _, id := range f.Evidence {
				if _, twice := alerts[id]; twice {
					t.Errorf("session %s is in two alerts", id)
				}
				alerts[id] = f
			}
		}
		for _, c := range s.Contacts {
			f, alerted := alerts[c.ID]
			if alerted != (c.Code == register.Absent) {
				t.Errorf("session %s, %s: in an alert %v", c.ID, c.Code, alerted)
			}
			if alerted && (f.Step == "daily") != !c.KnownAt.After(settled) {
				t.Errorf("session %s, known %v: in the alert %q", c.ID, c.KnownAt, f.Step)
			}
			if alerted && f.AsOf.Before(c.KnownAt) {
				t.Errorf("session %s was told %v before it was known", c.ID, c.KnownAt.Sub(f.AsOf))
			}
		}
	})
}
