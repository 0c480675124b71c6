package document

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type sample struct {
	From  string            `yaml:"from"`
	Rules map[string]string `yaml:"rules"`
	Deep  struct {
		Levels []string `yaml:"levels"`
		Grace  string   `yaml:"grace"`
		Limit  int      `yaml:"limit"`
	} `yaml:"deep"`
	Names many `yaml:"names"`
}

type byName map[string]int

// Short lets names stand for members of which nothing more is said.
func (b *byName) Short(names []string) error {
	*b = byName{}
	for _, n := range names {
		if n == "nobody" {
			return errors.New("write a name")
		}
		(*b)[n] = 0
	}
	return nil
}

type many []string

// OneEntry lets a single name stand for itself.
func (many) OneEntry() {}

func TestChange(t *testing.T) {
	text := []byte("from: 2022-09-01 # a day\nrules: {a: start-30m, b: end, deep.limit: why, deep.grace: why}\ndeep:\n  levels: [\"3\", \"4\"]\n  limit: 3\nnames: Amara\n")
	changed, err := Change(text, map[string]string{"deep.limit": "7", "deep.grace": "5m", "rules.b": "", "rules.deep.limit": "", "deep.levels": `["6"]`})
	if err != nil {
		t.Fatal(err)
	}
	var got sample
	if err := Read("changed", changed, &got, func(*Checker) {}); err != nil {
		t.Fatalf("%v in\n%s", err, changed)
	}
	want := sample{From: "2022-09-01", Rules: map[string]string{"a": "start-30m", "deep.grace": "why"}, Names: many{"Amara"}}
	want.Deep.Levels, want.Deep.Grace, want.Deep.Limit = []string{"6"}, "5m", 7
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := Change(text, map[string]string{"deep.limit": "[7"}); err == nil {
		t.Error("a value that is not YAML is taken")
	}
}

func TestLine(t *testing.T) {
	c := NewChecker("file")
	var s sample
	c.Decode([]byte("from: 2022-09-01\ndeep:\n  limit: 3\nnames:\n- Amara\n- Ben\n"), &s)
	for path, want := range map[string]int{"from": 1, "deep.limit": 3, "deep.grace": 3, "names[1]": 6, "names[7]": 5, "elsewhere": 0} {
		if got := c.Line(path); got != want {
			t.Errorf("line of %s = %d, want %d", path, got, want)
		}
	}
}

func TestBlockOfText(t *testing.T) {
	var s sample
	if err := Read("file", []byte("from: |\n  a,b\n  c,d\nnames: >\n  Amara\n  Ben\n"), &s, func(*Checker) {}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample{From: "a,b\nc,d\n", Names: many{"Amara Ben\n"}}, s); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestShortForms(t *testing.T) {
	type people struct {
		People byName `yaml:"people"`
	}
	for text, want := range map[string]byName{
		"people: Amara\n": {"Amara": 0}, "people: [Amara, Ben]\n": {"Amara": 0, "Ben": 0}, "people: {Amara: 7}\n": {"Amara": 7},
		"people:\n- Amara\n": {"Amara": 0}, "people:\n": nil,
	} {
		var got people
		if err := Read("file", []byte(text), &got, func(*Checker) {}); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got.People); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	err := Read("file", []byte("# first\npeople: nobody\n"), &people{}, func(*Checker) {})
	if err == nil || err.Error() != "file:2:9: people: write a name" {
		t.Errorf("a name that does not do: %v", err)
	}
}

func TestColonWantsQuotes(t *testing.T) {
	var s sample
	err := Read("file", []byte("from: My case: a student\n"), &s, func(*Checker) {})
	if err == nil || !strings.Contains(err.Error(), "needs quotes around it") {
		t.Errorf("a colon in a text: %v, want what to do", err)
	}
}

func TestKeysStandOnce(t *testing.T) {
	var s sample
	if err := Read("file", []byte("from: 2022-09-01\nfrom: 2023-09-01\n"), &s, func(*Checker) {}); err == nil {
		t.Error("a key that stands twice is taken")
	}
}
