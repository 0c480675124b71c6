package gateway

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/recent"
	"github.com/rollcall-edge/rollcall/gateway/status"
)

func TestLineWarnings(t *testing.T) {
	open := drivers.LineStatus{Bus: "b", Driver: "osdp", Up: true}
	slow, quick := open, open
	slow.Cycle = recent.Summary{Median: 291 * time.Millisecond, Of: 256}
	quick.Cycle = recent.Summary{Median: 150 * time.Millisecond, P99: time.Second, Of: 256}
	late := open
	late.Advice = "the adapter holds every reply back for 16 ms (latency timer)"
	broken := open
	broken.Advice = "/dev/ttyUSB0 hears octets without an end"
	tests := []struct {
		name string
		line status.Line
		want []string // name and the beginning of the text
	}{
		{"well", status.Line{Line: quick, Readers: []drivers.Status{{Reader: "r", Up: true}}}, nil},
		{"closed, said once", status.Line{Line: drivers.LineStatus{Bus: "b", Trouble: "no such device"}, Readers: []drivers.Status{{Reader: "r", Trouble: "no such device"}, {Reader: "s", Trouble: "no such device"}}},
			[]string{"bus b: no such device"}},
		{"slow", status.Line{Line: slow}, []string{"bus b slow: a round over its readers takes 291 ms"}},
		{"adapter that waits", status.Line{Line: late}, []string{"bus b latency timer: the adapter holds"}},
		{"octets at another speed", status.Line{Line: broken}, []string{"bus b advice: /dev/ttyUSB0 hears"}},
		{"reader down", status.Line{Line: open, Readers: []drivers.Status{{Reader: "r", Trouble: "stopped answering"}}}, []string{"reader r: stopped answering"}},
		{"tamper in the driver's words", status.Line{Line: open, Readers: []drivers.Status{{Reader: "r", Up: true, Tamper: true, PowerLost: true, Trouble: "its case is open"}}}, []string{"reader r tamper: its case is open"}},
		{"tamper and no words", status.Line{Line: open, Readers: []drivers.Status{{Reader: "r", Up: true, Tamper: true}}}, []string{"reader r tamper: it reports that it was opened"}},
		{"power", status.Line{Line: open, Readers: []drivers.Status{{Reader: "r", Up: true, PowerLost: true}}}, []string{"reader r power: it reports a power failure"}},
		{"down, and tampered with before", status.Line{Line: open, Readers: []drivers.Status{{Reader: "r", Tamper: true, Trouble: "stopped answering"}}}, []string{"reader r: stopped answering"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			lineWarnings(test.line, func(name, text string) {
				if text != "" {
					got = append(got, name+": "+text)
				}
			})
			if len(got) != len(test.want) {
				t.Fatalf("warnings %q, want %q", got, test.want)
			}
			for i, want := range test.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("warning %q, want %q", got[i], want)
				}
			}
		})
	}
}

func TestUnsecuredReadersAreANote(t *testing.T) {
	lines := []status.Line{
		{Line: drivers.LineStatus{Bus: "plain", Driver: "osdp"}, Readers: []drivers.Status{{Reader: "a"}, {Reader: "b", Keyed: true}, {Reader: "c"}}},
		{Line: drivers.LineStatus{Bus: "keyed", Driver: "osdp"}, Readers: []drivers.Status{{Reader: "d", Keyed: true, Secure: true}}},
		{Line: drivers.LineStatus{Bus: "desk", Driver: "twn4"}, Readers: []drivers.Status{{Reader: "e"}}},
	}
	var got []string
	for _, n := range notes(lines) {
		readers, _, _ := strings.Cut(n.Text, ":")
		got = append(got, n.Name+": "+readers)
	}
	if diff := cmp.Diff(got, []string{"bus plain unsecured: a, c"}); diff != "" {
		t.Errorf("notes (-got +want):\n%s", diff)
	}
}

func TestDiskWarning(t *testing.T) {
	for _, tt := range []struct {
		used float64
		err  error
		want string
	}{
		{0.799, nil, ""},
		{0.80, nil, "the disk is 80 % full"},
		{0.97, nil, "the disk is 97 % full"},
		{0, errors.New("no such device"), "it is not known how full the disk is: no such device"},
	} {
		if got := diskWarning(tt.used, tt.err); !strings.HasPrefix(got, tt.want) || (got == "") != (tt.want == "") {
			t.Errorf("diskWarning(%v, %v) = %q, want %q", tt.used, tt.err, got, tt.want)
		}
	}
}
