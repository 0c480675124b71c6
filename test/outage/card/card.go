// Package card is a memory card whose power can be cut: a disk in this process's memory, served through FUSE to a loop device
// that carries a real ext4 or XFS. Only what was followed by a flush is certain to be there afterwards. It knows sectors and
// flushes, nothing of the files' meaning.
//
// A power cut of a machine is, in this order: stop its processes (SIGSTOP), Off, kill them, On. Stopped processes can neither
// promise anything after the cut nor see that the card has gone.
package card

import (
	"context"
	"errors"
	"time"
)

// Cut is which of the writes since the last flush survive a power cut.
type Cut int

// The kinds of Cut.
const (
	KeepAll       Cut = iota // the card happened to have written everything
	DropAll                  // none of them
	TornPrefix               // those up to a random moment, the last one torn at a sector
	RandomSectors            // any of their sectors, each with even chance
	Reordered                // any of the writes, whole, applied in a random order
)

func (k Cut) String() string { return "" }

// FileSystem on a card.
type FileSystem string

// The file systems known.
const (
	Ext4 FileSystem = "ext4"
	XFS  FileSystem = "xfs" // needs 300 MiB at least
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
	Size       int64  // bytes; 0 is 256 MiB, 320 for XFS
	FileSystem FileSystem
	Inodes     int // how many files fit; 0 is what the file system chooses. Ext4 alone
	Pace       Pace
	Seed       uint64 // of every random choice
	Image      *Image // what is on the card; nil is an empty file system
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
	FailedReads, FailedWrites, FailedFlushes uint64 // by a Fault or because the power was off
	SlowFlushes                              uint64 // by Fault.SlowFlush
	Cuts                                     uint64
}

// Damage is what one power cut did.
type Damage struct {
	Pending int // writes since the last flush
	Kept    int // of them, those of which any sector survived
	Torn    int // of them, those of which some sectors survived and some did not
}

// Image is what was on a card at one moment. It shares memory with the card until one of them changes.
type Image struct{}

// Card is one card in its gateway. Safe from any goroutine.
type Card struct{}

var errUnfinished = errors.New("not written yet")

// Available tells what this machine lacks for cards with this file system, by name; nil when nothing.
func Available(f FileSystem) error { return errUnfinished }

// Open makes a card, puts a file system on it and mounts it, with the power on. Leftovers of runs that died are removed first.
func Open(ctx context.Context, o Options) (*Card, error) { return nil, errUnfinished }

// Close unmounts and removes the card. Every process that uses it must have ended.
func (c *Card) Close() error { return errUnfinished }

// Dir is where the card is mounted, the same for the life of the card.
func (c *Card) Dir() string { return "" }

// Off cuts the power: what a Cut of this kind leaves is on the card from now on, and everything fails with EIO until On.
func (c *Card) Off(k Cut) (Damage, error) { return Damage{}, errUnfinished }

// On brings the power back: unmounts what the kernel still believes in, and mounts the card anew, which replays the file
// system's journal. It waits for processes that still hold files, until ctx ends.
func (c *Card) On(ctx context.Context) error { return errUnfinished }

// Cut is Off and On, for a card whose processes have been killed.
func (c *Card) Cut(ctx context.Context, k Cut) (Damage, error) { return Damage{}, errUnfinished }

// Crash is the image that a power cut of this kind would leave at this moment; the card itself goes on. Many can be taken
// from one run and opened afterwards (Options.Image).
func (c *Card) Crash(k Cut) (*Image, Damage) { return nil, Damage{} }

// Copy is the image of the card after everything written so far was flushed.
func (c *Card) Copy() (*Image, error) { return nil, errUnfinished }

// Restore puts an older image back, as a person does with a spare card. Every process that uses the card must have ended.
func (c *Card) Restore(ctx context.Context, i *Image) error { return errUnfinished }

// SetFault replaces what is wrong with the card. A file system that met EIO may stay read-only until Off and On.
func (c *Card) SetFault(f Fault) {}

// SetPace replaces how slow the card is.
func (c *Card) SetPace(p Pace) {}

// Counts since Open.
func (c *Card) Counts() Counts { return Counts{} }

// Fill takes all space but leave bytes, with a file that nobody else touches.
func (c *Card) Fill(leave int64) error { return errUnfinished }

// Drain gives back what Fill took.
func (c *Card) Drain() error { return errUnfinished }

// ReadOnly remounts the card read-only, or writable again.
func (c *Card) ReadOnly(yes bool) error { return errUnfinished }

// Flip inverts one bit of a file, named relative to Dir, on the card and in the kernel's cache: at is the bit's number
// in the file; a negative one is a random bit of it, and the answer says which.
func (c *Card) Flip(name string, at int64) (int64, error) { return 0, errUnfinished }
