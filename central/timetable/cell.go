package timetable

import (
	"fmt"
	"regexp"
	"strings"

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

// text is the cell of a column, empty if the file does without the column.
func (r row) text(column string) string {
	i := indexOf(r.s.columns, column)
	if at := r.s.place[i]; at >= 0 {
		return r.cells[at]
	}
	return ""
}

// need is text that must not be empty.
func (r row) need(column string) (string, bool) {
	v := r.text(column)
	if v == "" {
		r.fault(column, "the field is empty", "")
		return "", false
	}
	return v, true
}

// spreadsheetNumber is what becomes of a long number in a spreadsheet, e.g. 4,1E+06.
var spreadsheetNumber = regexp.MustCompile(`^[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+$`)

// id is an identifier: not empty, not mangled by a spreadsheet, usable as contract.CheckID says.
func (r row) id(column string) (string, bool) {
	v, ok := r.need(column)
	if !ok {
		return "", false
	}
	return v, r.checkID(column, v)
}

// optionalID is an identifier that may be left out.
func (r row) optionalID(column string) (string, bool) {
	v := r.text(column)
	return v, v == "" || r.checkID(column, v)
}

func (r row) checkID(column, v string) bool {
	if r.isSpreadsheetNumber(column, v) {
		return false
	}
	if err := contract.CheckID(column, v); err != nil {
		r.fault(column, err.Error(), "")
		return false
	}
	return true
}

func (r row) isSpreadsheetNumber(column, v string) bool {
	if !spreadsheetNumber.MatchString(v) {
		return false
	}
	r.fault(column, shown(v)+" was a number before a spreadsheet rounded it", "format the column as text and export it again")
	return true
}

// yes reads a truth value; empty means the given default.
func (r row) yes(column string, absent bool) (bool, bool) {
	switch strings.ToLower(r.text(column)) {
	case "":
		return absent, true
	case "yes", "y", "true", "1":
		return true, true
	case "no", "n", "false", "0":
		return false, true
	}
	r.fault(column, shown(r.text(column))+" is neither yes nor no", "write yes or no")
	return false, false
}

// day reads a day in the declared format.
func (r row) day(column string) (calendar.Day, bool) {
	v, ok := r.need(column)
	if !ok {
		return calendar.Day{}, false
	}
	day, err := parseDay(v, r.s.format)
	if err == nil {
		return day, true
	}
	advice := "write it as yyyy-mm-dd"
	if r.s.format == DMY {
		advice = "write it as dd/mm/yyyy"
	}
	if _, other := parseDay(v, map[DateFormat]DateFormat{ISO: DMY, DMY: ISO}[r.s.format]); other == nil {
		advice = fmt.Sprintf("declare the other date format if all days are written like this (this import says %s)", r.s.format)
	}
	r.fault(column, shown(v)+" is not a day", advice)
	return calendar.Day{}, false
}

var dmy = regexp.MustCompile(`^([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})$`)

func parseDay(text string, format DateFormat) (calendar.Day, error) {
	if format != DMY {
		return calendar.ParseDay(text)
	}
	m := dmy.FindStringSubmatch(text)
	if m == nil {
		return calendar.Day{}, fmt.Errorf("%q is not dd/mm/yyyy", text)
	}
	return calendar.ParseDay(fmt.Sprintf("%s-%02s-%02s", m[3], m[2], m[1]))
}
