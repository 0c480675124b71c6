// Package textline cuts what a reader sends by itself into lines of text. It knows where a line begins and ends, and
// nothing of what stands in it.
package textline

import (
	"bytes"
	"time"
)

// A line that stops for octetWithin, and three octets, is given up. Its rest is waited for and dropped, but not for
// longer than restWithin: what comes then is the next line, even if one octet of noise came before. That is long, because
// a machine that stands still in the middle of a line must not make another, shorter number of its rest.
const (
	octetWithin = 50 * time.Millisecond
	restWithin  = 10 * time.Second
)

// Form says where lines begin and end.
type Form struct {
	Start   []byte // before a line; empty where the end of one line is the start of the next. Its octets occur in no line
	End     []byte // any one of these octets ends a line
	Prompt  []byte // stands before a line now and then, for as long as it likes; empty for none
	Longest int    // octets of a line, without start, end and prompt
}

// Cutter finds the lines in a stream of octets. A start in the middle of a line begins it anew; a line that is too long,
// and half a line followed by silence, are dropped: a torn line and the next whole one never become one. What it holds
// is bounded by the longest line.
type Cutter struct {
	form Form
	gap  time.Duration // half a line older than this is noise

	line    []byte // octets so far
	state   state
	matched int // octets of Start seen
	at      time.Time
	noise   int // octets dropped since they were counted
	overrun int // lines that were too long since they were counted
}

// state is where the next octet belongs.
type state uint8

const (
	outside state = iota
	inside
	skipping // in the rest of a line that was given up
)

// New waits for the first line. wire is the time one octet takes on the line.
func New(f Form, wire time.Duration) *Cutter {
	c := &Cutter{form: f, gap: octetWithin + 3*wire}
	c.begin()
	return c
}

// begin waits for a line that begins now.
func (c *Cutter) begin() {
	c.line, c.state = c.line[:0], outside
	if len(c.form.Start) == 0 {
		c.state = inside
	}
}

// Push adds octets that arrived at the given time and calls found for each line, without start, end and prompt, unless
// it is empty. The line is valid only during the call.
func (c *Cutter) Push(octets []byte, at time.Time, found func(line []byte)) {
	switch silence := at.Sub(c.at); {
	case silence > restWithin:
		c.giveUp()
		c.begin()
	case silence > c.gap:
		c.giveUp()
	}
	c.at = at
	for _, o := range octets {
		c.take(o, found)
	}
}

func (c *Cutter) take(o byte, found func(line []byte)) {
	if c.starts(o) {
		c.noise += len(c.line)
		c.line, c.state = c.line[:0], inside
		return
	}
	if bytes.IndexByte(c.form.End, o) >= 0 {
		if c.state == inside {
			c.found(found)
		}
		c.begin()
		return
	}
	switch {
	case c.state != inside:
		c.noise++
	case len(c.line) == len(c.form.Prompt)+c.form.Longest:
		c.overrun++
		c.skip()
		c.noise++
	default:
		c.line = append(c.line, o)
	}
}

// found hands over a line.
func (c *Cutter) found(found func(line []byte)) {
	line := bytes.TrimPrefix(c.line, c.form.Prompt)
	switch {
	case len(line) > c.form.Longest:
		c.overrun++
		c.noise += len(c.line)
	case len(line) > 0:
		found(line)
	}
}

// starts reports whether o completes the start.
func (c *Cutter) starts(o byte) bool {
	start := c.form.Start
	if len(start) == 0 {
		return false
	}
	switch o {
	case start[c.matched]:
		c.matched++
	case start[0]:
		c.matched = 1
	default:
		c.matched = 0
	}
	if c.matched < len(start) {
		return false
	}
	c.matched = 0
	return true
}

// giveUp drops half a line after silence. Without a start, what follows might be its other half, which could look like
// a shorter number: it is skipped up to its end. A prompt is no half line, nor is noise in which there is no character.
func (c *Cutter) giveUp() {
	waiting := bytes.TrimPrefix(c.line, c.form.Prompt)
	switch {
	case bytes.ContainsFunc(waiting, printable):
		c.skip()
	case c.state == inside && len(waiting) > 0:
		c.noise += len(c.line)
		c.begin()
	case c.state == inside && len(c.form.Start) > 0:
		c.begin()
	}
}

func printable(r rune) bool { return ' ' < r && r <= '~' }

// skip drops what waits; the rest of the line goes the same way.
func (c *Cutter) skip() {
	c.noise += len(c.line)
	c.line, c.state = c.line[:0], skipping
}

// Noise returns the octets that belonged to no line since the last call. Those of a line that waits are not among them.
func (c *Cutter) Noise() (octets int) {
	octets, c.noise = c.noise, 0
	return octets
}

// Overrun returns the lines that were too long since the last call; their octets are noise, too.
func (c *Cutter) Overrun() (lines int) {
	lines, c.overrun = c.overrun, 0
	return lines
}
