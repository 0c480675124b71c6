// Package variant makes builds of the product that differ from the shipped one in a constant: one that does within seconds what
// is otherwise done within hours, and one that will be released next. What is built is compiled from the product's own source.
package variant

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Change is one place of the product's source and what stands there in the variant.
type Change struct {
	File     string // within the project
	Old, New string // Old stands in it once
}

// Eager lets gateways shorten the Raft log after seconds and a hundred entries, so that whoever is away for half a minute needs a
// snapshot, as after a day or so in service.
var Eager = Change{
	File: "gateway/replicate/options.go",
	Old:  "	setDefault(&o.SnapshotEvery, 2*time.Minute)\n	setDefault(&o.SnapshotAfter, 8192)\n	setDefault(&o.KeepEntries, 10240)\n",
	New:  "	setDefault(&o.SnapshotEvery, 5*time.Second)\n	setDefault(&o.SnapshotAfter, 64)\n	setDefault(&o.KeepEntries, 64)\n	setDefault(&o.SegmentBytes, 128<<10)\n",
}

// Next lets a gateway read, and write once all do, a version of commands that is newer than the shipped build's.
var Next = Change{
	File: "gateway/replicate/command.go",
	Old:  "	newestCommand   = bundlingCommand\n",
	New:  "	newestCommand   = bundlingCommand + 1\n",
}

// Overlay writes into the folder out the file for go build -overlay that makes the changes to the project at root, besides those
// of the overlay file before; "" for none. It fails when the product's source is no longer what it knows how to change.
func Overlay(root, before, out string, changes ...Change) (file string, err error) {
	o := struct{ Replace map[string]string }{map[string]string{}}
	if before != "" {
		text, err := os.ReadFile(before)
		if err == nil {
			err = json.Unmarshal(text, &o)
		}
		if err != nil {
			return "", fmt.Errorf("vary build: %w", err)
		}
	}
	if root, err = filepath.Abs(root); err != nil {
		return "", fmt.Errorf("vary build: %w", err)
	}
	if err := os.MkdirAll(out, 0o700); err != nil {
		return "", fmt.Errorf("vary build: %w", err)
	}
	for _, c := range changes {
		path := filepath.Join(root, c.File)
		if o.Replace[path], err = c.apply(path, out); err != nil {
			return "", err
		}
	}
	text, err := json.MarshalIndent(o, "", "\t")
	if err != nil {
		return "", fmt.Errorf("vary build: %w", err)
	}
	file = filepath.Join(out, "overlay.json")
	return file, os.WriteFile(file, text, 0o600)
}

// apply writes the file at path as the variant has it.
func (c Change) apply(path, out string) (copied string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("vary build: %w", err)
	}
	if n := strings.Count(string(text), c.Old); n != 1 {
		return "", fmt.Errorf("%s has changed: %q stands in it %d times, want once; look at it and bring variant up to date", path, c.Old, n)
	}
	copied = filepath.Join(out, strings.ReplaceAll(c.File, "/", "+"))
	return copied, os.WriteFile(copied, []byte(strings.Replace(string(text), c.Old, c.New, 1)), 0o600)
}
