package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
)

// dailyAlert is rule A-1. Source 004, item 6: "At the close of classes every day emails and SMS alerts are sent to the students
// who were absent on that day without authorisation. They are required to explain the reasons". The close of classes is the
// student's own: the end of their last session of the day, cancelled or not, and the time that registers need after it.
//
// Each day has one alert, about the absences that were known then. What becomes known later, because a building was
// silent, is in alerts of their own, dated when it was known (G-3). An explanation that is accepted makes the absence authorised;
// the alert no longer follows and is superseded (G-6).
func dailyAlert(s Student) []Finding {
	var findings []Finding
	for len(s.Contacts) > 0 {
		var day []engagement.Contact
		day, s.Contacts = firstDayOf(s.Contacts)
		if len(day) > 0 {
			findings = append(findings, alerts(s, day)...)
		}
	}
	return findings
}

// firstDayOf takes the sessions that ended on the day of the first contact.
func firstDayOf(contacts []engagement.Contact) (day, rest []engagement.Contact) {
	first := calendar.DayOf(contacts[0].EndsAt)
	for i, c := range contacts {
		if calendar.DayOf(c.EndsAt) != first {
			return day, contacts[i:]
		}
		if c.Kind == engagement.Session {
			day = append(day, c)
		}
	}
	return day, nil
}

// alerts are those of one day of sessions.
func alerts(s Student, day []engagement.Contact) []Finding {
	closes := day[len(day)-1].EndsAt
	p := s.on(closes)
	if p == nil || p.Rules.DailyAlert == nil {
		return nil
	}
	settle := p.Rules.DailyAlert.Settle.Std()
	var known, unknown []engagement.Contact
	for _, c := range day {
		switch {
		case c.Code != register.Absent:
		case c.KnownAt.After(closes.Add(settle)):
			unknown = append(unknown, c)
		default:
			known = append(known, c)
		}
	}
	var findings []Finding
	if len(known) > 0 {
		findings = s.alert(findings, known, closes.Add(settle), time.Time{})
	}
	return lateAlerts(s, findings, unknown, max(settle, time.Minute))
}

// lateAlerts gather what becomes known within the time that registers need: a building that comes back tells its sessions one
// after the other.
func lateAlerts(s Student, findings []Finding, absent []engagement.Contact, settle time.Duration) []Finding {
	slices.SortStableFunc(absent, func(a, b engagement.Contact) int { return a.KnownAt.Compare(b.KnownAt) })
	for len(absent) > 0 {
		first := absent[0].KnownAt
		n := 1
		for n < len(absent) && !absent[n].KnownAt.After(first.Add(settle)) {
			n++
		}
		findings = s.alert(findings, absent[:n], first.Add(settle), first)
		absent = absent[n:]
	}
	return findings
}

// alert adds the alert of a moment, if that has come and the policy of its day has alerts; known is zero for that of the day.
func (s Student) alert(findings []Finding, absent []engagement.Contact, at, known time.Time) []Finding {
	p := s.on(at)
	if at.After(s.AsOf) || p == nil || p.Rules.DailyAlert == nil {
		return findings
	}
	return append(findings, alertFinding(absent, at, known, p))
}

func alertFinding(absent []engagement.Contact, at, known time.Time, p *policy.Policy) Finding {
	slices.SortFunc(absent, func(a, b engagement.Contact) int { return a.StartsAt.Compare(b.StartsAt) })
	day := calendar.DayOf(absent[0].EndsAt)
	f := Finding{
		Rule: "A-1", Scope: day.String(), Step: "daily", Opens: Alert, AsOf: at, Evidence: ids(absent), Policy: p.ID(),
		Summary: fmt.Sprintf("Absent without authorisation on %s: %s; the student is asked for the reasons", day, sessions(absent)),
	}
	if !known.IsZero() {
		since := known.In(calendar.London).Format("2006-01-02 15:04")
		f.Scope, f.Step = f.Scope+" known "+known.UTC().Format("2006-01-02T15:04Z"), "late"
		f.Summary = fmt.Sprintf("Absent without authorisation on %s, known since %s: %s; the student is asked for the reasons", day, since, sessions(absent))
	}
	return f
}

// sessions names contacts by module and time.
func sessions(contacts []engagement.Contact) string {
	names := make([]string, len(contacts))
	for i, c := range contacts {
		names[i] = strings.TrimSpace(c.Module + " " + c.StartsAt.In(calendar.London).Format("15:04"))
	}
	return strings.Join(names, ", ")
}
