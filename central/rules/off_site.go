package rules

import (
	"fmt"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// offSite is rule E-21. Source 003, "'Off site' teaching locations": every location must be approved before students are taught
// there. The import of a timetable refuses a session in a room off site that is not approved; this is for sessions that were
// scheduled while the approval held and are in the room after it ended. One finding for each room, met when the approval ended,
// and superseded when the sessions are moved or the room is approved again.
func offSite(u University) []Finding {
	var findings []Finding
	for _, b := range u.Barred {
		if len(b.Sessions) == 0 {
			continue
		}
		for _, p := range u.held(b.Since) {
			if p.Rules.OffSite == nil {
				continue
			}
			f := Finding{
				Rule: "E-21", Subject: "room " + b.Room, Step: "not approved", Opens: Task, AsOf: b.Since, Evidence: atMost(b.Sessions), Policy: p.ID(),
				Summary: fmt.Sprintf("The room is off site and not approved, and %d sessions are to be held there", len(b.Sessions)),
			}
			if due := p.Rules.OffSite.Due; due.Set() {
				f.Deadline = due.After(calendar.DayOf(b.Since), u.Calendar)
			}
			findings = append(findings, f)
		}
	}
	return findings
}
