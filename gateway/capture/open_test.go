package capture

import (
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestOpen(t *testing.T) {
	one := []Reader{{Name: "a", Address: 1}}
	tests := []struct {
		name string
		line Line
		want string // part of the error; empty for none
	}{
		{"osdp", Line{Driver: "osdp", Baud: 38400, Readers: []Reader{{Name: "a", Address: 1, Open: "amber", ByteOrder: "lsb"}, {Name: "b", Address: 2, Open: "white"}}}, ""},
		{"rdm6300", Line{Driver: "ascii", Preset: "rdm6300", Baud: 9600, Readers: one}, ""},
		{"generic", Line{Driver: "ascii", Preset: "generic", Baud: 9600, Readers: one}, ""},
		{"generic with lights", Line{Driver: "ascii", Preset: "generic", Baud: 9600, Readers: one, Feedback: map[string]string{"ready": "B", "accepted": "G"}}, ""},
		{"no such signal", Line{Driver: "ascii", Preset: "generic", Baud: 9600, Readers: one, Feedback: map[string]string{"green": "G"}}, `no signal is called "green"`},
		{"unknown driver", Line{Driver: "morse", Baud: 9600, Readers: one}, `no such driver: "morse"`},
		{"unknown preset", Line{Driver: "ascii", Preset: "x", Baud: 9600, Readers: one}, `no such driver: preset "x"`},
		{"two readers on a line for one", Line{Driver: "ascii", Preset: "generic", Baud: 9600, Readers: append(one, one...)}, "2 readers"},
		{"two readers with one address", Line{Driver: "osdp", Baud: 9600, Readers: []Reader{{Name: "a"}, {Name: "b"}}}, "address 0"},
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
