package lamp

import "time"

// Lamp is one multicolour LED: a steady pattern, and a passing one in front of it that ends by itself.
// The zero Lamp is dark. It has no clock and no lock.
type Lamp struct {
	steady   Pattern
	steadyAt time.Time

	flash    Pattern
	flashAt  time.Time
	flashEnd time.Time
}

// Set replaces the steady pattern from at on. A passing pattern is not disturbed.
func (l *Lamp) Set(at time.Time, p Pattern) { l.steady, l.steadyAt = p, at }

// Flash shows p from at for length, then the steady pattern again.
func (l *Lamp) Flash(at time.Time, p Pattern, length time.Duration) {
	l.flash, l.flashAt, l.flashEnd = p, at, at.Add(length)
}

// Cancel ends a passing pattern at once.
func (l *Lamp) Cancel(at time.Time) {
	if at.Before(l.flashEnd) {
		l.flashEnd = at
	}
}

// Colour is what shines at now.
func (l *Lamp) Colour(now time.Time) Colour {
	if l.flashing(now) {
		return l.flash.At(now.Sub(l.flashAt))
	}
	return l.steady.At(now.Sub(l.steadyAt))
}

// Light is what a person looking at the lamp at now calls it.
func (l *Lamp) Light(now time.Time) Light {
	if l.flashing(now) {
		return l.flash.Seen(l.flashEnd.Sub(l.flashAt))
	}
	return l.Steady()
}

// Steady is the light between flashes.
func (l *Lamp) Steady() Light { return l.steady.Seen(0) }

func (l *Lamp) flashing(now time.Time) bool {
	return !now.Before(l.flashAt) && now.Before(l.flashEnd)
}
