package register

import (
	"testing"
)

func TestAbsenceAndExemption(t *testing.T) {
	imperial, marys := shipped(t, "imperial"), shipped(t, "stmarys")
	nine := []*Session{lesson("A", "09:00", "10:00")}
	online := lesson("B", "14:00", "15:00")
	online.Delivery = "online"
	approved := func(roles ...string) []Absence {
		a := wholeDay[0]
		for _, role := range roles {
			a.Approvals = append(a.Approvals, Approval{Role: role, By: "x", At: local("07:00:00.000")})
		}
		return []Absence{a}
	}
	broken := []Note{{ID: 1, Kind: Exempted, Session: "A", Text: "the reader was out of order"}}
	placement := []Away{{Since: london("2026-09-28 00:00:00.000"), Until: london("2026-12-11 23:59:59.999"), Placement: true}}
	leave := []Away{{Since: london("2026-10-05 09:00:00.000")}} // nobody knows yet until when
	elsewhere := Coverage{"R": {{Point: "R/door", HeardUntil: local("09:00:00.000")}}}
	runRows(t, []row{
		{"row 70 E-13 granted", marys, Facts{Sessions: nine, Absences: approved("course_lead", "head_of_registry")}, "A=E"},
		{"row 71 E-13 one approval only: stays A", marys, Facts{Sessions: nine, Absences: approved("course_lead")}, "A=A"},
		{"row 71 E-13 one approval only: stays U", marys, Facts{Sessions: nine, Absences: approved("course_lead"), Coverage: elsewhere}, "A=U"},
		{"row 77 G-4 authorised, but tapped", marys, Facts{Sessions: nine, Taps: tapped("09:01:00.000"), Absences: approved("course_lead", "head_of_registry")}, "A=P"},
		{"row 72 E-14 placement: campus sessions are not expected", marys, Facts{Sessions: []*Session{nine[0], online}, Away: placement, Coverage: elsewhere}, "B=U"},
		{"G-4 leave of absence: nothing is expected", marys, Facts{Sessions: []*Session{nine[0], online}, Away: leave}, ""},
		{"G-4 the day before the leave", marys, Facts{Sessions: []*Session{lesson("A", "08:30", "09:30")}, Away: leave}, "A=A"},
		{"G-4 after the leave", marys, Facts{Sessions: nine, Away: []Away{{Since: london("2026-09-01 00:00:00.000"), Until: local("08:59:59.999")}}}, "A=A"},
		{"G-4 cancelled during the leave", marys, Facts{Sessions: []*Session{{ID: "A", Cancelled: true, StartsAt: nine[0].StartsAt, EndsAt: nine[0].EndsAt}}, Away: leave}, "A=X"},
		{"G-4 device out of order", imperial, Facts{Sessions: nine, Notes: broken}, "A=N"},
		{"G-4 device out of order, but tapped", shipped(t, "college"), Facts{Sessions: nine, Notes: broken, Taps: tapped("09:01:00.000")}, "A=P"},
		{"E-10 distance learners have no register", shipped(t, "portsmouth"), Facts{Sessions: nine, Delivery: "distance"}, ""},
		{"E-10 is not in the policy", imperial, Facts{Sessions: nine, Delivery: "distance"}, "A=A"},
	})
	tests := []struct{ name, want string }{
		{"course_lead", "A=A complete: No tap; the readers were working and everything they heard is here. An absence was asked for (illness) and is not granted: approval by head_of_registry is missing"},
	}
	for _, tt := range tests {
		if got := marked(Marks(lastly(Facts{Sessions: nine, Absences: approved(tt.name)}), marys, evening)); got != tt.want {
			t.Errorf("with the approval of %s: %s\nwant %s", tt.name, got, tt.want)
		}
	}
}
