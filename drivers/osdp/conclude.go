package osdp

import (
	"log/slog"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
)

// conclude acts on what an exchange came to.
func (l *loop) conclude(d *device, a answer, at time.Time) {
	l.meters.exchanges.WithLabelValues(string(a.result)).Inc()
	if a.result != resultOK && a.result != resultBusy {
		d.counts.Failures++
	}
	l.follow(d, a)
	switch {
	case a.key != "":
		l.meters.taps.WithLabelValues(d.Name).Inc()
		d.counts.Taps++
		l.report(d, drivers.Read{Reader: d.Name, Credential: a.key, HeardAt: at})
	case a.repeated:
		l.meters.suppressed.WithLabelValues(d.Name).Inc()
		d.counts.Repeats++
	case a.unsuitable:
		l.refuse(d, a.refused)
		l.report(d, drivers.Read{Reader: d.Name, Unsuitable: true, HeardAt: at})
	case a.refused != nil: // nobody else will tell the person at the reader that this was not kept
		l.refuse(d, a.refused)
		d.show(drivers.NotKept, at)
	}
	l.count(d, a, at)
	l.publish(d)
}

// follow notes how the connection and its secure channel changed.
func (l *loop) follow(d *device, a answer) {
	reader := slog.String("reader", d.Name)
	if a.broken {
		l.session(sessionBroken)
		l.options.Log.Warn("secure channel broken: a reply did not belong in it", reader)
	}
	if a.secured {
		l.session(sessionSecure)
		if d.underOwnKey() && d.guard.secret.Adopted == (Key{}) {
			l.adopt(d)
		}
	}
	if a.denied {
		l.session(sessionRefused)
	}
	if a.news {
		l.options.Log.Warn("no secure channel", reader, slog.String("trouble", d.trouble()))
	}
	switch {
	case a.lost:
		l.session(sessionLost)
		l.options.Log.Warn("reader lost", reader, slog.String("trouble", d.trouble()))
	case a.restart:
		l.session(sessionRestart)
	case a.up:
		l.session(sessionUp)
		l.options.Log.Info("reader up", reader, slog.Bool("secure", d.secure()), slog.String("made", d.health.made),
			slog.Bool("crc", d.health.ability.crc), slog.Bool("aes", d.health.ability.aes))
	}
}

// report sends a card on its way and waits for its light.
func (l *loop) report(d *device, r drivers.Read) {
	d.hold(r.HeardAt)
	l.courier.out <- parcel{l.places[d], r}
	l.awaits, l.awaitUntil = d, r.HeardAt.Add(l.options.SignalWithin)
}

// refuse counts a card that is no credential.
func (l *loop) refuse(d *device, err error) {
	d.counts.Refused++
	l.meters.refused.WithLabelValues(d.Name, refusal(err)).Inc()
	l.options.Log.Warn("card refused", slog.String("reader", d.Name), slog.String("reason", refusal(err)))
}

func (l *loop) count(d *device, a answer, at time.Time) {
	l.meters.keys.WithLabelValues(d.Name).Add(float64(a.presses))
	if a.unknown {
		l.meters.unknown.WithLabelValues(d.Name).Inc()
	}
	if a.shown {
		l.meters.signals.WithLabelValues(d.Name, a.command.shows.String()).Inc()
	}
	if a.shown && !a.command.answers.IsZero() {
		l.meters.feedback.Observe(at.Sub(a.command.answers).Seconds())
		l.light.Add(at.Sub(a.command.answers))
	}
	if a.identified {
		l.meters.identified(d.Name, d.health.identity)
	}
}

// stranger reports a reply from an address nobody configured, once in words and each time in the count.
func (l *loop) stranger(address byte) {
	l.meters.strangers.Inc()
	if !l.strange[address] {
		l.strange[address] = true
		l.options.Log.Warn("unknown reader on the bus: configure it or take it off",
			slog.String("bus", l.options.Name), slog.Int("address", int(address)))
	}
}
