package lamp

import "time"

// judge makes up the eye's mind at now.
func (e *Eye) judge(now time.Time) {
	e.last()
	if now.After(e.judged) {
		e.judged = now
	}
	seen := e.noticed(now)
	if next := e.otherColour(seen); next > 0 {
		e.tell(seen[:next], now, true)
		e.phases, e.decided = seen[next:], false
		seen = e.phases
	}
	e.tell(seen, now, false)
	e.settle(seen, now)
}

// noticed are the phases that lasted long enough for a person, the last one included as soon as it has.
func (e *Eye) noticed(now time.Time) []phase {
	var out []phase
	for i, p := range e.phases {
		till := now
		if i+1 < len(e.phases) {
			till = e.phases[i+1].from
		}
		first := i == 0 && (p.colour == e.steady || p.stale)
		if !first && till.Sub(p.from) < least(p.colour) {
			continue
		}
		if n := len(out); n > 0 && out[n-1].colour == p.colour {
			if out[n-1].stale {
				out[n-1] = p
			}
			continue // the gap was too short to be seen
		}
		out = append(out, p)
	}
	return out
}

// least is how long a colour must stay to be noticed.
func least(c Colour) time.Duration {
	if c == MagentaColour || c == CyanColour || c == WhiteColour {
		return mixed
	}
	return glance
}

// passes reports whether a phase is of a light that is not the steady one.
func (e *Eye) passes(p phase) bool { return p.colour != Black && p.colour != e.steady && !p.stale }

// otherColour is where a second passing colour begins, 0 when there is none.
func (e *Eye) otherColour(seen []phase) int {
	first := Black
	for i, p := range seen {
		switch {
		case !e.passes(p):
		case first == Black:
			first = p.colour
		case p.colour != first:
			return i
		}
	}
	return 0
}

// tell names the light that passes, once and as soon as it can be named; over says that it has ended.
func (e *Eye) tell(seen []phase, now time.Time, over bool) {
	if e.decided || len(seen) == 0 {
		return
	}
	named, at := e.name(seen, now, over)
	if named == None {
		return
	}
	e.decided = true
	e.sightings = append(e.sightings, Sighting{At: at, Light: named, Passing: true})
}

// name is the light that passes and since when; None as long as that is open.
func (e *Eye) name(seen []phase, now time.Time, over bool) (Light, time.Time) {
	last := seen[len(seen)-1]
	stays := now.Sub(last.from)
	colour, onsets, at := Black, 0, time.Time{}
	for _, p := range seen {
		if !e.passes(p) {
			continue
		}
		if onsets == 0 {
			colour, at = p.colour, p.from
		}
		onsets++
	}
	if onsets == 0 {
		return e.interrupted(seen)
	}
	ended := over || last.colour != colour
	quiet := over || ended && stays >= rest
	switch colour {
	case RedColour:
		return red(onsets, quiet, !ended && stays >= rest), at
	case BlueColour:
		return blue(onsets, quiet), at
	case AmberColour:
		if onsets > 1 || ended {
			return Amber, at
		}
		return None, at
	default:
		return light(colour), at
	}
}

// red is told from red twice by waiting for a third flash.
func red(onsets int, quiet, long bool) Light {
	switch {
	case onsets == 2 && quiet:
		return RedDouble
	case onsets > 2 || quiet || long:
		return Red
	default:
		return None
	}
}

// blue that stays is a steady light; one that comes back blinks.
func blue(onsets int, quiet bool) Light {
	switch {
	case onsets > 1:
		return BlueBlink
	case quiet:
		return Blue
	default:
		return None
	}
}

// interrupted is the steady light when it blinks: it went and came back, once for somebody who waits for a sign,
// twice for anybody.
func (e *Eye) interrupted(seen []phase) (Light, time.Time) {
	dark, returns := time.Time{}, 0
	for i, p := range seen {
		switch {
		case p.colour == Black && dark.IsZero():
			dark = p.from
		case i > 0 && p.colour == e.steady && p.colour != Black && !dark.IsZero():
			returns++
		}
	}
	if e.steady == Black || returns == 0 || returns == 1 && !e.watched {
		return None, dark
	}
	if e.steady == BlueColour {
		return BlueBlink, dark
	}
	return light(e.steady), dark
}

// settle ends what passes once the lamp has been quiet for long enough.
func (e *Eye) settle(seen []phase, now time.Time) {
	last := e.phases[len(e.phases)-1]
	stays := now.Sub(last.from)
	enough := rest
	if last.colour != e.steady && last.colour != Black && last.colour != BlueColour {
		enough = passesOver
	}
	if stays < enough || len(seen) == 0 || last.stale && stays < passesOver {
		return
	}
	if last.colour != e.steady {
		e.steady = last.colour
		e.sightings = append(e.sightings, Sighting{At: last.from, Light: light(last.colour)})
	}
	e.phases, e.decided = []phase{{colour: last.colour, from: last.from}}, false
}
