package rules

import (
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/engagement"
)

func fee(due, status string, pence int64) engagement.Fact {
	return engagement.Fact{Kind: engagement.Fee, Of: "F1", At: on(due), Value: status, Amount: pence}
}

func payment(day string, pence int64, reference string) engagement.Fact {
	return engagement.Fact{Kind: engagement.Payment, Of: "F1", At: on(day), Amount: pence, Note: reference}
}

func TestDebts(t *testing.T) {
	const explain, end = "explain requirements, F1, alert, 2026-10-02", "terminate registration, F1, task, 2026-11-13"
	feed := func(day string) map[engagement.Kind]time.Time {
		return map[engagement.Kind]time.Time{engagement.Payment: on(day)}
	}
	tests := []struct {
		name  string
		facts []engagement.Fact
		asOf  string
		known map[engagement.Kind]time.Time
		want  []string
	}{
		{"row 75 E-17 unpaid on 12 November", []engagement.Fact{fee("2026-10-01", "", 900)}, "2026-11-12", nil, nil},
		{"row 75 E-17 unpaid on 13 November", []engagement.Fact{fee("2026-10-01", "", 900)}, "2026-11-13", nil, []string{end}},
		{"paid late on the 42nd day", []engagement.Fact{fee("2026-10-01", "", 900), payment("2026-11-12", 900, "")}, "2026-12-01", nil, nil},
		{"a penny short", []engagement.Fact{fee("2026-10-01", "", 900), payment("2026-11-12", 899, "")}, "2026-12-01", nil, []string{end}},
		{"paid on the 43rd", []engagement.Fact{fee("2026-10-01", "", 900), payment("2026-11-13", 900, "")}, "2026-12-01", nil, []string{end}},
		{"in instalments", []engagement.Fact{fee("2026-10-01", "", 900), payment("2026-10-12", 450, "a"), payment("2026-10-12", 450, "b")}, "2026-12-01", nil, nil},
		{"one payment told twice", []engagement.Fact{fee("2026-10-01", "", 900), payment("2026-10-12", 450, "a"), payment("2026-10-12", 450, "a")}, "2026-12-01", nil, []string{end}},
		{"payments that arrive as files are not all there", []engagement.Fact{fee("2026-10-01", "", 900)}, "2026-12-01", feed("2026-11-11"), nil},
		{"and now they are", []engagement.Fact{fee("2026-10-01", "", 900)}, "2026-12-01", feed("2026-11-13"), []string{end}},
		{"the due day was moved", []engagement.Fact{fee("2026-10-01", "", 900), fee("2026-11-01", "", 900)}, "2026-12-01", nil, nil},
		{"a status is explained", []engagement.Fact{fee("2026-10-01", "X3", 900)}, "2026-10-20", nil, []string{explain}},
		{"not if it was paid", []engagement.Fact{fee("2026-10-01", "X3", 900), payment("2026-09-20", 900, "")}, "2026-12-01", nil, nil},
		{"a status without an amount ends nothing", []engagement.Fact{fee("2026-10-01", "X", 0)}, "2026-12-01", nil, []string{explain}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := withFacts(t, tt.facts...)
			s.AsOf, s.Known = on(tt.asOf), tt.known
			wantLines(t, s, "E-17", tt.want...)
		})
	}
}

func TestContactDetails(t *testing.T) {
	confirmed := func(day string) engagement.Fact { return engagement.Fact{Kind: engagement.Details, At: on(day)} }
	expected := []engagement.Contact{
		{ID: "a", Kind: engagement.Session, StartsAt: on("2026-10-05"), EndsAt: on("2026-10-05").Add(time.Hour), Code: "P"},
		{ID: "b", Kind: engagement.Session, StartsAt: on("2027-02-01"), EndsAt: on("2027-02-01").Add(time.Hour), Code: "P"},
	}
	const autumn, spring = "confirm contact details, autumn, alert, 2026-09-28", "confirm contact details, spring, alert, 2027-01-13"
	tests := []struct {
		name  string
		facts []engagement.Fact
		known map[engagement.Kind]time.Time
		want  []string
	}{
		{"never confirmed", nil, nil, []string{autumn, spring}},
		{"120 days before the term", []engagement.Fact{confirmed("2026-05-31")}, nil, []string{spring}},
		{"121 days before the term", []engagement.Fact{confirmed("2026-05-30")}, nil, []string{autumn, spring}},
		{"within the first term", []engagement.Fact{confirmed("2026-10-10")}, nil, []string{autumn}},
		{"the portal's file ends before the spring", nil, map[engagement.Kind]time.Time{engagement.Details: on("2026-12-01")}, []string{autumn}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := withFacts(t, tt.facts...)
			s.Record = engagement.NewRecord(s.Person, expected, s.Facts, nil, tt.known)
			wantLines(t, s, "E-18", tt.want...)
		})
	}
	t.Run("nothing is expected of the student", func(t *testing.T) { wantLines(t, withFacts(t), "E-18") })
}
