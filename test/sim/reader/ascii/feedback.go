package ascii

import (
	"bytes"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/solo"
)

// longestText bounds what is kept of a host that sends nothing known here.
const longestText = 256

// colours of the lights that can stay.
var colours = map[lamp.Light]lamp.Colour{
	lamp.Off: lamp.Black, lamp.Blue: lamp.BlueColour, lamp.Green: lamp.GreenColour,
	lamp.Red: lamp.RedColour, lamp.Amber: lamp.AmberColour, lamp.Other: lamp.WhiteColour,
}

// Hear takes octets from the host, the last of which arrived at now.
func (d *Device) Hear(now time.Time, octets []byte) {
	for _, b := range octets {
		d.heard = append(d.heard, b)
		if f, ok := d.match(); ok {
			d.heard = d.heard[:0]
			d.obey(now, f)
		} else if d.options.Talk != NoTalk {
			d.converse(now)
		}
	}
	if extra := len(d.heard) - longestText; extra > 0 {
		d.heard = append(d.heard[:0], d.heard[extra:]...)
	}
}

// match is the feedback that what was heard ends in.
func (d *Device) match() (Feedback, bool) {
	for _, f := range d.options.Feedback {
		if bytes.HasSuffix(d.heard, []byte(f.Text)) {
			return f, true
		}
	}
	return Feedback{}, false
}

func (d *Device) obey(now time.Time, f Feedback) {
	switch {
	case f.Light == lamp.None:
	case f.For == 0:
		d.show(now, colours[f.Light])
	default:
		d.flash, d.flashTo = f.Light, now.Add(f.For)
		d.Tell(solo.Event{At: now, Kind: solo.Flashed, Light: f.Light})
	}
	d.beep(now, f.Beeps)
	d.answer(f.Answer)
}

// show puts a colour on until the host replaces it. A flash that the reader times itself is over then.
func (d *Device) show(now time.Time, c lamp.Colour) {
	d.flashTo = time.Time{}
	d.eye.See(now, c)
}

func (d *Device) beep(now time.Time, count int) {
	if count > 0 {
		d.Tell(solo.Event{At: now, Kind: solo.Beeped, Count: count})
	}
}

func (d *Device) answer(text string) {
	if text != "" {
		d.Send(solo.Frame{Octets: []byte(text), Answer: true})
	}
}
