// Package disk is a disk in memory that knows what a power cut may leave of it. It implements the file system under a journal and
// knows nothing of journals.
//
// What no flush has covered may be lost by a cut: of a file's contents any sector of 512 bytes may be old or new, and changes
// of names survive as a prefix of the order in which they were made.
package disk

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// ErrCut is what every call gets once the power is gone.
var ErrCut = errors.New("the power is gone")

const (
	sector   = 512
	capacity = 8 << 30
)

// Disk is one disk while one machine has it. Safe for concurrent use.
type Disk struct {
	mu      sync.Mutex // guards everything that follows, and every file
	cut     bool
	left    int // calls until the power goes; below 0 it stays
	plugged int // how often it was put back: files that were open before are dead
	failing bool
	failed  bool
	flushes int // that ended
	watch   Watch
	names   map[string]*file
	durable map[string]*file
	changes []func(map[string]*file) // of names, since the last SyncDir
}

var _ journal.FS = (*Disk)(nil)

type file struct {
	seen    []byte
	durable []byte
	dirty   []write // since the last flush

	shown   uint64 // what the program showed at the last write, if it said
	flushes int    // of the disk, at the last write; 0 is before all
}

// Watch looks at the program that uses a disk, while it writes.
type Watch struct {
	Of    string                // suffix of the names of the files that are looked at: those whose one writer also shows the records in them
	Shown func() (uint64, bool) // how far it shows others its records; false if it cannot be asked now
	Early func(was, is uint64)  // is called when it shows more before a flush than it did before the write that the flush covers
}

type write struct {
	off  int64
	data []byte
}

// New is an empty disk.
func New() *Disk {
	return &Disk{left: -1, flushes: 1, names: map[string]*file{}, durable: map[string]*file{}}
}

// CutIn lets the power go during the n-th call from now on; 0 is at once.
func (d *Disk) CutIn(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left, d.cut = n, d.cut || n == 0
}

// Cut reports whether the power is gone.
func (d *Disk) Cut() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cut
}

// FailFlush makes the next flush fail. The pages it was to write are lost, although they are still seen, as Linux does it.
func (d *Disk) FailFlush() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failing = true
}

// Holds reports whether some octets are in a file as it is seen.
func (d *Disk) Holds(b []byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range d.names {
		if bytes.Contains(f.seen, b) {
			return true
		}
	}
	return false
}

// Failed reports whether a flush has failed.
func (d *Disk) Failed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed
}

// Watch looks from now on at the program that uses the disk.
func (d *Disk) Watch(w Watch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watch = w
}

// PutBack makes a disk usable again that was pulled from a running machine: it holds what a cut leaves, and files that were open
// stay dead.
func (d *Disk) PutBack(random *rand.Rand) {
	next := d.AfterCut(random)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.names, d.durable, d.changes = next.names, next.durable, nil
	d.cut, d.left, d.failing = false, -1, false
	d.plugged++
}

// Files are the files below a directory as they are seen, by their names below it.
func (d *Disk) Files(dir string) map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := map[string][]byte{}
	for name, f := range d.names {
		if rest, ok := strings.CutPrefix(name, dir+"/"); ok {
			all[rest] = bytes.Clone(f.seen)
		}
	}
	return all
}

// AfterCut is the disk as the next start finds it.
func (d *Disk) AfterCut(random *rand.Rand) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	names := maps.Clone(d.durable)
	for _, change := range d.changes[:random.IntN(len(d.changes)+1)] {
		change(names)
	}
	next := New()
	for name, f := range names {
		next.names[name] = newFile(f.afterCut(random))
	}
	next.durable = maps.Clone(next.names)
	return next
}

// AfterKill is the disk as the next process finds it when only this one ended: what the kernel had not written yet is seen all
// the same.
func (d *Disk) AfterKill() *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := New()
	copies := map[*file]*file{}
	copied := func(names map[string]*file) map[string]*file {
		out := map[string]*file{}
		for name, f := range names {
			if copies[f] == nil {
				copies[f] = &file{seen: bytes.Clone(f.seen), durable: bytes.Clone(f.durable), dirty: f.dirty}
			}
			out[name] = copies[f]
		}
		return out
	}
	next.names, next.durable = copied(d.names), copied(d.durable)
	next.changes = []func(map[string]*file){func(names map[string]*file) {
		clear(names)
		maps.Copy(names, next.names)
	}}
	return next
}

// Image is a copy of what is durable now, to be put back later.
func (d *Disk) Image() *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := New()
	for name, f := range d.durable {
		next.names[name] = newFile(bytes.Clone(f.durable))
	}
	next.durable = maps.Clone(next.names)
	return next
}

func newFile(content []byte) *file { return &file{seen: content, durable: bytes.Clone(content)} }

func (f *file) afterCut(random *rand.Rand) []byte {
	content := bytes.Clone(f.durable)
	if grown := len(f.seen) - len(content); grown > 0 && random.IntN(2) == 0 {
		content = append(content, make([]byte, grown)...)
	}
	share := random.Float64()
	for _, w := range f.dirty {
		for at := 0; at < len(w.data); at += sector {
			if random.Float64() < share && int(w.off)+at < len(content) {
				copy(content[int(w.off)+at:], w.data[at:min(at+sector, len(w.data))])
			}
		}
	}
	return content
}

// call counts down to the cut. mu is held.
func (d *Disk) callLocked() error {
	if d.left > 0 {
		d.left--
		d.cut = d.left == 0
	}
	if d.cut {
		return ErrCut
	}
	return nil
}

// rename changes names, now as they are seen and perhaps later on disk.
func (d *Disk) changeLocked(change func(map[string]*file)) {
	change(d.names)
	d.changes = append(d.changes, change)
}

// MkdirAll implements journal.FS. Directories are no more than a part of names.
func (d *Disk) MkdirAll(string) error { return nil }

// List implements journal.FS.
func (d *Disk) List(dir string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.callLocked(); err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for name := range d.names {
		if rest, ok := strings.CutPrefix(name, dir+"/"); ok {
			first, _, _ := strings.Cut(rest, "/")
			names[first] = true
		}
	}
	return slices.Collect(maps.Keys(names)), nil
}

// OpenFile implements journal.FS.
func (d *Disk) OpenFile(name string, flag int) (journal.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.callLocked(); err != nil {
		return nil, err
	}
	f := d.names[name]
	switch {
	case f == nil && flag&os.O_CREATE == 0:
		return nil, fs.ErrNotExist
	case f == nil:
		f = &file{}
		d.changeLocked(func(names map[string]*file) { names[name] = f })
	case flag&os.O_TRUNC != 0:
		f.seen, f.durable, f.dirty = nil, nil, nil
	}
	return opened{d, f, d.plugged}, nil
}

// Rename implements journal.FS. Of a directory it renames all that is in it.
func (d *Disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.callLocked(); err != nil {
		return err
	}
	moved := false
	for name := range d.names {
		moved = moved || name == from || strings.HasPrefix(name, from+"/")
	}
	if !moved {
		return fs.ErrNotExist
	}
	d.changeLocked(func(names map[string]*file) {
		for name, f := range maps.Clone(names) {
			if rest, ok := strings.CutPrefix(name, from); ok && (rest == "" || rest[0] == '/') {
				delete(names, name)
				names[to+rest] = f
			}
		}
	})
	return nil
}

// Remove implements journal.FS.
func (d *Disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.callLocked(); err != nil {
		return err
	}
	d.changeLocked(func(names map[string]*file) { delete(names, name) })
	return nil
}

// SyncDir implements journal.FS, for all directories at once.
func (d *Disk) SyncDir(string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.callLocked(); err != nil {
		return err
	}
	d.durable, d.changes = maps.Clone(d.names), nil
	return nil
}

// Space implements journal.FS.
func (d *Disk) Space(string) (free, total int64, err error) { return capacity, capacity, nil }

// Lock implements journal.FS. One machine has the disk; nobody else asks.
func (d *Disk) Lock(string) (io.Closer, error) { return io.NopCloser(nil), nil }

// opened implements journal.File.
type opened struct {
	disk    *Disk
	file    *file
	plugged int // the disk's, when it was opened
}

// callLocked is the disk's, unless it was pulled meanwhile. The disk is locked.
func (o opened) callLocked() error {
	if o.plugged != o.disk.plugged {
		return ErrCut
	}
	return o.disk.callLocked()
}

// ReadAt implements journal.File.
func (o opened) ReadAt(b []byte, off int64) (int, error) {
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	if err := o.callLocked(); err != nil {
		return 0, err
	}
	return bytes.NewReader(o.file.seen).ReadAt(b, off)
}

// WriteAt implements journal.File. The write during which the power goes may be there afterwards, or a part of it.
func (o opened) WriteAt(b []byte, off int64) (int, error) {
	o.beforeWrite()
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	if o.disk.cut || o.plugged != o.disk.plugged {
		return 0, ErrCut
	}
	f := o.file
	if grown := int(off) + len(b) - len(f.seen); grown > 0 {
		f.seen = append(f.seen, make([]byte, grown)...)
	}
	copy(f.seen[off:], b)
	f.dirty = append(f.dirty, write{off, bytes.Clone(b)})
	if err := o.callLocked(); err != nil {
		return 0, err
	}
	return len(b), nil
}

// watched reports whether the file is one of those that are looked at. The disk is locked.
func (o opened) watched() bool {
	for name, f := range o.disk.names {
		if f == o.file {
			return strings.HasSuffix(name, o.disk.watch.Of)
		}
	}
	return false
}

// beforeWrite notes what the program shows. The disk is not locked while the program is asked, so that flushes may end before the
// answer is noted; they are counted from before the question on.
func (o opened) beforeWrite() {
	o.disk.mu.Lock()
	flushes := o.disk.flushes
	o.disk.mu.Unlock()
	shown, ok := o.ask()
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	if o.file.shown, o.file.flushes = shown, flushes; !ok {
		o.file.flushes = 0
	}
}

// beforeFlush compares that with what it shows now, unless another flush ended in between: its records may be shown. Of a file
// that others write, the flush before may have been theirs, whose records are shown in between.
func (o opened) beforeFlush() {
	is, ok := o.ask()
	o.disk.mu.Lock()
	was, early := o.file.shown, o.disk.watch.Early
	ok = ok && o.file.flushes == o.disk.flushes && is > was && o.watched()
	o.disk.mu.Unlock()
	if ok {
		early(was, is)
	}
}

func (o opened) ask() (uint64, bool) {
	o.disk.mu.Lock()
	shown := o.disk.watch.Shown
	o.disk.mu.Unlock()
	if shown == nil {
		return 0, false
	}
	return shown()
}

// Size implements journal.File.
func (o opened) Size() (int64, error) {
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	return int64(len(o.file.seen)), o.callLocked()
}

// Allocate implements journal.File.
func (o opened) Allocate(size int64) error {
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	if err := o.callLocked(); err != nil {
		return err
	}
	if grown := int(size) - len(o.file.seen); grown > 0 {
		o.file.seen = append(o.file.seen, make([]byte, grown)...)
	}
	return nil
}

// Datasync implements journal.File.
func (o opened) Datasync() error {
	o.beforeFlush()
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	if err := o.callLocked(); err != nil {
		return err
	}
	o.disk.flushes++
	f := o.file
	dirty := f.dirty
	f.dirty = nil
	if o.disk.failing {
		o.disk.failing, o.disk.failed = false, true
		return unix.EIO
	}
	if grown := len(f.seen) - len(f.durable); grown > 0 {
		f.durable = append(f.durable, make([]byte, grown)...)
	}
	for _, w := range dirty {
		copy(f.durable[w.off:], w.data)
	}
	return nil
}

// DropCache implements journal.File.
func (o opened) DropCache() error {
	o.disk.mu.Lock()
	defer o.disk.mu.Unlock()
	if err := o.callLocked(); err != nil {
		return err
	}
	if len(o.file.dirty) == 0 {
		o.file.seen = bytes.Clone(o.file.durable)
	}
	return nil
}

// Close implements journal.File.
func (o opened) Close() error { return nil }
