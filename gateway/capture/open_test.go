package capture

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

func TestOpen(t *testing.T) {
	one := []Reader{{Name: "a", Address: 1}}
	tests := []struct {
		name string
		line Line
		want string // part of the error; empty for none
	}{
		{"osdp", Line{Driver: "osdp", Baud: 38400, Readers: []Reader{{Name: "a", Address: 1, Open: "amber", ByteOrder: "lsb"}, {Name: "b", Address: 2, Open: "white", Checksum: true, Secure: true}}}, ""},
		{"twn4", Line{Driver: "twn4", Baud: 9600, Readers: one}, ""},
		{"twn4 set up", Line{Driver: "twn4", Baud: 9600, TWN4: TWN4{Tags: []string{"mifare", "hidprox", "em4102"}, CRC: true, Third: "blue"}, Readers: one}, ""},
		{"twn4 with a tag nobody knows", Line{Driver: "twn4", Baud: 9600, TWN4: TWN4{Tags: []string{"legic"}}, Readers: one}, `no such name: tag "legic"`},
		{"pn532", Line{Driver: "pn532", Baud: 115200, Readers: one}, ""},
		{"pn532 with lights", Line{Driver: "pn532", Baud: 115200, PN532: PN532{Red: "P30", Green: "P31", Blue: "P33", Buzzer: "P35", Inverted: true}, Readers: one}, ""},
		{"pn532 with a pin it needs itself", Line{Driver: "pn532", Baud: 115200, PN532: PN532{Red: "P30", Green: "P32"}, Readers: one}, `no such name: output "P32"`},
		{"pn532 half wired", Line{Driver: "pn532", Baud: 115200, PN532: PN532{Red: "P30"}, Readers: one}, "needs red and green"},
		{"generic with a format", Line{Driver: "ascii", Preset: "generic", Baud: 9600, Format: Format{Start: "\x02", End: "\x03", Digits: "decimal", Medium: "raw", Octets: 4}, Readers: one}, ""},
		{"generic with facility and card", Line{Driver: "ascii", Preset: "generic", Baud: 9600, Format: Format{Medium: "wiegand", Facility: "F", Card: "C", Bits: 26, Prompt: ">", Replies: []string{"OK"}}, Readers: one}, ""},
		{"generic with facility and card of an unknown format", Line{Driver: "ascii", Preset: "generic", Baud: 9600, Format: Format{Medium: "wiegand", Card: "C", Bits: 27}, Readers: one}, "27 bits"},
		{"generic with an impossible format", Line{Driver: "ascii", Preset: "generic", Baud: 9600, Format: Format{Digits: "decimal"}, Readers: one}, "say how many octets"},
		{"generic with a format nobody knows", Line{Driver: "ascii", Preset: "generic", Baud: 9600, Format: Format{Medium: "paper"}, Readers: one}, `medium "paper"`},
		{"rdm6300", Line{Driver: "ascii", Preset: "rdm6300", Baud: 9600, Readers: one}, ""},
		{"generic", Line{Driver: "ascii", Preset: "generic", Baud: 9600, Readers: one}, ""},
		{"generic with lights", Line{Driver: "ascii", Preset: "generic", Baud: 9600, Readers: one, Feedback: map[string]string{"ready": "B", "accepted": "G"}}, ""},
		{"no such signal", Line{Driver: "ascii", Preset: "generic", Baud: 9600, Readers: one, Feedback: map[string]string{"green": "G"}}, `no such name: signal "green"`},
		{"qr", Line{Driver: "qr", Baud: 9600, Readers: one}, ""},
		{"qr with a light", Line{Driver: "qr", Baud: 9600, Readers: one, Feedback: map[string]string{"ready": "B", "accepted": "G"}}, ""},
		{"qr with a signal nobody knows", Line{Driver: "qr", Baud: 9600, Readers: one, Feedback: map[string]string{"green": "G"}}, `no such name: signal "green"`},
		{"unknown driver", Line{Driver: "morse", Baud: 9600, Readers: one}, `no such driver: "morse"`},
		{"unknown preset", Line{Driver: "ascii", Preset: "x", Baud: 9600, Readers: one}, `no such driver: preset "x"`},
		{"two readers on a line for one", Line{Driver: "ascii", Preset: "generic", Baud: 9600, Readers: append(one, one...)}, "2 readers"},
		{"two readers with one address", Line{Driver: "osdp", Baud: 9600, Readers: []Reader{{Name: "a"}, {Name: "b"}}}, "address 0"},
		{"osdp on a port that turns round", Line{Driver: "osdp", Baud: 9600, RS485: RS485{RTS: "low", Before: time.Millisecond, After: 2 * time.Millisecond}, Readers: one}, ""},
		{"osdp with an impossible delay", Line{Driver: "osdp", Baud: 9600, RS485: RS485{RTS: "high", After: time.Microsecond}, Readers: one}, "RS-485 delay 1µs"},
		{"impossible speed", Line{Driver: "osdp", Baud: 31250, Readers: one}, "31250"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.line.Name, test.line.Device = "bus", "/dev/null"
			got, err := Open(test.line, prometheus.NewPedanticRegistry(), quiet)
			if test.want == "" {
				if err != nil || len(got.Readers) != len(test.line.Readers) || len(got.Driver.Status()) != len(test.line.Readers) {
					t.Errorf("Open = %+v, %v", got, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "open bus bus") {
				t.Errorf("Open = %v, want an error about %q", err, test.want)
			}
			if strings.HasPrefix(test.want, "no such driver") != errors.Is(err, ErrDriver) {
				t.Errorf("Open = %v, is ErrDriver %v", err, errors.Is(err, ErrDriver))
			}
		})
	}
}

// A gateway has one registry for all its lines: drivers that measure the same say so in the same words.
func TestLinesOfEveryDriverShareARegistry(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	for _, l := range []Line{
		{Driver: "osdp", Baud: 38400}, {Driver: "twn4", Baud: 9600}, {Driver: "pn532", Baud: 115200}, {Driver: "qr", Baud: 9600},
		{Driver: "ascii", Preset: "rdm6300", Baud: 9600}, {Driver: "ascii", Preset: "pcprox", Baud: 9600},
	} {
		l.Name, l.Device, l.Readers = l.Driver+l.Preset, "/dev/"+l.Driver+l.Preset, []Reader{{Name: "door of " + l.Driver + l.Preset, Address: 1}}
		if _, err := Open(l, registry, quiet); err != nil {
			t.Error(err)
		}
	}
	if _, err := registry.Gather(); err != nil {
		t.Error(err)
	}
}

func TestRS485(t *testing.T) {
	for _, tt := range []struct {
		of   RS485
		want serialport.RS485
	}{
		{RS485{}, serialport.RS485{}},
		{RS485{RTS: "high"}, serialport.RS485{Enable: true}},
		{RS485{RTS: "low", Before: time.Millisecond}, serialport.RS485{Enable: true, SendLow: true, Before: time.Millisecond}},
	} {
		if got := tt.of.port(); got != tt.want {
			t.Errorf("%+v = %+v, want %+v", tt.of, got, tt.want)
		}
	}
}
