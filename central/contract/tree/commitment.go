package tree

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Commitment stands for one record in its stream's tree. It says nothing about a record whose octets were erased, because
// the salt went with them.
type Commitment [sha256.Size]byte

// String is 64 lower-case hexadecimal digits.
func (c Commitment) String() string { return hex.EncodeToString(c[:]) }

// Domain tags keep a commitment from being taken for any other hash, one for each version of the encoding.
const (
	tagV1 = "rollcall/record/v1\x00"
	tagV2 = "rollcall/record/v2\x00"
)

const (
	saltSize     = len(contract.Salt{})
	checksumSize = 4
)

// ErrCommit means that octets are not a record this build could commit to.
var ErrCommit = errors.New("octets are not a record that can be committed to")

// Commit computes what a record commits to:
//
//	version 2: SHA-256("rollcall/record/v2" 0x00 | salt | the octets before the salt)
//	version 1: SHA-256("rollcall/record/v1" 0x00 | the octets before the checksum); it has no salt, so its commitment can be
//	           guessed by whoever can guess the record
//
// It looks at the version and the length alone: whether the record can be read is DecodeRecord's matter.
func Commit(record []byte) (Commitment, error) {
	var room [512]byte // most records, and then nothing is allocated
	input := room[:0]
	switch {
	case len(record) < 1+saltSize+checksumSize:
		return Commitment{}, fmt.Errorf("%w: %d octets", ErrCommit, len(record))
	case record[0] == 1:
		input = append(append(input, tagV1...), record[:len(record)-checksumSize]...)
	case record[0] == 2:
		at := len(record) - checksumSize - saltSize
		input = append(append(input, tagV2...), record[at:at+saltSize]...)
		input = append(input, record[:at]...)
	default:
		return Commitment{}, fmt.Errorf("%w: version %d", ErrCommit, record[0])
	}
	return sha256.Sum256(input), nil
}
