package lamp_test

import (
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

const ms = time.Millisecond

func TestPatternSeen(t *testing.T) {
	tests := []struct {
		name    string
		pattern lamp.Pattern
		length  time.Duration
		want    lamp.Light
	}{
		{"nothing", lamp.Pattern{}, 0, lamp.Off},
		{"steady black", lamp.Pattern{On: 100 * ms}, 0, lamp.Off},
		{"steady blue", lamp.Pattern{On: 100 * ms, OnColour: lamp.BlueColour, OffColour: lamp.BlueColour}, 0, lamp.Blue},
		{"steady blue with an off colour never reached", lamp.Pattern{On: 100 * ms, OnColour: lamp.BlueColour}, 0, lamp.Blue},
		{"blue blinking for ever", lamp.Pattern{On: 300 * ms, Off: 300 * ms, OnColour: lamp.BlueColour}, 0, lamp.BlueBlink},
		{"blue blinking for a second", lamp.Pattern{On: 200 * ms, Off: 200 * ms, OnColour: lamp.BlueColour}, time.Second, lamp.BlueBlink},
		{"blue once", lamp.Pattern{On: 500 * ms, Off: 500 * ms, OnColour: lamp.BlueColour}, time.Second, lamp.Blue},
		{"dark first, blue after", lamp.Pattern{On: 200 * ms, Off: 200 * ms, OffColour: lamp.BlueColour}, time.Second, lamp.BlueBlink},
		{"dark first, over before blue comes", lamp.Pattern{On: 200 * ms, Off: 200 * ms, OffColour: lamp.BlueColour}, 200 * ms, lamp.Off},
		{"green flashes are green", lamp.Pattern{On: 200 * ms, Off: 100 * ms, OnColour: lamp.GreenColour}, time.Second, lamp.Green},
		{"red 1.5 s", lamp.Pattern{On: 100 * ms, OnColour: lamp.RedColour, OffColour: lamp.RedColour}, 1500 * ms, lamp.Red},
		{"red twice", lamp.Pattern{On: 200 * ms, Off: 200 * ms, OnColour: lamp.RedColour}, 800 * ms, lamp.RedDouble},
		{"red twice, ending as a third would begin", lamp.Pattern{On: 200 * ms, Off: 100 * ms, OnColour: lamp.RedColour}, 600 * ms, lamp.RedDouble},
		{"red three times", lamp.Pattern{On: 200 * ms, Off: 200 * ms, OnColour: lamp.RedColour}, 801 * ms, lamp.Red},
		{"amber", lamp.Pattern{On: 100 * ms, OnColour: lamp.AmberColour}, 0, lamp.Amber},
		{"white", lamp.Pattern{On: 100 * ms, OnColour: lamp.WhiteColour}, 0, lamp.Other},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.pattern.Seen(tt.length); got != tt.want {
				t.Errorf("Seen(%v) = %v, want %v", tt.length, got, tt.want)
			}
		})
	}
}

func TestLampGoesBackBySelf(t *testing.T) {
	start := time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)
	at := func(d time.Duration) time.Time { return start.Add(d) }
	var l lamp.Lamp
	l.Set(at(0), lamp.Pattern{On: 100 * ms, OnColour: lamp.BlueColour, OffColour: lamp.BlueColour})
	l.Flash(at(time.Second), lamp.Pattern{On: 200 * ms, Off: 100 * ms, OnColour: lamp.GreenColour}, time.Second)

	tests := []struct {
		after  time.Duration
		light  lamp.Light
		colour lamp.Colour
	}{
		{0, lamp.Blue, lamp.BlueColour},
		{999 * ms, lamp.Blue, lamp.BlueColour},
		{1000 * ms, lamp.Green, lamp.GreenColour},
		{1199 * ms, lamp.Green, lamp.GreenColour},
		{1200 * ms, lamp.Green, lamp.Black},
		{1300 * ms, lamp.Green, lamp.GreenColour},
		{1999 * ms, lamp.Green, lamp.GreenColour},
		{2000 * ms, lamp.Blue, lamp.BlueColour},
	}
	for _, tt := range tests {
		if got := l.Light(at(tt.after)); got != tt.light {
			t.Errorf("Light at %v = %v, want %v", tt.after, got, tt.light)
		}
		if got := l.Colour(at(tt.after)); got != tt.colour {
			t.Errorf("Colour at %v = %v, want %v", tt.after, got, tt.colour)
		}
	}

	l.Flash(at(3*time.Second), lamp.Pattern{On: 100 * ms, OnColour: lamp.RedColour}, time.Second)
	l.Set(at(3100*ms), lamp.Pattern{})
	if got := l.Light(at(3200 * ms)); got != lamp.Red {
		t.Errorf("Light while red passes = %v, want red: a new steady pattern waits", got)
	}
	l.Cancel(at(3300 * ms))
	if got := l.Light(at(3300 * ms)); got != lamp.Off {
		t.Errorf("Light after Cancel = %v, want off", got)
	}
}

func TestLightNames(t *testing.T) {
	want := []string{"none", "off", "blue", "green", "red", "amber", "blue_blink", "red_double", "other"}
	for i, name := range want {
		if got := lamp.Light(i).String(); got != name {
			t.Errorf("Light(%d) = %q, want %q", i, got, name)
		}
	}
	if got := lamp.Light(200).String(); got != "unknown" {
		t.Errorf("Light(200) = %q, want unknown", got)
	}
}
