package scenario

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rollcall-edge/rollcall/central"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/config/document"
)

// dir is the folder of the scenario; files are named from there.
func (f *File) dir() string { return filepath.Dir(f.path) }

// text is the document that a policy comes to.
func (p Policy) text(dir string) ([]byte, error) {
	text, err := p.base(dir)
	if err != nil || len(p.Change) == 0 {
		return text, err
	}
	changes := maps.Clone(p.Change)
	for path, value := range p.Change {
		if value != "" {
			continue
		}
		for _, note := range notes(text) { // a clause that is taken out needs no word on its values
			if note == path || strings.HasPrefix(note, path+".") {
				changes["not_from_policy."+note] = ""
			}
		}
	}
	return document.Change(text, changes)
}

// notes are the paths that a policy marks as not from its source; none of a faulty one.
func notes(text []byte) []string {
	p, err := policy.Parse("", text)
	if err != nil {
		return nil
	}
	return slices.Collect(maps.Keys(p.NotFromPolicy))
}

func (p Policy) base(dir string) ([]byte, error) {
	switch {
	case p.File != "":
		text, err := os.ReadFile(filepath.Join(dir, p.File))
		if err != nil {
			return nil, fmt.Errorf("read policy: %w", err)
		}
		return text, nil
	case p.StartFrom != "":
		return central.ShippedPolicy(p.StartFrom)
	}
	return central.ShippedPolicy("college")
}

// name is how a policy is called in faults.
func (p Policy) name() string {
	if p.File != "" {
		return p.File
	}
	return p.StartFrom + ".yaml"
}
