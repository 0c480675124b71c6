package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Quarantine tells of a journal that failed its audit and was set aside.
type Quarantine struct {
	Dir    string // where it lies now
	Reason string // what is wrong with it, with file and place
	At     time.Time
}

// Quarantined tells whether Open set a damaged journal aside. Nothing in it was deleted; what central had not yet
// acknowledged of it comes from the other gateways of the cluster, and from that directory by Salvage.
func (j *Journal) Quarantined() (Quarantine, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.quarantined == nil {
		return Quarantine{}, false
	}
	return *j.quarantined, true
}

// openOrQuarantine opens the live stream; one that is damaged makes way for a new one.
func (j *Journal) openOrQuarantine() error {
	err := j.openLive()
	if !quarantinable(err) {
		return err
	}
	q := Quarantine{Reason: err.Error(), At: j.o.Now().UTC()}
	if q.Dir, err = setAside(j.o.FS, j.o.Dir, "quarantine", q.Reason, j.o.Now()); err != nil {
		return fmt.Errorf("quarantine journal: %w", err)
	}
	j.quarantined = &q
	j.o.Log.Error("journal quarantined", "kept", q.Dir, "reason", q.Reason)
	return j.openLive()
}

// openLive opens and audits the live stream, beginning one if there is none.
func (j *Journal) openLive() error {
	var a audit
	l, err := OpenLog(LogOptions{
		Dir: j.live(), SegmentBytes: j.o.SegmentBytes, ReserveBytes: j.o.ReserveBytes,
		Expendable: j.Expendable, Audit: a.record, Flushed: j.flushed, Key: j.o.Key,
		FS: j.o.FS, Log: j.o.Log, Now: j.o.Now, Rand: j.o.Rand,
	})
	if err != nil {
		return err
	}
	v, err := a.values(l)
	if err == nil && v.stream.IsZero() {
		v.stream, err = j.begin(l)
	}
	if err != nil {
		return errors.Join(err, l.Close())
	}
	j.log, j.stream = l, v.stream
	j.mu.Lock()
	j.acknowledged, j.sealed = v.acknowledged, v.sealed
	j.treeless = l.First() > v.sealed.seq+1
	j.mu.Unlock()
	return nil
}

// setAside renames the live directory below dir to one that tells why and when, and writes the reason into it.
func setAside(on FS, dir, why, reason string, now time.Time) (kept string, err error) {
	names, err := on.List(dir)
	if err != nil {
		return "", err
	}
	base := why + "-" + now.UTC().Format(asideTime)
	name := base
	for n := 2; slices.Contains(names, name); n++ { // a clock that stands still at every boot
		name = fmt.Sprintf("%s-%d", base, n)
	}
	kept = filepath.Join(dir, name)
	if err := on.Rename(filepath.Join(dir, liveDir), kept); err != nil {
		return "", err
	}
	return kept, errors.Join(on.SyncDir(dir), writeNote(on, kept, "REASON", reason))
}

// writeNote keeps a text in a directory that was set aside.
func writeNote(on FS, dir, name, text string) error {
	f, err := on.OpenFile(filepath.Join(dir, name), os.O_CREATE)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(text+"\n"), 0)
	return errors.Join(err, f.Datasync(), f.Close(), on.SyncDir(dir))
}
