package lamp

import "time"

// Colour is what an LED emits at one instant, numbered as in OSDP v2.2 (LED colour values).
type Colour uint8

// The colours of OSDP v2.2.
const (
	Black Colour = iota
	RedColour
	GreenColour
	AmberColour
	BlueColour
	MagentaColour
	CyanColour
	WhiteColour
)

// Pattern is a colour for On, then another for Off, over and over. With Off zero the first colour is steady.
type Pattern struct {
	On, Off             time.Duration
	OnColour, OffColour Colour
}

// At is the colour elapsed after the pattern began.
func (p Pattern) At(elapsed time.Duration) Colour {
	cycle := p.On + p.Off
	if cycle <= 0 || elapsed < 0 {
		return Black
	}
	if elapsed%cycle < p.On {
		return p.OnColour
	}
	return p.OffColour
}

// Seen is what a person calls the pattern after watching it for this long; zero means for ever.
func (p Pattern) Seen(length time.Duration) Light {
	colour, flashes := p.flashes(length)
	switch colour {
	case Black:
		return Off
	case RedColour:
		if flashes == 2 {
			return RedDouble
		}
		return Red
	case GreenColour:
		return Green
	case AmberColour:
		return Amber
	case BlueColour:
		if flashes > 1 {
			return BlueBlink
		}
		return Blue
	default:
		return Other
	}
}

// many stands for more flashes than anybody counts.
const many = 1 << 20

// flashes is the colour that catches the eye and how often it comes on within length.
func (p Pattern) flashes(length time.Duration) (Colour, int) {
	colour, first := p.OnColour, time.Duration(0)
	if p.On == 0 || colour == Black && p.Off > 0 {
		colour, first = p.OffColour, p.On
	}
	switch {
	case p.On+p.Off == 0 || colour == Black || length > 0 && length <= first:
		return Black, 0
	case p.On == 0 || p.Off == 0 || p.OnColour == p.OffColour:
		return colour, 1
	case length == 0:
		return colour, many
	}
	return colour, int((length-first-1)/(p.On+p.Off)) + 1
}
