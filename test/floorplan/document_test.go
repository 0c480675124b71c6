package floorplan

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// Every package says what it is for, in a comment that starts with its name as Go's tools expect.
func TestEveryPackageIsDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, file := range goFiles(t) {
		if file.test && !strings.HasPrefix(file.dir, "test/") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("../..", file.path), nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			t.Fatal(err)
		}
		text := parsed.Doc.Text()
		is := strings.HasPrefix(text, "Package ") || strings.HasPrefix(text, "Command ")
		documented[file.dir] = documented[file.dir] || is
	}
	for dir, is := range documented {
		if !is {
			t.Errorf("package %s has no comment: say what it is for, then what it does not do", dir)
		}
	}
}

// The top level stays what the README shows.
func TestTopLevel(t *testing.T) {
	allowed := map[string]bool{
		"gateway": true, "central": true, "drivers": true, "config": true, "packaging": true, "test": true,
		"go.mod": true, "go.sum": true, "Makefile": true, "README.md": true, "LICENSE": true, "CHANGELOG.md": true, "SECURITY.md": true,
	}
	names, err := filepath.Glob("../../*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range names {
		if name := filepath.Base(path); !allowed[name] && !strings.HasPrefix(name, ".") && name != "dist" && name != "bin" {
			t.Errorf("%s does not belong at the top level", name)
		}
	}
}
