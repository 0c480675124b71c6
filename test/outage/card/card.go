// Package card is a memory card whose power can be cut: a disk in this process's memory, served through FUSE to a loop device
// that carries a real ext4 or XFS. Only what was followed by a flush is certain to be there afterwards. It knows sectors and
// flushes, nothing of the files' meaning.
//
// Whoever opens a Card serves it, and must not map its files into memory, nor open there what does so, as Badger and SQLite
// do: a thread that waits for a page of the card is not at the runtime's disposal, and the card waits for the runtime. Programs
// that do so run in processes of their own, or are given a copy of the files (Export).
//
// A power cut of a machine is, in this order: stop its processes (SIGSTOP), Off, kill them, On. Stopped processes can neither
// promise anything after the cut nor see that the card has gone.
package card

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/rollcall-edge/rollcall/test/outage/internal/claim"
)

const kind = "card" // of claims

// FileSystem on a card.
type FileSystem string

// The file systems known.
const (
	Ext4 FileSystem = "ext4"
	XFS  FileSystem = "xfs"
)

// Sizes of cards when none is asked for; mkfs.xfs refuses less than 300 MiB.
const (
	sizeExt4 = 256 << 20
	sizeXFS  = 320 << 20
)

// Pace is how slow a card is. The zero value takes no time.
type Pace struct {
	Flush time.Duration // what each flush costs
	Rate  int64         // bytes per second, charged at the flush for what was written before it; 0 is no limit
}

// Typical is an ordinary card in a gateway.
var Typical = Pace{Flush: 8 * time.Millisecond, Rate: 12e6}

// Options of a Card.
type Options struct {
	Name       string // in messages
	Size       int64  // bytes; 0 is 256 MiB, for XFS 320 MiB, or the size of Image
	FileSystem FileSystem
	Inodes     int // how many files fit; 0 is what the file system chooses. Ext4 alone
	Pace       Pace
	Seed       uint64 // of every random choice
	Image      *Image // what is on the card; nil is an empty file system
}

func (o Options) complete() Options {
	if o.FileSystem == "" {
		o.FileSystem = Ext4
	}
	switch {
	case o.Size > 0:
	case o.Image != nil:
		o.Size = o.Image.size
	case o.FileSystem == XFS:
		o.Size = sizeXFS
	default:
		o.Size = sizeExt4
	}
	return o
}

// Fault is what is wrong with a card. The zero value is a card in order.
type Fault struct {
	FailReads   bool          // EIO
	FailWrites  bool          // EIO
	FailFlushes bool          // EIO; the writes stay unflushed, and the next good flush takes them along
	SlowFlush   time.Duration // what each flush costs besides Pace
}

// Counts since Open.
type Counts struct {
	Reads, Writes, Flushes                   uint64 // that succeeded
	BytesWritten                             uint64
	FailedReads, FailedWrites, FailedFlushes uint64 // by a Fault, or because the power was off
	SlowFlushes                              uint64 // by Fault.SlowFlush
	Cuts                                     uint64
}

// Damage is what one power cut did.
type Damage struct {
	Pending int // writes since the last flush
	Kept    int // of them, those of which any sector survived
	Torn    int // of them, those of which some sectors survived and some did not
}

// Card is one card in its gateway. Safe from any goroutine.
type Card struct {
	o     Options
	disk  *disk
	claim *claim.Claim
	fuse  *fuse.Server

	mu      sync.Mutex // guards mounting and what follows
	mounted bool
}

// Open makes a card, puts a file system on it and mounts it, with the power on. Leftovers of runs that died are removed first.
func Open(ctx context.Context, o Options) (_ *Card, err error) {
	o = o.complete()
	if err := Available(o.FileSystem); err != nil {
		return nil, err
	}
	if err := Sweep(); err != nil {
		return nil, err
	}
	name, err := claim.Make(kind)
	if err != nil {
		return nil, fmt.Errorf("open card: %w", err)
	}
	c := &Card{o: o, disk: newDisk(o), claim: name}
	defer func() {
		if err != nil {
			_ = c.Close()
		}
	}()
	if err := c.serve(); err != nil {
		return nil, fmt.Errorf("open card %s: %w", o.Name, err)
	}
	if err := c.mount(ctx, o.Image == nil); err != nil {
		return nil, fmt.Errorf("open card %s: %w", o.Name, err)
	}
	return c, nil
}

// Sweep removes what runs that died have left mounted. Open does so by itself.
func Sweep() error { return claim.Sweep(kind, discard) }

// Close unmounts and removes the card. Every process that uses it must have ended; if one has not, the card vanishes from
// under it, and the error says so.
func (c *Card) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.disk.shut()
	err := c.unmount(context.Background(), closePatience)
	if c.fuse != nil {
		_ = c.fuse.Unmount() // discard takes what this leaves
	}
	if left := discard(c.claim.Name); left != nil {
		return left
	}
	if left := c.claim.Release(); err == nil {
		err = left
	}
	return err
}

// Dir is where the card is mounted, the same for the life of the card.
func (c *Card) Dir() string { return filepath.Join(c.home(), "card") }

func (c *Card) home() string { return claim.Dir(c.claim.Name) }

// Off cuts the power: what a Cut of this kind leaves is on the card from now on, and everything fails with EIO until On.
func (c *Card) Off(k Cut) Damage { return c.disk.off(k) }

// On brings the power back: unmounts what the kernel still believes in, and mounts the card anew, which replays the file
// system's journal. It waits for processes that still hold files, until ctx ends.
func (c *Card) On(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.on(ctx); err != nil {
		return fmt.Errorf("power on card %s: %w", c.o.Name, err)
	}
	return nil
}

func (c *Card) on(ctx context.Context) error {
	if err := c.unmount(ctx, 0); err != nil {
		return err
	}
	c.disk.on()
	return c.mount(ctx, false)
}

// Cut is Off and On, for a card whose processes have been killed.
func (c *Card) Cut(ctx context.Context, k Cut) (Damage, error) {
	damage := c.Off(k)
	return damage, c.On(ctx)
}

// Crash is the image that a power cut of this kind would leave at this moment; the card itself goes on. Many can be taken
// from one run and opened afterwards (Options.Image).
func (c *Card) Crash(k Cut) (*Image, Damage) { return c.disk.crash(k) }

// Pending is how many writes are unflushed at this moment: what a cut could take.
func (c *Card) Pending() int { return c.disk.unflushed() }

// Copy is the image of the card after everything written so far was flushed.
func (c *Card) Copy() (*Image, error) {
	if err := syncFileSystem(c.Dir()); err != nil {
		return nil, fmt.Errorf("copy card %s: %w", c.o.Name, err)
	}
	i, _ := c.disk.crash(KeepAll)
	return i, nil
}

// Restore puts an older image back, as a person does with a spare card. Every process that uses the card must have ended.
func (c *Card) Restore(ctx context.Context, i *Image) error {
	if i.size != c.disk.size {
		return fmt.Errorf("restore card %s: the image has %d bytes, the card %d", c.o.Name, i.size, c.disk.size)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.disk.off(DropAll)
	if err := c.unmount(ctx, 0); err != nil {
		return fmt.Errorf("restore card %s: %w", c.o.Name, err)
	}
	c.disk.load(i)
	if err := c.on(ctx); err != nil {
		return fmt.Errorf("restore card %s: %w", c.o.Name, err)
	}
	return nil
}

// SetFault replaces what is wrong with the card. A file system that met EIO may stay read-only until Off and On.
func (c *Card) SetFault(f Fault) { c.disk.setFault(f) }

// SetPace replaces how slow the card is.
func (c *Card) SetPace(p Pace) { c.disk.setPace(p) }

// Counts since Open.
func (c *Card) Counts() Counts { return c.disk.count() }

// Export copies the files below a folder of the card, named relative to Dir, into a new folder outside it.
func (c *Card) Export(name, to string) error {
	from, err := c.file(name)
	if err != nil {
		return err
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return fmt.Errorf("export %s from card %s: %w", name, c.o.Name, err)
	}
	return nil
}

// file is the path of a file named relative to Dir.
func (c *Card) file(name string) (string, error) {
	if !filepath.IsLocal(name) {
		return "", fmt.Errorf("card %s: %q leads out of the card", c.o.Name, name)
	}
	return filepath.Join(c.Dir(), name), nil
}

// discard removes everything that stands under a name, whatever state it is in.
func discard(name string) error {
	home := claim.Dir(name)
	for _, dir := range []string{filepath.Join(home, "card"), filepath.Join(home, "fuse")} {
		if err := detach(dir); err != nil {
			return err
		}
		if err := os.Remove(dir); err != nil && !os.IsNotExist(err) { // never RemoveAll: it may be the card
			return err
		}
	}
	if err := os.Remove(home); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}
