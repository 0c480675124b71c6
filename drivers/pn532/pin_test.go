package pn532

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/drivers/polled"
)

// WriteGPIO, section 7.2.7: the first parameter is 1, 0, P35 to P30.
func TestOutputsOfColours(t *testing.T) {
	full := Lights{Red: P30, Green: P31, Blue: P35, Buzzer: P33}
	two := Lights{Red: P30, Green: P31}
	inverted := Lights{Red: P30, Green: P31, Blue: P35, Inverted: true}
	for _, tt := range []struct {
		name   string
		lights Lights
		colour polled.Colour
		want   byte
	}{
		{"dark", full, polled.Dark, 0b10_010100},
		{"red", full, polled.Red, 0b10_010101},
		{"green", full, polled.Green, 0b10_010110},
		{"amber", full, polled.Amber, 0b10_010111},
		{"blue", full, polled.Blue, 0b10_110100},
		{"two colours, dark: the others stay high", two, polled.Dark, 0b10_111100},
		{"two colours, for blue", two, polled.Blue, 0b10_111111},
		{"inverted, dark", inverted, polled.Dark, 0b10_111111},
		{"inverted, red", inverted, polled.Red, 0b10_111110},
		{"inverted, blue", inverted, polled.Blue, 0b10_011111},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.lights.write(tt.lights.mask(tt.colour))
			if d := cmp.Diff([]byte{0x0E, tt.want, 0x00}, got); d != "" {
				t.Errorf("WriteGPIO (-want +got):\n%s", d)
			}
		})
	}
}

func TestWiringIsChecked(t *testing.T) {
	for _, tt := range []struct {
		name   string
		lights Lights
		want   string
	}{
		{"none", Lights{}, ""},
		{"red and green", Lights{Red: P30, Green: P31}, ""},
		{"only red", Lights{Red: P30}, "a light needs red and green"},
		{"only a buzzer", Lights{Buzzer: P33}, "a light needs red and green"},
		{"one output twice", Lights{Red: P30, Green: P31, Blue: P30}, "output P30 is named twice"},
		{"no such output", Lights{Red: P30, Green: 9}, "output 9 is not possible"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.lights.check()
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("check = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestPinNames(t *testing.T) {
	for name, want := range map[string]Pin{"P30": P30, "P31": P31, "P33": P33, "P35": P35} {
		if got, ok := ParsePin(name); got != want || !ok {
			t.Errorf("ParsePin(%q) = %d, %v; want %d", name, got, ok, want)
		}
	}
	for _, name := range []string{"P32", "P34", ""} {
		if got, ok := ParsePin(name); ok {
			t.Errorf("ParsePin(%q) = %d, want none", name, got)
		}
	}
}
