package central

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/evidence"
	"github.com/rollcall-edge/rollcall/central/sheet"
	"github.com/rollcall-edge/rollcall/central/timetable"
)

// ImportOptions is how a file of any kind is imported.
type ImportOptions struct {
	Actor      string           // who is answerable for it
	DryRun     bool             // say what would change, and change nothing
	Force      bool             // do what the guard refuses
	DateFormat sheet.DateFormat // ISO if empty

	Mode           timetable.Mode // of a timetable; Delta if empty
	Through, Since time.Time      // of facts: from when until when the file is complete, both included; zero if nobody says
}

// Import takes in a file of the timetable and its people, or of facts, and says what changed. Every fault of the file comes back at
// once as sheet.Faults, and then nothing is applied. The same file a second time changes nothing.
func (f *Office) Import(ctx context.Context, kind string, r io.Reader, o ImportOptions) (sheet.Diff, error) {
	if slices.Contains(evidence.Kinds(), evidence.Kind(kind)) {
		if o.Mode != "" && o.Mode != timetable.Delta {
			return sheet.Diff{}, fmt.Errorf("import %s: %w: mode %s is for timetables only", kind, evidence.ErrOption, o.Mode)
		}
		return f.Evidence.Import(ctx, evidence.Kind(kind), r, evidence.Options{
			Actor: o.Actor, DryRun: o.DryRun, Force: o.Force, DateFormat: o.DateFormat, Through: o.Through, Since: o.Since,
		})
	}
	if !o.Through.IsZero() || !o.Since.IsZero() {
		return sheet.Diff{}, fmt.Errorf("import %s: %w: until when a file is complete matters of facts only", kind, evidence.ErrOption)
	}
	return f.Importer.Import(ctx, timetable.Kind(kind), r, timetable.Options{
		Actor: o.Actor, DryRun: o.DryRun, Force: o.Force, DateFormat: o.DateFormat, Mode: o.Mode,
	})
}
