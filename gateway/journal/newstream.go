//go:build !mutant_no_new_stream

package journal

import "fmt"

// NewStream sets the live stream aside and begins a new one, because of reason: an old image of the disk, a clone. The
// old directory is kept, and named. Call it while nobody ships or forwards; they begin anew with the new Stream.
func (j *Journal) NewStream(reason string) (kept string, err error) {
	j.swap.Lock()
	defer j.swap.Unlock()
	if err := j.log.Close(); err != nil {
		return "", fmt.Errorf("close stream %s: %w", j.stream, err)
	}
	if kept, err = setAside(j.o.FS, j.o.Dir, "retired", reason, j.o.Now()); err != nil {
		return "", fmt.Errorf("set stream %s aside: %w", j.stream, err)
	}
	old := j.stream
	if err := j.openLive(); err != nil {
		return kept, fmt.Errorf("begin stream: %w", err)
	}
	j.o.Log.Warn("new stream begun", "was", old.String(), "stream", j.stream.String(), "kept", kept, "reason", reason)
	j.announce()
	return kept, nil
}
