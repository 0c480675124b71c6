package solo

import (
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
)

const (
	flashFor    = time.Second     // then the steady signal is shown again
	repaint     = time.Minute     // the same for a reader that lost its power for a moment, which it cannot tell
	flashWithin = 3 * time.Second // older than this, a flash would be taken for the next person's
	flashRoom   = 32              // flashes that may wait for the line
)

// Ask is a signal that the reader is to show.
type Ask struct {
	Signal  drivers.Signal
	askedAt time.Time
	cardAt  time.Time // arrival of the card it answers; zero for none
}

// asks are the signals that wait for the talk.
type asks struct {
	now     func() time.Time
	unshown *tally
	wake    chan<- struct{} // of the talk: signals wait

	mu      sync.Mutex // guards everything that follows
	up      bool       // the reader can be told
	steady  drivers.Signal
	due     bool // the steady one is to be shown
	flashes []Ask
	flashed bool        // a flash is being shown, and not to be cut short
	back    *time.Timer // makes due
}

func newAsks(now func() time.Time, unshown *tally, wake chan<- struct{}) *asks {
	return &asks{now: now, unshown: unshown, wake: wake}
}

// turn notes that the reader can be told what to show, or no longer.
func (a *asks) turn(up bool) {
	a.mu.Lock()
	a.up, a.due, a.flashed = up, up, false
	a.unshown.add(len(a.flashes))
	a.flashes = nil
	if a.back != nil {
		a.back.Stop()
	}
	a.mu.Unlock()
	poke(a.wake)
}

// stay replaces the steady signal.
func (a *asks) stay(s drivers.Signal) {
	a.mu.Lock()
	a.due = a.due || (a.steady != s && !a.flashed)
	a.steady = s
	a.mu.Unlock()
	poke(a.wake)
}

// flash adds a momentary signal, the answer to the card that arrived at cardAt.
func (a *asks) flash(s drivers.Signal, cardAt time.Time) {
	a.mu.Lock()
	if a.up && len(a.flashes) < flashRoom {
		a.flashes = append(a.flashes, Ask{Signal: s, askedAt: a.now(), cardAt: cardAt})
	} else {
		a.unshown.add(1)
	}
	a.mu.Unlock()
	poke(a.wake)
}

// take empties them: the steady signal first when it is due, then the flashes that are not too old.
func (a *asks) take() (taken []Ask) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.up {
		return nil
	}
	if a.due {
		taken = append(taken, Ask{Signal: a.steady})
	}
	now := a.now()
	for _, f := range a.flashes {
		if now.Sub(f.askedAt) >= flashWithin {
			a.unshown.add(1)
			continue
		}
		taken = append(taken, f)
	}
	a.due, a.flashes = false, nil
	return taken
}

// shown asks for the steady signal again in a while: after a flash when that is over.
func (a *asks) shown(s drivers.Signal) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.flashed = !s.Steady()
	after := repaint
	if a.flashed {
		after = flashFor
	}
	if a.back == nil {
		a.back = time.AfterFunc(after, a.again)
		return
	}
	a.back.Reset(after)
}

func (a *asks) again() {
	a.mu.Lock()
	a.due, a.flashed = a.up, false
	a.mu.Unlock()
	poke(a.wake)
}
