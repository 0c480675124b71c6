package clock

import (
	"log/slog"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

const (
	drift       = 2000            // one part of so many is what an undisciplined clock gains or loses at most: the kernel's limit of 500 ppm
	worst       = 2 * time.Second // a word about the time that may be further off is not heard
	coarse      = 500 * time.Millisecond
	confirmed   = time.Hour        // how often an anchor is written while all agree
	disagreeing = 10 * time.Minute // and while the kernel and central do not
)

// reference is a moment of this boot at which something was known of the time of day.
type reference struct {
	uptime time.Duration
	at     time.Time
	within time.Duration
}

// then is the time of day at another moment of the boot, and the bound of its error.
func (r reference) then(uptime time.Duration) (at time.Time, within time.Duration) {
	d := uptime - r.uptime
	return r.at.Add(d), r.within + d.Abs()/drift
}

// civil is the time of day. A synchronised kernel knows it. Otherwise it goes on from where it was known in this boot, by the time since
// boot, which nobody sets. In a boot that has not learnt the time it is the kernel's, but never before a time that has passed.
func (c *Clock) civil(wall time.Time, uptime time.Duration, q contract.Quality) time.Time {
	if q == contract.Synchronised {
		return wall
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known.at.IsZero() {
		at, _ := c.known.then(uptime)
		return at
	}
	if passed, _ := c.passed.then(uptime); !c.passed.at.IsZero() && passed.After(wall) {
		return passed
	}
	return wall
}

func (c *Clock) know(r reference) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = r
}

// Recall learns from a record of the journal, the oldest first: whether the time was known earlier in this boot, since the gateway
// may have been restarted, and that the record's time has passed. A time that nobody vouched for is forgotten when one
// that somebody did comes after it, or a clock that was once far ahead would be far ahead for ever.
func (c *Clock) Recall(r contract.Record) {
	at, sure := Vouched(r)
	now := c.kernel.Uptime()
	c.mu.Lock()
	defer c.mu.Unlock()
	if sure || at.After(c.passed.at) {
		c.passed = reference{uptime: now, at: at}
	}
	switch a := r.Anchor; {
	case a != nil && a.Boot == c.boot:
		c.known = reference{a.Uptime, a.At, a.Within}
	case r.Stamp.Boot == c.boot && r.Stamp.Quality == contract.Synchronised:
		c.known = reference{r.Stamp.Uptime, r.Stamp.At, r.Stamp.Within}
	}
	if r.Stamp.Boot == c.boot && r.Stamp.Quality == contract.Synchronised {
		c.gained = true
	}
}

// Vouched is the time of day that a record tells, and whether somebody vouched for it.
func Vouched(r contract.Record) (at time.Time, sure bool) {
	if r.Anchor != nil {
		return r.Anchor.At, true
	}
	return r.Stamp.At, r.Stamp.Quality == contract.Synchronised
}

// Passed tells of a time that has passed for certain, such as that of a neighbour's record. In a boot that has not learnt the
// time the clock goes on from the latest of them.
func (c *Clock) Passed(at time.Time) {
	now := c.kernel.Uptime()
	c.mu.Lock()
	defer c.mu.Unlock()
	if then, _ := c.passed.then(now); at.After(then) {
		c.passed = reference{uptime: now, at: at}
	}
}

// Sure reports whether the time of day is known, from the kernel or from central.
func (c *Clock) Sure() bool {
	if c.Quality() == contract.Synchronised {
		return true
	}
	known, _ := c.opinions()
	return known
}

// Hear takes in what central's clock said over a connection that proved to be central's: theirs at a moment of this process, give or take
// within. A clock without a time source goes by it, or is confirmed by it, and an anchor says so. A synchronised one does not; but
// once an hour an anchor says that both agree, and one that puts what was stamped in doubt says when they do not.
func (c *Clock) Hear(at, theirs time.Time, within time.Duration) {
	if within > worst {
		return
	}
	wall, uptime, ago := c.kernel.Wall(), c.kernel.Uptime(), max(c.kernel.Ago(at), 0)
	quality, own := c.quality()
	told := reference{uptime - ago, theirs.UTC().Round(0), wholeMilliseconds(within)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if quality == contract.Synchronised {
		c.compare(told, reference{uptime, wall.UTC().Round(0), own})
		return
	}
	c.against = 0
	if told = told.orOwn(wall.Add(-ago)); !c.follow(told) {
		return
	}
	c.announce(told)
	c.log.Info("clock goes by central", slog.Time("at", told.at), slog.Duration("within", told.within))
}

// orOwn is the kernel's clock where central's word confirms it to a second: its bound is what central allows of it, and no stamp jumps to
// and fro with the way of each answer.
func (r reference) orOwn(wall time.Time) reference {
	away := r.at.Sub(wall).Abs()
	if away > r.within+stepOver {
		return r
	}
	return reference{r.uptime, wall.UTC().Round(0), wholeMilliseconds(r.within + away)}
}

// compare holds central's word against a synchronised kernel's.
func (c *Clock) compare(told, kernel reference) {
	at, within := kernel.then(told.uptime)
	away := told.at.Sub(at)
	if away.Abs() <= within+told.within+stepOver {
		c.against = 0
		if c.anchored && kernel.uptime-c.kept >= confirmed {
			c.announce(kernel)
		}
		return
	}
	if c.against == 0 || kernel.uptime-c.kept >= disagreeing {
		c.announce(told)
		c.log.Warn("clock is synchronised and central contradicts it", slog.Duration("central_ahead", away))
	}
	c.against = away
}

// follow takes central's word for the time if it is the first, contradicts what was known, or is much better; it tells whether an
// anchor is due: at first, when it contradicts, when it is good and what was known was coarse, and every hour.
func (c *Clock) follow(told reference) bool {
	at, within := c.known.then(told.uptime)
	due := c.known.at.IsZero() || told.at.Sub(at).Abs() > within+told.within+stepOver
	better := 2*told.within < within
	if due || better {
		c.known = told
	}
	return due || better && within > coarse || !c.anchored || told.uptime-c.kept >= confirmed
}

func (c *Clock) announce(r reference) {
	c.anchor, c.kept, c.anchored = &contract.Anchor{Boot: c.boot, Uptime: max(r.uptime, 0), At: r.at, Within: r.within}, r.uptime, true
}

// keptAt notes that an anchor is written.
func (c *Clock) keptAt(uptime time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept, c.anchored = uptime, true
}

// due hands over the anchor that waits to be written.
func (c *Clock) due(uptime time.Duration) []contract.Anchor {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.anchor == nil {
		return nil
	}
	a := *c.anchor
	c.anchor = nil
	return []contract.Anchor{a}
}

// opinions tells whether the time is known in this boot, and how far central is away from a synchronised kernel.
func (c *Clock) opinions() (known bool, against time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.known.at.IsZero(), c.against
}
