package replicate

import (
	"encoding/binary"
	"fmt"
)

// A bundle is several commands in one Raft entry, done in their order, so that they share its flushes everywhere:
//
//	version 1 | kind 1 | count 1 | count × (size 4 | command)
//
// Integers are big endian. It takes no more than the largest command, and has at least two.
const (
	bundleHead = 1 + 1 + 1
	bundleSize = 4 // before each command
	maxBundle  = 255
)

// encodeBundle writes a bundle of commands that are encoded already.
func encodeBundle(version byte, commands [][]byte) []byte {
	b := []byte{version, kindBundle, byte(len(commands))}
	for _, c := range commands {
		b = binary.BigEndian.AppendUint32(b, uint32(len(c)))
		b = append(b, c...)
	}
	return b
}

// isBundle tells a bundle from a single command.
func isBundle(entry []byte) bool { return len(entry) >= bundleHead && entry[1] == kindBundle }

// decodeEach reads what a Raft entry says, a command or a bundle of them, in versions up to newest and no other.
func decodeEach(newest byte, entry []byte) ([]command, error) {
	if !isBundle(entry) || entry[0] < bundlingCommand || entry[0] > newest {
		c, err := decodeUpTo(newest, entry)
		return []command{c}, err
	}
	count, rest := int(entry[2]), entry[bundleHead:]
	if count < 2 || len(entry) > maxCommand {
		return nil, fmt.Errorf("%w: bundle of %d commands and %d octets", ErrCommand, count, len(entry))
	}
	commands := make([]command, count)
	for i := range commands {
		if len(rest) < bundleSize || uint64(binary.BigEndian.Uint32(rest)) > uint64(len(rest)-bundleSize) {
			return nil, fmt.Errorf("%w: bundle ends before command %d", ErrCommand, i)
		}
		size := int(binary.BigEndian.Uint32(rest))
		var err error
		if commands[i], err = decodeUpTo(newest, rest[bundleSize:bundleSize+size]); err != nil {
			return nil, fmt.Errorf("command %d of a bundle: %w", i, err)
		}
		rest = rest[bundleSize+size:]
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%w: %d octets after the bundle", ErrCommand, len(rest))
	}
	return commands, nil
}

// pack puts commands, in their order, into as few entries as they fit. Each entry holds those from its place in starts on.
func pack(version byte, commands [][]byte) (entries [][]byte, starts []int) {
	for from := 0; from < len(commands); {
		to, size := from+1, bundleHead+bundleSize+len(commands[from])
		for version >= bundlingCommand && to < len(commands) && to-from < maxBundle {
			if size += bundleSize + len(commands[to]); size > maxCommand {
				break
			}
			to++
		}
		starts = append(starts, from)
		if to == from+1 {
			entries = append(entries, commands[from])
		} else {
			entries = append(entries, encodeBundle(version, commands[from:to]))
		}
		from = to
	}
	return entries, starts
}
