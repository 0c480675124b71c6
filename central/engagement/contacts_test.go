package engagement

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
)

// happened is a fact about something expected at noon and some hours.
func happened(id int64, kind Kind, hours int, of string, value Outcome) Fact {
	return Fact{ID: id, Kind: kind, At: noon.Add(time.Duration(hours) * time.Hour), Of: of, Value: string(value)}
}

// 004, item 11: "these include but are not limited to attending a lecture, a meeting with tutor or college official, submitting
// an assessed or non-assessed coursework, attending a test/examination".
func TestContactsBeyondSessions(t *testing.T) {
	tests := []struct {
		name  string
		facts []Fact
		want  Contacts
		tally Tally // counted by what count by
	}{
		{"none", nil, Contacts{}, Tally{}},
		{"one of each kind, missed", []Fact{
			happened(1, Submission, 0, "essay", Missed), happened(2, Exam, 0, "paper 1", Missed), happened(3, Meeting, 0, "tutor", Missed), happened(4, Supervision, 0, "dissertation", Missed),
		}, Contacts{Expected: 4, Missed: 4}, Tally{Missed: 4}},
		{"each outcome", []Fact{
			happened(1, Meeting, 0, "a", Met), happened(2, Meeting, 0, "b", Missed), happened(3, Meeting, 0, "c", Excused), happened(4, Meeting, 0, "d", NotYet),
			happened(5, Meeting, 0, "e", NotNeeded),
		}, Contacts{Expected: 4, Met: 1, Missed: 1, Excused: 1, Unknown: 1}, Tally{Missed: 1}},
		{"expected, and nothing is known", []Fact{happened(1, Submission, 0, "essay", NotYet)}, Contacts{Expected: 1, Unknown: 1}, Tally{}},
		{"an outcome that nobody knows concludes nothing", []Fact{happened(1, Submission, 0, "essay", "late?")}, Contacts{Expected: 1, Unknown: 1}, Tally{}},
		{"still to come", []Fact{happened(1, Submission, 100, "essay", NotYet)}, Contacts{}, Tally{}},
		{"the latest word holds", []Fact{happened(1, Submission, 0, "essay", NotYet), happened(2, Submission, 0, "essay", Missed), happened(3, Submission, 0, "essay", Met)}, Contacts{Expected: 1, Met: 1}, Tally{}},
		{"in whatever order it arrives", []Fact{happened(3, Submission, 0, "essay", Met), happened(1, Submission, 0, "essay", NotYet), happened(2, Submission, 0, "essay", Missed)}, Contacts{Expected: 1, Met: 1}, Tally{}},
		{"two meetings of a day are two", []Fact{happened(1, Meeting, 0, "tutor", Missed), happened(2, Meeting, 1, "tutor", Missed)}, Contacts{Expected: 2, Missed: 2}, Tally{Missed: 2}},
		{"what is no contact", []Fact{happened(1, Login, 0, "", ""), happened(2, Timesheet, 0, "Acme", ""), happened(3, Fee, 0, "F1", "X3")}, Contacts{}, Tally{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := NewRecord(Person{ID: "s"}, nil, tt.facts, nil, nil)
			h, asOf := History{Contacts: r.Contacts}, noon.AddDate(0, 0, 1)
			if diff := cmp.Diff(tt.want, h.Outcomes(asOf)); diff != "" {
				t.Errorf("contacts (-want +got):\n%s", diff)
			}
			if got := h.At(asOf).Tally(policy.Counting{LateAttends: true}); got != tt.tally {
				t.Errorf("tally = %+v, want %+v", got, tt.tally)
			}
		})
	}
}

func TestOutcomesOfSessions(t *testing.T) {
	h := New(Person{ID: "s"}, "t", contacts("PLARENXU"))
	if diff := cmp.Diff(Contacts{Expected: 6, Met: 3, Missed: 1, Excused: 1, Unknown: 1}, h.Outcomes(noon.AddDate(0, 0, 1))); diff != "" {
		t.Errorf("contacts (-want +got):\n%s", diff)
	}
}

func TestExcused(t *testing.T) {
	grants := func(calendar.Day) *policy.Policy { return &policy.Policy{} } // without E-13 every recorded absence is authorised
	asks := func(calendar.Day) *policy.Policy {
		return &policy.Policy{Rules: policy.Rules{AbsenceLength: &policy.AbsenceLength{MaxDays: 60, Approvals: []string{"course_lead"}}}}
	}
	absence := []register.Absence{{ID: 1, Since: noon.Add(-time.Hour), Until: noon.Add(time.Hour)}}
	leave := Fact{ID: 9, Kind: Leave, At: noon.Add(-time.Hour)}
	tests := []struct {
		name     string
		outcome  Outcome
		at       int
		absences []register.Absence
		leave    bool
		by       policy.ByDay
		want     register.Code
	}{
		{"missed in an authorised absence", Missed, 0, absence, false, grants, register.Authorised},
		{"on its last instant", Missed, 1, absence, false, grants, register.Authorised},
		{"after it", Missed, 2, absence, false, grants, register.Absent},
		{"met all the same", Met, 0, absence, false, grants, register.Present},
		{"not known in one", NotYet, 0, absence, false, grants, register.Authorised},
		{"missed in one that nobody approved", Missed, 0, absence, false, asks, register.Absent},
		{"missed in a leave without an end", Missed, 5, nil, true, grants, register.NotNeeded},
		{"missed before the leave", Missed, -2, nil, true, grants, register.Absent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			facts := []Fact{happened(1, Meeting, tt.at, "tutor", tt.outcome)}
			if tt.leave {
				facts = append(facts, leave)
			}
			r := NewRecord(Person{ID: "s"}, nil, facts, tt.absences, nil)
			if got := r.Excused(tt.by).Contacts[0].Code; got != tt.want {
				t.Errorf("code = %q, want %q", got, tt.want)
			}
		})
	}
}
