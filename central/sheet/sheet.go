// Package sheet reads files as people export them from spreadsheets and databases: rows under named columns, cell by cell, with
// every fault of the file at its line. It knows nothing of what the rows are about.
package sheet

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrTooLarge says that a file is larger than what any university has to say.
var ErrTooLarge = errors.New("file is too large")

// maxFile bounds a file, in octets; a whole year of a large university fits.
const maxFile = 256 << 20

// Column is a column of a kind of file. Columns may stand in any order.
type Column struct {
	Name     string
	Optional bool // the file may do without it
	Raw      bool // its text may have line breaks and other control characters
}

// SealColumn is the column in which files that central made name the daily seal it stood by. Every kind of file may have it, and
// nothing is read from it: a sheet that was exported, changed and imported again need not be cut first.
const SealColumn = "daily_seal"

func indexOf(columns []Column, name string) int {
	for i, c := range columns {
		if c.Name == name {
			return i
		}
	}
	return -1
}

func names(columns []Column) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = c.Name
	}
	return strings.Join(list, ", ")
}

// Sheet reads a CSV file line by line, or a JSON file object by object, and collects everything wrong with it, so that it is put right in one go.
type Sheet struct {
	Columns  []Column
	Format   DateFormat // ISO if empty
	Others   bool       // the file may have columns of other names, which are passed over
	Faults   Faults
	Warnings []string

	place    []int // place[i] is where Columns[i] stands in a line; -1 if the file does without it
	trimmed  int   // cells with space around them
	trimLine int   // the line of the first of them
}

// Read calls each with every line after the header; a faulty line is not shown to it.
func (s *Sheet) Read(r io.Reader, each func(Row)) error {
	if s.Format == "" {
		s.Format = ISO
	}
	octets, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return fmt.Errorf("read file: %w", err)
	}
	if len(octets) > maxFile {
		return fmt.Errorf("%w: more than %d MiB", ErrTooLarge, maxFile>>20)
	}
	content, fault := text(octets)
	if fault != nil {
		s.Faults = append(s.Faults, *fault)
		return nil
	}
	if isJSON(content) {
		s.objects(content, each)
	} else {
		s.table(content, each)
	}
	if s.trimmed > 0 {
		s.Warnings = append(s.Warnings, fmt.Sprintf("space around the text of %d cells was cut off, first in line %d", s.trimmed, s.trimLine))
	}
	return nil
}

// table reads rows from CSV.
func (s *Sheet) table(content string, each func(Row)) {
	c := csv.NewReader(strings.NewReader(content))
	c.Comma = delimiter(content, s.Columns)
	if name := delimiterNames[c.Comma]; name != "" {
		s.Warnings = append(s.Warnings, "the columns are separated by "+name+"; the file was read as such")
	}
	if s.header(c) {
		s.lines(c, each)
	}
}

func (s *Sheet) header(c *csv.Reader) bool {
	advice := "the columns of this kind of file are " + names(s.Columns)
	cells, err := c.Read()
	if errors.Is(err, io.EOF) {
		s.Faults = append(s.Faults, Fault{Problem: "the file is empty", Advice: advice})
		return false
	}
	if err != nil {
		s.parseFault(err)
		return false
	}
	s.place = make([]int, len(s.Columns))
	for i := range s.place {
		s.place[i] = -1
	}
	for at, name := range cells {
		name = strings.TrimSpace(name)
		i := indexOf(s.Columns, name)
		switch {
		case i < 0 && (s.Others || name == SealColumn):
		case i < 0:
			s.Faults = append(s.Faults, Fault{Line: 1, Column: Shown(name), Problem: "no such column", Advice: advice})
		case s.place[i] >= 0:
			s.Faults = append(s.Faults, Fault{Line: 1, Column: name, Problem: "the column is there twice"})
		default:
			s.place[i] = at
		}
	}
	for i, column := range s.Columns {
		if s.place[i] < 0 && !column.Optional {
			s.Faults = append(s.Faults, Fault{Line: 1, Column: column.Name, Problem: "the column is missing", Advice: advice})
		}
	}
	return len(s.Faults) == 0
}

func (s *Sheet) lines(c *csv.Reader, each func(Row)) {
	for {
		cells, err := c.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			s.parseFault(err)
			if !errors.Is(err, csv.ErrFieldCount) {
				return // after a damaged quote no line can be told from the next
			}
			continue
		}
		line, _ := c.FieldPos(0)
		r := Row{s: s, Line: line, cells: cells}
		if r.clean() {
			each(r)
		}
	}
}

// parseFault says where a line is not CSV. The reader's own line for an unclosed quote is the end of the file; what helps
// is where the quote began.
func (s *Sheet) parseFault(err error) {
	var p *csv.ParseError
	if !errors.As(err, &p) {
		s.Faults = append(s.Faults, Fault{Problem: fmt.Sprintf("the file cannot be read: %v", err)})
		return
	}
	f := Fault{Line: p.StartLine}
	switch {
	case errors.Is(err, csv.ErrFieldCount):
		f.Problem = "the line has more or fewer fields than the header"
		f.Advice = "put fields with the separator inside into quotes"
	case errors.Is(err, csv.ErrQuote) && p.Line > p.StartLine:
		f.Problem = "a quote is opened and never closed"
		f.Advice = "close it, or write a quote inside a field twice"
	default:
		f.Problem = fmt.Sprintf("a quote is out of place (column %d)", p.Column)
		f.Advice = "put the whole field into quotes and write quotes inside it twice"
	}
	s.Faults = append(s.Faults, f)
}

// Row is one line of a file.
type Row struct {
	s     *Sheet
	Line  int // from 1
	cells []string
}

// clean trims the cells and refuses characters that no spreadsheet shows.
func (r Row) clean() bool {
	ok := true
	for i, cell := range r.cells {
		if r.s.rawAt(i) {
			continue
		}
		trimmed := strings.TrimSpace(cell)
		if trimmed != cell {
			if r.s.trimmed == 0 {
				r.s.trimLine = r.Line
			}
			r.s.trimmed++
			r.cells[i] = trimmed
		}
		if at := strings.IndexFunc(trimmed, unicode.IsControl); at >= 0 {
			control, _ := utf8.DecodeRuneInString(trimmed[at:])
			r.Fault(r.s.nameAt(i), fmt.Sprintf("the text contains the control character %U", control), "delete it")
			ok = false
		}
	}
	return ok
}

// rawAt reports whether a cell is left as it is.
func (s *Sheet) rawAt(place int) bool {
	for i, at := range s.place {
		if at == place {
			return s.Columns[i].Raw
		}
	}
	return true // of a column that is passed over
}

func (s *Sheet) nameAt(place int) string {
	for i, at := range s.place {
		if at == place {
			return s.Columns[i].Name
		}
	}
	return ""
}

// Fault says what is wrong with a cell of the line, or with the line if column is empty, and what to do about it.
func (r Row) Fault(column, problem, advice string) {
	r.s.Faults = append(r.s.Faults, Fault{Line: r.Line, Column: column, Problem: problem, Advice: advice})
}

// Warn says what is odd about the line and hinders nothing.
func (r Row) Warn(format string, args ...any) {
	r.s.Warnings = append(r.s.Warnings, fmt.Sprintf(format, args...))
}

// Shown quotes what a file says for a message, cut to a length that a screen bears.
func Shown(text string) string {
	const most = 40
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
