package reader

import (
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// Kind is what happened at a reader.
type Kind uint8

// The things a hook is told.
const (
	Placed    Kind = iota + 1 // a person came with a card
	Sent                      // the last octet of its frame left the reader for the first time
	Taken                     // the panel has the card: it went on to the next sequence
	Lost                      // the card was thrown away before
	Shown                     // a passing Light became visible
	Steadied                  // the steady light became Light
	Beeped                    // Count tones
	Restarted                 // the panel began a session
	Offline                   // the panel has been silent for eight seconds
	Left                      // the person went away; Light is what they saw, None included
	Secured                   // a secure channel is open
	Unsecured                 // it is over
	Keyed                     // the reader got a key of its own
	kinds
)

var kindNames = [kinds]string{"", "placed", "sent", "taken", "lost", "shown", "steadied", "beeped", "restarted", "offline", "left", "secured", "unsecured", "keyed"}

// String is the name of the kind, e.g. "shown".
func (k Kind) String() string {
	if k > 0 && k < kinds {
		return kindNames[k]
	}
	return "unknown"
}

// Event is one thing that happened, told in the order of one reader.
type Event struct {
	At     time.Time
	Reader string
	Kind   Kind
	Light  lamp.Light
	Count  int
}
