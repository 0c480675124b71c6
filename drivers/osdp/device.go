package osdp

import (
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
)

// Times of the standard and of the field.
const (
	tries          = 4                      // one exchange: the frame, and three more times the same octets
	failuresToAway = 3                      // failed exchanges in a row that make a reader away
	awayAfter      = 8 * time.Second        // without a reply
	busyPause      = 30 * time.Millisecond  // before a busy reader is asked again
	idleEvery      = 500 * time.Millisecond // polls of a reader that does not show Ready
	readyEvery     = 4 * time.Millisecond   // no exchange on a real line is shorter, so this slows none
	aliveEvery     = 2 * time.Second        // LSTAT to a reader that may not be polled
	repaintEvery   = time.Minute            // a reader that lost its power for a moment gets its light back
	flashWithin    = 3 * time.Second        // older than this, a flash would be taken for the next person's
	firstProbe     = time.Second            // pause after the first unanswered question to an away reader
	lastProbe      = 10 * time.Second
	flashRoom      = 8 // flashes that may wait for one reader
)

// stage is how far the acquaintance with a reader has got.
type stage uint8

const (
	away       stage = iota // asked rarely
	greetID                 // PDID next
	greetCap                // PDCAP next
	greetLocal              // LSTATR next
	greetPoll               // first poll next: a reader that demands the secure channel refuses it
	present
)

// greetings are the commands of the stages before present; each answer leads to the next stage.
var greetings = map[stage]command{
	away:       {id: cmdID, data: []byte{0}},
	greetID:    {id: cmdID, data: []byte{0}},
	greetCap:   {id: cmdCap, data: []byte{0}},
	greetLocal: {id: cmdLstat},
	greetPoll:  {id: cmdPoll},
}

// command is what the panel wants of a reader.
type command struct {
	id       byte
	data     []byte
	shows    drivers.Signal // of LED and BUZ
	askedAt  time.Time      // when the signal was asked for
	answers  time.Time      // arrival of the card that the flash answers; zero when there was none
	repaints bool           // LED of the steady signal
	flashes  bool           // LED or BUZ of a momentary signal
}

// flight is the command that waits for its reply, with the octets that every retry repeats.
type flight struct {
	command command
	octets  []byte
	tries   int
	busyAt  time.Time // first BUSY; zero when there was none
}

// device is the panel's view of one reader. It has no clock and does no I/O: the bus loop feeds it and asks it.
type device struct {
	Reader
	stage    stage
	online   bool // was present, and was not away since
	sequence byte
	flight   *flight
	flashes  []command // LED and BUZ of momentary signals, oldest first
	wanted   drivers.Signal
	shown    drivers.Signal
	paintAt  time.Time // when the steady light is due again; zero for at once

	dueAt   time.Time // next poll, or next try of the flight
	probeAt time.Time // next question while away
	pause   time.Duration
	failed  int // exchanges in a row

	upSince, heardAt, cardAt, aliveAt time.Time
	held                              bool     // its card is not taken yet: no polls meanwhile
	parting                           *command // set when the gateway stops: the last command
	dark                              bool     // has confirmed it
	unshown                           int      // flashes that were lost since the loop last looked
	health                            health
	palette                           palette
}

func newDevice(r Reader, now time.Time) *device {
	d := &device{Reader: r, upSince: now, palette: palette{r.Ready}}
	d.reset(now)
	return d
}

// reset begins the acquaintance anew, as after the line was opened.
func (d *device) reset(now time.Time) {
	d.lose(now)
	d.probeAt, d.pause = now, 0
	d.health.securityOnly = false
}

// up reports whether the reader answers. A restart of the sequence does not take it down.
func (d *device) up() bool { return d.online }

// lit reports whether LED commands make sense now: in acquaintance or later, and not refused.
func (d *device) lit() bool { return d.stage > greetCap && !d.health.faults.unlit }

// lose makes the reader away; flashes are lost with the connection.
func (d *device) lose(now time.Time) {
	if d.online {
		d.online, d.upSince = false, now
	}
	d.stage, d.sequence, d.flight, d.failed = away, 0, nil, 0
	d.unshown += len(d.flashes)
	d.flashes, d.paintAt = nil, time.Time{}
	d.pause = min(max(2*d.pause, firstProbe), lastProbe)
	d.probeAt = now.Add(d.pause)
}

// restart begins at sequence 0 with a reader that still answers. A flash in flight is not lost.
func (d *device) restart(now time.Time) {
	if d.flight != nil && d.flight.command.flashes {
		d.flashes = append([]command{d.flight.command}, d.flashes...)
	}
	d.stage, d.sequence, d.flight = greetID, 0, nil
	d.paintAt, d.dueAt = time.Time{}, now
}

// show takes a signal to be shown. A flash for a reader that cannot show it now is lost.
func (d *device) show(s drivers.Signal, now time.Time) {
	if s.Steady() {
		if s != d.wanted {
			d.paintAt = time.Time{}
		}
		d.wanted = s
		return
	}
	if !d.lit() || len(d.flashes) >= flashRoom {
		d.unshown++
		return
	}
	f := d.palette.momentary(s)
	led := command{id: cmdLED, data: temporary(f.blink, f.tenths), shows: s, askedAt: now, answers: d.cardAt, flashes: true}
	d.flashes = append(d.flashes, led)
	if !d.health.faults.mute {
		d.flashes = append(d.flashes, command{id: cmdBuz, data: sound(f.beep), shows: s, askedAt: now, flashes: true})
	}
	d.cardAt = time.Time{}
}

// urgent reports whether a person waits for a light that can be sent now.
func (d *device) urgent() bool { return len(d.flashes) > 0 && d.flight == nil }

// due tells when the device next has something to send; ok is false while it is away.
func (d *device) due(now time.Time) (at time.Time, ok bool) {
	switch {
	case d.stage == away:
		return time.Time{}, false
	case d.flight != nil:
		return d.dueAt, true
	case d.urgent() || (d.lit() && !now.Before(d.paintAt)):
		return now, true
	case d.held && d.stage >= greetPoll:
		return d.aliveAt, true
	}
	return d.dueAt, true
}

// next gives the octets to send now: those of the flight again, or a new command.
func (d *device) next(now time.Time) []byte {
	if d.flight == nil {
		c := d.choose(now)
		f := frame{address: d.Address, sequence: d.sequence, checksum: d.Checksum, id: c.id, data: c.data}
		d.flight = &flight{command: c, octets: f.append([]byte{mark})}
	}
	d.flight.tries++
	return d.flight.octets
}

// choose picks the next command: a flash, the steady light, the greeting of the stage, a sign of life, a poll.
func (d *device) choose(now time.Time) command {
	if d.parting != nil {
		return *d.parting
	}
	for len(d.flashes) > 0 {
		c := d.flashes[0]
		d.flashes = d.flashes[1:]
		if now.Sub(c.askedAt) < flashWithin {
			return c
		}
		d.unshown++
	}
	if d.lit() && !now.Before(d.paintAt) {
		return command{id: cmdLED, data: permanent(d.palette.steady(d.wanted)), shows: d.wanted, askedAt: now, repaints: true}
	}
	if d.held && d.stage >= greetPoll {
		return command{id: cmdLstat}
	}
	if c, ok := greetings[d.stage]; ok {
		return c
	}
	return command{id: cmdPoll}
}

// landed ends the flight with a reply: the sequence moves on, 1 2 3 1 2 3.
func (d *device) landed(now time.Time) command {
	c := d.flight.command
	d.flight = nil
	d.sequence = d.sequence%3 + 1
	d.failed, d.pause = 0, 0
	d.dueAt, d.aliveAt = now.Add(idleEvery), now.Add(aliveEvery)
	if d.wanted == drivers.Ready || d.stage < present {
		d.dueAt = now.Add(readyEvery)
	}
	return c
}
