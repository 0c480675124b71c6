package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// inactivity is rule E-8. Source 003, section 7: "where a student is inactive for 60 days without authorisation, they should be
// withdrawn"; they are investigated and invited before, and reported "within 10 working days of the considered date".
//
// Days are calendar days since that of the last engagement: a session attended, on time, late or online, a submission, an
// examination, a recorded meeting or supervision, a log-in, a timesheet, enrolment. Vacations count, because the source calls
// the summer a risk; authorised absence, leave and what comes after the student left or the course ended do not. The first
// engagement of a new student is enrolment; of one who never enrolled and was never seen, days are counted from that on which
// something was expected first. Days 21 and 45 are our own, marked so, and mere notices.
//
// What is not known stops the clock: a contact whose mark is open counts as engagement until it is known, and nothing is
// concluded from a day before everything that the policy waits for (its feeds) is known. Each silence gives one finding for
// each number of days; its scope is the day of the last engagement.
func inactivity(s Student) []Finding {
	var findings []Finding
	var found struct {
		since calendar.Day
		days  int
	}
	look := func(q silence) bool {
		p := s.Policies(q.day)
		if p == nil || p.Rules.Inactivity == nil || !s.heard(p.Feeds, q.day) {
			return true
		}
		if q.since != found.since {
			found.since, found.days = q.since, 0
		}
		if days := reachedDays(p.Rules.Inactivity, q.days); days > found.days {
			found.days = days
			findings = append(findings, s.inactive(q, days, p))
		}
		return found.days < p.Rules.Inactivity.Days
	}
	s.silences(s.signs(), s.leftOut(), look)
	return findings
}

// reachedDays is the highest number of days of the rule that is reached; 0 if none is.
func reachedDays(rule *policy.Inactivity, days int) int {
	if days >= rule.Days {
		return rule.Days
	}
	reached := 0
	for _, early := range rule.Early {
		if days >= early {
			reached = max(reached, early)
		}
	}
	return reached
}

func (s Student) inactive(q silence, days int, p *policy.Policy) Finding {
	missed := s.absentIn(calendar.Span{First: q.since.Add(1), Last: q.day.Add(-1)})
	f := Finding{
		Rule: "E-8", Scope: q.since.String(), Step: fmt.Sprintf("%d days", days), Opens: Notice, AsOf: q.day.Starts(), Evidence: missed.ids, Policy: p.ID(),
		Summary: fmt.Sprintf("No engagement known after %s: %d days without authorisation", q.since, q.days),
	}
	if days < p.Rules.Inactivity.Days {
		return f
	}
	f.Opens = Case
	f.Summary += "; investigate, invite to an appointment and decide"
	if s.Sponsored {
		day, due := considered(f.AsOf, calendar.DayOf(missed.known)), p.Rules.Inactivity.Due
		f.Deadline = due.After(day, s.Calendar)
		f.Summary += fmt.Sprintf("; report within %s of the day on which it is considered, at the earliest %s", due, day)
	}
	return f
}

// signs are the moments at which the student was or may have been engaged.
func (s Student) signs() []time.Time {
	signs := make([]time.Time, 0, len(s.Contacts)+len(s.Facts)+1)
	facts := s.Facts // by their moments, as contacts nearly are
	for i := range s.Contacts {
		c := &s.Contacts[i]
		for len(facts) > 0 && facts[0].At.Before(c.StartsAt) {
			if slices.Contains(signKinds, facts[0].Kind) {
				signs = append(signs, facts[0].At)
			}
			facts = facts[1:]
		}
		if seen(c) {
			signs = append(signs, c.StartsAt)
		}
	}
	for _, f := range facts {
		if slices.Contains(signKinds, f.Kind) {
			signs = append(signs, f.At)
		}
	}
	slices.SortFunc(signs, time.Time.Compare)
	return s.begin(signs)
}
