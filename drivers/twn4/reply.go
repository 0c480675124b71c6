package twn4

import (
	"encoding/binary"
	"fmt"

	"github.com/rollcall-edge/rollcall/drivers/polled"
)

// errReply means that a reply does not have the form of an answer to what was asked.
var errReply = fmt.Errorf("%w: reply does not answer the command", polled.ErrDamaged)

// done reads the reply to a command that returns nothing. Errors: a refusal, errReply.
func done(reply []byte) error {
	rest, err := accepted(reply)
	if err == nil && len(rest) > 0 {
		return errReply
	}
	return err
}

// accepted takes the status off. Errors: a refusal, errReply.
func accepted(reply []byte) (rest []byte, err error) {
	switch {
	case len(reply) == 0:
		return nil, errReply
	case reply[0] != statusOK:
		return nil, refusal(reply[0])
	}
	return reply[1:], nil
}

// tag reads the reply to SearchTag; seen is false when no card is in the field. Errors: a refusal, errReply.
func tag(reply []byte) (f found, seen bool, err error) {
	rest, seen, err := positive(reply)
	if err != nil || !seen {
		return found{}, false, err
	}
	if len(rest) < 3 || len(rest) != 3+int(rest[2]) {
		return found{}, false, errReply
	}
	f = found{tag: Tag(rest[0]), bits: int(rest[1]), id: rest[3:]}
	if len(f.id) != (f.bits+7)/8 {
		return found{}, false, errReply
	}
	return f, true, nil
}

// list reads the reply to SearchMultiTag: a count, the octets that follow, and each UID behind its length. Errors: a
// refusal, errReply.
func list(reply []byte) (uids [][]byte, err error) {
	rest, seen, err := positive(reply)
	if err != nil || !seen {
		return nil, err
	}
	if len(rest) < 2 || len(rest) != 2+int(rest[1]) {
		return nil, errReply
	}
	count, rest := int(rest[0]), rest[2:]
	for len(rest) > 0 {
		n := int(rest[0])
		if n == 0 || len(rest) < 1+n {
			return nil, errReply
		}
		uids, rest = append(uids, rest[1:1+n]), rest[1+n:]
	}
	if len(uids) != count || count == 0 {
		return nil, errReply
	}
	return uids, nil
}

// positive reads a status and a result; a result of false has nothing behind it.
func positive(reply []byte) (rest []byte, result bool, err error) {
	rest, err = accepted(reply)
	if err != nil {
		return nil, false, err
	}
	switch {
	case len(rest) == 1 && rest[0] == 0:
		return nil, false, nil
	case len(rest) > 1 && rest[0] == 1:
		return rest[1:], true, nil
	}
	return nil, false, errReply
}

// version reads the reply to GetVersionString. What is not printable is left out. Errors: a refusal, errReply.
func version(reply []byte) (string, error) {
	rest, err := accepted(reply)
	if err != nil {
		return "", err
	}
	if len(rest) == 0 || len(rest) != 1+int(rest[0]) {
		return "", errReply
	}
	var text []byte
	for _, c := range rest[1:] {
		if c >= ' ' && c <= '~' {
			text = append(text, c)
		}
	}
	return string(text), nil
}

// ticks reads the reply to GetSysTicks: milliseconds since the reader started. Errors: a refusal, errReply.
func ticks(reply []byte) (uint32, error) {
	rest, err := accepted(reply)
	if err != nil {
		return 0, err
	}
	if len(rest) != 4 {
		return 0, errReply
	}
	return binary.LittleEndian.Uint32(rest), nil
}
