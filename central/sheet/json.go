package sheet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Values calls each with the JSON values of a file and the lines they begin in: the elements of an array, or of an array under
// the name inside of an object, or values one after another. Where the file stops being JSON is a fault.
func Values(octets []byte, inside string, each func(line int, value json.RawMessage)) *Fault {
	v := &values{octets: octets, line: 1, inside: inside, each: each}
	return v.all(json.NewDecoder(bytes.NewReader(octets)), 0, func(raw json.RawMessage) *Fault { return v.top(raw) })
}

// values reads one file of them.
type values struct {
	octets []byte
	inside string
	each   func(int, json.RawMessage)

	line   int // of what is at offset
	offset int
}

// all hands take every value that a decoder, which began at an offset of the file, has left.
func (v *values) all(dec *json.Decoder, began int, take func(json.RawMessage) *Fault) *Fault {
	for dec.More() {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return v.broken(err, began)
		}
		v.goTo(began + int(dec.InputOffset()) - len(raw))
		if fault := take(raw); fault != nil {
			return fault
		}
	}
	if _, err := dec.Token(); err != nil && !errors.Is(err, io.EOF) { // a bracket too many
		return v.broken(err, began)
	}
	return nil
}

// top takes a value of the file itself.
func (v *values) top(raw json.RawMessage) *Fault {
	if raw[0] == '[' {
		return v.array(raw)
	}
	var held map[string]json.RawMessage
	if v.inside != "" && json.Unmarshal(raw, &held) == nil && bytes.HasPrefix(held[v.inside], []byte("[")) {
		v.goTo(v.offset + bytes.Index(raw, held[v.inside]))
		return v.array(held[v.inside])
	}
	v.each(v.line, raw)
	return nil
}

func (v *values) array(raw json.RawMessage) *Fault {
	began := v.offset
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil { // the bracket
		return v.broken(err, began)
	}
	return v.all(dec, began, func(one json.RawMessage) *Fault { v.each(v.line, one); return nil })
}

// broken says where the file stops being JSON.
func (v *values) broken(err error, began int) *Fault {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		v.goTo(began + int(syntax.Offset))
	} else {
		v.goTo(len(v.octets))
	}
	return &Fault{Line: v.line, Problem: "the file is not JSON here: " + err.Error(), Advice: "export it as a JSON array, or one object a line, in UTF-8"}
}

// goTo counts lines up to an offset.
func (v *values) goTo(offset int) {
	offset = min(max(offset, v.offset), len(v.octets))
	v.line += bytes.Count(v.octets[v.offset:offset], []byte("\n"))
	v.offset = offset
}

// isJSON reports whether a file begins as JSON does, and no table.
func isJSON(content string) bool {
	content = strings.TrimLeft(content, " \t\r\n")
	return strings.HasPrefix(content, "[") || strings.HasPrefix(content, "{")
}

// objects reads rows from JSON objects, whose names are the columns.
func (s *Sheet) objects(content string, each func(Row)) {
	s.place = make([]int, len(s.Columns))
	for i := range s.place {
		s.place[i] = i
	}
	fault := Values([]byte(content), "", func(line int, value json.RawMessage) {
		r := Row{s: s, Line: line, cells: make([]string, len(s.Columns))}
		if s.object(r, value) && r.clean() {
			each(r)
		}
	})
	if fault != nil {
		s.Faults = append(s.Faults, *fault)
	}
}

// object fills the cells of a row.
func (s *Sheet) object(r Row, value json.RawMessage) bool {
	var fields map[string]any
	dec := json.NewDecoder(bytes.NewReader(value))
	dec.UseNumber() // as the file writes it
	if err := dec.Decode(&fields); err != nil || fields == nil {
		r.Fault("", "this is no JSON object", "write an object for each line, with the names "+names(s.Columns))
		return false
	}
	before := len(s.Faults)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		i := indexOf(s.Columns, name)
		switch {
		case i >= 0:
			r.cells[i] = s.plain(r, name, fields[name])
		case !s.Others:
			r.Fault(Shown(name), "no such column", "the columns of this kind of file are "+names(s.Columns))
		}
	}
	for _, c := range s.Columns {
		if _, there := fields[c.Name]; !there && !c.Optional {
			r.Fault(c.Name, "the column is missing", "the columns of this kind of file are "+names(s.Columns))
		}
	}
	return len(s.Faults) == before
}

// plain is a JSON value as a cell has it.
func (s *Sheet) plain(r Row, column string, value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return map[bool]string{true: "yes", false: "no"}[v]
	}
	r.Fault(column, fmt.Sprintf("the value is %s", map[bool]string{true: "a list", false: "an object"}[isList(value)]), "write a text or a number")
	return ""
}

func isList(value any) bool {
	_, is := value.([]any)
	return is
}
