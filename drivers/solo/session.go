package solo

import (
	"errors"
	"log/slog"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/credential"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

// Session is one conversation on an open line. It belongs to the goroutine of the talk.
type Session struct {
	bus  *Bus
	port *serialport.Port
}

// Result is what came of a question, as the metrics name it.
type Result string

// The results; the words are those of package osdp.
const (
	OK      Result = "ok"
	Silent  Result = "timeout"
	Damaged Result = "crc" // something came, but no whole frame
	Refused Result = "nak" // the reader answered that it will not
)

// Port is the open line.
func (s *Session) Port() *serialport.Port { return s.port }

// Wire is the time n octets take on the line.
func (s *Session) Wire(n int) time.Duration { return s.bus.options.Line.Wire(n) }

// Now is the time by the clock of the bus.
func (s *Session) Now() time.Time { return s.bus.options.Now() }

// Heard notes a valid frame. A polled reader that was not up is so from now on, and its steady light is asked for.
func (s *Session) Heard(at time.Time) {
	b := s.bus
	b.mu.Lock()
	b.status.HeardAt = at
	up := b.status.Up
	b.mu.Unlock()
	b.meters.heard.Set(float64(at.UnixNano()) / 1e9)
	if !up {
		b.turn(true, "")
		b.options.Log.Info("reader up", slog.String("reader", b.options.Reader))
	}
}

// Lost notes that a polled reader answers no more; trouble is a sentence for the technician. Flashes that wait are lost.
func (s *Session) Lost(trouble string) {
	b := s.bus
	b.mu.Lock()
	up := b.status.Up
	b.mu.Unlock()
	b.turn(false, trouble)
	if up {
		b.options.Log.Warn("reader lost", slog.String("reader", b.options.Reader), slog.String("trouble", trouble))
	}
}

// Trouble sets what a technician should know of a reader that is up, one sentence; empty when all is well. It stays
// until it is set again or the reader is lost.
func (s *Session) Trouble(sentence string) {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	s.bus.status.Trouble = sentence
}

// Identify notes what the reader says it is; a part that it does not tell is empty.
func (s *Session) Identify(vendor, model, firmware string) {
	s.bus.meters.identified(s.bus.options, vendor, model, firmware)
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	s.bus.status.Made = made(vendor, model, firmware)
}

func made(vendor, model, firmware string) (text string) {
	for _, part := range []struct{ name, value string }{{"vendor", vendor}, {"model", model}, {"firmware", firmware}} {
		if part.value == "" {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += part.name + " " + part.value
	}
	return text
}

// Card takes a whole frame with one card, which arrived at the given time, and what package credential made of it; see
// the package doc for what becomes of it. It tells whether the card is on its way to the gateway: false for a repetition
// and for one that was refused.
func (s *Session) Card(key string, err error, at time.Time) (reported bool) {
	s.Heard(at)
	switch {
	case err == nil:
		return s.report(key, drivers.Read{Credential: key}, at)
	case errors.Is(err, credential.ErrRandom), errors.Is(err, credential.ErrBlank):
		if !s.report("unsuitable", drivers.Read{Unsuitable: true}, at) {
			return false
		}
		s.refuse(credential.Reason(err))
		return true
	}
	reason := credential.Reason(err)
	if s.repeats("refused "+reason, at) {
		return false
	}
	s.refuse(reason)
	s.bus.asks.flash(drivers.NotKept, at)
	return false
}

// Several takes a whole frame that tells of two cards or more at once.
func (s *Session) Several(at time.Time) (reported bool) {
	s.Heard(at)
	return s.report("several", drivers.Read{Several: true}, at)
}

// Refuse counts a frame that cannot be a card, by a word for the reason. Nobody is told but the log, once in a while.
func (s *Session) Refuse(reason string, at time.Time) {
	b := s.bus
	b.meters.refuse(reason)
	if !s.seen("damaged "+reason, at) {
		b.warnRefused(reason)
	}
}

// report queues r, unless it repeats key.
func (s *Session) report(key string, r drivers.Read, at time.Time) bool {
	if s.repeats(key, at) {
		return false
	}
	r.Reader, r.HeardAt = s.bus.options.Reader, at
	s.bus.meters.taps.add(1)
	s.bus.queue.put(r)
	return true
}

func (s *Session) repeats(key string, at time.Time) bool {
	again := s.seen(key, at)
	if again {
		s.bus.meters.repeats.add(1)
	}
	return again
}

func (s *Session) seen(key string, at time.Time) bool {
	s.bus.holdOff.Skip(s.bus.queue.unwatched())
	return s.bus.holdOff.Repeats(key, at)
}

// Blind tells of a time in which a polled reader gave no usable answer, so that nobody knows whether its card stayed: it does not
// count towards the hold-off.
func (s *Session) Blind(d time.Duration) { s.bus.holdOff.Skip(d) }

func (s *Session) refuse(reason string) {
	s.bus.meters.refuse(reason)
	s.bus.warnRefused(reason)
}

func (b *Bus) warnRefused(reason string) {
	b.options.Log.Warn("card refused", slog.String("reader", b.options.Reader), slog.String("reason", reason))
}

// Full reports that no card should be fetched from the reader now, because the gateway takes none. Wake tells its end.
func (s *Session) Full() bool { return s.bus.queue.full() }

// Wake delivers a token when Asked has something or Full has ended.
func (s *Session) Wake() <-chan struct{} { return s.bus.wake }

// Asked takes the signals that wait, in the order in which they are to be shown. There are none while the reader is not
// up.
func (s *Session) Asked() []Ask { return s.bus.asks.take() }

// Shown notes that the reader confirmed a at the given time or, where it confirms nothing, that a was sent.
func (s *Session) Shown(a Ask, at time.Time) {
	b := s.bus
	b.meters.shown(a.Signal)
	b.asks.shown(a.Signal)
	if !a.cardAt.IsZero() {
		d := at.Sub(a.cardAt)
		b.light.Add(d)
		b.meters.light.Observe(d.Seconds())
	}
}

// Unshown notes that the reader cannot or will not show a. Only momentary ones count: a steady one is asked for again.
func (s *Session) Unshown(a Ask) {
	if !a.Signal.Steady() {
		s.bus.meters.unshown.add(1)
	}
}

// Exchange counts a question by what came of it. took is from the end of the question to the end of its answer, and 0
// when none came.
func (s *Session) Exchange(r Result, took time.Duration) {
	b := s.bus
	b.meters.exchange(r)
	if took > 0 {
		b.reply.Add(took)
		b.meters.reply.Observe(took.Seconds())
	}
}

// Retry counts a question that is asked again with the same octets, next to its own Exchange.
func (s *Session) Retry() { s.bus.meters.retries.add(1) }

// Cycle notes how long a round of a polled reader took, from one question for a card to the next.
func (s *Session) Cycle(took time.Duration) {
	s.bus.cycle.Add(took)
	s.bus.meters.cycle.Observe(took.Seconds())
}

// Noise counts octets that belong to no frame.
func (s *Session) Noise(octets int) { s.bus.meters.noise.add(octets) }
