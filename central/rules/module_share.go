package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
)

// moduleShare is rule E-5. Source 003, section 5: students of the pathway college are "expected to maintain a minimum of an 85%
// attendance record in each enrolled module"; one who does not, "or presents an inconsistent pattern across a set of modules",
// is placed on SINOS, Students In Need Of Support, and one of a pre-sessional course on St Mary's Attendance Report, for a
// meeting with the tutor.
//
// A module counts to date, from its first session on, over terms and vacations: pre-sessional courses run between terms. One
// that is repeated under the same identifier goes on where it was. It needs a smallest number of sessions that count for
// certain, and must be below the rate even if everything that is not known was attended. Each module opens one task: to recover
// does not take it back, to fall again does not repeat it.
func moduleShare(s Student) []Finding {
	modules := modulesOf(s.Contacts)
	var findings []Finding
	for i := range s.Contacts {
		c := &s.Contacts[i]
		if c.EndsAt.After(s.AsOf) {
			break
		}
		modules.add(c)
		if i+1 < len(s.Contacts) && s.Contacts[i+1].EndsAt.Equal(c.EndsAt) {
			continue // sessions that end together are judged together
		}
		p := s.on(c.EndsAt)
		if p == nil || p.Rules.ModuleShare == nil || s.tapless(p) || !concerned(p.Rules.ModuleShare, s.Programme) {
			continue
		}
		findings = append(findings, s.lowModules(modules, c.EndsAt, p)...)
		findings = append(findings, s.inconsistent(modules, c.EndsAt, p)...)
	}
	return findings
}

func concerned(rule *policy.ModuleShare, programme string) bool {
	return among(rule.Programmes, programme) || slices.Contains(rule.PreSessional, programme)
}

// lowModules are those that fell below the rate at a moment.
func (s Student) lowModules(modules *modules, at time.Time, p *policy.Policy) []Finding {
	var findings []Finding
	for _, m := range modules.all {
		best := m.AtBest(p.Counting)
		if m.found || m.Tally(p.Counting).Counted < p.Rules.ModuleShare.MinCounted || !best.Below(p.Rules.ModuleShare.Below) {
			continue
		}
		m.found = true
		step, meeting := placement(p.Rules.ModuleShare, s.Programme)
		findings = append(findings, Finding{
			Rule: "E-5", Scope: m.name, Step: step, Opens: Task, AsOf: at, Evidence: slices.Clone(m.missed), Policy: p.ID(),
			Summary: fmt.Sprintf("%s: %s, %d %% are needed; %s", m.name, rate(best, m.Unknown, "sessions"), p.Rules.ModuleShare.Below, meeting),
		})
	}
	return findings
}

// placement is where a student is placed, and for what.
func placement(rule *policy.ModuleShare, programme string) (step, meeting string) {
	if slices.Contains(rule.PreSessional, programme) {
		return "attendance report", "place on the Attendance Report for a meeting with the tutor and the International Student Experience Manager"
	}
	return "SINOS", "place on SINOS for a meeting with the tutor and the Academic and Student Services Manager"
}

// modules are what a student is taught, to date.
type modules struct {
	all     []*module // by their first session
	named   map[string]*module
	pattern bool // was found
}

type module struct {
	engagement.Measure
	name   string
	last   time.Time // end of its last session, held or to come
	missed []string
	found  bool // to be low
}

// modulesOf are all, before their first session.
func modulesOf(contacts []engagement.Contact) *modules {
	m := &modules{named: map[string]*module{}}
	for i := range contacts {
		c := &contacts[i]
		if c.Kind != engagement.Session || c.Module == "" {
			continue
		}
		of := m.named[c.Module]
		if of == nil {
			of = &module{name: c.Module}
			m.named[c.Module], m.all = of, append(m.all, of)
		}
		of.last = c.EndsAt
	}
	return m
}

func (m *modules) add(c *engagement.Contact) {
	of := m.named[c.Module]
	if of == nil || c.Kind != engagement.Session {
		return
	}
	of.Add(c)
	if c.Code == register.Absent {
		of.missed = append(of.missed, c.ID)
	}
}
