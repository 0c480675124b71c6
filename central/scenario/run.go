package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/judge"
)

// Options is how scenarios are played.
type Options struct {
	Story    io.Writer // where it is told what happens; nil tells nothing
	Database string    // an empty database to play on; a temporary SQLite file if empty
}

// Run plays one file. A file with faults gives config.Faults; any other error is of the machine. What came out differently
// is in the Result.
func Run(ctx context.Context, path string, o Options) (Result, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Result{}, fmt.Errorf("read scenario: %w", err)
	}
	f, err := Parse(path, text)
	if err != nil {
		return Result{}, err
	}
	return f.Play(ctx, o)
}

// Play plays the scenario on a database of its own.
func (f *File) Play(ctx context.Context, o Options) (r Result, err error) {
	dir, err := os.MkdirTemp("", "rollcall-scenario-")
	if err != nil {
		return r, fmt.Errorf("make place for scenario: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	w, err := openWorld(ctx, f, dir, o.Database, story{o.Story})
	if err != nil {
		return r, fmt.Errorf("play %s: %w", f.path, err)
	}
	defer func() { err = errors.Join(err, w.central.Close()) }()
	r = Result{File: f.path, Title: f.Title, Steps: len(f.Steps)}
	if err := w.play(ctx, &r); err != nil {
		return r, fmt.Errorf("play %s: %w", f.path, err)
	}
	return r, nil
}

func (w *world) play(ctx context.Context, r *Result) error {
	day := calendar.DayOf(w.now)
	for i := range w.Steps {
		s := &w.Steps[i]
		at, err := s.At.on(day)
		if err != nil {
			return err
		}
		day = calendar.DayOf(at)
		if err := w.advance(ctx, at); err != nil {
			return err
		}
		if s.Because != "" {
			w.story.tell(w.now, "because %s", s.Because)
		}
		did, err := w.act(ctx, s)
		if err != nil {
			return err
		}
		if err := w.settle(ctx); err != nil {
			return err
		}
		if err := w.check(ctx, s, did, r); err != nil {
			return err
		}
	}
	return w.checkJudgements(ctx, r)
}

// checkJudgements makes sure at the end of every scenario that what is stored is what the facts give.
func (w *world) checkJudgements(ctx context.Context, r *Result) error {
	_, err := w.central.CheckJudgements(ctx, func(d judge.Difference) {
		r.Differences = append(r.Differences, Difference{
			File: w.path, Line: w.Steps[len(w.Steps)-1].line, What: "What is stored about " + d.Student + " at the end",
			Expected: "what the facts give", Found: fmt.Sprintf("%d marks differ, %d findings are missing, %d do not follow", d.Marks, len(d.Found), d.Gone),
			Next: "this is a fault of Rollcall, not of the scenario; please report it with the file",
		})
	})
	return err
}
