// Package history is everything that a run of the outage laboratory recorded: what people saw at the doors, which faults were
// on, how far everybody had come from moment to moment, and what lay on every disk in the end. It judges nothing.
package history

import (
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

// Light is what a person saw.
type Light string

// The lights that answer a card, and None.
const (
	None      Light = "none"
	Green     Light = "green"
	Red       Light = "red"
	Amber     Light = "amber"
	BlueBlink Light = "blue_blink"
)

// Promises reports whether the light says that the tap is kept.
func (l Light) Promises() bool { return l == Green || l == Red || l == BlueBlink }

// Presentation is one card, used this once, held to one reader.
type Presentation struct {
	Nonce     string    `json:"nonce"` // digest of the card, hexadecimal: what the card number never leaves the people for
	Point     string    `json:"point"`
	Room      string    `json:"room"`
	Gateway   string    `json:"gateway"`
	Student   string    `json:"student,omitempty"` // "" when nobody holds the card
	Expect    Light     `json:"expect"`            // Green or Red, by a timetable that everybody has
	Due       time.Time `json:"due"`               // when the person was to come; others may have been in front
	Placed    time.Time `json:"placed"`            // the card came into the field
	Sent      time.Time `json:"sent"`              // zero when the card's frame never left the reader
	Shown     time.Time `json:"shown"`             // zero without a light
	Left      time.Time `json:"left"`
	Light     Light     `json:"light"`
	Lightless bool      `json:"lightless,omitempty"` // the reader has no light
	Behind    bool      `json:"behind,omitempty"`    // an earlier card may still wait in the reader: the light may be that one's
}

// After is the time from the card's frame to the light, 0 when there was no light.
func (p *Presentation) After() time.Duration {
	if p.Shown.IsZero() || p.Sent.IsZero() {
		return 0
	}
	return p.Shown.Sub(p.Sent)
}

// Fault is one fault as it was injected.
type Fault struct {
	Kind   int       `json:"kind"` // number in the catalogue
	Name   string    `json:"name"`
	Target string    `json:"target"` // names of gateways, "central", or points
	On     time.Time `json:"on"`
	Off    time.Time `json:"off"`
	Bit    bool      `json:"bit"`
	Proof  string    `json:"proof"` // what showed that it bit, or why it did not
	Cuts   int       `json:"cuts,omitempty"`
}

// Image is what a power cut would have left on a gateway's card, taken while it ran and looked into.
type Image struct {
	At       time.Time `json:"at"`
	Gateway  string    `json:"gateway"`
	Kind     string    `json:"kind"`
	Pending  int       `json:"pending"`  // writes that were not flushed
	Torn     int       `json:"torn"`     // of these, those that survived in part
	Promised int       `json:"promised"` // cards of which a light had told by then that they are kept
	Missing  int       `json:"missing"`  // of these, those that are not in the journal on it
	Fault    string    `json:"fault,omitempty"`
}

// Over reports whether the fault was on at some time between from and to.
func (f *Fault) Over(from, to time.Time) bool { return !f.On.After(to) && !f.Off.Before(from) }

// Sample is how far everybody was at one moment. Gateways were asked before central.
type Sample struct {
	At       time.Time           `json:"at"`
	Late     time.Duration       `json:"late"`     // how much later than planned it was taken
	Gateways map[string]Progress `json:"gateways"` // those that answered
	Central  map[string]uint64   `json:"central"`  // stream → every record up to here is at central; nil when it did not answer
}

// Progress is how far one gateway was.
type Progress struct {
	Took         time.Duration `json:"took"` // until it had answered two questions
	Stream       string        `json:"stream"`
	Durable      uint64        `json:"durable"`
	Replicated   uint64        `json:"replicated"`
	Acknowledged uint64        `json:"acknowledged"`
	Leader       bool          `json:"leader"`
	Resident     uint64        `json:"resident"` // octets of memory
	Goroutines   int           `json:"goroutines"`
}

// Span is a time; To is zero while it lasts.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Life is one life of a program.
type Life struct {
	Span
	Asked bool `json:"asked"` // the laboratory ended it, or made it end
}

// Record is one record of a stream as it lies somewhere.
type Record struct {
	Seq    uint64 `json:"seq"`
	Digest string `json:"digest"` // of its octets
}

// Tap is one tap as central tells it.
type Tap struct {
	Stream  string    `json:"stream"`
	Seq     uint64    `json:"seq"`
	At      time.Time `json:"at"`
	Point   string    `json:"point"`
	Nonce   string    `json:"nonce"`
	Green   bool      `json:"green"` // the recorded outcome is one that shows green
	Suspect bool      `json:"suspect,omitempty"`
}

// Stream is one journal as central knows it.
type Stream struct {
	Owner       string `json:"owner"`
	Through     uint64 `json:"through"`
	Quarantined string `json:"quarantined,omitempty"`
}

// End is what lay on every disk when all programs had stopped.
type End struct {
	Streams  map[string]Stream              `json:"streams"`  // at central
	Central  map[string][]Record            `json:"central"`  // stream → records at central, by number
	Taps     []Tap                          `json:"taps"`     // at central
	Replicas map[string]map[string][]Record `json:"replicas"` // gateway → stream → records, by number
	Journals map[string]Journal             `json:"journals"` // gateway → its own journal
	Marks    map[model.Key]string           `json:"-"`        // central's register
	Sponsor  []string                       `json:"-"`        // students reported or warned of because of this run
}

// Journal is a gateway's own journal.
type Journal struct {
	Stream  string   `json:"stream"`
	Records []Record `json:"records"`
}

// Room is what is really known of one room: which classes were on, and when its reader could be heard.
type Room struct {
	Working []model.Interval `json:"working"`
}

// Trust is one attempt to get in, or to change something, that must fail or be found.
type Trust struct {
	What    string `json:"what"`
	Refused bool   `json:"refused"` // turned away, or found by verify
	Detail  string `json:"detail"`
}

// History is the whole run.
type History struct {
	Seed      uint64    `json:"seed"`
	Commit    string    `json:"commit"`
	Began     time.Time `json:"began"` // of the traffic
	Ended     time.Time `json:"ended"` // of the traffic
	Mended    time.Time `json:"mended"`
	Converged time.Time `json:"converged"` // zero: never

	Planned       int            `json:"planned"` // presentations that should have been made by the end
	Made          int            `json:"made"`    // of these, those that were
	Presentations []Presentation `json:"presentations"`
	Faults        []Fault        `json:"faults"`
	Images        []Image        `json:"images"`
	Samples       []Sample       `json:"samples"`

	Programs map[string][]Life `json:"programs"` // gateway or "central" → its lives
	Panics   []string          `json:"panics"`   // lines of logs that should not be there
	Sessions []model.Session   `json:"-"`
	Rooms    map[string]Room   `json:"-"`
	Trust    []Trust           `json:"trust"`
	End      End               `json:"end"`
}
