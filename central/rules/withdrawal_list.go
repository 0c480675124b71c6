package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
)

// ending are the clauses under which a report says that a student no longer engages, attends or enrolled.
var ending = []string{"A-5", "E-4", "E-8", "E-9", "E-11"}

// withdrawalList is rule E-7. Source 003, section 5, "Lists of students for UKVI reporting": students who "fall below the
// required attendance thresholds or are identified for UKVI reporting" are put on a list for the registry's withdrawals team,
// "with notification of the reasons for reporting".
//
// To fall below a threshold only opens a case, which a named person decides (G-7); a student is put on the list when that was
// decided, that is with the report, or with an event that ends the sponsorship. Each is one line of the list with its reason.
func withdrawalList(s Student) []Finding {
	if !s.Sponsored {
		return nil
	}
	var findings []Finding
	seen := map[string]bool{}
	for _, f := range s.Of(engagement.Change, engagement.Reported) {
		scope, why := lineFor(f)
		p := s.on(f.At)
		if f.At.After(s.AsOf) || scope == "" || seen[scope] || p == nil || p.Rules.WithdrawalList == nil {
			continue
		}
		seen[scope] = true
		findings = append(findings, Finding{
			Rule: "E-7", Scope: scope, Step: "list to registry", Opens: Task, AsOf: f.At, Summary: "For the list to the registry: " + withNote(why, f.Note),
			Deadline: s.dueFrom(p.Rules.WithdrawalList.Due, calendar.DayOf(f.At)), Evidence: evidence(f), Policy: p.ID(),
		})
	}
	return findings
}

// lineFor gives the line of the list that a fact makes, or "".
func lineFor(f engagement.Fact) (scope, why string) {
	day := calendar.DayOf(f.At)
	if f.Kind == engagement.Change && slices.Contains(engagement.Leaving, f.Of) {
		return dated(f.Of, day), fmt.Sprintf("%s on %s", eventName(f.Of), day)
	}
	if rule, _, _ := strings.Cut(f.Of, " "); f.Kind == engagement.Reported && slices.Contains(ending, rule) {
		return f.Of, fmt.Sprintf("reported under %s on %s", f.Of, day)
	}
	return "", ""
}

func withNote(text, note string) string {
	if note == "" {
		return text
	}
	return text + ": " + note
}
