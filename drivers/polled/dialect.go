package polled

import (
	"errors"
	"time"
)

// Dialect is the protocol of one kind of reader. One goroutine uses it. Each method asks, waits for the answer with the
// Line it is given, and returns an error when there was no usable one: ErrSilent, ErrDamaged, or one that wraps
// ErrRefused.
type Dialect interface {
	// Greet wakes the reader up and sets it up; whatever was known of it is forgotten.
	Greet(*Line) (Identity, error)
	// Look asks once which cards are in the field.
	Look(*Line) (Sight, error)
	// Alive asks for a sign of life. Its error is ErrRestarted when the reader has forgotten what it was told.
	Alive(*Line) error
	// Light replaces the colour that the reader shows, until the next one.
	Light(*Line, Colour) error
	// Sound begins a beep. It is called again with 0 when the beep is to end, for readers that do not end it themselves.
	Sound(*Line, time.Duration) error
}

// Identity is what a reader says it is; a part that it does not tell is empty.
type Identity struct{ Vendor, Model, Firmware string }

// Sight is what one look came to.
type Sight struct {
	At    time.Time // arrival of the answer
	Cards int       // in the field, 2 for more than one

	// Of a single card: what package credential made of it, or why it cannot be one, in a word for the metrics.
	Key     string
	Err     error
	Foreign string
}

// What became of a question.
var (
	ErrSilent  = errors.New("reader did not answer in time")
	ErrDamaged = errors.New("answer of the reader was damaged")
	ErrRefused = errors.New("reader refused the command")

	// ErrRestarted: it lost its power for a moment.
	ErrRestarted = errors.New("reader has restarted")
)
