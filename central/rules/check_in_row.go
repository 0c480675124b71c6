package rules

import (
	"time"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
)

// checkInRow is the rest of rule E-2: low fortnights of a term that follow one another. Source 003, section 4: "if engagement
// does not improve UCIT will request a meeting. If students do not attend their meetings or respond to surveys sent via email,
// further investigations will take place and they may be placed in a 'High Risk' category".
//
// The first low fortnight is a check-in, each further one asks for a meeting. High risk is a meeting missed in the fortnight
// after one was asked for, or, after another low fortnight, that neither a communication nor a meeting is on record since the
// check-in, nor one to come. It is concluded once in a row and then no meeting is asked for again: people look into it. A
// fortnight that is not low, or may not be, ends the row, and so does the term.
type checkInRow struct {
	s        Student
	findings []Finding

	low   int       // fortnights so far
	began time.Time // when the check-in was due
	asked time.Time // when a meeting was asked for last; zero if none was
	scope string    // of the fortnight then
	high  bool
}

// look is shown the fortnights in their order. It reports false when time has not come so far.
func (r *checkInRow) look(f fortnight) bool {
	at := f.Over()
	r.missedMeeting(at)
	if at.After(r.s.AsOf) {
		return false
	}
	if f.policy == nil || !f.fewTaps || !f.fewLogins {
		r.low, r.asked, r.high = 0, time.Time{}, false
		if f.fewTaps || f.fewLogins {
			r.found(f, "amber", Notice, "; nobody has to do anything")
		}
		return true
	}
	switch r.low++; {
	case r.low == 1:
		r.began = at
		r.found(f, "check-in", Task, "; check in with the student and send the survey")
	case r.high:
	case !r.asked.IsZero() && r.silent(at):
		r.highRisk(at, f.policy, f.says()+", and no reply since the check-in; investigate")
	default:
		r.asked, r.scope = at, f.First.String()
		r.found(f, "meeting", Task, ", as in the fortnight before; ask the student to a meeting")
	}
	return true
}

func (r *checkInRow) found(f fortnight, step string, opens Opens, then string) {
	evidence, _ := missed(f.Period)
	r.findings = append(r.findings, Finding{
		Rule: "E-2", Scope: f.First.String(), Step: step, Opens: opens, AsOf: f.Over(), Summary: f.says() + then, Evidence: evidence, Policy: f.policy.ID(),
	})
}

// missedMeeting looks for one that was missed after it was asked for, up to a moment.
func (r *checkInRow) missedMeeting(until time.Time) {
	if r.asked.IsZero() || r.high {
		return
	}
	for i := range r.s.Contacts {
		c := &r.s.Contacts[i]
		if c.Kind != engagement.Meeting || c.Code != register.Absent || !c.EndsAt.After(r.asked) || c.EndsAt.After(until) || c.EndsAt.After(r.s.AsOf) {
			continue
		}
		if p := r.s.on(c.EndsAt); p != nil && p.Rules.CheckIn != nil {
			r.highRisk(c.EndsAt, p, "The meeting that was asked for was missed; investigate", c.ID)
			return
		}
	}
}

func (r *checkInRow) highRisk(at time.Time, p *policy.Policy, summary string, evidence ...string) {
	r.high = true
	r.findings = append(r.findings, Finding{
		Rule: "E-2", Scope: r.scope, Step: "high risk", Opens: Case, AsOf: at, Summary: summary, Evidence: evidence, Policy: p.ID(),
	})
}

// silent reports whether the student has neither written nor met anybody since the check-in, and is not about to.
func (r *checkInRow) silent(at time.Time) bool {
	if !r.s.heardThrough(engagement.Communication, at.Add(-time.Second)) || !r.s.heardThrough(engagement.Meeting, at.Add(-time.Second)) {
		return false
	}
	for _, f := range r.s.Facts {
		if f.Kind == engagement.Communication && f.At.After(r.began) && !f.At.After(at) {
			return false
		}
	}
	for i := range r.s.Contacts {
		c := &r.s.Contacts[i]
		if c.Kind != engagement.Meeting || !c.StartsAt.After(r.began) || c.StartsAt.After(at.AddDate(0, 0, 14)) {
			continue
		}
		if c.StartsAt.After(at) || c.Code != register.Absent {
			return false
		}
	}
	return true
}
