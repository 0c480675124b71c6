package qr_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/drivertest"
	"github.com/rollcall-edge/rollcall/drivers/qr"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run starts a scanner's bus on a cable; the returned function stops it and waits.
func run(t *testing.T, o qr.Options) (bus drivers.Bus, cable *drivertest.Cable, reads chan drivers.Read, stop func()) {
	t.Helper()
	cable = drivertest.NewCable(t)
	line, err := serialport.New(serialport.Options{Bus: "desk", Path: cable.Path, Baud: 9600})
	if err != nil {
		t.Fatal(err)
	}
	o.Name, o.Line, o.Reader = "desk", line, "door"
	if bus, err = qr.New(o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	reads, ended := make(chan drivers.Read), make(chan error, 1)
	go func() { ended <- bus.Run(ctx, reads) }()
	await(bus, func(s drivers.Status) bool { return s.Up })
	return bus, cable, reads, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
	}
}

// await looks at the status until it is as it should be; the test's own time limit is the only one.
func await(bus drivers.Bus, holds func(drivers.Status) bool) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds(bus.Status()[0]) {
		<-tick.C
	}
}

func write(t *testing.T, w io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
}

func TestLines(t *testing.T) {
	_, cable, reads, stop := run(t, qr.Options{})
	defer stop()
	for _, tt := range []struct{ name, octets, want string }{
		{"CR", "RC1:7F3A9C\r", "qr:RC1:7F3A9C"},
		{"LF", "rc1:7f3a9c\n", "qr:rc1:7f3a9c"},
		{"CR LF", "https://example.org/s?id=42\r\n", "qr:https://example.org/s?id=42"},
		{"AIM identifier", "]Q1STUDENT-0042\r\n", "qr:STUDENT-0042"},
		{"the shortest", "12345678\r", "qr:12345678"},
		{"the longest, with everything around", "]Q1" + strings.Repeat("x", 256) + "  \r", "qr:" + strings.Repeat("x", 256)},
	} {
		write(t, cable.End(), tt.octets)
		if got := (<-reads).Credential; got != tt.want {
			t.Errorf("%s: %q is read as %q, want %q", tt.name, tt.octets, got, tt.want)
		}
	}
}

// What is no code is counted by its reason and told to the person once, and the next code is read. A few characters
// are told to nobody.
func TestRefusedLines(t *testing.T) {
	reg := prometheus.NewRegistry()
	lamps := map[drivers.Signal]string{drivers.Ready: "R", drivers.NotKept: "N"}
	bus, cable, reads, stop := run(t, qr.Options{Feedback: lamps, Registerer: reg})
	defer stop()
	for _, line := range []string{
		"1234567\r",                       // too short
		"Matrikel Müller\r",               // UTF-8
		strings.Repeat("x", 4096) + "\r",  // far too long
		strings.Repeat("y", 257) + "\r\n", // one too long
	} {
		write(t, cable.End(), line)
	}
	write(t, cable.End(), "STUDENT-0042\r")
	if got := (<-reads).Credential; got != "qr:STUDENT-0042" {
		t.Errorf("read as %q", got)
	}
	sent := make([]byte, 2)
	if _, err := io.ReadFull(cable.End(), sent); err != nil || !bytes.Equal(sent, []byte("NN")) {
		t.Errorf("the scanner was sent %q, %v; want NotKept for the text and for the length", sent, err)
	}
	want := `
# HELP rollcall_gateway_reader_cards_refused_total Cards that are no credential, by reason.
# TYPE rollcall_gateway_reader_cards_refused_total counter
rollcall_gateway_reader_cards_refused_total{bus="desk",reader="door",reason="length"} 2
rollcall_gateway_reader_cards_refused_total{bus="desk",reader="door",reason="text"} 1
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "rollcall_gateway_reader_cards_refused_total"); err != nil {
		t.Error(err)
	}
	await(bus, func(drivers.Status) bool { return bus.Line().Noise == 7+4096 })
}

func TestScannerWithoutLightSaysSo(t *testing.T) {
	bus, _, _, stop := run(t, qr.Options{})
	defer stop()
	if s := bus.Status()[0]; !strings.HasPrefix(s.Trouble, "has no light") || s.Supervised {
		t.Errorf("Status = %+v, want unsupervised, without light", s)
	}
	if got := bus.Line().Driver; got != "qr" {
		t.Errorf("Driver = %q", got)
	}
}

func TestNewNamesEveryFault(t *testing.T) {
	bus, err := qr.New(qr.Options{Name: "desk"})
	if err == nil || bus != nil {
		t.Fatalf("New = %v, %v; want an error alone", bus, err)
	}
	for _, want := range []string{`qr bus "desk"`, "no serial line", "no reader"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
}

// A held code is sent again and again: one tap, and both codes of two people.
func TestHeldCodeIsOneTap(t *testing.T) {
	bus, cable, reads, stop := run(t, qr.Options{})
	defer stop()
	write(t, cable.End(), "STUDENT-0042\r]Q1STUDENT-0042\rSTUDENT-0043\rSTUDENT-0042\r")
	var got []string
	for range 2 {
		got = append(got, (<-reads).Credential)
	}
	if d := cmp.Diff([]string{"qr:STUDENT-0042", "qr:STUDENT-0043"}, got); d != "" {
		t.Errorf("reads (-want +got):\n%s", d)
	}
	await(bus, func(s drivers.Status) bool { return s.Counts.Repeats == 2 })
}
