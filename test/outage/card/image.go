package card

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
)

const (
	pageSize   = 4096
	sectorSize = 512 // the unit that a card writes whole or not at all
)

type page = [pageSize]byte

// pages by number; a page that is missing is full of zeros. A page once in here is never changed, so that copies share it.
type pages map[int64]*page

// Image is what was on a card at one moment. It shares memory with the card for as long as neither changes.
type Image struct {
	size  int64
	pages pages
}

// Save writes the image into a new file, where mount -o loop and e2fsck can look at it.
func (i *Image) Save(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("save image: %w", err)
	}
	defer f.Close() //nolint:errcheck // closed below when all is well
	if err := f.Truncate(i.size); err != nil {
		return fmt.Errorf("save image: %w", err)
	}
	for number, p := range i.pages {
		if _, err := f.WriteAt(p[:], number*pageSize); err != nil {
			return fmt.Errorf("save image: %w", err)
		}
	}
	return f.Close()
}

// each calls do for each page that p, at off, touches, with the page's number, the place in it and the part of p.
func each(off int64, p []byte, do func(number, at int64, part []byte)) {
	for len(p) > 0 {
		number, at := off/pageSize, off%pageSize
		n := min(int64(len(p)), pageSize-at)
		do(number, at, p[:n])
		off, p = off+n, p[n:]
	}
}

func (p pages) copy() pages {
	c := make(pages, len(p))
	for number, page := range p {
		c[number] = page
	}
	return c
}

// clone is a page that may be changed.
func (p pages) clone(number int64) *page {
	c := new(page)
	if old := p[number]; old != nil {
		*c = *old
	}
	return c
}

func (p pages) write(off int64, data []byte) {
	each(off, data, func(number, at int64, part []byte) {
		c := p.clone(number)
		copy(c[at:], part)
		p[number] = c
	})
}

func (p pages) contains(text []byte) bool {
	for _, page := range p {
		if bytes.Contains(page[:], text) {
			return true
		}
	}
	return false
}

// Cut is which of the writes since the last flush survive a power cut.
type Cut int

// The kinds of Cut.
const (
	KeepAll       Cut = iota // the card happened to have written everything
	DropAll                  // none of them
	TornPrefix               // those up to a random moment, the last one torn at a sector
	RandomSectors            // any of their sectors, each with even chance
	Reordered                // any of the writes, whole, in any order
)

func (k Cut) String() string {
	switch k {
	case KeepAll:
		return "keep all"
	case DropAll:
		return "drop all"
	case TornPrefix:
		return "torn prefix"
	case RandomSectors:
		return "random sectors"
	case Reordered:
		return "reordered"
	}
	return fmt.Sprintf("Cut(%d)", int(k))
}

// survive applies what a cut leaves of the pending writes.
func (p pages) survive(k Cut, pending []write, r *rand.Rand) Damage {
	damage := Damage{Pending: len(pending)}
	keep := func(w write, sectors func(n, of int) bool) {
		kept, of := 0, (len(w.data)+sectorSize-1)/sectorSize
		for n := range of {
			if sectors(n, of) {
				p.write(w.off+int64(n)*sectorSize, w.data[n*sectorSize:min((n+1)*sectorSize, len(w.data))])
				kept++
			}
		}
		damage.add(kept, of)
	}
	whole := func(int, int) bool { return true }
	switch k {
	case KeepAll:
		for _, w := range pending {
			keep(w, whole)
		}
	case DropAll:
	case TornPrefix:
		if len(pending) == 0 {
			break
		}
		last := r.IntN(len(pending))
		for _, w := range pending[:last] {
			keep(w, whole)
		}
		share := r.Float64()
		keep(pending[last], func(n, of int) bool { return n < int(share*float64(of+1)) })
	case RandomSectors:
		for _, w := range pending {
			keep(w, func(int, int) bool { return r.IntN(2) == 0 })
		}
	case Reordered:
		for _, n := range r.Perm(len(pending)) {
			if r.IntN(2) == 0 {
				keep(pending[n], whole)
			}
		}
	}
	return damage
}

func (d *Damage) add(kept, of int) {
	if kept > 0 {
		d.Kept++
	}
	if kept > 0 && kept < of {
		d.Torn++
	}
}
