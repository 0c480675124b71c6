package replicate

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Limits of one Ship. A record of contract.MaxRecord always fits.
const (
	maxShipRecords = 512
	maxShipBytes   = 64 << 10 // of the records' octets
)

// Versions of a command that this build knows. A cluster writes the newest one that all its members have said they read
// (see Node.spoken); between gateways commands travel in the oldest.
const (
	oldestCommand   = 1
	pruningCommand  = 2 // brought Seal and Prune
	bundlingCommand = 3 // brought bundles
	newestCommand   = bundlingCommand
)

const (
	kindShip   = 1
	kindAck    = 2
	kindSeal   = 3
	kindPrune  = 4
	kindBundle = 5 // no command: see encodeBundle

	commandHead = 1 + 1 + 8 + 8
	maxCommand  = commandHead + 2 + maxShipBytes + 2*maxShipRecords
)

// command is what a Raft entry says, alone or in a bundle. Ship has records: record i of the stream has number seq+i. The others
// have none. Ack: central holds the stream up to seq. Seal: it has proven it up to seq. Prune: what is sealed up to seq is
// dropped, at most maxPruned records at a time. All are idempotent and monotone.
type command struct {
	kind    byte
	stream  contract.Stream
	seq     uint64
	records [][]byte
}

// last is the number of the last record shipped.
func (c command) last() uint64 { return c.seq + uint64(len(c.records)) - 1 }

// encode writes the command in the oldest version that has it.
func (c command) encode() []byte { return c.encodeAs(c.since()) }

// since is the version that brought this kind of command.
func (c command) since() byte {
	if c.kind == kindSeal || c.kind == kindPrune {
		return pruningCommand
	}
	return oldestCommand
}

// encodeAs writes a version, all integers big endian:
//
//	version 1 | kind 1 | stream 8 | seq 8 | for Ship: count 2 | count × (size 2 | octets)
//
// Version 2 is the same, and has two more kinds. Version 3 is the same besides its bundles.
func (c command) encodeAs(version byte) []byte {
	size := commandHead
	for _, r := range c.records {
		size += 2 + len(r)
	}
	b := make([]byte, 0, size+2)
	b = append(b, version, c.kind)
	b = append(b, c.stream[:]...)
	b = binary.BigEndian.AppendUint64(b, c.seq)
	if c.kind != kindShip {
		return b
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(c.records)))
	for _, r := range c.records {
		b = binary.BigEndian.AppendUint16(b, uint16(len(r)))
		b = append(b, r...)
	}
	return b
}

// decodeCommand reads a command of any version of this build.
func decodeCommand(b []byte) (command, error) { return decodeUpTo(newestCommand, b) }

// decodeUpTo reads what encodeAs wrote in a version up to newest, and nothing else. The records point into b.
func decodeUpTo(newest byte, b []byte) (command, error) {
	if len(b) > 0 && b[0] > newest {
		return command{}, fmt.Errorf("%w: version %d", ErrCommandVersion, b[0])
	}
	if len(b) < commandHead || len(b) > maxCommand || b[0] < oldestCommand {
		return command{}, fmt.Errorf("%w: %d octets", ErrCommand, len(b))
	}
	c := command{kind: b[1], stream: contract.Stream(b[2:10]), seq: binary.BigEndian.Uint64(b[10:18])}
	if c.stream.IsZero() || c.seq == 0 || c.seq > math.MaxUint64-maxShipRecords {
		return command{}, fmt.Errorf("%w: it starts at %s/%d", ErrCommand, c.stream, c.seq)
	}
	if c.kind < kindShip || c.kind > kindPrune || b[0] < c.since() {
		return command{}, fmt.Errorf("%w: kind %d", ErrCommandVersion, c.kind)
	}
	rest := b[commandHead:]
	if c.kind == kindShip {
		var err error
		if c.records, rest, err = decodeRecords(rest); err != nil {
			return command{}, err
		}
	}
	if len(rest) > 0 {
		return command{}, fmt.Errorf("%w: %d octets after the end", ErrCommand, len(rest))
	}
	return c, nil
}

func decodeRecords(b []byte) (records [][]byte, rest []byte, err error) {
	if len(b) < 2 {
		return nil, nil, fmt.Errorf("%w: no record count", ErrCommand)
	}
	n := int(binary.BigEndian.Uint16(b))
	if b = b[2:]; n == 0 || n > maxShipRecords || n > len(b)/2 {
		return nil, nil, fmt.Errorf("%w: %d records", ErrCommand, n)
	}
	records = make([][]byte, n)
	for i := range records {
		if len(b) < 2 {
			return nil, nil, fmt.Errorf("%w: it ends before record %d", ErrCommand, i)
		}
		size := int(binary.BigEndian.Uint16(b))
		if b = b[2:]; size == 0 || size > contract.MaxRecord || size > len(b) {
			return nil, nil, fmt.Errorf("%w: record %d of %d octets", ErrCommand, i, size)
		}
		records[i], b = b[:size:size], b[size:]
	}
	return records, b, nil
}

// check looks at what the state machine must not judge, because members of different builds could differ: whether each
// record is sound and carries the number its place demands. Records of a newer build pass.
func (c command) check() error {
	for i, raw := range c.records {
		if err := checkRecord(raw, contract.TapID{Stream: c.stream, Seq: c.seq + uint64(i)}); err != nil {
			return fmt.Errorf("%w: %w", ErrCommand, err)
		}
	}
	return nil
}
