package replicate

import "fmt"

// code is the outcome of a command, from the state machine or from the gateway asked. Numbers are wire format between
// peers: never reuse one.
type code byte

const (
	codeDone      code = 0 // the command's effect is on disk, here and on a majority
	codeGap       code = 1 // records are missing before the first; through says where to go on
	codeNotLeader code = 2 // ask another one
	codeRefused   code = 3 // malformed; sending it again does not help
	codeFork      code = 4 // another record has that number
	codeFailed    code = 5 // not now; whether it was done is unknown
)

// answer is what became of a command. through is the watermark that it is about: Replicated for Ship, and for the others what
// they move.
type answer struct {
	code    code
	through uint64
}

// err is nil when the command was done.
func (a answer) err() error {
	switch a.code {
	case codeDone:
		return nil
	case codeGap:
		return fmt.Errorf("%w: it has up to %d", ErrGap, a.through)
	case codeNotLeader:
		return ErrNotLeader
	case codeFork:
		return ErrFork
	case codeRefused:
		return ErrCommand
	default:
		return fmt.Errorf("%w: leader could not commit", ErrNoLeader)
	}
}
