package rules

import (
	"slices"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
)

func TestEnrolments(t *testing.T) {
	const report, reminder = "report, 2026-10-09 LLB, case, 2026-10-24, 2026-11-06", "reminder, 2026-10-09 LLB, alert, 2026-10-24"
	due := engagement.Fact{Kind: engagement.Enrolment, Of: "LLB", Value: "cas", At: on("2026-10-09")}
	enrolled := func(at string) engagement.Fact {
		when, err := time.ParseInLocation("2006-01-02 15:04", at, calendar.London)
		if err != nil {
			t.Fatal(err)
		}
		return engagement.Fact{Kind: engagement.Enrolled, Of: "LLB", At: when}
	}
	fact := func(kind engagement.Kind, day string) engagement.Fact {
		return engagement.Fact{Kind: kind, At: on(day)}
	}
	tests := []struct {
		name     string
		contacts []engagement.Contact
		facts    []engagement.Fact
		known    map[engagement.Kind]time.Time
		want     []string
	}{
		{"row 67 E-11 enrols on 23 October at 16:00", nil, []engagement.Fact{enrolled("2026-10-23 16:00")}, nil, nil},
		{"enrols after midnight", nil, []engagement.Fact{enrolled("2026-10-24 00:00")}, nil, []string{report}},
		{"never enrols", nil, nil, nil, []string{report}},
		{"row 68 E-11 an e-mail on 20 October", nil, []engagement.Fact{fact(engagement.Communication, "2026-10-20")}, nil, []string{reminder}},
		{"an e-mail too late", nil, []engagement.Fact{fact(engagement.Communication, "2026-10-24")}, nil, []string{report}},
		{"an e-mail of last year", nil, []engagement.Fact{fact(engagement.Communication, "2026-05-20")}, nil, []string{report}},
		{"an e-mail of the summer", nil, []engagement.Fact{fact(engagement.Communication, "2026-08-20")}, nil, []string{reminder}},
		{"a log-in", nil, logins("2026-10-20"), nil, []string{reminder}},
		{"a session attended", daily("2026-10-12", 60, "APA"), nil, nil, []string{reminder}},
		{"sessions missed", daily("2026-10-12", 60, "AAA"), nil, nil, []string{report}},
		{"a session that is not known", daily("2026-10-12", 60, "AUA"), nil, nil, []string{reminder}},
		{"log-ins are known up to 22 October", nil, nil, until("2026-10-22"), []string{reminder}},
		{"enrolled early, in the term before", nil, []engagement.Fact{enrolled("2026-05-20 09:00")}, nil, nil},
		{"enrolled last year", nil, []engagement.Fact{enrolled("2025-10-02 09:00")}, nil, []string{report}},
		{"enrolled in another programme", nil, []engagement.Fact{{Kind: engagement.Enrolled, Of: "MBA", At: on("2026-10-01")}}, nil, []string{reminder}}, // and so engaged
		{"the latest day was put off", nil, []engagement.Fact{{Kind: engagement.Enrolment, Of: "LLB", Value: "cas", At: on("2026-10-16")}}, nil,
			[]string{"report, 2026-10-16 LLB, case, 2026-10-31, 2026-11-13"}},
		{"withdrew before", nil, []engagement.Fact{{Kind: engagement.Change, Of: "withdrawal", At: on("2026-10-20")}}, nil, nil},
		{"on leave", nil, []engagement.Fact{{Kind: engagement.Leave, At: on("2026-09-20"), Until: on("2027-09-20")}}, nil, nil},
		{"enrolments come as files that are not all here", nil, nil, map[engagement.Kind]time.Time{engagement.Login: never, engagement.Enrolled: on("2026-10-20")}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := followed(t, tt.contacts, append(slices.Clone(tt.facts), due)...)
			s.Calendar = &calendar.Calendar{Terms: append([]calendar.Term{{ID: "summer", First: civil("2026-04-20"), Last: civil("2026-06-12")}}, twoTerms.Terms...)}
			if tt.known != nil {
				s.Known = tt.known
			}
			wantLines(t, s, "E-11", tt.want...)
		})
	}
}
