package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
)

// curtailment is rule E-19. Source 003, section 15, "Reporting students and visa curtailments": "When a student is reported to
// UKVI their visa is curtailed to 60 days."
//
// The days are counted from the day of the report. Read literally every report would curtail; one that says where a placement
// is, that a course or an address changed, or that a student completed, ends no permission. So only reports that end the
// sponsorship do. UKVI sets the date, this shows the one to be expected: nothing is due and nothing follows.
func curtailment(s Student) []Finding {
	if !s.Sponsored {
		return nil
	}
	var findings []Finding
	seen := map[string]bool{}
	for _, f := range s.Of(engagement.Reported) {
		p := s.on(f.At)
		if f.At.After(s.AsOf) || !endsSponsorship(f.Of) || seen[f.Of] || p == nil || p.Rules.Curtailment == nil {
			continue
		}
		seen[f.Of] = true
		day, days := calendar.DayOf(f.At), p.Rules.Curtailment.Days
		findings = append(findings, Finding{
			Rule: "E-19", Scope: f.Of, Step: "curtailed", Opens: Notice, AsOf: f.At, Evidence: evidence(f), Policy: p.ID(),
			Summary: fmt.Sprintf("Reported to UKVI on %s; the visa is to be expected to end on %s, %d days later", day, day.Add(days), days),
		})
	}
	return findings
}

// endsSponsorship reports whether a report about a rule, or a rule and scope, says that the sponsorship ends.
func endsSponsorship(of string) bool {
	rule, scope, _ := strings.Cut(of, " ")
	event, _, _ := strings.Cut(scope, " ")
	return slices.Contains(ending, rule) || rule == "E-12" && slices.Contains(engagement.Leaving, event)
}
