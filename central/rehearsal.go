package central

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/ingest"
	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/register"
	"github.com/rollcall-edge/rollcall/central/report"
	"github.com/rollcall-edge/rollcall/central/timetable"
	"github.com/rollcall-edge/rollcall/config"
)

// Rehearsal is central without listeners and workers: whoever holds it does one thing after another, on a clock of their own,
// with the parts that a serving central has. What a gateway would send is given to Intake, what it would fetch is published by
// Timetables, and students are judged by Settle.
type Rehearsal struct {
	*Office
	Intake     *ingest.Intake
	Timetables *timetable.Publisher
	Reports    *report.Reports
}

// OpenRehearsal opens the data directory as OpenOffice does.
func OpenRehearsal(ctx context.Context, cfg *config.Central, o Options) (*Rehearsal, error) {
	o.fill()
	office, err := OpenOffice(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	return &Rehearsal{
		Office: office,
		Intake: ingest.New(ingest.Options{Store: office.store, Log: o.Log, Registerer: office.registry, Now: o.Now}),
		Timetables: timetable.NewPublisher(timetable.PublisherOptions{
			Store: office.store, Signer: office.authority, Ahead: cfg.PublishAhead.Std(), Log: o.Log, Registerer: office.registry, Now: o.Now,
		}),
		Reports: report.New(office.store.ReportSource(), o.Now),
	}, nil
}

// CampusKey is what cards become digests under.
func (r *Rehearsal) CampusKey() []byte { return r.authority.CampusKey() }

// Settle judges everybody whose facts changed, and those whom time alone concerns.
func (r *Rehearsal) Settle(ctx context.Context) error { return r.judge.Settle(ctx) }

// Amend records a mark by staff, if the policy by which the mark was made allows it (W-9, W-10).
func (r *Rehearsal) Amend(ctx context.Context, a report.Amendment, lecturer bool) error {
	c, err := r.Judged(ctx, a.Student)
	if err != nil {
		return err
	}
	book, err := r.Policies.Book(ctx)
	if err != nil {
		return err
	}
	for _, s := range c.Facts.Sessions {
		if s.ID != a.Session {
			continue
		}
		mark, _ := c.Mark(s.ID)
		attempt := register.Attempt{
			Code: register.Code(a.Code), Lecturer: lecturer, Tapped: !mark.Tap.Stream.IsZero(), StartsAt: s.StartsAt, EndsAt: s.EndsAt, At: a.MadeAt,
		}
		if err := register.MayAmendBy(book, mark.Policy, attempt); err != nil {
			return err
		}
	}
	return r.store.AddAmendment(ctx, a)
}

// CloseRegister closes a register by hand (G-3).
func (r *Rehearsal) CloseRegister(ctx context.Context, session string, c report.Closure) error {
	return r.store.CloseRegister(ctx, session, c)
}

// AddFacts records what is known besides taps, and until when facts of a kind are complete.
func (r *Rehearsal) AddFacts(ctx context.Context, facts []engagement.Noted, known map[engagement.Kind]time.Time) error {
	return r.store.AddFacts(ctx, facts, known, r.now())
}

// Judged is all that is known of one student, with what was judged of it.
func (r *Rehearsal) Judged(ctx context.Context, student string) (judge.Case, error) {
	cases, err := r.store.Judgements().Cases(ctx, []judge.Dirty{{Student: student}})
	if err != nil {
		return judge.Case{}, fmt.Errorf("read student %s: %w", student, err)
	}
	return cases[0], nil
}

// Survey looks at what is about no single student.
func (r *Rehearsal) Survey(ctx context.Context) error { return r.judge.Survey(ctx) }

// CountHeads notes how many people somebody saw in a session (C-6).
func (r *Rehearsal) CountHeads(ctx context.Context, session string, h report.Headcount) error {
	return r.store.AddHeadcount(ctx, session, h)
}

// Findings are all that were ever made about a student, or with an empty number about no student, those superseded too, in the
// order in which they were made.
func (r *Rehearsal) Findings(ctx context.Context, student string) ([]judge.Kept, error) {
	return r.store.Judgements().Kept(ctx, student)
}
