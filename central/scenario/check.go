package scenario

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/judge"
)

// checker compares what a step expects with what central says.
type checker struct {
	*world
	step   *Step
	did    done
	judged map[string]judge.Case // by name
	result *Result
}

func (w *world) check(ctx context.Context, s *Step, d done, r *Result) error {
	c := checker{world: w, step: s, did: d, judged: map[string]judge.Case{}, result: r}
	c.refusal()
	c.lights()
	for _, check := range []func(context.Context) error{c.marks, c.percentages, c.contacts, c.standings, c.findings} {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return nil
}

// same notes an expectation and, if it did not come true, the difference.
func (c *checker) same(ok bool, d Difference) {
	c.result.Expected++
	if ok {
		c.story.tell(c.now, "  as expected: %s: %s", d.What, d.Expected)
		return
	}
	d.File = c.path
	if d.Because == "" {
		d.Because = orElse(c.step.Because, c.Because)
	}
	c.story.tell(c.now, "  DIFFERS: %s: expected %s, found %s", d.What, d.Expected, d.Found)
	c.result.Differences = append(c.result.Differences, d)
}

// of reads a student once for all expectations of a step.
func (c *checker) of(ctx context.Context, name string) (judge.Case, error) {
	if known, ok := c.judged[name]; ok {
		return known, nil
	}
	judged, err := c.central.Judged(ctx, c.number(name))
	c.judged[name] = judged
	return judged, err
}

func (c *checker) refusal() {
	want, err := c.step.Expect.Refused, c.did.refused
	if want == "" && err == nil {
		return
	}
	d := Difference{Line: c.step.Expect.refusedLine, What: "What the step wants", Expected: "refused: " + want, Found: "it was done",
		Next: "see who does it, when, and what the policy of the day says about that"}
	if want == "" {
		d.Line, d.Expected = c.step.line, "done"
		d.Next = "the step as it is written cannot be done; change it, or expect it with: refused: (part of the words)"
	}
	if err != nil {
		d.Found = "refused: " + err.Error()
	}
	c.same(want != "" && err != nil && strings.Contains(err.Error(), want), d)
}

func (c *checker) lights() {
	x := c.step.Expect
	if x.Light.isSet() {
		c.light(LightExpected{reason: reason{line: x.lightLine}, Tap: c.step.Taps[0].text, Shows: x.Light})
	}
	for _, want := range x.Lights {
		c.light(want)
	}
}

func (c *checker) light(want LightExpected) {
	d := Difference{Line: want.line, Because: want.Because, Expected: want.Shows.String(), What: "The light for " + want.Tap}
	found := c.did.lights[want.Tap]
	d.Next = lightAdvice[found.why]
	if want.Reader != "" {
		p := c.at(want.Reader)[0]
		found = c.buildings[p.building].shows(p.id, c.now)
		d.What, d.Next = "What the reader "+p.id+" shows", "a reader is blue while a register of its room is open by the timetable that its gateway holds"
	}
	d.Found = found.String()
	c.same(found.fits(want.Shows), d)
}

// lightAdvice says where to look, by what the light said.
var lightAdvice = map[string]string{
	"not listed":    "a register is open in the room, but the student is not among the students of the class; see timetable and list",
	"window closed": "no register is open in this room at this moment; see the class's room and time, and marking.opens and marking.closes of the policy",
	"unknown card":  "nobody holds this card; see card under people",
	"blocked card":  "the card was blocked by a step before",
	"no timetable":  "the gateway has no timetable: its building was silent when one could have come, or the room has no reader in it",
	"":              "the tap was credited; see the timetable and who is on the list",
}

func (c *checker) marks(ctx context.Context) error {
	for _, want := range c.step.Expect.Marks {
		judged, err := c.of(ctx, want.Student)
		if err != nil {
			return err
		}
		if want.Row != "" {
			c.row(want, judged)
			continue
		}
		id := c.sessionID(want.Session)
		m, is := judged.Mark(id)
		d := Difference{
			Line: want.line, Because: want.Because, What: want.Student + "'s mark in " + id, Expected: orElse(want.Is, "any mark") + says(want.Says),
			Found: fmt.Sprintf("%s: %s", m.Code, m.Reason), Next: markAdvice[string(m.Code)],
		}
		code := string(m.Code)
		if !is {
			code, d.Found, d.Next = noMark, "none: the student is not in the register", "see the students of the class and the steps that change the list; the class must be mandatory"
		}
		c.same((want.Is == "" || code == want.Is) && strings.Contains(m.Reason, want.Says), d)
	}
	return nil
}

// noMark is what is expected of a student who is not in the register.
const noMark = "none"

func says(text string) string {
	if text == "" {
		return ""
	}
	return ", saying " + quoted(text)
}

var markAdvice = map[string]string{
	"U": "nothing may be concluded yet: the register is open, or a building was not heard of, or a reader did not work; see silent, heard_again, broken and mended",
	"A": "no tap in the window, and every reader was heard; see tap and attends, and whether an absence should cover the class",
	"P": "a tap in the window, or an amendment; the sentence says which",
	"L": "see marking.present_within and marking.late_within of the policy",
	"E": "an authorised absence covers the whole class",
	"X": "the class was cancelled by a step before",
}

func (c *checker) row(want MarkExpected, judged judge.Case) {
	var found []string
	for _, s := range c.plan.of(want.Class) {
		m, is := judged.Mark(s.id)
		if !is || s.starts.After(c.now) {
			continue
		}
		found = append(found, string(m.Code))
	}
	d := Difference{
		Line: want.line, Because: want.Because, What: fmt.Sprintf("%s's row in the registers of %s", want.Student, want.Class),
		Expected: strings.Join(expandRow(want.Row), " "), Found: strings.Join(found, " "), Next: "run with --verbose to see each tap and its light",
	}
	c.same(slices.Equal(expandRow(want.Row), found), d)
}

// expandRow writes P*3 out.
func expandRow(row string) []string {
	var out []string
	for _, word := range strings.Fields(row) {
		code, times, _ := strings.Cut(word, "*")
		for range max(1, number(times)) {
			out = append(out, code)
		}
	}
	return out
}

// term is the identifier of a term, the present one if none is named.
func (c *checker) term(name string) string {
	if name != "" {
		return name
	}
	today := calendar.DayOf(c.now)
	for _, t := range c.Terms {
		if !today.Before(t.From) && !t.To.Before(today) {
			return t.Name
		}
	}
	return ""
}
