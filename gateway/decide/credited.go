package decide

import (
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/timetable"
)

// Remember is how long a credit is remembered: longer than any register is open.
const Remember = 24 * time.Hour

// maxCredits bounds the memory should the clock jump back for good: several days of a building's taps.
const maxCredits = 1 << 17

// Credited remembers which credentials were credited to which sessions in the last day, so that a second tap is a
// duplicate or goes to the next session. It is keyed by the credential itself, so a new timetable loses nothing of it,
// and rebuilt from the journal at start. Safe from any goroutine.
type Credited struct {
	mu    sync.Mutex // guards everything that follows
	taps  map[credit]struct{}
	order []entry // as they were added, for forgetting
}

type credit struct {
	digest  contract.Digest
	session string
}

type entry struct {
	credit
	at time.Time
}

// NewCredited returns an empty memory.
func NewCredited() *Credited { return &Credited{taps: map[credit]struct{}{}} }

// Decide judges a presentation and at once remembers the credit it gives, so that two taps of one person at two readers in
// the same moment are not credited twice. Withdraw undoes it for a tap that could not be kept.
func (c *Credited) Decide(x *timetable.Index, f Facts, now time.Time) Decision {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := Decide(x, lockedCredits{c}, f, now)
	if d.Outcome == contract.Accepted {
		c.addLocked(f.Digest, d.Session, now)
	}
	return d
}

// Withdraw forgets the credit of a decision whose tap could not be kept.
func (c *Credited) Withdraw(f Facts, d Decision) {
	if d.Outcome != contract.Accepted {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.taps, credit{f.Digest, d.Session})
}

// Recall takes a tap of the journal, or of a copy of an earlier one, back into the memory.
func (c *Credited) Recall(r contract.Record) {
	if r.Tap == nil || r.Tap.Outcome != contract.Accepted {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.addLocked(r.Tap.Digest, r.Tap.Session, r.Stamp.At)
}

// Len is how many credits are remembered.
func (c *Credited) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.taps)
}

func (c *Credited) addLocked(d contract.Digest, session string, at time.Time) {
	for len(c.order) > 0 && (at.Sub(c.order[0].at) > Remember || len(c.order) >= maxCredits) {
		delete(c.taps, c.order[0].credit)
		c.order = c.order[1:]
	}
	// A clone, or the memory would hold the whole text of an old timetable.
	k := credit{d, strings.Clone(session)}
	if _, known := c.taps[k]; known { // recalled from two places; forgetting one must not forget the other
		return
	}
	c.taps[k] = struct{}{}
	c.order = append(c.order, entry{k, at})
}

// lockedCredits is Credits while the lock is held.
type lockedCredits struct{ c *Credited }

// Seen implements Credits.
func (l lockedCredits) Seen(d contract.Digest, session string) bool {
	_, ok := l.c.taps[credit{d, session}]
	return ok
}
