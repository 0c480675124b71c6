package rules

import (
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// RULES section 4, row 53: a final warning, a report of 3 November, and attendance of 77 % or 81 % by then.
func TestExpulsionRows(t *testing.T) {
	strict := *college
	strict.Rules.Expulsion = &policy.Expulsion{Below: 80, Due: policy.Deadline{Days: 14}}
	tests := []struct{ name, codes, want string }{
		// Final warning and report are met at the tenth contact, 7 of 10.
		{"row 53 A-6 77 %", "PPPPPPPAAA" + "PPPPPPPPAAPP", "2026-11-17"}, // 17 of 22
		{"row 53 A-6 81 %", "PPPPPPPAAA" + "PPPPPPPPPAPP", "none"},       // 18 of 22
		{"A-6 80 % is not below", "PPPPPPPAAA" + "PPPPPPPPPA", "none"},   // 16 of 20
		{"A-6 the unknown may have been attended", "PPPPPPPAAA" + "UUUUU", "none"},
		{"A-6 and is below whatever it was", "PPPPPPPAAA" + "UUUU", "2026-11-17"}, // 11 of 14 at best
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := history("2026-10-03", tt.codes)
			reported := engagement.Fact{ID: 1, Kind: engagement.Reported, At: time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC), Of: "A-5", By: "m"}
			s := Student{Record: engagement.NewRecord(h.Person, h.Contacts, []engagement.Fact{reported}, nil, nil), Policies: always(&strict), Calendar: oneTerm, AsOf: never}
			got := "none"
			for _, f := range Evaluate(s) {
				if f.Rule == "A-6" {
					got = f.Deadline.String()
				}
			}
			if got != tt.want {
				t.Errorf("expel by %s, want %s", got, tt.want)
			}
		})
	}
}

// What people record without naming a term is about the last report before it; what names one is about that.
func TestAnswersNameTheirReport(t *testing.T) {
	terms := &calendar.Calendar{Terms: []calendar.Term{
		{ID: "one", First: calendar.Day{Year: 2026, Month: 10, Day: 1}, Last: calendar.Day{Year: 2026, Month: 10, Day: 10}},
		{ID: "two", First: calendar.Day{Year: 2026, Month: 10, Day: 11}, Last: calendar.Day{Year: 2027, Month: 1, Day: 31}},
	}}
	h := history("2026-10-01", "AAAAAAAAAA"+"AAAAAAAAAA") // both terms come to a report, on 10 and 20 October
	policy7 := *college
	policy7.Rules.Improvement = &policy.Task{}
	tests := []struct{ of, at, want string }{
		{"A-5", "2026-10-15", "one"},
		{"A-5", "2026-10-21", "two"},
		{"A-4", "2026-10-21", "two"},
		{"A-5 one", "2026-10-21", "one"},
		{"A-5 two", "2026-10-15", ""}, // before there was a report in it
		{"E-8", "2026-10-21", ""},
		{"A-5", "2026-10-09", ""},
	}
	for _, tt := range tests {
		at, err := time.Parse(time.DateOnly, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		fact := engagement.Fact{ID: 1, Kind: engagement.Satisfied, At: at.Add(12 * time.Hour), Of: tt.of, By: "m"}
		s := Student{Record: engagement.NewRecord(h.Person, h.Contacts, []engagement.Fact{fact}, nil, nil), Policies: always(&policy7), Calendar: terms, AsOf: never}
		got := ""
		found := Evaluate(s)
		for _, f := range found {
			if f.Rule == "A-7" {
				got += f.Scope
			}
			if f.Level == Report && Answered(s, f, found) != (f.Scope == tt.want) {
				t.Errorf("%s of %s: the report of term %s is answered %v", tt.of, tt.at, f.Scope, f.Scope != tt.want)
			}
		}
		if got != tt.want {
			t.Errorf("%s of %s answers the report of term %q, want %q", tt.of, tt.at, got, tt.want)
		}
	}
}
