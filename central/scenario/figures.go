package scenario

import (
	"context"
	"fmt"
	"strings"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/judge"
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

// outcomes are what came of the contacts of a term that are over.
func (c *checker) outcomes(ctx context.Context, judged judge.Case, term string) (engagement.Contacts, error) {
	book, err := c.central.Policies.Book(ctx)
	if err != nil {
		return engagement.Contacts{}, err
	}
	var sessions []engagement.Contact
	for _, s := range judged.Facts.Sessions {
		mark, _ := judged.Mark(s.ID)
		sessions = append(sessions, engagement.Contact{ID: s.ID, Kind: engagement.Session, StartsAt: s.StartsAt, EndsAt: s.EndsAt, Code: mark.Code})
	}
	record := engagement.NewRecord(judged.Person, sessions, judged.Events, judged.Facts.Absences, judged.Known).Excused(book.Of(judged.Person.Subject()))
	history := record.BetweenTerms(c.calendar())
	for _, h := range record.Terms(c.calendar()) {
		if h.Term == term {
			history = h
		}
	}
	return history.Outcomes(c.now), nil
}

func (c *checker) calendar() *calendar.Calendar {
	cal := &calendar.Calendar{}
	for _, t := range c.Terms {
		cal.Terms = append(cal.Terms, calendar.Term{ID: t.Name, Name: t.Name, First: t.From, Last: t.To})
	}
	return cal
}

func (c *checker) contacts(ctx context.Context) error {
	for _, want := range c.step.Expect.Contacts {
		judged, err := c.of(ctx, want.Student)
		if err != nil {
			return err
		}
		n, err := c.outcomes(ctx, judged, c.term(want.Term))
		if err != nil {
			return err
		}
		d := Difference{
			Line: want.line, Because: want.Because, What: want.Student + "'s contacts in " + orElse(c.term(want.Term), "no term"),
			Expected: want.String(), Found: want.found(n),
			Next: "a contact is a class on the student's list, or a submission, exam, meeting or supervision that a fact tells of",
		}
		c.same(want.fits(n), d)
	}
	return nil
}

func (x ContactsExpected) fits(n engagement.Contacts) bool {
	return fits(x.Expected, n.Expected) && fits(x.Met, n.Met) && fits(x.Missed, n.Missed) && fits(x.Excused, n.Excused) && fits(x.Unknown, n.Unknown)
}

// String is what is expected.
func (x ContactsExpected) String() string {
	var parts []string
	for _, p := range []struct {
		n    *int
		what string
	}{{x.Expected, "expected"}, {x.Met, "met"}, {x.Missed, "missed"}, {x.Excused, "excused"}, {x.Unknown, "unknown"}} {
		if p.n != nil {
			parts = append(parts, fmt.Sprintf("%d %s", *p.n, p.what))
		}
	}
	return strings.Join(parts, ", ")
}

func (ContactsExpected) found(n engagement.Contacts) string {
	return fmt.Sprintf("%d expected, %d met, %d missed, %d excused, %d unknown", n.Expected, n.Met, n.Missed, n.Excused, n.Unknown)
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
