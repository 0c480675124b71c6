package timetable

import (
	"context"
	"slices"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/sheet"
)

// Holiday is a bank holiday of England and Wales that was proclaimed after this build: it postpones deadlines in working days
// (RULES G-5). Closure days of the institution are none, since they do not.
type Holiday struct {
	Day     calendar.Day
	Name    string
	Deleted bool // it was a mistake
}

// holidaysFile is holidays.csv. A line with delete takes a day back, because one that is none would let a deadline pass.
type holidaysFile struct {
	holidays []Holiday
	lines    sheet.Lines
}

func (f *holidaysFile) columns() []sheet.Column {
	return []sheet.Column{{Name: "day"}, {Name: "name"}, {Name: "delete", Optional: true}}
}

func (f *holidaysFile) line(r sheet.Row) {
	day, ok1 := r.Day("day")
	name, ok2 := r.Need("name")
	deleted, ok3 := r.Yes("delete", false)
	if !ok1 || !ok2 || !ok3 {
		return
	}
	if known := calendar.BankHoliday(day); known != "" {
		r.Fault("day", day.String()+" is known already as "+known, "delete the line")
		return
	}
	if f.lines == nil {
		f.lines = sheet.Lines{}
	}
	if f.lines.First(r, "day", day.String()) {
		f.holidays = append(f.holidays, Holiday{day, name, deleted})
	}
}

// plan has everybody judged again: a deadline of anybody may be another.
func (f *holidaysFile) plan(ctx context.Context, state State, p *plan) error {
	present, err := state.Holidays(ctx)
	if err != nil {
		return err
	}
	for _, h := range f.holidays {
		at := slices.IndexFunc(present, func(known Holiday) bool { return known.Day == h.Day })
		if h.Deleted && at < 0 || at >= 0 && present[at] == h {
			p.diff.Unchanged++
			continue
		}
		switch {
		case h.Deleted:
			p.diff.Removed++
			p.diff.Example("no holiday on %s", h.Day)
		case at < 0:
			p.diff.Added++
			p.diff.Example("holiday on %s: %s", h.Day, h.Name)
		default:
			p.diff.Changed++
			p.diff.Example("holiday on %s is called %s", h.Day, h.Name)
		}
		p.change.Holidays = append(p.change.Holidays, h)
		p.change.AllDirty = true
	}
	return nil
}
