package report

import (
	"context"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
)

// factSource reads what is known of a student besides taps, and what was judged before.
type factSource interface {
	FactsOf(ctx context.Context, student string, from, to time.Time) ([]Fact, error) // that touch the time, newest first, withdrawn ones too
	PastMarksOf(ctx context.Context, student string) ([]PastMark, error)             // oldest first
}

// Fact is one dated thing that is known of a student besides taps and marks (engagement.Fact).
type Fact struct {
	ID          int64           `json:"id"`
	Kind        engagement.Kind `json:"kind"`
	At          time.Time       `json:"at"`
	Until       *time.Time      `json:"until"` // of a span
	Of          string          `json:"of"`
	Value       string          `json:"value"`
	Amount      int64           `json:"amount"`
	Note        string          `json:"note"`
	By          string          `json:"by"`
	RecordedAt  time.Time       `json:"recorded_at"`
	WithdrawnAt *time.Time      `json:"withdrawn_at"` // when somebody said that it was wrong
	WithdrawnBy string          `json:"withdrawn_by"`
	Replaced    bool            `json:"replaced"` // it gave way to a later word about the same, and was not wrong
}

// LoginWeek is how often a student logged in to the virtual learning environment in a week.
type LoginWeek struct {
	Monday string    `json:"monday"` // yyyy-mm-dd
	Logins int64     `json:"logins"`
	Days   int64     `json:"days"` // with a log-in
	LastAt time.Time `json:"last_at"`
}

// PastMark is a judgement that another one replaced.
type PastMark struct {
	Session string `json:"session"`
	Mark
	ReplacedAt time.Time `json:"replaced_at"`
}

// plainKinds tell nothing of a visa, of money or of what a sponsor does; the others are for those alone who may see sponsorship.
var plainKinds = []engagement.Kind{
	engagement.Submission, engagement.Exam, engagement.Meeting, engagement.Supervision, engagement.Login, engagement.Communication,
	engagement.Enrolled, engagement.Leave, engagement.Announced, engagement.Left, engagement.Joined, engagement.Exempted,
}

// logins takes the log-ins out of facts, newest first, and sums them up by week, newest first. Withdrawn ones stay facts.
func logins(facts []Fact) (weeks []LoginWeek, rest []Fact) {
	var day calendar.Day
	for _, f := range facts {
		if f.Kind != engagement.Login || f.WithdrawnAt != nil {
			rest = append(rest, f)
			continue
		}
		of := calendar.DayOf(f.At)
		monday := of.Monday().String()
		if len(weeks) == 0 || weeks[len(weeks)-1].Monday != monday {
			weeks, day = append(weeks, LoginWeek{Monday: monday, LastAt: f.At}), calendar.Day{}
		}
		week := &weeks[len(weeks)-1]
		week.Logins++
		if of != day {
			week.Days++
			day = of
		}
	}
	return weeks, rest
}

// plain keeps the facts that everybody may see who sees students.
func plain(facts []Fact) []Fact {
	return slices.DeleteFunc(facts, func(f Fact) bool { return !slices.Contains(plainKinds, f.Kind) })
}
