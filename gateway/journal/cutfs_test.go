package journal

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
)

// errCut is what every call gets once the power is gone.
var errCut = errors.New("power cut")

// cutFS is a disk in memory that knows what a power cut may leave of it. Metadata survive as a prefix of the order in
// which they were changed; of file contents no flush has covered, any sector of 512 bytes may be old or new, and one
// 4 KiB page that was being programmed may read as zeroes, as flash leaves it.
type cutFS struct {
	mu      sync.Mutex
	left    int  // calls until the power goes
	lieOnce bool // the next Datasync fails, and the kernel forgets that the pages were dirty
	names   map[string]*inode
	onDisk  map[string]*inode
	renames []func(map[string]*inode) // since the last SyncDir
}

type inode struct {
	seen  []byte
	disk  []byte
	dirty []write // since the last Datasync
}

type write struct {
	off  int64
	data []byte
}

func newCutFS(calls int) *cutFS {
	return &cutFS{left: calls, names: map[string]*inode{}, onDisk: map[string]*inode{}}
}

// call counts down to the cut. mu is held until the returned function runs.
func (c *cutFS) call() (done func(), err error) {
	c.mu.Lock()
	if c.left--; c.left < 0 {
		c.mu.Unlock()
		return nil, errCut
	}
	return c.mu.Unlock, nil
}

// metadata applies a change to what is seen and notes it for the disk.
func (c *cutFS) metadata(change func(map[string]*inode)) {
	change(c.names)
	c.renames = append(c.renames, change)
}

// afterCut is the disk as the next boot finds it.
func (c *cutFS) afterCut(rng *rand.Rand, calls int) *cutFS {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := maps.Clone(c.onDisk)
	for _, change := range c.renames[:rng.IntN(len(c.renames)+1)] {
		change(names)
	}
	next := newCutFS(calls)
	for name, node := range names {
		content := node.afterCut(rng)
		next.onDisk[name] = &inode{seen: content, disk: bytes.Clone(content)}
	}
	next.names = maps.Clone(next.onDisk)
	return next
}

// afterWorstCut is the disk with nothing on it that no flush has covered.
func (c *cutFS) afterWorstCut(calls int) *cutFS {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := newCutFS(calls)
	for name, node := range c.onDisk {
		next.onDisk[name] = &inode{seen: bytes.Clone(node.disk), disk: bytes.Clone(node.disk)}
	}
	next.names = maps.Clone(next.onDisk)
	return next
}

// afterKill is the disk as the next process finds it when only this one ended: the page cache is still there.
func (c *cutFS) afterKill(calls int) *cutFS {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := newCutFS(calls)
	next.names, next.onDisk, next.renames = maps.Clone(c.names), maps.Clone(c.onDisk), c.renames
	return next
}

func (n *inode) afterCut(rng *rand.Rand) []byte {
	content := bytes.Clone(n.disk)
	if rng.IntN(2) == 0 && len(n.seen) > len(content) {
		content = append(content, make([]byte, len(n.seen)-len(content))...)
	}
	share := rng.Float64()
	for _, w := range n.dirty {
		for at := 0; at < len(w.data); at += 512 {
			if rng.Float64() < share && int(w.off)+at < len(content) {
				copy(content[int(w.off)+at:], w.data[at:min(at+512, len(w.data))])
			}
		}
	}
	if len(n.dirty) > 0 && rng.IntN(2) == 0 {
		w := n.dirty[rng.IntN(len(n.dirty))]
		page := (int(w.off) + rng.IntN(len(w.data))) / block * block
		if page < len(content) {
			clear(content[page:min(page+block, len(content))])
		}
	}
	return content
}

func (c *cutFS) MkdirAll(string) error { return nil }

func (c *cutFS) List(dir string) ([]string, error) {
	done, err := c.call()
	if err != nil {
		return nil, err
	}
	defer done()
	var names []string
	for name := range c.names {
		if rest, ok := strings.CutPrefix(name, dir+"/"); ok {
			entry, _, _ := strings.Cut(rest, "/")
			if !slices.Contains(names, entry) {
				names = append(names, entry)
			}
		}
	}
	return names, nil
}

func (c *cutFS) OpenFile(name string, flag int) (File, error) {
	done, err := c.call()
	if err != nil {
		return nil, err
	}
	defer done()
	node := c.names[name]
	switch {
	case node == nil && flag&os.O_CREATE == 0:
		return nil, fs.ErrNotExist
	case node == nil:
		node = &inode{}
		c.metadata(func(names map[string]*inode) { names[name] = node })
	case flag&os.O_TRUNC != 0:
		node.seen, node.disk, node.dirty = nil, nil, nil
	}
	return &cutFile{fs: c, node: node}, nil
}

func (c *cutFS) Rename(from, to string) error {
	done, err := c.call()
	if err != nil {
		return err
	}
	defer done()
	if c.names[from] == nil && !c.isDir(from) {
		return fs.ErrNotExist
	}
	c.metadata(func(names map[string]*inode) {
		for name, node := range maps.Clone(names) { // of a directory all that is in it
			if rest, ok := strings.CutPrefix(name, from); ok && (rest == "" || rest[0] == '/') {
				delete(names, name)
				names[to+rest] = node
			}
		}
	})
	return nil
}

func (c *cutFS) isDir(dir string) bool {
	for name := range c.names {
		if strings.HasPrefix(name, dir+"/") {
			return true
		}
	}
	return false
}

func (c *cutFS) Remove(name string) error {
	done, err := c.call()
	if err != nil {
		return err
	}
	defer done()
	c.metadata(func(names map[string]*inode) { delete(names, name) })
	return nil
}

func (c *cutFS) SyncDir(string) error {
	done, err := c.call()
	if err != nil {
		return err
	}
	defer done()
	c.onDisk, c.renames = maps.Clone(c.names), nil
	return nil
}

func (c *cutFS) Space(string) (free, total int64, err error) { return 1 << 30, 1 << 30, nil }

func (c *cutFS) Lock(string) (io.Closer, error) { return io.NopCloser(nil), nil }

type cutFile struct {
	fs   *cutFS
	node *inode
}

func (f *cutFile) ReadAt(b []byte, off int64) (int, error) {
	done, err := f.fs.call()
	if err != nil {
		return 0, err
	}
	defer done()
	return bytes.NewReader(f.node.seen).ReadAt(b, off)
}

func (f *cutFile) WriteAt(b []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.fs.left--; f.fs.left < -1 {
		return 0, errCut
	}
	if end := int(off) + len(b); end > len(f.node.seen) {
		f.node.seen = append(f.node.seen, make([]byte, end-len(f.node.seen))...)
	}
	copy(f.node.seen[off:], b)
	f.node.dirty = append(f.node.dirty, write{off, bytes.Clone(b)})
	if f.fs.left < 0 { // the power goes during this write
		return 0, errCut
	}
	return len(b), nil
}

func (f *cutFile) Size() (int64, error) {
	done, err := f.fs.call()
	if err != nil {
		return 0, err
	}
	defer done()
	return int64(len(f.node.seen)), nil
}

func (f *cutFile) Allocate(size int64) error {
	done, err := f.fs.call()
	if err != nil {
		return err
	}
	defer done()
	f.node.seen = append(f.node.seen, make([]byte, int(size)-len(f.node.seen))...)
	return nil
}

func (f *cutFile) Datasync() error {
	done, err := f.fs.call()
	if err != nil {
		return err
	}
	defer done()
	dirty := f.node.dirty
	f.node.dirty = nil
	if f.fs.lieOnce {
		f.fs.lieOnce = false
		return unix.EIO
	}
	f.node.disk = append(f.node.disk, make([]byte, len(f.node.seen)-len(f.node.disk))...)
	for _, w := range dirty {
		copy(f.node.disk[w.off:], w.data)
	}
	return nil
}

func (f *cutFile) DropCache() error {
	done, err := f.fs.call()
	if err != nil {
		return err
	}
	defer done()
	if len(f.node.dirty) == 0 {
		f.node.seen = bytes.Clone(f.node.disk)
	}
	return nil
}

func (f *cutFile) Close() error { return nil }
