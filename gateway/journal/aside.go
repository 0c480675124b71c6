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

	"github.com/rollcall-edge/rollcall/central/contract"
)

// asideTime is how the moment stands in the name of a directory that was set aside.
const asideTime = "20060102T150405Z"

// recoveredFile says in a directory that was set aside that central has what could be read of it.
const recoveredFile = "RECOVERED"

// extentFile says in such a directory which number central must hold for all of it to be there, and through which it did
// then. wholeFile says since when central is known to hold all.
const (
	extentFile = "EXTENT"
	wholeFile  = "WHOLE"
)

// discarded is what a directory is called while it is being removed.
const discarded = "discarded"

// carriedFile says from which number on the records of a directory live on in another stream.
const carriedFile = "CARRIED"

// Aside is a stream that was set aside, because its directory was damaged or because another history of it exists.
type Aside struct {
	Dir       string
	Reason    string
	At        time.Time
	Recovered string // what MarkRecovered was told; empty as long as it has not been called
	Extent    Extent
	WholeAt   time.Time // what MarkWhole was told; zero as long as it has not been called
	Carried   uint64    // records from this number on were written again into the stream that followed; 0 if none were
}

// Extent is how much of a stream lies in what was set aside.
type Extent struct {
	Last    contract.TapID // the highest number of it that may ever have been recorded; zero if it is not known
	Through uint64         // central held the stream up to here when it was recovered
}

func (e Extent) String() string { return fmt.Sprintf("%s %d %d", e.Last.Stream, e.Last.Seq, e.Through) }

// extentOf reads what String wrote; anything else is the zero Extent.
func extentOf(text string) Extent {
	var stream string
	var e Extent
	if _, err := fmt.Sscanf(text, "%s %d %d", &stream, &e.Last.Seq, &e.Through); err != nil {
		return Extent{}
	}
	if err := e.Last.Stream.UnmarshalText([]byte(stream)); err != nil {
		return Extent{}
	}
	return e
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
		a.Extent = extentOf(note(a.Dir, extentFile))
		a.WholeAt, _ = time.Parse(time.RFC3339, note(a.Dir, wholeFile))
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
		if e.IsDir() && isAside(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(after(a), after(b)) })
	return names, nil
}

// isAside tells whether a directory's name says that it was set aside.
func isAside(name string) bool {
	return strings.HasPrefix(name, "quarantine-") || strings.HasPrefix(name, "retired-")
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

// MarkRecovered notes durably that nothing more is to be had from a directory, what was, and what that means for when it may
// go. The zero Extent says never.
func MarkRecovered(dir, text string, e Extent) error {
	if err := writeNote(disk{}, dir, extentFile, e.String()); err != nil {
		return err
	}
	return writeNote(disk{}, dir, recoveredFile, text)
}

// MarkWhole notes durably since when central is known to hold everything of a directory.
func MarkWhole(dir string, at time.Time) error {
	return writeNote(disk{}, dir, wholeFile, at.UTC().Format(time.RFC3339))
}

// Discard removes a directory that was set aside. What a power cut leaves of it is not taken for one any more.
func Discard(dir string) error {
	gone := filepath.Join(filepath.Dir(dir), discarded)
	if err := os.RemoveAll(gone); err != nil { // of a power cut
		return fmt.Errorf("discard %s: %w", dir, err)
	}
	if err := errors.Join(os.Rename(dir, gone), disk{}.SyncDir(filepath.Dir(dir))); err != nil {
		return fmt.Errorf("discard %s: %w", dir, err)
	}
	return os.RemoveAll(gone)
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
		for _, name := range append([]string{"", liveDir}, aside...) {
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
