package judge

import (
	"context"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/rules"
)

// Difference is a student, or the university as a whole, whose stored judgement is not what the facts give.
type Difference struct {
	Student string     // "" for the university
	Before  []Standing // stored
	After   []Standing
	Marks   int // that are different, new or no longer there
	Found   []rules.Finding
	Gone    int   // findings that no longer follow
	Sums    int64 // of the university: how many of sessions, weeks and modules are wrong
}

// Compare judges everybody anew by a book, stores nothing, and hands over each student for whom something would be different.
// With the book in force nothing is different, or a judgement was lost or altered: students whose facts have just changed
// must have been judged before.
func (j *Judge) Compare(ctx context.Context, book *policy.Book, each func(Difference)) (students int, err error) {
	cal, err := j.o.Store.Calendar(ctx)
	if err != nil {
		return 0, fmt.Errorf("read calendar: %w", err)
	}
	after := ""
	for {
		group, err := j.o.Store.Everybody(ctx, after, batchSize)
		if err != nil {
			return students, fmt.Errorf("list students: %w", err)
		}
		if len(group) == 0 {
			return students, j.compareSurvey(ctx, book, each)
		}
		if err := j.compare(ctx, group, book, cal, each); err != nil {
			return students, err
		}
		students, after = students+len(group), group[len(group)-1].Student
	}
}

func (j *Judge) compare(ctx context.Context, group []Dirty, book *policy.Book, cal *calendar.Calendar, each func(Difference)) error {
	cases, err := j.o.Store.Cases(ctx, group)
	if err != nil {
		return fmt.Errorf("read facts: %w", err)
	}
	now := j.o.Now()
	for _, c := range cases {
		v := c.judge(book, cal, now)
		if v.Same() {
			continue
		}
		each(Difference{
			Student: c.Student, Before: c.Standings, After: v.Standings, Marks: v.Marks + len(v.Gone), Found: v.Found, Gone: len(v.Superseded),
		})
	}
	return nil
}
