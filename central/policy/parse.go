package policy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/config/document"
)

// Parse reads one policy document; file is its name in faults. A faulty document gives document.Faults: every fault at
// once, each with its line and what to write instead.
func Parse(file string, text []byte) (*Policy, error) {
	p := &Policy{}
	if err := document.Read(file, text, p, func(c *document.Checker) { p.check(checker{c}) }); err != nil {
		return nil, fmt.Errorf("read policy: %w", err)
	}
	return p, nil
}

// checker has the questions that are asked of several values.
type checker struct{ *document.Checker }

var name = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)

func (p *Policy) check(c checker) {
	if !name.MatchString(p.Name) {
		c.Fault("policy", "%q is not a name: 1 to 40 of a-z, 0-9 and hyphens inside", p.Name)
	}
	if p.Version < 1 {
		c.Fault("version", "versions count from 1; write version: 1 for the first")
	}
	for _, text := range []struct{ path, value string }{{"title", p.Title}, {"source", p.Source}} {
		if text.value == "" {
			c.Fault(text.path, "missing; people will want to know")
		}
	}
	if p.From.Year == 0 {
		c.Fault("from", "missing; write the first day this version applies, for example 2026-09-01")
	}
	p.Scope.check(c)
	p.Marking.check(c)
	if p.Counting.MinCounted < 1 {
		c.Fault("counting.min_counted", "%d contacts make no percentage; write 1 or more", p.Counting.MinCounted)
	}
	for i, kind := range p.Feeds {
		if !slices.Contains(Feeds, kind) {
			c.Fault(fmt.Sprintf("feeds[%d]", i), "%q is no kind of facts that comes as a file; write one of %v", kind, Feeds)
		}
	}
	p.Rules.check(c)
	for _, path := range slices.Sorted(maps.Keys(p.NotFromPolicy)) {
		if !c.Names(path) {
			c.Fault("not_from_policy."+path, "there is no %s in this policy; name a value by its path, for example marking.opens", path)
		}
		if p.NotFromPolicy[path] == "" {
			c.Fault("not_from_policy."+path, "missing; say why somebody had to decide it")
		}
	}
}

// Deliveries are the ways to study that a scope may name.
var Deliveries = []string{"campus", "distance", "placement"}

// Feeds are the kinds of facts for which a rule can be told to wait.
var Feeds = []string{"login", "submission", "exam", "meeting", "supervision", "timesheet", "communication", "enrolled"}

func (s Scope) check(c checker) {
	for i, d := range s.Delivery {
		if !slices.Contains(Deliveries, d) {
			c.Fault(fmt.Sprintf("scope.delivery[%d]", i), "%q is not a way to study; write one of %v", d, Deliveries)
		}
	}
}

// Evidence is what a tap may rest on, by the names that a policy may use.
var Evidence = []string{"card", "pass", "ble_heard", "ble_reported", "qr", "staff", "code"}

// typical is a session on which windows are tried.
const typical = time.Hour

func (m Marking) check(c checker) {
	for _, path := range []string{"marking.opens", "marking.closes"} {
		if !c.Names(path) {
			c.Fault(path, "missing; write when a tap counts, for example start-30m or end")
		}
	}
	start := time.Date(2026, time.October, 5, 9, 0, 0, 0, time.UTC)
	if !m.Opens.At(start, start.Add(typical)).Before(m.Closes.At(start, start.Add(typical))) {
		c.Fault("marking.closes", "a window from %s to %s is never open in a session of an hour; let it close later", m.Opens, m.Closes)
	}
	if m.LateWithin != 0 && m.LateWithin < m.PresentWithin {
		c.Fault("marking.late_within", "%s is less than present_within, %s; nobody would be late", m.LateWithin, m.PresentWithin)
	}
	c.oneOf("marking.room_change", string(m.RoomChange), string(FollowTimetable), string(Exempt))
	c.oneOf("marking.forgotten_card", string(m.ForgottenCard), string(ForbidManual), string(LecturerManual), string(TeamManual))
	for i, e := range m.InPerson {
		c.oneOf(fmt.Sprintf("marking.in_person[%d]", i), e, Evidence...)
	}
	c.percent("marking.min_coverage", m.MinCoverage)
	c.notNegative("marking.amend_within", int64(m.AmendWithin))
	c.notNegative("marking.headcount", m.Headcount)
	c.notNegative("marking.integrity.burst_cards", int64(m.Integrity.BurstCards))
}

func (c checker) oneOf(path, value string, known ...string) {
	if !slices.Contains(known, value) {
		c.Fault(path, "%q is not known here; write one of %v", value, known)
	}
}

func (c checker) notNegative(path string, n int64) {
	if n < 0 {
		c.Fault(path, "%d is negative; write 0 or more", n)
	}
}

func (c checker) percent(path string, n int64) {
	if n < 1 || n > 100 {
		c.Fault(path, "%d is not a percentage; write 1 to 100", n)
	}
}

func (c checker) positive(path string, n int64) {
	if n < 1 {
		c.Fault(path, "missing or not positive; write 1 or more")
	}
}

func (c checker) due(path string, d Deadline) {
	if !d.Set() {
		c.Fault(path, "missing; write for example 10 working days")
	}
}
