package light

import "time"

// Frames of plain OSDP with the mark before them, in octets: POLL and ACK, RAW with a 7-byte UID, LED with one record.
const (
	pollOctets = 9
	ackOctets  = 9
	rawOctets  = 20
	ledOctets  = 23
	gapOctets  = 2 // silence before each command (SIA OSDP conformance 050-06)
)

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
func cycle(baud, readers int) time.Duration {
	return time.Duration(readers) * (wire(pollOctets+ackOctets+gapOctets, baud) + turnaround)
}

// afterPoll is the time from the end of the POLL that finds the card to the light, without the panel's own time.
func afterPoll(baud int) time.Duration {
	return turnaround + wire(rawOctets+gapOctets+ledOctets, baud) + glow
}

// Model is the budget from the card in the field to the light: the card waits for its reader's turn, is sent, judged within
// a millisecond, and the light is the very next frame.
type Model struct {
	Best  time.Duration // the card comes just before its POLL is over
	Mean  time.Duration // half a round, and a whole POLL, since a card may come too late for the one under way
	Worst time.Duration // a whole round and a POLL
}

// NewModel is the budget for a line.
func NewModel(baud, readers int) Model {
	best := afterPoll(baud) + judging
	poll := wire(gapOctets+pollOctets, baud)
	return Model{Best: best, Mean: best + poll + cycle(baud, readers)/2, Worst: best + poll + cycle(baud, readers)}
}

// Ideal is the mean time of a panel that is a wire: no time of its own for anything, and a card may come until the last
// octet of its POLL.
func Ideal(baud, readers int) time.Duration { return afterPoll(baud) + cycle(baud, readers)/2 }
