package lamp_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// change is what a host does to a lamp: a colour from this many milliseconds on, or somebody begins to look.
type change struct {
	ms     int
	colour lamp.Colour
	look   bool
}

// seen is a sighting in milliseconds.
type seen struct {
	ms      int
	light   lamp.Light
	passing bool
}

const (
	black = lamp.Black
	red   = lamp.RedColour
	green = lamp.GreenColour
	amber = lamp.AmberColour
	blue  = lamp.BlueColour
)

// colours are changes of colour at the given times, alternately with their times: 0, blue, 300, black.
func colours(pairs ...int) []change {
	var out []change
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, change{ms: pairs[i], colour: lamp.Colour(pairs[i+1])})
	}
	return out
}

// watch lets an eye see changes and everything that follows from them until all is quiet.
func watch(changes []change) []seen {
	start := time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)
	var eye lamp.Eye
	var out []seen
	note := func(now time.Time) {
		for _, s := range eye.Sightings(now) {
			out = append(out, seen{int(s.At.Sub(start) / ms), s.Light, s.Passing})
		}
	}
	until := func(end time.Time) {
		for at, ok := eye.Next(); ok && at.Before(end); at, ok = eye.Next() {
			note(at)
		}
	}
	for _, c := range changes {
		at := start.Add(time.Duration(c.ms) * ms)
		until(at)
		if c.look {
			eye.Renew(at)
		} else {
			eye.See(at, c.colour)
		}
		note(at)
	}
	until(start.Add(time.Hour))
	return out
}

func TestEye(t *testing.T) {
	const (
		x = int(black)
		r = int(red)
		g = int(green)
		a = int(amber)
		b = int(blue)
	)
	ready := func(pairs ...int) []change { // a room that has been open for a while, somebody at its reader
		c := append(colours(0, b), change{ms: 9000, look: true})
		return append(c, colours(pairs...)...)
	}
	open := seen{0, lamp.Blue, false}
	tests := []struct {
		name    string
		changes []change
		want    []seen
	}{
		{"nothing", nil, nil},
		{"a room opens", colours(0, b), []seen{open}},
		{"and closes", colours(0, b, 5000, x), []seen{open, {5000, lamp.Off, false}}},
		{"trouble", colours(0, b, 5000, a), []seen{open, {5000, lamp.Amber, false}}},
		{"green for a second", ready(10000, g, 11000, b), []seen{open, {10000, lamp.Green, true}}},
		{"green flashing", ready(10000, g, 10200, x, 10300, g, 10500, x, 10600, b), []seen{open, {10000, lamp.Green, true}}},
		{"dark between the commands", ready(10000, x, 10015, g, 11000, x, 11015, b), []seen{open, {10015, lamp.Green, true}}},
		{"both LEDs between the commands", ready(10000, b|g, 10015, g, 11000, b|g, 11015, b), []seen{open, {10015, lamp.Green, true}}},
		{"red", ready(10000, r, 11500, b), []seen{open, {10000, lamp.Red, true}}},
		{"red, short", ready(10000, r, 10300, b), []seen{open, {10000, lamp.Red, true}}},
		{"red twice", ready(10000, r, 10200, x, 10400, r, 10600, b), []seen{open, {10000, lamp.RedDouble, true}}},
		{"red twice with blue between", ready(10000, r, 10200, b, 10400, r, 10600, b), []seen{open, {10000, lamp.RedDouble, true}}},
		{"red three times", ready(10000, r, 10200, x, 10400, r, 10600, x, 10800, r, 11000, b), []seen{open, {10000, lamp.Red, true}}},
		{"amber", ready(10000, a, 11000, b), []seen{open, {10000, lamp.Amber, true}}},
		{"amber by two LEDs one after the other", ready(10000, g, 10020, a, 11000, r, 11020, b), []seen{open, {10020, lamp.Amber, true}}},
		{"blue blinking where it was steady", ready(10000, x, 10200, b, 10400, x, 10600, b), []seen{open, {10000, lamp.BlueBlink, true}}},
		{"blue blinking where it was dark", colours(1000, b, 1200, x, 1400, b, 1600, x), []seen{{1000, lamp.BlueBlink, true}}},
		{"blue once where it was dark", colours(1000, b, 1500, x), []seen{{1000, lamp.Blue, true}}},
		{"blue flickers and nobody waits", colours(0, b, 5000, x, 5200, b), []seen{open}},
		{"white", ready(10000, r|g|b, 11000, b), []seen{open, {10000, lamp.Other, true}}},
		{"green that stays", ready(10000, g), []seen{open, {10000, lamp.Green, true}, {10000, lamp.Green, false}}},
		{"red after green at once", ready(10000, g, 10500, r, 11000, b), []seen{open, {10000, lamp.Green, true}, {10500, lamp.Red, true}}},
		{"the next person while green is on",
			append(ready(10000, g), append([]change{{ms: 10300, look: true}}, colours(11000, b)...)...),
			[]seen{open, {10000, lamp.Green, true}}},
		{"green is switched on again for them",
			append(ready(10000, g), append([]change{{ms: 10300, look: true}}, colours(10400, g, 11400, b)...)...),
			[]seen{open, {10000, lamp.Green, true}, {10400, lamp.Green, true}}},
		{"green is switched on again by way of darkness",
			append(ready(10000, g), append([]change{{ms: 10300, look: true}}, colours(10400, x, 10410, g, 11400, b)...)...),
			[]seen{open, {10000, lamp.Green, true}, {10410, lamp.Green, true}}},
		{"red for them after red for the one before",
			append(ready(10000, r, 11500, b), append([]change{{ms: 11600, look: true}}, colours(11700, r, 11900, x, 12100, r, 12300, b)...)...),
			[]seen{open, {10000, lamp.Red, true}, {11700, lamp.RedDouble, true}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(watch(tt.changes), tt.want, cmp.AllowUnexported(seen{})); diff != "" {
				t.Errorf("sightings (-got +want):\n%s", diff)
			}
		})
	}
}

func TestEyeForgetsWithThePower(t *testing.T) {
	now := time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)
	var eye lamp.Eye
	eye.See(now, blue)
	eye.Sightings(now.Add(time.Second))
	eye.Dark()
	if eye.Light() != lamp.Off || eye.Steady() != lamp.Off {
		t.Errorf("light %v, steady %v, want off", eye.Light(), eye.Steady())
	}
	if at, ok := eye.Next(); ok {
		t.Errorf("something is due at %v", at)
	}
}

// A lamp that never comes to rest must not fill the memory, nor be told again and again.
func TestEyeOfALampThatNeverRests(t *testing.T) {
	var c []change
	for i := range 1000 {
		c = append(c, colours(i*200, int(green)*(i%2))...)
	}
	if got := watch(c); len(got) > 2 {
		t.Errorf("%d sightings, want one flash and one end: %v", len(got), got[:3])
	}
}

func TestDiodes(t *testing.T) {
	start := time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)
	at := func(d time.Duration) time.Time { return start.Add(d) }
	var d lamp.Diodes
	d.Fit(0, red)
	d.Fit(1, green)
	d.Switch(0, true)
	d.Blink(start, 1, 300*ms, 200*ms)
	d.Switch(7, true) // without a colour
	for _, tt := range []struct {
		after time.Duration
		want  lamp.Colour
	}{{0, amber}, {299 * ms, amber}, {300 * ms, red}, {499 * ms, red}, {500 * ms, amber}} {
		if got := d.Colour(at(tt.after)); got != tt.want {
			t.Errorf("colour after %v = %v, want %v", tt.after, got, tt.want)
		}
	}
	for _, tt := range []struct{ after, want time.Duration }{{-9 * time.Hour, 300 * ms}, {0, 300 * ms}, {299 * ms, 300 * ms}, {300 * ms, 500 * ms}, {777 * ms, 800 * ms}} {
		if got, ok := d.Next(at(tt.after)); !ok || got != at(tt.want) {
			t.Errorf("next change after %v at %v, want %v", tt.after, got.Sub(start), tt.want)
		}
	}
	d.Switch(1, false)
	if got, ok := d.Next(start); ok || d.Colour(start) != red {
		t.Errorf("after switching off: next %v, colour %v, want none and red", got, d.Colour(start))
	}
}
