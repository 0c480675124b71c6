package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// asideTime is how the moment stands in the name of a directory that was set aside.
const asideTime = "20060102T150405Z"

// recoveredFile says in a directory that was set aside that central has what could be read of it.
const recoveredFile = "RECOVERED"

// carriedFile says from which number on the records of a directory live on in another stream.
const carriedFile = "CARRIED"

// Aside is a stream that was set aside, because its directory was damaged or because another history of it exists.
type Aside struct {
	Dir       string
	Reason    string
	At        time.Time
	Recovered string // what MarkRecovered was told; empty as long as it has not been called
	Carried   uint64 // records from this number on were written again into the stream that followed; 0 if none were
}

// SetAside lists what was set aside below dir, the directory of a Journal, oldest first.
func SetAside(dir string) ([]Aside, error) {
	names, err := asideNames(dir)
	if err != nil {
		return nil, err
	}
	var all []Aside
	for _, name := range names {
		a := Aside{Dir: filepath.Join(dir, name)}
		_, at, _ := strings.Cut(name, "-")
		a.At, _ = time.Parse(asideTime, at[:min(len(at), len(asideTime))]) // renamed by a person: of no known time
		a.Reason = note(a.Dir, "REASON")
		a.Recovered = note(a.Dir, recoveredFile)
		a.Carried, _ = strconv.ParseUint(note(a.Dir, carriedFile), 10, 64)
		all = append(all, a)
	}
	return all, nil
}

// asideNames are the directories below dir that once were live.
func asideNames(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for what was set aside: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && (strings.HasPrefix(e.Name(), "quarantine-") || strings.HasPrefix(e.Name(), "retired-")) {
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(after(a), after(b)) })
	return names, nil
}

func after(name string) string {
	_, at, _ := strings.Cut(name, "-")
	return at
}

// note is the text of a file in a directory that was set aside, empty if there is none.
func note(dir, name string) string {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// MarkRecovered notes durably that nothing more is to be had from a directory, and what was.
func MarkRecovered(dir, text string) error {
	return writeNote(disk{}, dir, recoveredFile, text)
}

// MarkCarried notes durably that the records from number seq on were written again into the stream that followed.
func MarkCarried(dir string, seq uint64) error {
	return writeNote(disk{}, dir, carriedFile, strconv.FormatUint(seq, 10))
}

// Directories gives those that hold segments of one stream each: dir itself, or the live one and those set aside below it, or
// below its journal directory if dir is a gateway's data directory.
func Directories(dir string) ([]string, error) {
	var found []string
	for _, root := range []string{dir, filepath.Join(dir, "journal")} {
		aside, err := asideNames(root)
		if err != nil {
			return nil, err
		}
		for _, name := range append([]string{"", "live"}, aside...) {
			segments, err := filepath.Glob(filepath.Join(root, name, "*"+segmentSuffix))
			if err != nil {
				return nil, err
			}
			if len(segments) > 0 {
				found = append(found, filepath.Join(root, name))
			}
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: no journal here; name the directory that holds live, or a gateway's data directory", dir)
	}
	return found, nil
}
