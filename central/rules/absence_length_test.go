package rules

import (
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/register"
)

// asked is a request of 1 October with approvals "role@day".
func asked(id int64, since, until string, approvals ...string) register.Absence {
	a := register.Absence{ID: id, Since: civil(since).Starts(), Until: civil(until).Ends(), Reason: "family", RecordedAt: on("2026-10-01")}
	for _, text := range approvals {
		role, day, _ := strings.Cut(text, "@")
		a.Approvals = append(a.Approvals, register.Approval{Role: role, By: "b", At: on(day)})
	}
	return a
}

func TestAbsenceLength(t *testing.T) {
	const lead, head, later = "course_lead@2026-10-02", "head_of_registry@2026-10-05", "head_of_registry@2026-10-06"
	tests := []struct {
		name  string
		asked []register.Absence
		facts []engagement.Fact
		want  []string
	}{
		{"row 70 E-13 60 days", []register.Absence{asked(1, "2026-11-02", "2026-12-31", lead, head)}, nil, []string{"approval missing, 2026-11-02 to 2026-12-31, task, 2026-10-01", "issue letter, 2026-11-02 to 2026-12-31, task, 2026-10-05"}},
		{"row 70 E-13 61 days", []register.Absence{asked(1, "2026-11-02", "2027-01-01", lead, head)}, nil, []string{"approval missing, 2026-11-02 to 2027-01-01, task, 2026-10-01", "refused, 2026-11-02 to 2027-01-01, alert, 2026-10-05"}},
		{"row 70 E-13 30 and 31 touching", []register.Absence{asked(1, "2026-11-02", "2026-12-01", lead, head), asked(2, "2026-12-02", "2027-01-01", lead, later)}, nil,
			[]string{"approval missing, 2026-11-02 to 2026-12-01, task, 2026-10-01", "approval missing, 2026-12-02 to 2027-01-01, task, 2026-10-01", "issue letter, 2026-11-02 to 2026-12-01, task, 2026-10-05", "refused, 2026-12-02 to 2027-01-01, alert, 2026-10-06"}},
		{"row 71 E-13 one approval only", []register.Absence{asked(1, "2026-11-02", "2026-11-06", lead)}, nil, []string{"approval missing, 2026-11-02 to 2026-11-06, task, 2026-10-01"}},
		{"one person twice", []register.Absence{asked(1, "2026-11-02", "2026-11-06", lead, "course_lead@2026-10-09")}, nil, []string{"approval missing, 2026-11-02 to 2026-11-06, task, 2026-10-01"}},
		{"approved when it was made", []register.Absence{asked(1, "2026-11-02", "2026-11-06", "course_lead@2026-10-01", "head_of_registry@2026-09-30")}, nil, []string{"issue letter, 2026-11-02 to 2026-11-06, task, 2026-10-01"}},
		{"beyond the course", []register.Absence{asked(1, "2026-11-02", "2026-11-06", lead, head)}, []engagement.Fact{{Kind: engagement.CourseEnd, At: on("2026-11-05")}},
			[]string{"approval missing, 2026-11-02 to 2026-11-06, task, 2026-10-01", "beyond the course, 2026-11-02 to 2026-11-06, notice, 2026-10-01", "issue letter, 2026-11-02 to 2026-11-06, task, 2026-10-05"}},
		{"to the last day of the course", []register.Absence{asked(1, "2026-11-02", "2026-11-06", lead, head)}, []engagement.Fact{{Kind: engagement.CourseEnd, At: on("2026-11-06")}},
			[]string{"approval missing, 2026-11-02 to 2026-11-06, task, 2026-10-01", "issue letter, 2026-11-02 to 2026-11-06, task, 2026-10-05"}},
		{"the end of the course was put off", []register.Absence{asked(1, "2026-11-02", "2026-11-06", lead, head)},
			[]engagement.Fact{{Kind: engagement.CourseEnd, At: on("2026-11-01")}, {Kind: engagement.CourseEnd, At: on("2027-06-30")}},
			[]string{"approval missing, 2026-11-02 to 2026-11-06, task, 2026-10-01", "issue letter, 2026-11-02 to 2026-11-06, task, 2026-10-05"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := withFacts(t, tt.facts...)
			s.Record = engagement.NewRecord(s.Person, nil, s.Facts, tt.asked, nil)
			wantLines(t, s, "E-13", tt.want...)
		})
	}
}

func TestRefusalSuggestsALeave(t *testing.T) {
	s := withFacts(t)
	s.Absences = []register.Absence{asked(1, "2026-11-02", "2027-01-01", "course_lead@2026-10-02", "head_of_registry@2026-10-02")}
	found := Evaluate(s)
	if len(found) != 2 || !strings.Contains(found[1].Summary, "61 consecutive days") || !strings.Contains(found[1].Summary, "leave of absence") {
		t.Errorf("found %+v, want the days and the suggestion", found)
	}
}
