// Package drivers says what a card reader is to a gateway: bytes on a line in, a Read out, a light back.
// It knows devices and nothing of students, sessions or timetables; what a Read means is decided elsewhere.
package drivers

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/recent"
)

// Read is one presentation of a credential, as a reader reported it. A damaged frame is never a Read.
type Read struct {
	Reader     string    // configured name of the reader, unique in the gateway
	Credential string    // canonical key from drivers/credential, e.g. "w26:123:45678" or "uid:04A2B3C4D5E680"; else empty, for one of the next two
	Several    bool      // two or more credentials were in the field at once; none is reported
	Unsuitable bool      // one was, but its number names nobody: random (credential.ErrRandom) or blank (credential.ErrBlank)
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
	// Line tells the state of the line itself and how the conversation on it goes. Safe from any goroutine.
	Line() LineStatus
}

// Commissioner is a Bus whose readers can be set up over the line, at the wish of a technician and never by itself.
// Both wait until done or ctx ends; their errors are sentences for the person who asked. A reader that is not on the
// bus is ErrNoReader. Safe from any goroutine while Run runs.
type Commissioner interface {
	// InstallKey gives a reader that is in its installation mode a random key of its own and uses it from then on.
	InstallKey(ctx context.Context, reader string) error
	// Move sets the address and the speed at which a reader listens from now on, and tells what it accepted.
	Move(ctx context.Context, reader string, address byte, baud int) (gotAddress byte, gotBaud int, err error)
}

// ErrNoReader means that no reader of that name is on the bus.
var ErrNoReader = errors.New("no such reader on this bus")

// Status is the state of one reader for the status page and the heartbeat.
type Status struct {
	Reader     string
	Up         bool      // the line is open and, where the protocol can tell, the reader answers
	Since      time.Time // when Up last changed
	HeardAt    time.Time // last valid frame; zero if none yet
	Steady     Signal    // what it shows between taps
	Trouble    string    // one sentence a technician can act on; empty when all is well
	Supervised bool      // false for push-only readers, whose silence says nothing: Up then speaks of the line alone
	Keyed      bool      // has a key of its own: nothing it says without that key is believed
	Secure     bool      // speaks under its key now
	Tamper     bool      // reports that it was opened or moved
	PowerLost  bool      // reports a power failure
	Made       string    // what it says it is, e.g. "vendor 5C2699, model 1.2, firmware 3.4.5"; empty where it does not tell
	Counts     Counts
}

// Counts are totals of one reader since the gateway started.
type Counts struct {
	Taps     uint64 // cards reported
	Repeats  uint64 // of a card already reported, suppressed
	Refused  uint64 // cards that are no credential
	Retries  uint64 // questions asked again
	Failures uint64 // questions that brought no usable answer: silence, damage, refusal
	Waits    uint64 // cards that waited because the gateway took none
	Unshown  uint64 // momentary lights it could not be made to show
}

// LineStatus is the state of a serial line and of the conversation on it.
type LineStatus struct {
	Bus    string
	Driver string // osdp, twn4, pn532, ascii or qr
	Device string // configured path
	Baud   int

	Up      bool
	Since   time.Time // when Up last changed
	Trouble string    // one sentence a technician can act on; empty while the line is open
	Advice  string    // one sentence on what would make a working line better; empty when nothing would

	Exchanges uint64 // questions asked; 0 on a line that is only listened to
	Retries   uint64
	Noise     uint64         // octets that belong to no frame
	Reopens   uint64         // times the line was opened, the first included
	Cycle     recent.Summary // one round over the readers that are due
	Reply     recent.Summary // from the end of a question to the end of its answer
	Light     recent.Summary // from the arrival of a card to the reader's confirmation of its light, or where it confirms none, to its sending
}
