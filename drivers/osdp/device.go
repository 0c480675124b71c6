package osdp

import (
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/holdoff"
)

// Times of the standard and of the field.
const (
	tries          = 6                      // one exchange: the frame, and five more times the same octets: at one struck reply in ten, one card in a million is given up
	failuresToAway = 3                      // failed exchanges in a row that make a reader away
	awayAfter      = 8 * time.Second        // without a reply
	busyPause      = 30 * time.Millisecond  // before a busy reader is asked again
	idleEvery      = 500 * time.Millisecond // polls of a reader that does not show Ready
	readyEvery     = 4 * time.Millisecond   // from command to command: an exchange on a real line takes longer, so this slows none
	aliveEvery     = 2 * time.Second        // LSTAT to a reader that may not be polled
	ailingEvery    = 10 * time.Second       // LSTAT to a reader that reports tamper or a power failure: it may be over
	handWithin     = 300 * time.Millisecond // no hand takes a card away and presents it again sooner
	repaintEvery   = time.Minute            // a reader that lost its power for a moment gets its light back
	flashWithin    = 3 * time.Second        // older than this, a flash would be taken for the next person's
	firstProbe     = time.Second            // pause after the first unanswered question to an away reader
	lastProbe      = 10 * time.Second
	flashRoom      = 8 // flashes that may wait for one reader
)

// stage is how far the acquaintance with a reader has got.
type stage uint8

const (
	away           stage = iota // asked rarely
	greetProbe                  // of a reader with a key: any reply to a plain question next, which is not believed
	greetChallenge              // CCRYPT next
	greetProof                  // RMAC_I next
	parked                      // under the installation key, which is good for a new key only
	greetID                     // PDID next
	greetCap                    // PDCAP next
	greetLocal                  // LSTATR next
	greetPoll                   // first poll next: a reader that demands the secure channel refuses it
	present
)

// command is what the panel wants of a reader.
type command struct {
	id       byte
	block    securityBlock // of the handshake
	data     []byte
	shows    drivers.Signal // of LED and BUZ
	askedAt  time.Time      // when the signal was asked for
	answers  time.Time      // arrival of the card that the flash answers; zero when there was none
	repaints bool           // LED of the steady signal
	flashes  bool           // LED or BUZ of a momentary signal
	last     bool           // before the gateway stops
	order    *order         // that it carries out; nil for all else
}

// flight is the command that waits for its reply, with the octets that every retry repeats.
type flight struct {
	command command
	octets  []byte
	sealed  bool // under the secure channel, and so must the reply be
	tries   int
	sentAt  time.Time // the first time
	busyAt  time.Time // first BUSY; zero when there was none
}

// device is the panel's view of one reader. It has no clock and does no I/O: the bus loop feeds it and asks it.
type device struct {
	Reader
	guard    guard
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
	lookAt  time.Time // next LSTAT while it reports tamper or a power failure
	pause   time.Duration
	failed  int // exchanges in a row

	upSince, heardAt, cardAt, aliveAt time.Time
	seen                              *holdoff.Memory
	lying                             string    // the card of the latest poll, as sameAs has it; "" when there was none
	lyingAt                           time.Time // when it was reported last
	held                              bool      // its card is not taken yet: no polls meanwhile
	heldAt                            time.Time // when that began
	order                             *order    // what a technician wants of it; nil when nothing
	finished                          []finished
	moved                             *moved   // where it went by order; nil when it is where it was
	parting                           *command // set when the gateway stops: the last command
	dark                              bool     // has confirmed it
	unshown                           int      // flashes that were lost since the loop last looked
	health                            health
	palette                           palette
	counts                            drivers.Counts
	out                               []byte // room for the octets of flight
}

func newDevice(r Reader, now time.Time) *device {
	d := &device{Reader: r, upSince: now, palette: palette{r.Ready}, seen: holdoff.New(handWithin)}
	d.reset(now)
	return d
}

// reset begins the acquaintance anew, as after the line was opened.
func (d *device) reset(now time.Time) {
	d.lose(now)
	d.probeSoon(now)
	d.health.securityOnly = false
}

// probeSoon makes an away reader the next to be asked.
func (d *device) probeSoon(now time.Time) { d.probeAt, d.pause = now, 0 }

// up reports whether the reader answers. A restart of the sequence does not take it down.
func (d *device) up() bool { return d.online }

// lit reports whether LED commands make sense now: in acquaintance or later, and not refused.
func (d *device) lit() bool { return d.stage > greetCap && !d.health.faults.unlit }

// lose makes the reader away; flashes are lost with the connection.
func (d *device) lose(now time.Time) {
	if d.online {
		d.online, d.upSince = false, now
	}
	d.interrupt()
	d.stage, d.sequence, d.flight, d.failed = away, 0, nil, 0
	d.guard.session = nil
	d.unshown += len(d.flashes)
	d.flashes, d.paintAt = nil, time.Time{}
	d.pause = min(max(2*d.pause, firstProbe), d.longestPause())
	d.probeAt = now.Add(d.pause)
}

// longestPause is short while a technician waits.
func (d *device) longestPause() time.Duration {
	if d.order != nil {
		return firstProbe
	}
	return lastProbe
}

// hold stops the polls until its card is taken, for a poll would bring the next one.
func (d *device) hold(now time.Time) { d.held, d.heldAt = true, now }

// release lets them go on. Nobody looked meanwhile whether the card is still there.
func (d *device) release(now time.Time) {
	d.held = false
	d.seen.Skip(now.Sub(d.heldAt))
}

// restart begins at sequence 0 with a reader that still answers. A flash in flight is not lost.
func (d *device) restart(now time.Time) {
	if d.flight != nil && d.flight.command.flashes {
		d.flashes = append([]command{d.flight.command}, d.flashes...)
	}
	d.interrupt()
	d.stage, d.sequence, d.flight = d.firstStage(), 0, nil
	d.guard.session = nil
	d.paintAt, d.dueAt = time.Time{}, now
}

// firstStage is where the acquaintance begins.
func (d *device) firstStage() stage {
	if d.keyed() {
		return greetProbe
	}
	return greetID
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
	if d.health.faults.unlit || (!d.online && !d.lit()) || len(d.flashes) >= flashRoom {
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
