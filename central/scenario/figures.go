package scenario

import (
	"context"
	"fmt"
	"strings"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/register"
)

func standingIn(judged judge.Case, term string) judge.Standing {
	for _, s := range judged.Standings {
		if s.Term == term {
			return s
		}
	}
	return judge.Standing{Term: term}
}

func (c *checker) percentages(ctx context.Context) error {
	for _, want := range c.step.Expect.Percentages {
		judged, err := c.of(ctx, want.Student)
		if err != nil {
			return err
		}
		s := standingIn(judged, c.term(want.Term))
		percent := fmt.Sprintf("%d.%d", s.Permille()/10, s.Permille()%10)
		d := Difference{
			Line: want.line, Because: want.Because, What: fmt.Sprintf("%s's attendance in %s", want.Student, orElse(s.Term, "no term")),
			Expected: want.String(), Found: fmt.Sprintf("%d of %d, %s %%", s.Attended, s.Counted, percent),
			Next: "P and L count, see counting in the policy; X, N and U never do. A row of marks shows which mark is another",
		}
		c.same(fits(want.Attended, s.Attended) && fits(want.Of, s.Counted) && (want.Percent == "" || samePercent(want.Percent, percent)), d)
	}
	return nil
}

// String is what is expected.
func (p PercentageExpected) String() string {
	var parts []string
	if p.Attended != nil {
		parts = append(parts, fmt.Sprintf("%d attended", *p.Attended))
	}
	if p.Of != nil {
		parts = append(parts, fmt.Sprintf("of %d", *p.Of))
	}
	if p.Percent != "" {
		parts = append(parts, p.Percent+" %")
	}
	return strings.Join(parts, " ")
}

// samePercent compares as written with one decimal or none.
func samePercent(want, found string) bool {
	want = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(want), "%"))
	if !strings.Contains(want, ".") {
		want += ".0"
	}
	return want == found
}

// fits compares with a number that may be left out.
func fits(want *int, found int64) bool { return want == nil || int64(*want) == found }

// counted is what came of expected contacts.
type counted struct{ expected, met, missed, unknown int64 }

func (n counted) String() string {
	return fmt.Sprintf("%d expected, %d met, %d missed, %d not known", n.expected, n.met, n.missed, n.unknown)
}

// count looks at the contacts of a term that are over. Cancelled ones, and those that were not required, were not expected.
func (c *checker) count(judged judge.Case, term string) counted {
	var contacts []engagement.Contact
	for _, s := range judged.Facts.Sessions {
		contacts = append(contacts, engagement.Contact{ID: s.ID, Kind: engagement.Session, StartsAt: s.StartsAt, EndsAt: s.EndsAt, Code: judged.Marks[s.ID].Code})
	}
	var n counted
	record := engagement.NewRecord(judged.Person, contacts, judged.Events, judged.Facts.Absences, judged.Known)
	for _, contact := range record.Contacts {
		if contact.EndsAt.After(c.now) || c.termOf(contact) != term {
			continue
		}
		switch contact.Code {
		case register.Cancelled, register.NotNeeded:
			continue
		case register.Present, register.Late, register.Remote:
			n.met++
		case register.Absent:
			n.missed++
		case register.Unknown:
			n.unknown++
		}
		n.expected++
	}
	return n
}

func (c *checker) termOf(contact engagement.Contact) string {
	day := calendar.DayOf(contact.StartsAt)
	for _, t := range c.Terms {
		if !day.Before(t.From) && !t.To.Before(day) {
			return t.Name
		}
	}
	return ""
}

func (c *checker) contacts(ctx context.Context) error {
	for _, want := range c.step.Expect.Contacts {
		judged, err := c.of(ctx, want.Student)
		if err != nil {
			return err
		}
		n := c.count(judged, c.term(want.Term))
		d := Difference{
			Line: want.line, Because: want.Because, What: want.Student + "'s contacts in " + orElse(c.term(want.Term), "no term"),
			Expected: want.String(), Found: n.String(),
			Next: "a contact is a class on the student's list, or a submission, exam, meeting or supervision that a fact tells of",
		}
		c.same(fits(want.Expected, n.expected) && fits(want.Met, n.met) && fits(want.Missed, n.missed) && fits(want.Unknown, n.unknown), d)
	}
	return nil
}

// String is what is expected.
func (x ContactsExpected) String() string {
	var parts []string
	for _, p := range []struct {
		n    *int
		what string
	}{{x.Expected, "expected"}, {x.Met, "met"}, {x.Missed, "missed"}, {x.Unknown, "not known"}} {
		if p.n != nil {
			parts = append(parts, fmt.Sprintf("%d %s", *p.n, p.what))
		}
	}
	return strings.Join(parts, ", ")
}

func (c *checker) standings(ctx context.Context) error {
	for _, want := range c.step.Expect.Standings {
		judged, err := c.of(ctx, want.Student)
		if err != nil {
			return err
		}
		s := standingIn(judged, c.term(want.Term))
		due := dayOrNone(want.ReportDue)
		d := Difference{
			Line: want.line, Because: want.Because, What: fmt.Sprintf("%s's standing in %s", want.Student, orElse(s.Term, "no term")),
			Expected: want.Level + dueText(due), Found: strings.ToLower(s.Level.String()) + dueText(s.Deadline),
			Next: "a level comes from the findings of the ladder, A-2 to A-5; expect findings to see them",
		}
		c.same(strings.EqualFold(want.Level, s.Level.String()) && (due == "" || due == s.Deadline), d)
	}
	return nil
}

func dueText(day string) string {
	if day == "" {
		return ""
	}
	return ", report due " + day
}
