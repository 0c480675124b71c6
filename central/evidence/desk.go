package evidence

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/sheet"
)

// Options is how one file is imported.
type Options struct {
	Actor      string           // who is answerable for it, and for facts of which the file does not say who says so
	DryRun     bool             // say what would change, and change nothing
	Force      bool             // conclude more than the guard allows, and take in again what was withdrawn
	DateFormat sheet.DateFormat // ISO if empty

	// Through says until when the facts of this kind are complete, the last instant of it; zero if nobody says. Nothing is
	// concluded from silence after it. Since says from when the file is complete; zero is its first fact.
	Through, Since time.Time
}

// DeskOptions is what a Desk needs.
type DeskOptions struct {
	Store      Store
	Applied    func() // called after each import or withdrawal that changed something; may be nil
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time
}

// Desk takes facts in and withdraws them. It is safe for concurrent use; the store does one import after another.
type Desk struct {
	o       DeskOptions
	imports *prometheus.CounterVec
}

// NewDesk makes a Desk and registers its metrics.
func NewDesk(o DeskOptions) *Desk {
	if o.Applied == nil {
		o.Applied = func() {}
	}
	return &Desk{o: o, imports: promauto.With(o.Registerer).NewCounterVec(prometheus.CounterOpts{
		Name: "rollcall_central_fact_imports_total",
		Help: "Imported files of facts by kind and what became of them.",
	}, []string{"kind", "result"})}
}

// Import takes a file in. Every fault of the file comes back at once as sheet.Faults, and then nothing is applied; with a dry
// run the Diff of the lines without fault comes back beside them. A fact that is known already changes nothing, whichever file
// brings it.
func (d *Desk) Import(ctx context.Context, kind Kind, r io.Reader, o Options) (sheet.Diff, error) {
	diff, err := d.take(ctx, kind, r, o)
	d.imports.WithLabelValues(label(kind), resultOf(err, o)).Inc()
	if err != nil {
		return diff, fmt.Errorf("import %s: %w", kind, err)
	}
	return diff, nil
}

// label keeps what somebody typed out of the metrics.
func label(kind Kind) string {
	for _, k := range Kinds() {
		if k == kind {
			return string(kind)
		}
	}
	return "unknown"
}

func (d *Desk) take(ctx context.Context, kind Kind, r io.Reader, o Options) (sheet.Diff, error) {
	now := d.o.Now()
	if err := o.check(now); err != nil {
		return sheet.Diff{}, err
	}
	digest := sha256.New()
	t, err := read(kind, io.TeeReader(r, digest), o, now)
	if err != nil {
		return sheet.Diff{}, err
	}
	var diff sheet.Diff
	decide := func(state State) (*Change, error) {
		p := &plan{taken: t, o: o, now: now, byUser: t.byUser, diff: sheet.Diff{Warnings: append([]string(nil), t.warnings...)}, faults: append(sheet.Faults(nil), t.faults...)}
		if err := p.make(ctx, state); err != nil {
			return nil, err
		}
		err := p.settle()
		diff = p.diff
		if err != nil || diff.Empty() {
			return nil, err
		}
		p.change.Receipt = Receipt{Kind: kind, Digest: [32]byte(digest.Sum(nil)), Actor: o.Actor, AppliedAt: now, Diff: diff}
		return &p.change, nil
	}
	if o.DryRun || len(t.faults) > 0 {
		return diff, d.o.Store.Plan(ctx, func(state State) error {
			_, err := decide(state)
			return err
		})
	}
	if err := d.o.Store.Import(ctx, decide); err != nil || diff.Empty() {
		return diff, err
	}
	d.o.Log.Info("facts imported", "kind", string(kind), "actor", o.Actor, "added", diff.Added, "changed", diff.Changed, "removed", diff.Removed)
	d.o.Applied()
	return diff, nil
}

// check refuses options that make no sense.
func (o Options) check(now time.Time) error {
	switch {
	case o.DateFormat != "" && o.DateFormat != sheet.ISO && o.DateFormat != sheet.DMY:
		return fmt.Errorf("%w: date format %q, want iso or dmy", ErrOption, o.DateFormat)
	case o.Through.After(now):
		return fmt.Errorf("%w: facts cannot be complete through %s, which is not over; name an earlier day or a time", ErrOption, o.Through.In(calendar.London).Format("Mon 2 Jan 2006 15:04"))
	case !o.Since.IsZero() && o.Through.IsZero():
		return fmt.Errorf("%w: since when a file is complete matters only with through when", ErrOption)
	case !o.Since.IsZero() && o.Through.Before(o.Since):
		return fmt.Errorf("%w: the file is said to be complete since a later day than through when", ErrOption)
	}
	return nil
}

// ParseEdge reads a day as its first or last millisecond in London, or a time with an offset from UTC.
func ParseEdge(text string, end bool) (time.Time, error) {
	if day, err := calendar.ParseDay(text); err == nil {
		if end {
			return sheet.LastInstant(day), nil
		}
		return day.Starts().UTC(), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: %q is neither a day, such as 2026-11-20, nor a time, such as 2026-11-20T14:00:00Z", ErrOption, text)
	}
	return t.Truncate(time.Millisecond).UTC(), nil
}

func resultOf(err error, o Options) string {
	var faults sheet.Faults
	switch {
	case errors.As(err, &faults):
		return "faulty"
	case errors.Is(err, ErrGuard):
		return "guarded"
	case err != nil:
		return "error"
	case o.DryRun:
		return "dry_run"
	default:
		return "applied"
	}
}

// taken is what a file says.
type taken struct {
	told     []told
	first    time.Time // the earliest moment that the file speaks of
	users    []userLine
	feeds    []engagement.Kind // kinds of which the file may be complete
	byUser   bool              // the source knows accounts and no student numbers
	faults   sheet.Faults
	warnings []string
}

func (t *taken) add(f told) {
	t.told = append(t.told, f)
	t.saw(f.At)
}

// saw notes that the file speaks of a moment, whether or not anything in it is a fact.
func (t *taken) saw(at time.Time) {
	if t.first.IsZero() || at.Before(t.first) {
		t.first = at
	}
}

// read takes a file in, whatever it is about.
func read(kind Kind, r io.Reader, o Options, now time.Time) (*taken, error) {
	d := drawing{now: now, actor: o.Actor}
	if l, known := layoutOf(kind); known {
		return l.read(r, o.DateFormat, d)
	}
	for _, s := range sources() {
		if s.kind == kind {
			return s.read(r, o.DateFormat, d)
		}
	}
	var names []string
	for _, k := range Kinds() {
		names = append(names, string(k))
	}
	return nil, fmt.Errorf("%w: not %q, but %s", ErrKind, kind, list(names))
}

func (l layout) read(r io.Reader, format sheet.DateFormat, d drawing) (*taken, error) {
	t := &taken{}
	s := &sheet.Sheet{Columns: l.columns(), Format: format}
	err := s.Read(r, func(row sheet.Row) {
		if all, ok := l.line(row, d); ok {
			for _, f := range all {
				t.add(f)
			}
		}
	})
	t.faults, t.warnings = s.Faults, s.Warnings
	t.feeds = l.feeds(t.told)
	return t, err
}

// feeds are the kinds of which a complete file would say everything: those that it may tell of, or, if every line says which,
// those it does.
func (l layout) feeds(all []told) []engagement.Kind {
	var kinds []engagement.Kind
	for _, f := range forms {
		tells := slices.ContainsFunc(l.tells, func(t telling) bool { return slices.Contains(t.kinds, f.kind) && !t.pick })
		tells = tells || slices.ContainsFunc(all, func(t told) bool { return t.Kind == f.kind })
		if tells && f.feed != never {
			kinds = append(kinds, f.kind)
		}
	}
	return kinds
}

// Withdraw says that a fact was wrong. It stays on record and its student is judged again without it.
func (d *Desk) Withdraw(ctx context.Context, id int64, actor, reason string) error {
	if reason = strings.TrimSpace(reason); reason == "" {
		return ErrReason
	}
	if err := d.o.Store.Withdraw(ctx, id, actor+": "+reason, d.o.Now()); err != nil {
		return fmt.Errorf("withdraw fact %d: %w", id, err)
	}
	d.o.Log.Info("fact withdrawn", "fact", id, "actor", actor)
	d.o.Applied()
	return nil
}

// FactsOf lists everything ever kept of a student, by the time it is about; of the university for "".
func (d *Desk) FactsOf(ctx context.Context, student string) ([]Kept, error) {
	return d.o.Store.FactsOf(ctx, student)
}
