package versus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/test/load/sample"
	"github.com/rollcall-edge/rollcall/test/outage/card"
	"github.com/rollcall-edge/rollcall/test/versus/cluster"
)

// CardsRun is what was found with every member on a memory card of its own.
type CardsRun struct {
	Pace       card.Pace
	Kept, Bare sample.Times // lone taps until they were kept, and bare flushes of the same card
	Paced      []Paced
	Memory     MemoryPeak
}

// Paced is what was written while values came one by one.
type Paced struct {
	Members        int           // at which they came
	Every          time.Duration // at each of them
	Gateways, Etcd Written
}

// Written is by a whole cluster, for one value.
type Written struct {
	Octets  float64
	Ahead   float64 // of Octets: zeroes with which a new segment of a journal is filled, once in its life
	Flushes float64
}

const (
	every       = time.Second / 20
	loneEvery   = 200 * time.Millisecond
	settled     = 2 * time.Second // after a start, for what is made ahead to be made
	cardOctets  = 512 << 20       // etcd sets 64 MB aside for each file of its log
	cardsWanted = 2 * cluster.Size
)

// paces: the load at which the aim is set, and one that makes company among taps as rare as it gets.
var paces = []Paced{{Members: cluster.Size, Every: every}, {Members: 1, Every: every}}

// cards measures on slow cards. Where there can be none, it says why.
func (r *run) cards(ctx context.Context) (err error) {
	if r.results.NoCards = card.Available(card.Ext4); r.results.NoCards != nil {
		r.tell("no figures from cards: %v", r.results.NoCards)
		return nil
	}
	cards, err := openCards(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cards.close()) }()
	p, err := r.open(ctx, "cards", cards.dirs(0), cards.dirs(cluster.Size), 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	return r.onCards(ctx, p, cards)
}

func (r *run) onCards(ctx context.Context, p pair, cards cards) (err error) {
	found := &CardsRun{Pace: slow}
	r.results.Cards = found
	if _, err := cards.settled(ctx); err != nil {
		return err
	}
	if found.Kept, found.Bare, err = p.gateways.Lone(r.o.Effort.Lone, loneEvery); err != nil {
		return err
	}
	r.tell("a lone tap is kept after %v, a bare flush takes %v", found.Kept.Median(), found.Bare.Median())
	for _, pace := range paces {
		if err := r.paced(ctx, p, cards, &pace); err != nil {
			return err
		}
		r.tell("%d members, a value each %v: gateways write %.0f octets for each, %.0f of them zeroes ahead, etcd %.0f", pace.Members, pace.Every, pace.Gateways.Octets, pace.Gateways.Ahead, pace.Etcd.Octets)
		found.Paced = append(found.Paced, pace)
	}
	found.Memory, err = p.memory()
	return err
}

// paced gives both contenders values at the same time, since what they write does not depend on the other.
func (r *run) paced(ctx context.Context, p pair, cards cards, pace *Paced) error {
	before, err := cards.settled(ctx)
	if err != nil {
		return err
	}
	var work sync.WaitGroup
	var kept, put int
	var failed [2]error
	work.Go(func() { kept, failed[0] = p.gateways.Pace(ctx, pace.Members, pace.Every, r.o.Effort.Paced) })
	if p.etcd != nil {
		work.Go(func() { put, failed[1] = p.etcd.Pace(ctx, pace.Members, pace.Every, r.o.Effort.Paced) })
	}
	work.Wait()
	if err := errors.Join(failed[:]...); err != nil {
		return err
	}
	after, err := cards.settled(ctx)
	if err != nil {
		return err
	}
	pace.Gateways = written(before[:cluster.Size], after[:cluster.Size], kept)
	pace.Etcd = written(before[cluster.Size:], after[cluster.Size:], put)
	return nil
}

// written is what some cards have counted between two moments, for each of n values.
func written(before, after []count, n int) (w Written) {
	if n == 0 {
		return w
	}
	for i := range before {
		w.Octets += float64(after[i].BytesWritten-before[i].BytesWritten) / float64(n)
		w.Ahead += float64(after[i].segments-before[i].segments) / float64(n)
		w.Flushes += float64(after[i].Flushes-before[i].Flushes) / float64(n)
	}
	return w
}

// count is what a card has counted, and the length of all segments on it.
type count struct {
	card.Counts
	segments int64
}

// segments adds up the lengths of segments, in use or ready for it. Etcd has none: it does not fill its files.
func segments(dir string) (total int64, err error) {
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".seg" && filepath.Ext(path) != ".spare" {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		total += info.Size()
		return nil
	})
	return total, err
}

// cards are those of the gateways, then those of etcd.
type cards []*card.Card

func openCards(ctx context.Context) (all cards, err error) {
	for i := range cardsWanted {
		c, err := card.Open(ctx, card.Options{Name: fmt.Sprintf("versus-%d", i+1), Size: cardOctets, Pace: slow})
		if err != nil {
			return nil, errors.Join(err, all.close())
		}
		all = append(all, c)
	}
	return all, nil
}

func (c cards) close() error {
	var errs []error
	for _, one := range c {
		errs = append(errs, one.Close())
	}
	return errors.Join(errs...)
}

func (c cards) dirs(from int) (dirs cluster.Dirs) {
	for i := range dirs {
		dirs[i] = c[from+i].Dir()
	}
	return dirs
}

// settled waits until what is done ahead is done and everything written so far is on the cards, and gives their counts.
func (c cards) settled(ctx context.Context) ([]count, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(settled):
	}
	var counts []count
	for _, one := range c {
		if err := flushAll(one.Dir()); err != nil {
			return nil, fmt.Errorf("flush card: %w", err)
		}
		length, err := segments(one.Dir())
		if err != nil {
			return nil, fmt.Errorf("look at card: %w", err)
		}
		counts = append(counts, count{one.Counts(), length})
	}
	return counts, nil
}

// flushAll writes to a disk what its file system still has in memory.
func flushAll(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(f.Fd())), f.Close())
}
