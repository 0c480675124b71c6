package polled

import (
	"errors"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/solo"
)

// dim is the trouble of a reader that is up but refuses its lights.
const dim = "refuses light commands: students see no answer; update its firmware or fit another reader"

// collect takes the signals that were asked for. The next one begins when at least the first step of the one before was
// shown: each is seen, if only for an instant.
func (t *talk) collect(now time.Time) {
	for _, a := range t.session.Asked() {
		t.enqueue(a)
	}
	for len(t.asks) > 0 && t.free(t.asks[0], now) {
		t.stage(t.asks[0], now)
		t.asks = t.asks[1:]
	}
}

// enqueue puts a behind the signals that wait. A steady one among them would cut a flash short, and is asked for again
// after that flash.
func (t *talk) enqueue(a solo.Ask) {
	switch {
	case t.NoLight:
		t.session.Unshown(a)
		return
	case !a.Signal.Steady():
		t.asks = slices.DeleteFunc(t.asks, func(a solo.Ask) bool { return a.Signal.Steady() })
	}
	t.asks = append(t.asks, a)
}

// free reports whether a may take the place of the script that runs.
func (t *talk) free(a solo.Ask, now time.Time) bool {
	switch {
	case t.script == nil:
		return true
	case !t.told:
		return false
	}
	return !a.Signal.Steady() || t.ask.Signal.Steady() || !now.Before(t.script.over())
}

// stage begins with a signal.
func (t *talk) stage(a solo.Ask, now time.Time) {
	hush := time.Time{}
	if t.script != nil {
		hush = t.script.hush
	}
	t.ask, t.told = a, false
	t.script = newScript(a.Signal, t.Alike, now)
	t.script.hush = hush
}

// lightAt tells when the light has something to do.
func (t *talk) lightAt() (at time.Time, ok bool) {
	if t.script == nil {
		return time.Time{}, false
	}
	at, ok = t.script.next()
	if over := t.script.over(); len(t.asks) > 0 && t.told && (!ok || over.Before(at)) {
		return over, true
	}
	return at, ok
}

func (t *talk) lightDue(now time.Time) bool {
	at, ok := t.lightAt()
	return ok && !now.Before(at)
}

// light takes the next step of the script.
func (t *talk) light() {
	if t.script.silences() {
		t.script.hushed()
		t.judge(t.Dialect.Sound(t.line, 0))
		return
	}
	s := t.script.step()
	if !t.judge(t.Dialect.Light(t.line, s.colour)) {
		return
	}
	now := t.Now()
	t.script.begun(now)
	if !t.told {
		t.told = true
		t.session.Shown(t.ask, t.line.At())
	}
	if s.beep > 0 {
		t.judge(t.Dialect.Sound(t.line, s.beep))
	}
}

// judge tells whether the light did what it was told. One that refuses is not asked again for this signal.
func (t *talk) judge(err error) (ok bool) {
	switch {
	case err == nil:
		t.health.answered()
		return true
	case errors.Is(err, ErrRefused):
		t.health.answered()
		t.session.Trouble(dim)
		t.dropScript()
		return false
	}
	t.failed(err)
	return false
}

// dropScript gives up what is shown.
func (t *talk) dropScript() {
	if t.script != nil && !t.told {
		t.session.Unshown(t.ask)
	}
	t.script, t.told = nil, false
}

// forget gives up all that is shown or waits.
func (t *talk) forget() {
	t.dropScript()
	for _, a := range t.asks {
		t.session.Unshown(a)
	}
	t.asks = nil
}

// hush ends a beep that may sound.
func (t *talk) hush() error {
	if t.script == nil || t.script.hush.IsZero() {
		return nil
	}
	_ = t.Dialect.Sound(t.line, 0)
	return t.line.fault
}
