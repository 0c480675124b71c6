package rules

import (
	"fmt"
	"iter"
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
	for a := range s.alerts() {
		p := s.on(a.at)
		if !a.at.After(s.AsOf) && p != nil && p.Rules.DailyAlert != nil {
			findings = append(findings, a.finding(p))
		}
	}
	return findings
}

// NextAlert is the first moment behind s.AsOf at which an alert is due, unless something else becomes known before; zero if
// there is none. Somebody has to look again then.
func NextAlert(s Student) time.Time {
	var next time.Time
	for a := range s.alerts() {
		if a.at.After(s.AsOf) && (next.IsZero() || a.at.Before(next)) {
			next = a.at
		}
	}
	return next
}

// alert is what is told at one moment about one day.
type alert struct {
	at     time.Time
	known  time.Time // since when, of a late one
	absent []engagement.Contact
}

// alerts are all, past and due, of the days of which anything is known.
func (s Student) alerts() iter.Seq[alert] {
	return func(yield func(alert) bool) {
		for from := 0; from < len(s.Contacts); {
			to := from + 1
			for day := calendar.DayOf(s.Contacts[from].EndsAt); to < len(s.Contacts) && calendar.DayOf(s.Contacts[to].EndsAt) == day; {
				to++
			}
			for _, a := range s.alertsOf(s.Contacts[from:to]) {
				if !yield(a) {
					return
				}
			}
			from = to
		}
	}
}

// alertsOf are those of one day of contacts.
func (s Student) alertsOf(day []engagement.Contact) []alert {
	var absent []engagement.Contact
	var closes time.Time
	for i := range day {
		c := &day[i]
		if c.Kind != engagement.Session {
			continue
		}
		closes = c.EndsAt
		if c.Code == register.Absent {
			absent = append(absent, *c)
		}
	}
	if len(absent) == 0 {
		return nil
	}
	p := s.on(closes)
	if p == nil || p.Rules.DailyAlert == nil {
		return nil
	}
	return split(absent, closes, p.Rules.DailyAlert.Settle.Std())
}

// split divides the absences of a day into those known when its registers had settled and those that became known later. What
// becomes known within the time that registers need is told together: a building that comes back tells its sessions one
// after the other.
func split(absent []engagement.Contact, closes time.Time, settle time.Duration) []alert {
	slices.SortStableFunc(absent, func(a, b engagement.Contact) int { return a.KnownAt.Compare(b.KnownAt) })
	first := alert{at: closes.Add(settle)}
	for len(absent) > 0 && !absent[0].KnownAt.After(first.at) {
		first.absent, absent = append(first.absent, absent[0]), absent[1:]
	}
	var alerts []alert
	if len(first.absent) > 0 {
		alerts = append(alerts, first)
	}
	for len(absent) > 0 {
		late := alert{at: absent[0].KnownAt.Add(max(settle, time.Minute)), known: absent[0].KnownAt}
		for len(absent) > 0 && !absent[0].KnownAt.After(late.at) {
			late.absent, absent = append(late.absent, absent[0]), absent[1:]
		}
		alerts = append(alerts, late)
	}
	return alerts
}

func (a alert) finding(p *policy.Policy) Finding {
	slices.SortFunc(a.absent, func(a, b engagement.Contact) int { return a.StartsAt.Compare(b.StartsAt) })
	day := calendar.DayOf(a.absent[0].EndsAt)
	f := Finding{
		Rule: "A-1", Scope: day.String(), Step: "daily", Opens: Alert, AsOf: a.at, Evidence: ids(a.absent), Policy: p.ID(),
		Summary: fmt.Sprintf("Absent without authorisation on %s: %s; the student is asked for the reasons", day, sessions(a.absent)),
	}
	if !a.known.IsZero() {
		since := a.known.In(calendar.London).Format("2006-01-02 15:04")
		f.Scope, f.Step = f.Scope+" known "+a.known.UTC().Format("2006-01-02T15:04Z"), "late"
		f.Summary = fmt.Sprintf("Absent without authorisation on %s, known since %s: %s; the student is asked for the reasons", day, since, sessions(a.absent))
	}
	return f
}

// sessions names contacts by module and time.
func sessions(contacts []engagement.Contact) string {
	names := make([]string, len(contacts))
	for i := range contacts {
		c := &contacts[i]
		names[i] = strings.TrimSpace(c.Module + " " + c.StartsAt.In(calendar.London).Format("15:04"))
	}
	return strings.Join(names, ", ")
}
