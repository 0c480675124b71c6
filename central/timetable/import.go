package timetable

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/rollcall-edge/rollcall/central/sheet"
)

// Kind is a kind of file, named as the files are.
type Kind string

// The kinds of file.
const (
	Terms    Kind = "terms"
	Holidays Kind = "holidays"
	Rooms    Kind = "rooms"
	Students Kind = "students"
	Cards    Kind = "cards"
	Sessions Kind = "timetable"
	Absences Kind = "absences"
)

// Mode says what a timetable file leaves out.
type Mode string

// The modes. Other kinds of file are always Delta.
const (
	Delta            Mode = "delta"              // what is not in the file stays as it is
	CompleteForDates Mode = "complete-for-dates" // on the days the file names, what is not in it is cancelled
)

// Options is how one file is imported.
type Options struct {
	Actor      string     // who is answerable for it
	DryRun     bool       // say what would change, and change nothing
	Force      bool       // take away more than the guard allows
	DateFormat DateFormat // ISO if empty
	Mode       Mode       // Delta if empty
}

// Window is when a tap may count at a session (W-1).
type Window func(start, end time.Time) (opens, closes time.Time)

// Windows are the windows by the policies in force.
type Windows func(ctx context.Context) (Window, error)

// ImporterOptions is what an Importer needs.
type ImporterOptions struct {
	Store         ImportStore
	CampusKey     []byte  // under which cards become digests
	Windows       Windows // W-1
	StudentDigits int     // how many digits a student number has; 0 if that varies
	Applied       func()  // called after each import that changed something; may be nil
	Log           *slog.Logger
	Registerer    prometheus.Registerer
	Now           func() time.Time
}

// Importer takes CSV files in. It is safe for concurrent use; the store does one import after another.
type Importer struct {
	o       ImporterOptions
	imports *prometheus.CounterVec
}

// NewImporter makes an Importer and registers its metrics.
func NewImporter(o ImporterOptions) *Importer {
	if o.Applied == nil {
		o.Applied = func() {}
	}
	return &Importer{o: o, imports: promauto.With(o.Registerer).NewCounterVec(prometheus.CounterOpts{
		Name: "rollcall_central_imports_total",
		Help: "Imported files by kind and what became of them.",
	}, []string{"kind", "result"})}
}

// file is one kind of file while it is taken in.
type file interface {
	columns() []sheet.Column
	line(r sheet.Row)                                     // takes in one line and reports its faults
	plan(ctx context.Context, state State, p *plan) error // compares what was taken in with what is there
}

// plan collects what an import comes to.
type plan struct {
	now    time.Time
	diff   Diff
	change Change
	faults sheet.Faults
	guard  string // why force is needed; empty if it is not
}

func (p *plan) fault(line int, column, problem, advice string) {
	p.faults = append(p.faults, sheet.Fault{Line: line, Column: column, Problem: problem, Advice: advice})
}

// Import takes a file in. Every fault of the file comes back at once as Faults, and then nothing is applied; with a dry
// run the Diff of the lines without fault comes back beside them. The same file a second time changes nothing.
func (i *Importer) Import(ctx context.Context, kind Kind, r io.Reader, o Options) (Diff, error) {
	diff, err := i.take(ctx, kind, r, o)
	i.imports.WithLabelValues(string(kind), importResult(err, o)).Inc()
	if err != nil {
		return diff, fmt.Errorf("import %s: %w", kind, err)
	}
	return diff, nil
}

func (i *Importer) take(ctx context.Context, kind Kind, r io.Reader, o Options) (Diff, error) {
	f, err := i.open(ctx, kind, &o)
	if err != nil {
		return Diff{}, err
	}
	digest := sha256.New()
	s := &sheet.Sheet{Columns: f.columns(), Format: o.DateFormat}
	if err := s.Read(io.TeeReader(r, digest), f.line); err != nil {
		return Diff{}, err
	}
	var diff Diff
	decide := func(state State) (*Change, error) {
		p := &plan{now: i.o.Now(), diff: Diff{Warnings: s.Warnings}, faults: s.Faults}
		if err := f.plan(ctx, state, p); err != nil {
			return nil, err
		}
		err := p.settle(o)
		diff = p.diff
		if err != nil || diff.Empty() {
			return nil, err
		}
		p.change.Receipt = Receipt{Kind: kind, Digest: [32]byte(digest.Sum(nil)), Actor: o.Actor, AppliedAt: p.now, Diff: diff}
		return &p.change, nil
	}
	if o.DryRun || len(s.Faults) > 0 {
		return diff, i.o.Store.Plan(ctx, func(state State) error {
			_, err := decide(state)
			return err
		})
	}
	if err := i.o.Store.Import(ctx, decide); err != nil {
		return diff, err
	}
	i.report(kind, o, diff)
	return diff, nil
}

// settle decides whether the plan may be carried out.
func (p *plan) settle(o Options) error {
	if len(p.faults) > 0 {
		return p.faults.Sorted()
	}
	if p.guard == "" || o.Force {
		return nil
	}
	if o.DryRun {
		p.diff.Warn("%s: without force this import would be refused", p.guard)
		return nil
	}
	return fmt.Errorf("%w: %s", ErrGuard, p.guard)
}

func (i *Importer) report(kind Kind, o Options, d Diff) {
	if d.Empty() {
		return
	}
	i.o.Log.Info("file imported", "kind", string(kind), "actor", o.Actor, "added", d.Added, "changed", d.Changed, "removed", d.Removed)
	i.o.Applied()
}

// open makes an empty file of a kind, and fills in the defaults of the options.
func (i *Importer) open(ctx context.Context, kind Kind, o *Options) (file, error) {
	if o.DateFormat == "" {
		o.DateFormat = ISO
	}
	if o.Mode == "" {
		o.Mode = Delta
	}
	switch {
	case o.DateFormat != ISO && o.DateFormat != DMY:
		return nil, fmt.Errorf("%w: date format %q, want iso or dmy", ErrOption, o.DateFormat)
	case o.Mode != Delta && o.Mode != CompleteForDates:
		return nil, fmt.Errorf("%w: mode %q, want delta or complete-for-dates", ErrOption, o.Mode)
	case o.Mode != Delta && kind != Sessions:
		return nil, fmt.Errorf("%w: mode %s is for timetables only", ErrOption, o.Mode)
	}
	switch kind {
	case Terms:
		return &termsFile{}, nil
	case Holidays:
		return &holidaysFile{}, nil
	case Rooms:
		return &roomsFile{}, nil
	case Students:
		return &studentsFile{digits: i.o.StudentDigits}, nil
	case Cards:
		return &cardsFile{campusKey: i.o.CampusKey}, nil
	case Sessions:
		window, err := i.o.Windows(ctx)
		return &sessionsFile{window: window, complete: o.Mode == CompleteForDates}, err
	case Absences:
		return &absencesFile{}, nil
	}
	return nil, fmt.Errorf("%w: not %q", ErrKind, kind)
}

func importResult(err error, o Options) string {
	var faults Faults
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

// upsert compares one thing with what is there under its key and reports whether it has to be written.
func upsert[V any](p *plan, label, key string, want V, have map[string]V, same func(a, b V) bool) bool {
	old, known := have[key]
	switch {
	case !known:
		p.diff.Added++
		p.diff.Example("new %s", label)
	case same(old, want):
		p.diff.Unchanged++
		return false
	default:
		p.diff.Changed++
		p.diff.Example("changed %s", label)
	}
	return true
}

func equal[V comparable](a, b V) bool { return a == b }

func keyed[V any](list []V, key func(V) string) map[string]V {
	m := make(map[string]V, len(list))
	for _, v := range list {
		m[key(v)] = v
	}
	return m
}
