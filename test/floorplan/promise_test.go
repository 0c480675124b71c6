package floorplan

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A promise that names a test which is not there is a promise that nobody keeps: every test that a document names exists, in
// the package that it names.
func TestDocumentsNameTestsThatExist(t *testing.T) {
	known := declaredTests(t)
	if len(known) < 1000 {
		t.Fatalf("%d tests found; the search for them is broken", len(known))
	}
	documents := 0
	for _, file := range filesOf(t, ".md") {
		text, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range unknownTests(string(text), known) {
			t.Errorf("%s: %s", file, fault)
		}
		documents++
	}
	if documents < 10 {
		t.Fatalf("%d documents found; the search for them is broken", documents)
	}
}

func TestDocumentsNameTestsThatExistFindsViolations(t *testing.T) {
	known := map[string]bool{"TestA": true, "journal.TestA": true}
	for text, want := range map[string]string{
		"`TestA`, `journal.TestA`":   "",
		"`TestB`":                    "there is no test TestB",
		"`forward.TestA`":            "there is no test forward.TestA",
		"no name: TestB":             "",
		"`go test -run TestB ./...`": "",
		"`TestA/a_case`":             "",
	} {
		if got := strings.Join(unknownTests(text, known), "; "); got != want {
			t.Errorf("unknownTests(%q) = %q, want %q", text, got, want)
		}
	}
}

var (
	declaration = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Z]\w*)\(`)
	mention     = regexp.MustCompile("`((?:\\w+\\.)?(?:Test|Fuzz|Benchmark)[A-Z]\\w*)(?:/[^`]*)?`")
)

// unknownTests lists names in a document, between back quotes and with or without a package, that no test has.
func unknownTests(text string, known map[string]bool) (faults []string) {
	for _, m := range mention.FindAllStringSubmatch(text, -1) {
		if !known[m[1]] {
			faults = append(faults, fmt.Sprintf("there is no test %s", m[1]))
		}
	}
	return faults
}

// declaredTests are the names of all tests, alone and behind the last part of their package's folder.
func declaredTests(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	for _, file := range filesOf(t, "_test.go") {
		text, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range declaration.FindAllStringSubmatch(string(text), -1) {
			known[m[1]], known[path.Base(path.Dir(file))+"."+m[1]] = true, true
		}
	}
	return known
}
