package central

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/store"
	"github.com/rollcall-edge/rollcall/central/timetable"
	"github.com/rollcall-edge/rollcall/config"
)

// firstPolicy is the shipped policy by which a university is judged until it imports its own.
const firstPolicy = "college"

// ShippedPolicy reads one of the policies a university may start from. The text is what it would edit.
func ShippedPolicy(name string) (text []byte, err error) {
	if text, err = config.Policies.ReadFile("policies/" + name + ".yaml"); err != nil {
		return nil, fmt.Errorf("no policy is called %q; list them with: rollcall-central policy list", name)
	}
	return text, nil
}

// ShippedPolicies are their names.
func ShippedPolicies() []string {
	files, _ := fs.Glob(config.Policies, "policies/*.yaml") // the pattern is good
	for i, f := range files {
		files[i] = strings.TrimSuffix(path.Base(f), ".yaml")
	}
	return files
}

func openPolicies(ctx context.Context, db *store.Store, o Options) (*policy.Desk, error) {
	text := o.Policy
	if len(text) == 0 {
		var err error
		if text, err = ShippedPolicy(firstPolicy); err != nil {
			return nil, err
		}
	}
	desk := policy.NewDesk(db, o.Now)
	return desk, desk.Start(ctx, firstPolicy+".yaml", text)
}

// windows are the windows of sessions by the policies in force.
func (f *Office) windows(ctx context.Context) (timetable.Window, error) {
	book, err := f.Policies.Book(ctx)
	if err != nil {
		return nil, err
	}
	return book.Window, nil
}

// TryPolicy says whose judgement would be another if a policy were in force from a day on, or from its own with a zero since.
// It changes nothing.
func (f *Office) TryPolicy(ctx context.Context, file string, text []byte, since calendar.Day, each func(judge.Difference)) (*policy.Policy, int, error) {
	book, p, err := f.Policies.With(ctx, file, text, since)
	if err != nil {
		return nil, 0, err
	}
	students, err := f.judge.Compare(ctx, book, each)
	return p, students, err
}

// CheckJudgements compares what is stored with what the facts give. Facts that wait to be judged are judged first.
func (f *Office) CheckJudgements(ctx context.Context, each func(judge.Difference)) (students int, err error) {
	if err := f.judge.Settle(ctx); err != nil {
		return 0, err
	}
	if err := f.judge.Survey(ctx); err != nil {
		return 0, err
	}
	book, err := f.Policies.Book(ctx)
	if err != nil {
		return 0, err
	}
	if students, err = f.judge.Compare(ctx, book, each); err != nil {
		return students, err
	}
	wrong, err := f.store.Judgements().WrongSums(ctx)
	if wrong > 0 {
		each(judge.Difference{Sums: wrong})
	}
	return students, err
}

// Rebuild has everybody judged from the facts again and waits for it.
func (f *Office) Rebuild(ctx context.Context) (students int, err error) {
	students, err = f.store.Judgements().TouchEverybody(ctx, f.now())
	if err != nil {
		return 0, err
	}
	if err := f.judge.Settle(ctx); err != nil {
		return 0, err
	}
	if err := f.store.Judgements().Recount(ctx); err != nil {
		return 0, err
	}
	return students, f.judge.Resurvey(ctx)
}
