package lamp

import "time"

// Diodes are LEDs of one colour each behind one window, numbered from 0: what shines together mixes. The zero Diodes
// are dark and without a colour. It has no clock and no lock.
type Diodes struct {
	each [8]diode
}

// diode is one LED.
type diode struct {
	colour Colour
	on     bool
	hi, lo time.Duration // blinking when both are set
	from   time.Time
}

// Fit gives an LED its colour.
func (d *Diodes) Fit(led int, c Colour) { d.each[led].colour = c }

// Fitted reports whether an LED has a colour.
func (d *Diodes) Fitted(led int) bool { return d.each[led].colour != Black }

// Switch puts an LED on or off.
func (d *Diodes) Switch(led int, on bool) {
	d.each[led] = diode{colour: d.each[led].colour, on: on}
}

// Blink lets an LED be on for hi and off for lo, over and over, from at on.
func (d *Diodes) Blink(at time.Time, led int, hi, lo time.Duration) {
	d.each[led] = diode{colour: d.each[led].colour, on: true, hi: hi, lo: lo, from: at}
}

// Lit reports whether an LED shines at now.
func (d *Diodes) Lit(now time.Time, led int) bool {
	l := d.each[led]
	if l.hi <= 0 || l.lo <= 0 {
		return l.on
	}
	return now.Sub(l.from)%(l.hi+l.lo) < l.hi
}

// Colour is the mixture at now. The numbers of OSDP's colours are such that red, green and blue mix by their bits.
func (d *Diodes) Colour(now time.Time) Colour {
	mixture := Black
	for i := range d.each {
		if d.Lit(now, i) {
			mixture |= d.each[i].colour
		}
	}
	return mixture
}

// Next is when an LED that blinks changes after now.
func (d *Diodes) Next(now time.Time) (next time.Time, ok bool) {
	for i, l := range d.each {
		if l.hi <= 0 || l.lo <= 0 || !d.Fitted(i) {
			continue
		}
		after := now
		if after.Before(l.from) {
			after = l.from
		}
		cycles := after.Sub(l.from) / (l.hi + l.lo)
		at := l.from.Add(cycles * (l.hi + l.lo)).Add(l.hi)
		if !at.After(after) {
			at = at.Add(l.lo)
		}
		if !ok || at.Before(next) {
			next, ok = at, true
		}
	}
	return next, ok
}
