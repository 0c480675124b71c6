package polled

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/solo"
)

const (
	lookEvery  = 50 * time.Millisecond  // from the end of one look to the next
	aliveEvery = 2 * time.Second        // whether it is looked at or not
	apartAfter = 300 * time.Millisecond // two cards are taken out of the field, one after the other
	blindFor   = 2 * longestPause       // a card seen before and after a shorter time without answers has stayed
)

// talk is the conversation with the reader; one goroutine runs it.
type talk struct {
	Options
	health health

	// Of the connection.
	session *solo.Session
	line    *Line
	rough   bool      // the last answer was not usable: the line must be quiet before the next question
	meetAt  time.Time // of a reader that is not met
	lookAt  time.Time
	aliveAt time.Time
	roundAt time.Time // the latest look; zero before the first
	sawAt   time.Time // the latest look that told something; zero before the first
	blind   bool      // a question failed since
	apartAt time.Time // until then a single card is one of two that are being taken away

	// Of the light.
	asks   []solo.Ask // that wait for their turn
	ask    solo.Ask   // that the script is of
	script *script    // nil before the first
	told   bool       // the first step of the script was shown
}

// begin meets the reader anew.
func (t *talk) begin(ctx context.Context, s *solo.Session) {
	t.session, t.line = s, newLine(ctx, s, t.Options)
	t.health.failures, t.health.pause, t.rough = 0, 0, false
	t.meetAt, t.roundAt, t.apartAt = t.Now(), time.Time{}, time.Time{}
	t.forget()
}

// step does the most urgent thing that is due, if any.
func (t *talk) step() {
	if t.rough {
		t.rough = false
		t.line.Settle()
		return
	}
	now := t.Now()
	t.collect(now)
	switch {
	case !t.line.met:
		if !now.Before(t.meetAt) {
			t.meet()
		}
	case t.lightDue(now):
		t.light()
	case !now.Before(t.aliveAt):
		t.alive()
	case !t.session.Full() && !now.Before(t.lookAt):
		t.look()
	}
}

// meet greets the reader. From its answer on it is up.
func (t *talk) meet() {
	identity, err := t.Dialect.Greet(t.line)
	if err != nil {
		t.lose(err)
		return
	}
	t.health.met()
	t.line.met = true
	now := t.Now()
	t.lookAt, t.aliveAt = now, now.Add(aliveEvery)
	t.session.Identify(identity.Vendor, identity.Model, identity.Firmware)
	t.session.Heard(t.line.At())
}

// look asks for cards and passes on what is there.
func (t *talk) look() {
	now := t.Now()
	if !t.roundAt.IsZero() {
		t.session.Cycle(now.Sub(t.roundAt))
	}
	t.roundAt = now
	sight, err := t.Dialect.Look(t.line)
	if err != nil {
		t.failed(err)
		return
	}
	t.health.answered()
	t.lookAt = t.Now().Add(lookEvery)
	t.sighted(sight.At)
	t.see(sight)
}

// sighted lets a time without answers, or without this program, not end the stay of a card: what comes then may have been said
// before it.
func (t *talk) sighted(at time.Time) {
	unknown := t.line.stoodStill() || t.blind
	if gap := at.Sub(t.sawAt); unknown && !t.sawAt.IsZero() && gap < blindFor {
		t.session.Blind(gap)
	}
	t.sawAt, t.blind = at, false
}

func (t *talk) see(s Sight) {
	switch {
	case s.Cards > 1:
		t.apartAt = s.At.Add(apartAfter)
		t.session.Several(s.At)
	case s.Cards == 0, s.At.Before(t.apartAt):
	case s.Foreign != "":
		t.session.Refuse(s.Foreign, s.At)
	default:
		t.session.Card(s.Key, s.Err, s.At)
	}
}

// alive makes sure that the reader is still the one that was greeted. The round that is interrupted is not one to measure.
func (t *talk) alive() {
	t.roundAt = time.Time{}
	err := t.Dialect.Alive(t.line)
	switch {
	case errors.Is(err, ErrRestarted):
		t.lose(err)
		t.meetAt = t.Now()
	case err != nil:
		t.failed(err)
	default:
		t.health.answered()
		t.aliveAt = t.Now().Add(aliveEvery)
	}
}

// failed notes a question without a usable answer.
func (t *talk) failed(err error) {
	if t.line.fault != nil {
		return
	}
	t.rough, t.blind = true, true
	if t.health.failed() {
		t.lose(err)
		return
	}
	t.session.Retry()
}

// lose gives the reader up until it is met again.
func (t *talk) lose(err error) {
	if t.line.fault != nil {
		return
	}
	t.session.Lost(t.health.trouble(err, t.Hint))
	t.line.met, t.rough = false, false
	t.forget()
	t.roundAt = time.Time{}
	t.meetAt = t.Now().Add(t.health.away())
}

// idle waits until there is something to do.
func (t *talk) idle(ctx context.Context) {
	t.line.timer.Reset(t.due().Sub(t.Now()))
	select {
	case c, ok := <-t.session.Port().Chunks():
		if !ok {
			t.line.fail()
			return
		}
		t.session.Noise(len(c.Octets))
	case <-t.session.Wake():
	case <-t.line.timer.C:
	case <-ctx.Done():
	}
}

// due tells when there is something to do, if nothing happens before.
func (t *talk) due() time.Time {
	switch {
	case t.rough:
		return t.Now()
	case !t.line.met:
		return t.meetAt
	}
	at := t.aliveAt
	if !t.session.Full() && t.lookAt.Before(at) {
		at = t.lookAt
	}
	if light, ok := t.lightAt(); ok && light.Before(at) {
		at = light
	}
	return at
}

// part puts the light off. A reader that is away is not waited for.
func (t *talk) part() error {
	if !t.line.met {
		return nil
	}
	err := t.Dialect.Light(t.line, Dark)
	if errors.Is(err, ErrSilent) || errors.Is(err, ErrDamaged) || errors.Is(err, ErrRefused) {
		err = nil
	}
	return errors.Join(err, t.hush())
}
