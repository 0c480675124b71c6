package contract

import (
	"fmt"
	"math"
	"time"
)

// validate holds for every record that is encoded or decoded, so that encoding and decoding are inverse.
func (r Record) validate() error {
	if r.ID.Stream.IsZero() || r.ID.Seq == 0 {
		return fmt.Errorf("%w: identity %s", ErrRecordField, r.ID)
	}
	if err := r.Stamp.validate(); err != nil {
		return err
	}
	bodies := 0
	var err error
	if r.Tap != nil {
		bodies, err = bodies+1, r.Tap.validate()
	}
	if r.Heartbeat != nil {
		bodies, err = bodies+1, r.Heartbeat.validate()
	}
	if r.Anchor != nil {
		bodies, err = bodies+1, r.Anchor.validate()
	}
	if bodies != 1 {
		return fmt.Errorf("%w: %d bodies, want one", ErrRecordField, bodies)
	}
	return err
}

func (s Stamp) validate() error {
	if err := checkTime("stamp", s.At); err != nil {
		return err
	}
	if s.Uptime < 0 {
		return fmt.Errorf("%w: uptime %v", ErrRecordField, s.Uptime)
	}
	if _, ok := qualityNames[s.Quality]; !ok {
		return fmt.Errorf("%w: clock quality %d", ErrRecordField, s.Quality)
	}
	return checkWithin(s.Within)
}

func (t *Tap) validate() error {
	if err := checkField("point", t.Point); err != nil {
		return err
	}
	if t.Session != "" {
		if err := checkField("session", t.Session); err != nil {
			return err
		}
	}
	_, evidence := evidenceNames[t.Evidence]
	_, outcome := outcomeNames[t.Outcome]
	_, reason := reasonNames[t.Reason]
	if !evidence || !outcome || !reason {
		return fmt.Errorf("%w: evidence %d, outcome %d, reason %d", ErrRecordField, t.Evidence, t.Outcome, t.Reason)
	}
	return nil
}

func (h *Heartbeat) validate() error {
	if err := checkTime("heartbeat start", h.Since); err != nil {
		return err
	}
	if len(h.Points) > maxPoints {
		return fmt.Errorf("%w: %d points, at most %d", ErrRecordField, len(h.Points), maxPoints)
	}
	for _, p := range h.Points {
		if err := checkField("point", p.Point); err != nil {
			return err
		}
	}
	return nil
}

func (a *Anchor) validate() error {
	if a.Uptime < 0 {
		return fmt.Errorf("%w: uptime %v", ErrRecordField, a.Uptime)
	}
	if err := checkTime("anchor", a.At); err != nil {
		return err
	}
	return checkWithin(a.Within)
}

func checkField(what, id string) error {
	if err := CheckID(what, id); err != nil {
		return fmt.Errorf("%w: %w", ErrRecordField, err)
	}
	return nil
}

// checkTime keeps times inside what 64-bit nanoseconds can hold.
func checkTime(what string, t time.Time) error {
	if y := t.UTC().Year(); y < 1970 || y > 2261 {
		return fmt.Errorf("%w: %s in the year %d", ErrRecordField, what, y)
	}
	return nil
}

func checkWithin(d time.Duration) error {
	if d < 0 || d%time.Millisecond != 0 || d/time.Millisecond > math.MaxUint32 {
		return fmt.Errorf("%w: clock error %v, want whole milliseconds", ErrRecordField, d)
	}
	return nil
}
