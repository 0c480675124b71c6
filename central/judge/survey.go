package judge

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/rules"
)

// UniversityStore keeps what is known and judged of the university as a whole.
type UniversityStore interface {
	// University reads, from one state of the database, what one part of a survey looks at and what it found before, or says
	// that this is as it was when it was surveyed last.
	University(ctx context.Context, q Survey) (Surveyed, error)
	// SaveSurvey stores what changed, all of it or nothing. A finding that is stored already is not stored twice.
	SaveSurvey(ctx context.Context, v SurveyVerdict) error
	// ForgetSurveys has every part surveyed again.
	ForgetSurveys(ctx context.Context) error
}

// Survey is what a part of a survey is asked about.
type Survey struct {
	Part     []string     // rules.OfTaps, rules.OfFacts or rules.OfTimetable
	Day      calendar.Day // whose taps, for rules.OfTaps
	Since    time.Time    // as rules.University has them
	Recent   time.Time
	AsOf     time.Time
	Terms    []calendar.Term // that the survey reaches
	Versions string          // of the policies: others conclude something else from the same facts
	Anew     bool            // also what was surveyed already
	Levels   []string        // of E-3, whose students' weeks are read; none are if there are none
	Shares   bool            // E-22 is in a policy: what is taught is read
}

// Name is the part as the store notes it.
func (q Survey) Name() string {
	switch q.Part[0] {
	case rules.OfTaps[0]:
		return "taps " + q.Day.String()
	case rules.OfTimetable[0]:
		return "timetable"
	}
	return "facts"
}

// Surveyed is what was read for one part.
type Surveyed struct {
	rules.University
	Findings []Finding // stored before and not superseded
	Part     string
	Seen     string // another text means other facts
	Same     bool   // nothing changed since the last survey, and nothing else was read
}

// SurveyVerdict is what changed in one part.
type SurveyVerdict struct {
	Part, Seen string
	JudgedAt   time.Time
	Found      []rules.Finding
	Superseded []Superseded

	calendar *calendar.Calendar
}

// Term is the term of an instant, "" between terms.
func (v SurveyVerdict) Term(t time.Time) string {
	term, _ := v.calendar.TermAt(t)
	return term.ID
}

const (
	// surveyDays is how many days back taps and weeks are looked at: today and the thirteen before. A building that is cut off
	// for longer is a matter for people; its marks are judged whenever they come.
	surveyDays = 14
	// surveyEvery is how often headcounts and facts are looked at when they change, tapsEvery how often the taps of a day are, because
	// all of the day are read, and timetableEvery how often class lists are, because all of them are. On a new day everything is.
	surveyEvery    = time.Minute
	tapsEvery      = 5 * time.Minute
	timetableEvery = time.Hour
)

// Survey looks at the parts of the university's facts that changed since they were looked at, and stores what follows.
func (j *Judge) Survey(ctx context.Context) error {
	return j.survey(ctx, rules.OfFacts, rules.OfTaps, rules.OfTimetable)
}

// Resurvey looks at all of it, changed or not.
func (j *Judge) Resurvey(ctx context.Context) error {
	if err := j.o.Store.ForgetSurveys(ctx); err != nil {
		return fmt.Errorf("forget surveys: %w", err)
	}
	return j.Survey(ctx)
}

// turn is a part of a survey with when it was looked at last.
type turn struct {
	part  []string
	every time.Duration
	last  time.Time
}

// RunSurveys surveys now and then until ctx ends, beside Run, because students do not wait for it. An error of the database is
// logged and tried again.
func (j *Judge) RunSurveys(ctx context.Context) error {
	turns := []turn{{part: rules.OfFacts, every: surveyEvery}, {part: rules.OfTaps, every: tapsEvery}, {part: rules.OfTimetable, every: timetableEvery}}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		for i := range turns {
			if err := j.take(ctx, &turns[i]); err != nil && ctx.Err() == nil {
				j.o.Log.Error("survey failed; it will be tried again", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (j *Judge) take(ctx context.Context, t *turn) error {
	now := j.o.Now()
	if !due(t.last, now, t.every) {
		return nil
	}
	t.last = now // after a failure too: the next turn tries again
	return j.survey(ctx, t.part)
}

func due(last, now time.Time, every time.Duration) bool {
	return now.Sub(last) >= every || calendar.DayOf(last) != calendar.DayOf(now)
}

func (j *Judge) survey(ctx context.Context, parts ...[]string) error {
	book, err := j.o.Policies.Book(ctx)
	if err != nil {
		return err
	}
	return j.eachPart(ctx, book, false, parts, func(s Surveyed, v SurveyVerdict) error {
		if s.Same {
			return nil
		}
		return wrap("save survey", j.o.Store.SaveSurvey(ctx, v))
	})
}

// compareSurvey hands over what a survey of everything by a book would find otherwise than is stored.
func (j *Judge) compareSurvey(ctx context.Context, book *policy.Book, each func(Difference)) error {
	d := Difference{}
	err := j.eachPart(ctx, book, true, [][]string{rules.OfFacts, rules.OfTaps, rules.OfTimetable}, func(_ Surveyed, v SurveyVerdict) error {
		d.Found, d.Gone = append(d.Found, v.Found...), d.Gone+len(v.Superseded)
		return nil
	})
	if err == nil && len(d.Found)+d.Gone > 0 {
		each(d)
	}
	return err
}

// eachPart reads and judges parts, taps a day at a time, because a fortnight's are too many to hold at once.
func (j *Judge) eachPart(ctx context.Context, book *policy.Book, anew bool, parts [][]string, do func(Surveyed, SurveyVerdict) error) error {
	cal, err := j.o.Store.Calendar(ctx)
	if err != nil {
		return fmt.Errorf("read calendar: %w", err)
	}
	b := sitting{cal: cal, held: memo(book.Held), now: j.o.Now()}
	for _, q := range b.questions(book, anew, parts) {
		s, err := j.o.Store.University(ctx, q)
		if err != nil {
			return fmt.Errorf("read the university's facts: %w", err)
		}
		if err := do(s, b.judge(q, s)); err != nil {
			return err
		}
	}
	return nil
}

// sitting is what every part of one survey is judged with.
type sitting struct {
	cal  *calendar.Calendar
	held func(calendar.Day) []*policy.Policy
	now  time.Time
}

// memo remembers answers: there are many taps in a day.
func memo(of func(calendar.Day) []*policy.Policy) func(calendar.Day) []*policy.Policy {
	known := map[calendar.Day][]*policy.Policy{}
	return func(d calendar.Day) []*policy.Policy {
		held, ok := known[d]
		if !ok {
			held = of(d)
			known[d] = held
		}
		return held
	}
}

// judge is pure: the same facts at the same moment give the same verdict.
func (b sitting) judge(q Survey, s Surveyed) SurveyVerdict {
	v := SurveyVerdict{Part: s.Part, Seen: s.Seen, JudgedAt: b.now, calendar: b.cal}
	if s.Same {
		return v
	}
	u := s.University
	u.Looked, u.Since, u.Recent, u.AsOf, u.Calendar, u.Policies = q.Part, q.Since, q.Recent, q.AsOf, b.cal, b.held
	if q.Part[0] == rules.OfTaps[0] {
		u.Days = []calendar.Day{q.Day}
	}
	looked := slices.DeleteFunc(slices.Clone(s.Findings), func(f Finding) bool { return !u.Covers(f.Finding) })
	v.Found, v.Superseded = reconcile(looked, rules.Survey(u))
	return v
}

// questions are what the parts are asked, one for each day of taps.
func (b sitting) questions(book *policy.Book, anew bool, parts [][]string) []Survey {
	today := calendar.DayOf(b.now)
	first := today.Add(1 - surveyDays)
	q := Survey{Since: b.since(first), Recent: first.Starts(), AsOf: b.now, Versions: versions(book), Anew: anew}
	for _, t := range b.cal.Terms {
		if t.Last.Add(1).Starts().After(q.Since) && !t.First.Starts().After(b.now) {
			q.Terms = append(q.Terms, t)
		}
	}
	q.Levels, q.Shares = wanted(book)
	var all []Survey
	for _, part := range parts {
		q.Part, q.Day = part, calendar.Day{}
		if part[0] != rules.OfTaps[0] {
			all = append(all, q)
			continue
		}
		for d := first; !today.Before(d); d = d.Add(1) {
			q.Day = d
			all = append(all, q)
		}
	}
	return all
}

// since is the beginning of the latest term that has begun, or of the days looked at where there is none.
func (b sitting) since(first calendar.Day) time.Time {
	since := first
	for _, t := range b.cal.Terms {
		if !t.First.Starts().After(b.now) && (since == first || since.Before(t.First)) {
			since = t.First
		}
	}
	return since.Starts()
}

func versions(book *policy.Book) string {
	var ids []string
	for _, p := range book.Versions() {
		ids = append(ids, p.ID())
	}
	return strings.Join(ids, ", ")
}

// wanted is what of the timetable any policy asks about.
func wanted(book *policy.Book) (levels []string, shares bool) {
	for _, p := range book.Versions() {
		if e := p.Rules.MonthList; e != nil && e.WeekHours > 0 {
			levels = append(levels, e.Levels...)
		}
		shares = shares || p.Rules.RemoteShare != nil
	}
	slices.Sort(levels)
	return slices.Compact(levels), shares
}
