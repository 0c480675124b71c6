package scenario

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/judge"
)

func (c *checker) findings(ctx context.Context) error {
	x := c.step.Expect
	if err := c.survey(ctx, x); err != nil {
		return err
	}
	for _, want := range x.Findings {
		want.About = c.subject(want.About)
		kept, err := c.central.Findings(ctx, c.number(want.Student))
		if err != nil {
			return err
		}
		d := Difference{
			Line: want.line, Because: want.Because, What: "A finding about " + orElse(want.Student, "the university"), Expected: want.String(),
			Found: list(nearest(kept, want)), Next: "compare with the finding that is nearest; a rule says nothing unless the policy of the day has it",
		}
		c.same(slices.ContainsFunc(kept, want.fits), d)
	}
	for _, want := range x.NoFindings {
		if err := c.none(ctx, want); err != nil {
			return err
		}
	}
	return c.others(ctx)
}

// survey has the university looked at when something is expected about it; a serving central does so by the minute.
func (c *checker) survey(ctx context.Context, x Expect) error {
	ofNobody := func(f FindingExpected) bool { return f.Student == "" }
	if !slices.ContainsFunc(x.Findings, ofNobody) && !slices.ContainsFunc(x.NoFindings, ofNobody) {
		return nil
	}
	return c.central.Survey(ctx)
}

// subject is what a finding is about, as the product calls it: cards by their digest, and sessions by their whole name.
func (c *checker) subject(about string) string {
	if who, is := strings.CutPrefix(about, "card of "); is {
		key, _ := c.card(who)
		return "card " + contract.DigestOf(c.central.CampusKey(), key).Short()
	}
	if name, is := strings.CutPrefix(about, "session "); is {
		return "session " + c.sessionID(name)
	}
	return about
}

// nearest are the findings by the rule that is expected, or all where there is none.
func nearest(kept []judge.Kept, want FindingExpected) []judge.Kept {
	near := slices.DeleteFunc(slices.Clone(kept), func(k judge.Kept) bool { return k.Rule != want.Rule })
	if len(near) == 0 {
		return kept
	}
	return near
}

// none wants no finding that holds and fits.
func (c *checker) none(ctx context.Context, want FindingExpected) error {
	want.About = c.subject(want.About)
	for _, name := range c.everybodyIn([]string{want.Student}) {
		kept, err := c.central.Findings(ctx, c.number(name))
		if err != nil {
			return err
		}
		met := slices.DeleteFunc(kept, func(k judge.Kept) bool { return !want.fits(k) || want.Rule == "" && c.overlooked(k) })
		c.same(len(met) == 0, Difference{
			Line: want.line, Because: want.Because, What: "Findings about " + orElse(name, "the university"),
			Expected: "none: " + want.String(), Found: list(met),
			Next: "the sentence of the finding says what it rests on",
		})
	}
	return nil
}

// overlooked reports whether a finding is by a rule that the scenario is not about.
func (c *checker) overlooked(k judge.Kept) bool {
	return len(c.Only) > 0 && !slices.Contains(c.Only, k.Rule)
}

func (c *checker) everybodyIn(names []string) []string {
	if slices.Equal(names, []string{allPeople}) {
		return c.names()
	}
	return names
}

// others wants no finding that holds besides the expected ones of the same step.
func (c *checker) others(ctx context.Context) error {
	for _, name := range c.everybodyIn(c.step.Expect.NoOthers) {
		kept, err := c.central.Findings(ctx, c.number(name))
		if err != nil {
			return err
		}
		rest := slices.DeleteFunc(kept, func(k judge.Kept) bool {
			return !k.SupersededAt.IsZero() || c.overlooked(k) || slices.ContainsFunc(c.step.Expect.Findings, func(x FindingExpected) bool { return x.Student == name && x.fits(k) })
		})
		c.same(len(rest) == 0, Difference{
			Line: c.step.Expect.othersLine, What: "Other findings about " + name, Expected: "none", Found: list(rest),
			Next: "expect these too, or find out why they came; the sentence says what each rests on",
		})
	}
	return nil
}

// fits reports whether a finding is what is expected.
func (x FindingExpected) fits(k judge.Kept) bool {
	return (x.About == "" || x.About == k.Subject) && (x.Rule == "" || x.Rule == k.Rule) && (x.Step == "" || x.Step == k.Step) && (x.Scope == "" || x.Scope == k.Scope) &&
		(x.Opens == "" || x.Opens == string(k.Opens)) && (x.Policy == "" || x.Policy == k.Policy) && strings.Contains(k.Summary, x.Says) &&
		(x.On == calendar.Day{} || x.On == calendar.DayOf(k.AsOf)) && (x.Deadline == calendar.Day{} || x.Deadline == k.Deadline) &&
		x.Superseded == !k.SupersededAt.IsZero()
}

// String is what is expected, as far as it is said.
func (x FindingExpected) String() string {
	var parts []string
	for _, p := range []struct{ label, text string }{
		{"about ", x.About}, {"", x.Rule}, {"step ", x.Step}, {"scope ", x.Scope}, {"opens ", x.Opens}, {"on ", dayOrNone(x.On)}, {"deadline ", dayOrNone(x.Deadline)},
		{"policy ", x.Policy}, {"saying ", x.Says},
	} {
		if p.text != "" {
			parts = append(parts, p.label+p.text)
		}
	}
	if x.Superseded {
		parts = append(parts, "superseded")
	}
	return orElse(strings.Join(parts, ", "), "any")
}

// list shows findings, one a line.
func list(kept []judge.Kept) string {
	if len(kept) == 0 {
		return "none"
	}
	lines := make([]string, len(kept))
	for i, k := range kept {
		if k.Subject != "" {
			lines[i] = k.Subject + ": "
		}
		lines[i] += fmt.Sprintf("%s, step %s, scope %s, opens %s, on %s", k.Rule, k.Step, orElse(k.Scope, "(none)"), k.Opens, calendar.DayOf(k.AsOf))
		if k.Deadline != (calendar.Day{}) {
			lines[i] += ", deadline " + k.Deadline.String()
		}
		lines[i] += ": " + k.Summary
		if !k.SupersededAt.IsZero() {
			lines[i] += " (superseded on " + calendar.DayOf(k.SupersededAt).String() + ": " + k.SupersededBy + ")"
		}
	}
	return strings.Join(lines, "\n              ")
}
