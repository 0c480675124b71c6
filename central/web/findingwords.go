package web

import (
	"fmt"
	"strings"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/report"
	"github.com/rollcall-edge/rollcall/central/rules"
)

var opensTags = map[rules.Opens]tag{
	rules.Notice: {"plain", "circle-alert", "Notice"}, rules.Alert: {"info", "send", "Tell the student"}, rules.Warning: {"warn", "triangle-alert", "Warning"},
	rules.Task: {"high", "clipboard-list", "Task"}, rules.Case: {"bad", "octagon-alert", "Case"},
}

func opensTag(o rules.Opens) tag {
	if t, ok := opensTags[o]; ok {
		return t
	}
	return tag{"plain", "circle-alert", string(o)}
}

var rulesInWords = map[string]string{
	"A-1": "Daily alert", "A-2": "First warning", "A-3": "Second warning", "A-4": "Final warning", "A-5": "Report to UKVI", "A-6": "Expulsion",
	"A-7": "Improvement", "A-8": "Whereabouts", "A-9": "Share in person", "A-10": "Points of contact", "A-11": "Low engagement", "A-12": "Reminder",
	"C-6": "Headcount", "E-1": "Tracker", "E-2": "Check-in", "E-3": "Low month", "E-4": "Low months in a row", "E-5": "Low module", "E-6": "Weekly meeting",
	"E-7": "List to the registry", "E-8": "Inactivity", "E-9": "Silence at a distance", "E-11": "Enrolment", "E-12": "Event to report",
	"E-13": "Absence request", "E-14": "Placement", "E-15": "Work hours", "E-16": "Immigration audit", "E-17": "Debt", "E-18": "Contact details",
	"E-19": "Curtailment", "E-20": "Reminder to tap", "E-21": "Teaching off site", "E-22": "Remote share", "W-11": "Integrity",
}

// ruleWords is a rule's name, or nothing for one that has none.
func ruleWords(rule string) string { return rulesInWords[rule] }

var kindsInWords = map[engagement.Kind]string{
	engagement.Submission: "Submission", engagement.Exam: "Examination", engagement.Meeting: "Meeting", engagement.Supervision: "Supervision",
	engagement.Login: "Log-in", engagement.Timesheet: "Timesheet", engagement.Communication: "Message from the student", engagement.Enrolment: "To enrol by",
	engagement.Enrolled: "Enrolled", engagement.CourseEnd: "Planned end of the course", engagement.Change: "Change", engagement.Leave: "Leave of absence",
	engagement.Placement: "Placement", engagement.Work: "Work", engagement.Fee: "Fee due", engagement.Payment: "Payment", engagement.Permission: "Permission to stay",
	engagement.Details: "Contact details confirmed", engagement.Announced: "Said to come late", engagement.Left: "Left early", engagement.Joined: "Joined online",
	engagement.Exempted: "Nothing required", engagement.Annotation: "Reason and steps", engagement.Reported: "Reported to UKVI", engagement.Satisfied: "University is satisfied",
	engagement.Undertaking: "Undertaking signed", engagement.Reason: "Reason for silence", engagement.Remark: "Note",
}

func kindWords(k engagement.Kind) string {
	if words, ok := kindsInWords[k]; ok {
		return words
	}
	return string(k)
}

// factWords is what a fact says besides its kind and moment.
func factWords(f report.Fact) string {
	var parts []string
	for _, part := range []string{f.Of, f.Value, amountWords(f), f.Note} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " · ")
}

// amountWords is an amount in the unit of its kind (engagement.Kind).
func amountWords(f report.Fact) string {
	switch {
	case f.Amount == 0:
		return ""
	case f.Kind == engagement.Fee || f.Kind == engagement.Payment:
		return fmt.Sprintf("£%d.%02d", f.Amount/100, f.Amount%100)
	case f.Kind == engagement.Work:
		return fmt.Sprintf("%d h %02d min", f.Amount/60, f.Amount%60)
	case f.Kind == engagement.Placement:
		return fmt.Sprintf("%d h %02d min a week", f.Amount/60, f.Amount%60)
	}
	return number(f.Amount)
}
