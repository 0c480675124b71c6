package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
)

// whereabouts is rule A-8. Source 004, last paragraph: "The College takes all possible actions in its power to track the
// whereabouts of any students who have continuously been non-attending or have been expelled" and gives UKVI what helps to
// find them. It opens the task to write down the last known contact. "Continuously" has no number: the policy has one, of
// contacts missed one after another over all terms. UKVI has a use for it only when it granted a visa that the university
// sponsors, so nobody else is looked for.
func whereabouts(s Student) []Finding {
	if !s.Sponsored {
		return nil
	}
	return append(absconded(s), expelled(s)...)
}

// absconded are the rows of missed contacts that are long enough, each once.
func absconded(s Student) []Finding {
	var findings []Finding
	var last int64
	found := false
	for st := range s.stands(s.Contacts) {
		found = found && st.run >= last // a shorter row is another one
		last = st.run
		rule := st.policy.Rules.Whereabouts
		if !found && rule != nil && rule.Missed > 0 && st.run >= rule.Missed {
			findings = append(findings, absence(s, st))
			found = true
		}
	}
	return findings
}

// absence is a row of missed contacts, named for the day on which it began.
func absence(s Student, st stand) Finding {
	missed := engagement.History{Contacts: s.Contacts[:st.done]}.Missed(st.at)
	row := missed[len(missed)-int(st.run):]
	first := calendar.DayOf(row[0].EndsAt).String()
	why := fmt.Sprintf("%d contacts missed one after another since %s", len(row), first)
	return s.whereaboutsTask(st.at, first, "not attending", why, row, st.policy)
}

// expelled are those of whom it is recorded that they were.
func expelled(s Student) []Finding {
	var findings []Finding
	for _, f := range s.Of(engagement.Change) {
		p := s.on(f.At)
		if f.At.After(s.AsOf) || p == nil || p.Rules.Whereabouts == nil || !slices.Contains([]string{"expulsion", "termination"}, f.Of) {
			continue
		}
		day := calendar.DayOf(f.At).String()
		if !slices.ContainsFunc(findings, func(g Finding) bool { return g.Scope == day }) {
			findings = append(findings, s.whereaboutsTask(f.At, day, "expelled", "The studies were ended on "+day, nil, p))
		}
	}
	return findings
}

func (s Student) whereaboutsTask(at time.Time, scope, step, why string, row []engagement.Contact, p *policy.Policy) Finding {
	f := Finding{Rule: "A-8", Scope: scope, Step: step, Opens: Task, AsOf: at, Evidence: ids(row), Policy: p.ID(), Summary: why + "; " + s.lastKnown(at)}
	if due := p.Rules.Whereabouts.Due; due.Set() {
		f.Deadline = due.After(calendar.DayOf(at), s.Calendar)
	}
	return f
}

// lastKnown says when the student was last heard of.
func (s Student) lastKnown(at time.Time) string {
	var last time.Time
	what := ""
	for i := range s.Contacts {
		c := &s.Contacts[i]
		if (c.Code == register.Present || c.Code == register.Late || c.Code == register.Remote) && !c.EndsAt.After(at) && !c.EndsAt.Before(last) {
			last, what = c.EndsAt, string(c.Kind)
		}
	}
	for _, f := range s.Of(engagement.Login, engagement.Communication, engagement.Timesheet) {
		if !f.At.After(at) && f.At.After(last) {
			last, what = f.At, string(f.Kind)
		}
	}
	if what == "" {
		return "write down what is known of the student's whereabouts: there was no contact yet"
	}
	return fmt.Sprintf("write down what is known of the student's whereabouts: the last contact was a %s on %s", what, calendar.DayOf(last))
}
