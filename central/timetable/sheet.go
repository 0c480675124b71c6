package timetable

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxFile bounds a file, in octets; a whole year of a large university fits.
const maxFile = 256 << 20

// column is a column of a kind of file. Columns may stand in any order.
type column struct {
	name     string
	optional bool // the file may do without it
}

func indexOf(columns []column, name string) int {
	for i, c := range columns {
		if c.name == name {
			return i
		}
	}
	return -1
}

func names(columns []column) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = c.name
	}
	return strings.Join(list, ", ")
}

// sheet reads a CSV file line by line and collects everything wrong with it, so that it is put right in one go.
type sheet struct {
	columns  []column
	place    []int // place[i] is where columns[i] stands in a line; -1 if the file does without it
	format   DateFormat
	faults   Faults
	warnings []string
	trimmed  int // cells with space around them
	trimLine int // the line of the first of them
}

// read calls each with every line after the header; a faulty line is not shown to it.
func (s *sheet) read(r io.Reader, each func(row)) error {
	octets, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return fmt.Errorf("read file: %w", err)
	}
	if len(octets) > maxFile {
		return fmt.Errorf("%w: more than %d MiB", ErrTooLarge, maxFile>>20)
	}
	content, fault := text(octets)
	if fault != nil {
		s.faults = append(s.faults, *fault)
		return nil
	}
	c := csv.NewReader(strings.NewReader(content))
	c.Comma = delimiter(content, s.columns)
	if name := delimiterNames[c.Comma]; name != "" {
		s.warnings = append(s.warnings, "the columns are separated by "+name+"; the file was read as such")
	}
	if s.header(c) {
		s.lines(c, each)
	}
	if s.trimmed > 0 {
		s.warnings = append(s.warnings, fmt.Sprintf("space around the text of %d cells was cut off, first in line %d", s.trimmed, s.trimLine))
	}
	return nil
}

func (s *sheet) header(c *csv.Reader) bool {
	advice := "the columns of this kind of file are " + names(s.columns)
	cells, err := c.Read()
	if errors.Is(err, io.EOF) {
		s.faults = append(s.faults, Fault{Problem: "the file is empty", Advice: advice})
		return false
	}
	if err != nil {
		s.parseFault(err)
		return false
	}
	s.place = make([]int, len(s.columns))
	for i := range s.place {
		s.place[i] = -1
	}
	for at, name := range cells {
		name = strings.TrimSpace(name)
		i := indexOf(s.columns, name)
		switch {
		case i < 0:
			s.faults = append(s.faults, Fault{Line: 1, Column: shown(name), Problem: "no such column", Advice: advice})
		case s.place[i] >= 0:
			s.faults = append(s.faults, Fault{Line: 1, Column: name, Problem: "the column is there twice"})
		default:
			s.place[i] = at
		}
	}
	for i, column := range s.columns {
		if s.place[i] < 0 && !column.optional {
			s.faults = append(s.faults, Fault{Line: 1, Column: column.name, Problem: "the column is missing", Advice: advice})
		}
	}
	return len(s.faults) == 0
}

func (s *sheet) lines(c *csv.Reader, each func(row)) {
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
		r := row{s: s, line: line, cells: cells}
		if r.clean() {
			each(r)
		}
	}
}

// parseFault says where a line is not CSV. The reader's own line for an unclosed quote is the end of the file; what helps
// is where the quote began.
func (s *sheet) parseFault(err error) {
	var p *csv.ParseError
	if !errors.As(err, &p) {
		s.faults = append(s.faults, Fault{Problem: fmt.Sprintf("the file cannot be read: %v", err)})
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
	s.faults = append(s.faults, f)
}

// row is one line of a file.
type row struct {
	s     *sheet
	line  int
	cells []string
}

// clean trims the cells and refuses characters that no spreadsheet shows.
func (r row) clean() bool {
	ok := true
	for i, cell := range r.cells {
		trimmed := strings.TrimSpace(cell)
		if trimmed != cell {
			if r.s.trimmed == 0 {
				r.s.trimLine = r.line
			}
			r.s.trimmed++
			r.cells[i] = trimmed
		}
		if at := strings.IndexFunc(trimmed, unicode.IsControl); at >= 0 {
			control, _ := utf8.DecodeRuneInString(trimmed[at:])
			r.fault(r.s.nameAt(i), fmt.Sprintf("the text contains the control character %U", control), "delete it")
			ok = false
		}
	}
	return ok
}

func (s *sheet) nameAt(place int) string {
	for i, at := range s.place {
		if at == place {
			return s.columns[i].name
		}
	}
	return ""
}

func (r row) fault(column, problem, advice string) {
	r.s.faults = append(r.s.faults, Fault{Line: r.line, Column: column, Problem: problem, Advice: advice})
}

// shown quotes what a file says for a message, cut to a length that a screen bears.
func shown(text string) string {
	const most = 40
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return fmt.Sprintf("%q", text)
}
