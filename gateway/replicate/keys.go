package replicate

import (
	"encoding/binary"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

// The keys of the replica. Numbers are big endian, so that Badger's order is the order of a stream.
//
//	t/<stream 8><seq 8>  the record's octets
//	w/<stream 8>         number up to which the stream is replicated, 8
//	a/<stream 8>         number up to which central holds it, 8
//	s/<stream 8>         number up to which central has proven it, 8
//	p/<stream 8>         number up to which it was pruned here, 8
//	f/<stream 8>         the tree over what was pruned, as tree.Frontier writes it; of another size if a record was missing
//	m/applied            index of the last Raft entry whose effect is here, 8
//	m/snapshot           what Raft may forget of its log, JSON; never leaves this gateway
//	m/sum                sum of all numbers under w, a, s and p, 8; written with each of them, never leaves this gateway
const (
	recordPrefix       = "t/"
	replicatedPrefix   = "w/"
	acknowledgedPrefix = "a/"
	sealedPrefix       = "s/"
	prunedPrefix       = "p/"
	frontierPrefix     = "f/"

	appliedKey  = "m/applied"
	snapshotKey = "m/snapshot"
	sumKey      = "m/sum"

	maxKey   = len(recordPrefix) + 8 + 8
	maxValue = contract.MaxRecord
)

func recordKey(s contract.Stream, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(streamKey(recordPrefix, s), seq)
}

func streamKey(prefix string, s contract.Stream) []byte {
	k := make([]byte, 0, maxKey)
	return append(append(k, prefix...), s[:]...)
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// proven tells why an entry may not go from one replica to another, if so.
func proven(key, val []byte) error {
	if !travels(key, val) {
		return fmt.Errorf("entry with a key of %d and a value of %d octets", len(key), len(val))
	}
	if string(key[:2]) != recordPrefix {
		return nil
	}
	return checkRecord(val, recordOf(key))
}

// recordOf is the record that a key of recordKey's shape stands for.
func recordOf(key []byte) contract.TapID {
	return contract.TapID{Stream: contract.Stream(key[2:10]), Seq: binary.BigEndian.Uint64(key[10:])}
}

// travels reports whether a key and value of these shapes belong into a snapshot stream.
func travels(key, val []byte) bool {
	if string(key) == appliedKey {
		return len(val) == 8
	}
	if len(key) < 2 {
		return false
	}
	switch string(key[:2]) {
	case recordPrefix:
		return len(key) == 2+8+8 && len(val) > 0 && len(val) <= contract.MaxRecord
	case replicatedPrefix, acknowledgedPrefix, sealedPrefix, prunedPrefix:
		return len(key) == 2+8 && len(val) == 8
	case frontierPrefix:
		return len(key) == 2+8 && new(tree.Frontier).UnmarshalBinary(val) == nil
	}
	return false
}

// counts reports whether the number under a key goes into the sum.
func counts(key []byte) bool {
	switch string(key[:2]) {
	case replicatedPrefix, acknowledgedPrefix, sealedPrefix, prunedPrefix:
		return true
	}
	return false
}
