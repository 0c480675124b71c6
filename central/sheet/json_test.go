package sheet

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Objects are rows, whose names are the columns; their lines are those in which they begin.
func TestObjects(t *testing.T) {
	for _, tt := range []struct {
		name, content string
		want          []string // line, name and age of each row
		faults        []string
	}{
		{"an array", "[\n {\"name\": \"Ada\", \"age\": 36},\n {\"age\": null, \"name\": \"Bob\"}\n]\n", []string{"2 Ada 36", "3 Bob "}, nil},
		{"one a line", "\ufeff{\"name\":\"Ada\",\"age\":\"36\"}\n\n{\"name\":\"Bob\"}", []string{"1 Ada 36", "3 Bob "}, nil},
		{"numbers as they are written", `[{"name": 007, "age": 1}]`, nil, []string{
			"line 1: the file is not JSON here: invalid character '0' after object key:value pair; export it as a JSON array, or one object a line, in UTF-8"}},
		{"numbers and truths", `[{"name": 1.20, "age": true}, {"name": 1.2E+08, "age": false}]`, []string{"1 1.20 yes", "1 1.2E+08 no"}, nil},
		{"none", "[]", nil, nil},
		{"columns wrong and missing", "[{\"nme\":\"Ada\"},\n{\"name\":\"Bob\"}]", []string{"2 Bob "}, []string{
			`line 1, "nme": no such column; the columns of this kind of file are name, age`,
			"line 1, name: the column is missing; the columns of this kind of file are name, age"}},
		{"values that are none", "[{\"name\":[\"Ada\"],\"age\":{}},\n3,\nnull]", nil, []string{
			"line 1, age: the value is an object; write a text or a number", "line 1, name: the value is a list; write a text or a number",
			"line 2: this is no JSON object; write an object for each line, with the names name, age",
			"line 3: this is no JSON object; write an object for each line, with the names name, age"}},
		{"a control character", `[{"name":"A\u0000da"}]`, nil, []string{"line 1, name: the text contains the control character U+0000; delete it"}},
		{"cut off", "[{\"name\":\"Ada\"},\n{\"name\":", nil, []string{
			"line 2: the file is not JSON here: unexpected EOF; export it as a JSON array, or one object a line, in UTF-8"}},
		{"a bracket too many", "{\"name\":\"Ada\"}\n]", []string{"1 Ada "}, []string{
			"line 2: the file is not JSON here: invalid character ']' looking for beginning of value; export it as a JSON array, or one object a line, in UTF-8"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &Sheet{Columns: []Column{{Name: "name"}, {Name: "age", Optional: true}}}
			var got, faults []string
			err := s.Read(strings.NewReader(tt.content), func(r Row) {
				got = append(got, fmt.Sprintf("%d %s %s", r.Line, r.Text("name"), r.Text("age")))
			})
			for _, f := range s.Faults {
				faults = append(faults, f.String())
			}
			if d := cmp.Diff(tt.want, got); d != "" || err != nil {
				t.Errorf("rows (-want +got):\n%s%v", d, err)
			}
			if d := cmp.Diff(tt.faults, faults); d != "" {
				t.Errorf("faults (-want +got):\n%s", d)
			}
		})
	}
}

// FuzzSheet reads any octets as a table or as objects: no panic, rows only with what columns have, faults with words.
func FuzzSheet(f *testing.F) {
	for _, content := range []string{"name,age\nAda,36\n", "name;age\n\"Ada\";\n", "[{\"name\": \"Ada\", \"age\": 36}]", "{\"name\":\"Ada\"}\n{\"name\":\"Bob\"}", "[{\"name\":", "[]]"} {
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content string) {
		s := &Sheet{Columns: []Column{{Name: "name"}, {Name: "age", Optional: true}}}
		lines := strings.Count(content, "\n") + 1
		err := s.Read(strings.NewReader(content), func(r Row) {
			if r.Line < 1 || r.Line > lines {
				t.Fatalf("a row in line %d of %d", r.Line, lines)
			}
			r.Text("name")
			r.Text("age")
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range s.Faults {
			if fault.Problem == "" || fault.Line < 0 || fault.Line > lines {
				t.Fatalf("fault %+v in a file of %d lines", fault, lines)
			}
		}
	})
}
