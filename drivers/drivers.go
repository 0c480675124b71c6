// Package drivers says what a card reader is to a gateway: bytes on a line in, a Read out, a light back.
// It knows devices and nothing of students, sessions or timetables; what a Read means is decided elsewhere.
package drivers

import (
	"context"
	"slices"
	"time"
)

// Read is one presentation of a credential, as a reader reported it. A damaged frame is never a Read.
type Read struct {
	Reader     string    // configured name of the reader, unique in the gateway
	Credential string    // canonical key from drivers/credential, e.g. "w26:123:45678" or "uid:04A2B3C4D5E680"; empty when Several
	Several    bool      // two or more credentials were in the field at once; none is reported
	HeardAt    time.Time // when the last octet of the frame arrived, with the monotonic reading
}

// Signal is what a reader shows. Off, Ready and Fault stay until replaced; the others last about a second
// and the reader then goes back to its steady signal.
type Signal uint8

// The signals of DESIGN "What a light promises", in the order of the OSDP colours they use.
const (
	Off      Signal = iota // steady: no light; no register is open here
	Ready                  // steady blue: a register is open and taps are being recorded
	Fault                  // steady amber: this gateway cannot keep a tap; tap again or ask staff
	Accepted               // green flash, one beep: kept on disk and credited
	Refused                // red, three beeps: kept on disk, not credited
	Several                // red twice: two cards at once; kept on disk, not credited
	Stored                 // blue blinking: kept on disk, not judged here
	NotKept                // amber flash: this tap is not on disk
)

// Steady reports whether s stays until replaced.
func (s Signal) Steady() bool { return s <= Fault }

var signalNames = [...]string{"off", "ready", "fault", "accepted", "refused", "several", "stored", "not_kept"}

// String is the name used in metrics and on the status page.
func (s Signal) String() string {
	if int(s) < len(signalNames) {
		return signalNames[s]
	}
	return "unknown"
}

// ParseSignal is the inverse of String; ok is false for a word that names none.
func ParseSignal(name string) (s Signal, ok bool) {
	at := slices.Index(signalNames[:], name)
	return Signal(max(at, 0)), at >= 0
}

// Bus is one serial line with the readers on it. Every driver implements it.
type Bus interface {
	// Run talks to the readers until ctx ends, reopening the line for as long as it takes, and returns nil then.
	// Reads are sent in the order each reader made them. While reads is full the driver stops polling the reader
	// whose Read waits (it queues); a Read is never dropped. On the way out every light is put off.
	Run(ctx context.Context, reads chan<- Read) error
	// Show sets the signal of one reader and returns at once. Steady signals are shown again after every
	// reconnect; a momentary one is for the card just read and is lost with the connection.
	Show(reader string, s Signal)
	// Status tells the state of each reader of the line, in configured order. Safe from any goroutine.
	Status() []Status
}

// Status is the state of one reader for the status page and the heartbeat.
type Status struct {
	Reader     string
	Up         bool      // the line is open and, where the protocol can tell, the reader answers
	Since      time.Time // when Up last changed
	HeardAt    time.Time // last valid frame; zero if none yet
	Steady     Signal    // what it shows between taps
	Trouble    string    // one sentence a technician can act on; empty when all is well
	Supervised bool      // false for push-only readers, whose silence says nothing: Up then speaks of the line alone
}
