// Package rows checks that every example of central/rules/ROWS.md is a test that bears its number, in the package that the
// table names. It runs nothing itself.
package rows

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const (
	root  = "../.."
	table = root + "/central/rules/ROWS.md"
	want  = 80
)

var (
	line     = regexp.MustCompile(`^\| *(\d+) \|.*\| ([a-z/]+) \|$`)
	subtest  = regexp.MustCompile(`^row (\d+) `)
	function = regexp.MustCompile(`^TestRow(\d+)[A-Z]`)
)

func TestEveryExampleIsATest(t *testing.T) {
	rows := readTable(t)
	if len(rows) != want {
		t.Fatalf("%s has %d rows, want %d", table, len(rows), want)
	}
	named := map[string]map[int]bool{}
	for row := 1; row <= want; row++ {
		dir := rows[row]
		if dir == "" {
			t.Errorf("row %d is not in the table", row)
			continue
		}
		if named[dir] == nil {
			named[dir] = testsOf(t, filepath.Join(root, dir))
		}
		if !named[dir][row] {
			t.Errorf("row %d: no test of %s is called %q or TestRow%d…", row, dir, "row "+strconv.Itoa(row)+" …", row)
		}
	}
}

// readTable is the package of each row.
func readTable(t *testing.T) map[int]string {
	t.Helper()
	text, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[int]string{}
	for _, l := range strings.Split(string(text), "\n") {
		if m := line.FindStringSubmatch(l); m != nil {
			rows[number(m[1])] = m[2]
		}
	}
	return rows
}

// testsOf are the rows that tests of a folder bear in their names.
func testsOf(t *testing.T, dir string) map[int]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests in %s (%v)", dir, err)
	}
	named := map[int]bool{}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if row, ok := rowOf(n); ok {
				named[row] = true
			}
			return true
		})
	}
	return named
}

func rowOf(n ast.Node) (int, bool) {
	var m []string
	switch n := n.(type) {
	case *ast.FuncDecl:
		m = function.FindStringSubmatch(n.Name.Name)
	case *ast.BasicLit:
		if text, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil {
			m = subtest.FindStringSubmatch(text)
		}
	}
	if m == nil {
		return 0, false
	}
	return number(m[1]), true
}

func number(digits string) int {
	n, _ := strconv.Atoi(digits) // the expression matched digits
	return n
}
