package tree

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a node of the tree, 32 octets.
type Hash = tlog.Hash

// Frontier is all that has to be remembered of a tree to append to it and to know its root: the roots of its complete
// subtrees, one for each bit of its size. Record number n is leaf n-1, so Size is the number of the last record. The zero
// Frontier is the empty tree. It is not safe for concurrent use.
type Frontier struct {
	size   uint64
	hashes []Hash // the largest subtree first
}

// Size is how many records the tree has.
func (f *Frontier) Size() uint64 { return f.size }

// Append adds the commitment of record number Size+1.
func (f *Frontier) Append(c Commitment) {
	h := tlog.RecordHash(c[:])
	for n := f.size; n&1 == 1; n >>= 1 {
		last := len(f.hashes) - 1
		h = tlog.NodeHash(f.hashes[last], h)
		f.hashes = f.hashes[:last]
	}
	f.hashes = append(f.hashes, h)
	f.size++
}

// Root is the root of the tree (RFC 6962, section 2.1).
func (f *Frontier) Root() Hash {
	if f.size == 0 {
		return sha256.Sum256(nil)
	}
	root := f.hashes[len(f.hashes)-1]
	for _, h := range slices.Backward(f.hashes[:len(f.hashes)-1]) {
		root = tlog.NodeHash(h, root)
	}
	return root
}

// Clone is a Frontier that goes its own way from here.
func (f *Frontier) Clone() Frontier { return Frontier{size: f.size, hashes: slices.Clone(f.hashes)} }

// ErrFrontier means that octets are not a Frontier.
var ErrFrontier = errors.New("octets are not the frontier of a tree")

// MarshalBinary writes size (8 octets, big endian) and hashes.
func (f *Frontier) MarshalBinary() ([]byte, error) {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(f.hashes)*tlog.HashSize), f.size)
	for _, h := range f.hashes {
		b = append(b, h[:]...)
	}
	return b, nil
}

// UnmarshalBinary reads what MarshalBinary wrote.
func (f *Frontier) UnmarshalBinary(b []byte) error {
	if len(b) < 8 {
		return fmt.Errorf("%w: %d octets", ErrFrontier, len(b))
	}
	size, rest := binary.BigEndian.Uint64(b), b[8:]
	if size > 1<<62 || len(rest) != bits.OnesCount64(size)*tlog.HashSize {
		return fmt.Errorf("%w: %d octets of hashes for size %d", ErrFrontier, len(rest), size)
	}
	*f = Frontier{size: size}
	for h := range slices.Chunk(rest, tlog.HashSize) {
		f.hashes = append(f.hashes, Hash(h))
	}
	return nil
}
