package scenario

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/rollcall-edge/rollcall/central"
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
	return document.Change(text, p.Change)
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
