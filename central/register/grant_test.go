package register

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
	"pgregory.net/rapid"
)

// stMarys is E-13 as source 003 has it.
var stMarys = &policy.Rules{AbsenceLength: &policy.AbsenceLength{MaxDays: 60, Approvals: []string{"course_lead", "head_of_registry"}}}

// asked is a request for whole days, "2026-11-02..2026-12-31", with approvals "role@day"; it is recorded on the first of October.
func asked(id int64, days string, approvals ...string) Absence {
	first, last, _ := strings.Cut(days, "..")
	a := Absence{ID: id, Since: dayStart(first), Until: dayStart(last).AddDate(0, 0, 1).Add(-time.Millisecond), RecordedAt: dayStart("2026-10-01")}
	for _, text := range approvals {
		role, on, _ := strings.Cut(text, "@")
		a.Approvals = append(a.Approvals, Approval{Role: role, By: "b", At: dayStart(on)})
	}
	return a
}

func dayStart(day string) time.Time {
	d, err := calendar.ParseDay(day)
	if err != nil {
		panic(err)
	}
	return d.Starts()
}

const both1, both2 = "course_lead@2026-10-02", "head_of_registry@2026-10-03"

// states is what became of requests, as "1 granted, 2 refused".
func states(grants []Grant) string {
	var parts []string
	for _, g := range grants {
		parts = append(parts, fmt.Sprintf("%d %s", g.ID, g.State))
	}
	return strings.Join(parts, ", ")
}

func TestGrants(t *testing.T) {
	selfCertified := &policy.Rules{AbsenceLength: stMarys.AbsenceLength, SelfAbsence: &policy.SelfAbsence{NoNoticeDays: 7, Authorised: true}}
	tests := []struct {
		name     string
		requests []Absence
		rules    *policy.Rules
		want     string
	}{
		{"row 70 E-13 sixty days", []Absence{asked(1, "2026-11-02..2026-12-31", both1, both2)}, stMarys, "1 granted"},
		{"row 70 E-13 sixty-one days", []Absence{asked(1, "2026-11-02..2027-01-01", both1, both2)}, stMarys, "1 refused"},
		{"row 70 E-13 30 and 31 touching", []Absence{
			asked(1, "2026-11-02..2026-12-01", both1, both2), asked(2, "2026-12-02..2027-01-01", both1, both2),
		}, stMarys, "1 granted, 2 refused"},
		{"E-13 30 and 31 with a day between", []Absence{
			asked(1, "2026-11-02..2026-12-01", both1, both2), asked(2, "2026-12-03..2027-01-02", both1, both2),
		}, stMarys, "1 granted, 2 granted"},
		{"E-13 the one in the middle joins two and is refused", []Absence{
			asked(1, "2026-11-01..2026-11-30", both1, both2), asked(2, "2026-12-02..2026-12-31", both1, both2), asked(3, "2026-12-01..2026-12-01", both1, both2),
		}, stMarys, "1 granted, 3 refused, 2 granted"},
		{"E-13 overlapping days count once", []Absence{
			asked(1, "2026-11-02..2026-12-11", both1, both2), asked(2, "2026-12-02..2026-12-31", both1, both2),
		}, stMarys, "1 granted, 2 granted"},
		{"row 71 E-13 one approval only", []Absence{asked(1, "2026-11-02..2026-11-03", both1)}, stMarys, "1 pending"},
		{"row 71 E-13 an approval in no role", []Absence{asked(1, "2026-11-02..2026-11-03", "@2026-10-02")}, stMarys, "1 pending"},
		{"E-13 what is pending takes nothing from others", []Absence{
			asked(1, "2026-11-02..2026-12-01", both1), asked(2, "2026-12-02..2027-01-01", both1, both2),
		}, stMarys, "1 pending, 2 granted"},
		{"E-13 the one that was approved first stays granted", []Absence{
			asked(1, "2026-11-02..2026-12-01", both1, "head_of_registry@2026-10-09"), asked(2, "2026-12-02..2027-01-01", both1, both2),
		}, stMarys, "1 refused, 2 granted"},
		{"E-13 is not in the policy", []Absence{asked(1, "2026-11-02..2027-11-02")}, &policy.Rules{}, "1 granted"},
		{"F-1 seven days on the student's word", []Absence{asked(1, "2026-11-02..2026-11-08")}, selfCertified, "1 granted"},
		{"F-1 eight days need approvals", []Absence{asked(1, "2026-11-02..2026-11-09")}, selfCertified, "1 pending"},
		{"F-1 without an effect on marks", []Absence{asked(1, "2026-11-02..2026-11-08")}, &policy.Rules{
			AbsenceLength: stMarys.AbsenceLength, SelfAbsence: &policy.SelfAbsence{NoNoticeDays: 7}}, "1 pending"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := states(Grants(tt.requests, tt.rules)); got != tt.want {
				t.Errorf("Grants = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestGrantsSayWhy(t *testing.T) {
	got := Grants([]Absence{asked(1, "2026-11-02..2026-11-03", both1), asked(2, "2027-01-01..2027-03-02", both1, both2)}, stMarys)
	want := []string{
		"approval by head_of_registry is missing",
		"it would come to 61 consecutive days, and 60 may be authorised; ask for a leave of absence",
	}
	for i := range want {
		if got[i].Why != want[i] {
			t.Errorf("why %d = %q, want %q", i, got[i].Why, want[i])
		}
	}
}

// In whatever order and however often requests are told, the same are granted; and those granted never come to more
// consecutive days than allowed, counted day by day.
func TestGrantsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var requests []Absence
		for i := range rapid.IntRange(0, 6).Draw(t, "requests") {
			first := calendar.Day{Year: 2026, Month: 11, Day: 1}.Add(rapid.IntRange(0, 150).Draw(t, "first"))
			last := first.Add(rapid.IntRange(0, 70).Draw(t, "length"))
			a := asked(int64(i+1), first.String()+".."+last.String(), both1)
			if rapid.Bool().Draw(t, "approved") {
				on := calendar.Day{Year: 2026, Month: 10, Day: 1}.Add(rapid.IntRange(0, 5).Draw(t, "on"))
				a.Approvals = append(a.Approvals, Approval{Role: "head_of_registry", At: on.Starts()})
			}
			requests = append(requests, a)
		}
		grants := Grants(requests, stMarys)
		told := rapid.Permutation(append(slices.Clone(requests), requests...)).Draw(t, "told")
		if diff := cmp.Diff(grants, Grants(told, stMarys)); diff != "" {
			t.Fatalf("grants differ when requests arrive otherwise (-want +got):\n%s", diff)
		}
		away := map[calendar.Day]bool{}
		for _, g := range grants {
			for d := calendar.DayOf(g.Since); g.State == Granted && !calendar.DayOf(g.Until).Before(d); d = d.Add(1) {
				away[d] = true
			}
		}
		run := 0
		for d := (calendar.Day{Year: 2026, Month: 10, Day: 1}); d.Before(calendar.Day{Year: 2027, Month: 8, Day: 1}); d = d.Add(1) {
			if run++; !away[d] {
				run = 0
			}
			if run > 60 {
				t.Fatalf("%d days of absence in a row on %s, want at most 60", run, d)
			}
		}
	})
}
