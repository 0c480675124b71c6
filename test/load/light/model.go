package light

import (
	"time"

	"github.com/rollcall-edge/rollcall/test/load/appliance"
)

// frames are lengths in octets, the mark before each included: POLL and its ACK, RAW with a 7-octet UID, LED with one record.
type frames struct{ poll, ack, raw, led int }

// In the secure channel each frame has a security block of two octets and four octets of MAC more, and data is padded to
// whole blocks of sixteen: eleven octets of RAW and fourteen of LED both become sixteen.
var (
	plain  = frames{poll: 9, ack: 9, raw: 20, led: 23}
	secure = frames{poll: 15, ack: 15, raw: 31, led: 31}
)

func framesOf(w appliance.Wiring) frames {
	if w.Secure {
		return secure
	}
	return plain
}

// gapOctets is the silence before each command (SIA OSDP conformance 050-06).
const gapOctets = 2

// Times that do not depend on the speed of the line.
const (
	turnaround = 3 * time.Millisecond // from a command to its reply, nominal (SIA OSDP conformance 050-04)
	glow       = time.Millisecond     // from the LED command to the light
	judging    = time.Millisecond     // what the model grants the panel for a decision
)

// wire is how long octets take at 8N1.
func wire(octets, baud int) time.Duration {
	return time.Duration(octets) * 10 * time.Second / time.Duration(baud)
}

// cycle is how long the panel takes to poll every reader once, back to back.
func cycle(w appliance.Wiring) time.Duration {
	f := framesOf(w)
	return time.Duration(w.Readers) * (wire(f.poll+f.ack+gapOctets, w.Baud) + turnaround)
}

// afterPoll is the time from the end of the POLL that finds the card to the light, without the panel's own time.
func afterPoll(w appliance.Wiring) time.Duration {
	f := framesOf(w)
	return turnaround + wire(f.raw+gapOctets+f.led, w.Baud) + glow
}

// Model is the budget from the card in the field to the light: the card waits for its reader's turn, is sent, judged within
// a millisecond, and the light is the very next frame.
type Model struct {
	Best  time.Duration // the card comes just before its POLL is over
	Mean  time.Duration // half a round, and a whole POLL, since a card may come too late for the one under way
	Worst time.Duration // a whole round and a POLL
}

// NewModel is the budget for a line.
func NewModel(w appliance.Wiring) Model {
	best := afterPoll(w) + judging
	poll := wire(gapOctets+framesOf(w).poll, w.Baud)
	return Model{Best: best, Mean: best + poll + cycle(w)/2, Worst: best + poll + cycle(w)}
}

// Ideal is the mean time of a panel that is a wire: no time of its own for anything, and a card may come until the last
// octet of its POLL.
func Ideal(w appliance.Wiring) time.Duration { return afterPoll(w) + cycle(w)/2 }
