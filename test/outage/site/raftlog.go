package site

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// raftCommand is Raft's own number for an entry that is a command.
const raftCommand = 0

// Commands counts the commands of each version in the Raft log of a gateway that has stopped. An entry is
// version 1 | type 1 | term uvarint | time varint | extensions size uvarint | extensions | data, and data begin with the
// version of the command.
func (g *Gateway) Commands() (versions map[byte]int, err error) {
	log, err := journal.OpenLog(journal.LogOptions{Dir: filepath.Join(g.Data(), "cluster", "raft"), ReserveBytes: -1})
	if err != nil {
		return nil, fmt.Errorf("read Raft log: %w", err)
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	versions = map[byte]int{}
	for n := log.First(); n != 0 && n <= log.Last(); n++ {
		entry, err := log.Read(n)
		if err != nil {
			return nil, fmt.Errorf("read Raft log: %w", err)
		}
		if data := dataOf(entry); len(data) > 0 && entry[1] == raftCommand {
			versions[data[0]]++
		}
	}
	return versions, nil
}

// dataOf is the data of an entry, nil where it ends before.
func dataOf(entry []byte) []byte {
	rest := entry[min(2, len(entry)):]
	_, term := binary.Uvarint(rest)
	rest = rest[max(term, 0):]
	_, at := binary.Varint(rest)
	rest = rest[max(at, 0):]
	size, n := binary.Uvarint(rest)
	if term <= 0 || at <= 0 || n <= 0 || size > uint64(len(rest)-n) {
		return nil
	}
	return rest[n+int(size):]
}
