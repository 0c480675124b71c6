package polled

import (
	"errors"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/solo"
)

// dim is the trouble of a reader that is up but refuses its lights.
const dim = "refuses light commands: students see no answer; update its firmware or fit another reader"

// collect takes the signals that were asked for. The next one begins when at least the first step of the one before was
// shown: each is seen, if only for an instant.
func (t *talk) collect(now time.Time) {
	t.asks = append(t.asks, t.session.Asked()...)
	if t.NoLight {
		t.unshown()
		t.asks = nil
	}
	for len(t.asks) > 0 && (t.script == nil || t.told) {
		t.stage(t.asks[0], now)
		t.asks = t.asks[1:]
	}
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
	return t.script.next()
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
		t.unshown()
		t.script, t.told = nil, false
		return false
	}
	t.failed(err)
	return false
}

// unshown counts the signals that the reader did not show.
func (t *talk) unshown() {
	if t.script != nil && !t.told {
		t.session.Unshown(t.ask)
	}
	for _, a := range t.asks {
		t.session.Unshown(a)
	}
}

// hush ends a beep that may sound.
func (t *talk) hush() error {
	if t.script == nil || t.script.hush.IsZero() {
		return nil
	}
	_ = t.Dialect.Sound(t.line, 0)
	return t.line.fault
}
