package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// remoteShare is rule E-22. UK sponsor guidance since 19 March 2025, not in the sources: at most 20 % of the taught hours of a
// programme are remote, 40 % where permission is on record, and an hour in a room that nobody has to come to counts as remote.
//
// The guidance does not say over what the share is taken. It is taken over a term's timetable as it stands, summed over the students
// of the programme, so that parallel groups weigh as much as people are in them; a hybrid session is held in a room. It is met when
// the term begins, because a timetable is known before it. Permission counts when it holds on that day; one without an end holds on.
func remoteShare(u University) []Finding {
	var findings []Finding
	for _, term := range u.terms() {
		for _, taught := range u.Taught {
			if taught.Term != term.ID {
				continue
			}
			for _, p := range u.Policies(term.First) {
				if f, found := tooRemote(u, p, term, taught); found {
					findings = append(findings, f)
				}
			}
		}
	}
	return findings
}

func tooRemote(u University, p *policy.Policy, term calendar.Term, taught Taught) (Finding, bool) {
	e := p.Rules.RemoteShare
	if e == nil || len(p.Scope.Programmes) > 0 && !slices.Contains(p.Scope.Programmes, taught.Programme) {
		return Finding{}, false
	}
	limit := e.Above
	if u.mayBeRemote(taught.Programme, term.First.Starts()) {
		limit = e.WithPermission
	}
	remote := taught.Remote + taught.Optional
	if 100*remote <= limit*taught.Minutes {
		return Finding{}, false
	}
	return Finding{
		Rule: "E-22", Subject: "programme " + taught.Programme, Scope: term.ID, Step: "remote share", Opens: Task, AsOf: term.First.Starts(), Policy: p.ID(),
		Summary: fmt.Sprintf("%d of %d minutes taught (%d.%d %%) are remote or optional; %d %% may be", remote, taught.Minutes,
			100*remote/taught.Minutes, 1000*remote/taught.Minutes%10, limit),
	}, true
}

// mayBeRemote reports whether permission for a higher share is on record for a programme at an instant.
func (u University) mayBeRemote(programme string, at time.Time) bool {
	return slices.ContainsFunc(u.of(engagement.RemoteHigh, programme), func(f engagement.Fact) bool {
		return !at.Before(f.At) && (f.Until.IsZero() || !at.After(f.Until))
	})
}
