package central

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/evidence"
	"github.com/rollcall-edge/rollcall/central/ingest"
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

// ImportTaps takes in what rollcall-gateway journal export wrote of a pulled card; gateway owns streams that central has never
// heard of. Whoever is concerned is judged by a serving central, or by the next command that judges.
func (f *Office) ImportTaps(ctx context.Context, gateway string, r io.Reader) (ingest.Imported, error) {
	intake := ingest.New(ingest.Options{Store: f.store, Log: f.log, Registerer: f.registry, Now: f.now})
	done, err := intake.Import(ctx, gateway, r)
	f.imported()
	return done, err
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
