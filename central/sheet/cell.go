package sheet

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/contract"
)

// DateFormat is how a file writes days; it is declared, never guessed, because 05/06 is a day in both ways of reading it.
type DateFormat string

// The formats of days.
const (
	ISO DateFormat = "iso" // 2026-10-05
	DMY DateFormat = "dmy" // 05/10/2026
)

// Text is the cell of a column, empty if the file does without the column.
func (r Row) Text(column string) string {
	i := indexOf(r.s.Columns, column)
	if at := r.s.place[i]; at >= 0 {
		return r.cells[at]
	}
	return ""
}

// Need is text that must not be empty.
func (r Row) Need(column string) (string, bool) {
	v := r.Text(column)
	if v == "" {
		r.Fault(column, "the field is empty", "")
		return "", false
	}
	return v, true
}

// spreadsheetNumber is what becomes of a long number in a spreadsheet, e.g. 4,1E+06.
var spreadsheetNumber = regexp.MustCompile(`^[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+$`)

// ID is an identifier: not empty, not mangled by a spreadsheet, usable as contract.CheckID says.
func (r Row) ID(column string) (string, bool) {
	v, ok := r.Need(column)
	if !ok {
		return "", false
	}
	return v, r.checkID(column, v)
}

// OptionalID is an identifier that may be left out.
func (r Row) OptionalID(column string) (string, bool) {
	v := r.Text(column)
	return v, v == "" || r.checkID(column, v)
}

func (r Row) checkID(column, v string) bool {
	if r.IsSpreadsheetNumber(column, v) {
		return false
	}
	if err := contract.CheckID(column, v); err != nil {
		r.Fault(column, err.Error(), "")
		return false
	}
	return true
}

// IsSpreadsheetNumber reports, as a fault, a number that a spreadsheet has rounded.
func (r Row) IsSpreadsheetNumber(column, v string) bool {
	if !spreadsheetNumber.MatchString(v) {
		return false
	}
	r.Fault(column, Shown(v)+" was a number before a spreadsheet rounded it", "format the column as text and export it again")
	return true
}

// Yes reads a truth value; empty means the given default.
func (r Row) Yes(column string, absent bool) (bool, bool) {
	switch strings.ToLower(r.Text(column)) {
	case "":
		return absent, true
	case "yes", "y", "true", "1":
		return true, true
	case "no", "n", "false", "0":
		return false, true
	}
	r.Fault(column, Shown(r.Text(column))+" is neither yes nor no", "write yes or no")
	return false, false
}

// Day reads a day in the declared format.
func (r Row) Day(column string) (calendar.Day, bool) {
	v, ok := r.Need(column)
	if !ok {
		return calendar.Day{}, false
	}
	day, err := ParseDay(v, r.s.Format)
	if err == nil {
		return day, true
	}
	advice := "write it as yyyy-mm-dd"
	if r.s.Format == DMY {
		advice = "write it as dd/mm/yyyy"
	}
	if _, other := ParseDay(v, map[DateFormat]DateFormat{ISO: DMY, DMY: ISO}[r.s.Format]); other == nil {
		advice = fmt.Sprintf("declare the other date format if all days are written like this (this import says %s)", r.s.Format)
	}
	r.Fault(column, Shown(v)+" is not a day", advice)
	return calendar.Day{}, false
}

var dmy = regexp.MustCompile(`^([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})$`)

// ParseDay reads a day in a format.
func ParseDay(text string, format DateFormat) (calendar.Day, error) {
	if format != DMY {
		return calendar.ParseDay(text)
	}
	m := dmy.FindStringSubmatch(text)
	if m == nil {
		return calendar.Day{}, fmt.Errorf("%q is not dd/mm/yyyy", text)
	}
	return calendar.ParseDay(fmt.Sprintf("%s-%02s-%02s", m[3], m[2], m[1]))
}

// Moment is a day, of which it means the first or the last instant, or a day and a time.
func (r Row) Moment(column string, end bool) (time.Time, bool) {
	v, ok := r.Need(column)
	if !ok {
		return time.Time{}, false
	}
	dayText, clock, timed := strings.Cut(strings.Replace(v, "T", " ", 1), " ")
	day, err := ParseDay(dayText, r.s.Format)
	if err != nil || !timed {
		return r.Edge(column, end)
	}
	t, problem, advice := At(day, clock)
	if problem != "" {
		r.Fault(column, problem, advice)
		return time.Time{}, false
	}
	return t, true
}

// Edge is the first instant of a day, or the last millisecond of it; zero if the cell is empty.
func (r Row) Edge(column string, end bool) (time.Time, bool) {
	if r.Text(column) == "" {
		return time.Time{}, true
	}
	day, ok := r.Day(column)
	if !ok {
		return time.Time{}, false
	}
	if end {
		return LastInstant(day), true
	}
	return day.Starts().UTC(), true
}

// Clock is a time of day in London as an instant of a day.
func (r Row) Clock(column string, day calendar.Day) (time.Time, bool) {
	v, ok := r.Need(column)
	if !ok {
		return time.Time{}, false
	}
	t, problem, advice := At(day, v)
	if problem != "" {
		r.Fault(column, problem, advice)
		return time.Time{}, false
	}
	return t, true
}

// LastInstant is the last millisecond of a day, since instants are stored in milliseconds.
func LastInstant(d calendar.Day) time.Time {
	return d.Add(1).Starts().Add(-time.Millisecond).UTC()
}
