package rules

import (
	"testing"

	"github.com/rollcall-edge/rollcall/central/engagement"
)

func worked(day string, minutes int64) engagement.Fact {
	return engagement.Fact{Kind: engagement.Work, Of: "library", At: civil(day).Starts(), Amount: minutes}
}

func inOffice(day string, minutes int64) engagement.Fact {
	f := worked(day, minutes)
	f.Of, f.Value = "union", sabbatical
	return f
}

func TestWorkHours(t *testing.T) {
	// Monday 2 to Sunday 8 November 2026.
	weekOf := func(minutes ...int64) []engagement.Fact {
		var facts []engagement.Fact
		for i, m := range minutes {
			facts = append(facts, worked(civil("2026-11-02").Add(i).String(), m))
		}
		return facts
	}
	const near, over = "near the limit, 2026-11-02, alert, ", "over the limit, 2026-11-02, case, "
	tests := []struct {
		name, level string
		facts       []engagement.Fact
		want        []string
	}{
		{"row 73 E-15 20.0 hours are no breach", "6", weekOf(600, 0, 0, 0, 0, 0, 600), []string{near + "2026-11-08"}},
		{"row 73 E-15 20.25 hours are, on the day", "6", weekOf(600, 0, 0, 600, 0, 0, 15), []string{near + "2026-11-05", over + "2026-11-08"}},
		{"row 73 E-15 10.5 hours below degree", "4", weekOf(300, 0, 330), []string{over + "2026-11-04"}},
		{"row 73 E-15 38 hours in the vacation", "6", []engagement.Fact{worked("2026-12-14", 480), worked("2026-12-15", 480), worked("2026-12-16", 480), worked("2026-12-17", 480), worked("2026-12-18", 360)}, nil},
		{"16 hours are eighty per cent", "6", weekOf(959, 1), []string{near + "2026-11-03"}},
		{"a minute less is not", "6", weekOf(959), nil},
		{"Sunday and Monday are of two weeks", "6", []engagement.Fact{worked("2026-11-08", 900), worked("2026-11-09", 900)}, nil},
		{"two employers count together", "6", append(weekOf(800), engagement.Fact{Kind: engagement.Work, Of: "bar", At: on("2026-11-03"), Amount: 401}), []string{over + "2026-11-03"}},
		{"hours told twice count once", "6", append(weekOf(800), weekOf(800)...), nil},
		{"and as they were told last", "6", append(weekOf(1300), weekOf(600)...), nil},
		{"the term begins on a Wednesday", "6", []engagement.Fact{worked("2027-01-11", 600), worked("2027-01-12", 600), worked("2027-01-13", 600)}, nil},
		{"its days count against the whole limit", "6", []engagement.Fact{worked("2027-01-12", 600), worked("2027-01-13", 700), worked("2027-01-14", 501)}, []string{"over the limit, 2027-01-11, case, 2027-01-14"}},
		{"a sabbatical office is full-time", "6", []engagement.Fact{inOffice("2026-11-02", 2250)}, nil},
		{"beside it there is the limit", "6", append(weekOf(1201), inOffice("2026-11-02", 2250)), []string{over + "2026-11-02"}},
		{"two years less a day in office", "6", []engagement.Fact{inOffice("2026-07-01", 450), inOffice("2028-06-30", 450)}, nil},
		{"two years in office", "6", []engagement.Fact{inOffice("2026-07-01", 450), inOffice("2028-07-01", 450), inOffice("2028-07-02", 450)}, []string{"over two years, sabbatical 2026-07-01, case, 2028-07-01"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := withFacts(t, tt.facts...)
			s.Level = tt.level
			wantLines(t, s, "E-15", tt.want...)
		})
	}
}
