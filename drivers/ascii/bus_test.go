package ascii_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/ascii"
	"github.com/rollcall-edge/rollcall/drivers/drivertest"
	"github.com/rollcall-edge/rollcall/drivers/osdp"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
	"github.com/rollcall-edge/rollcall/drivers/solo"
)

// run starts a bus on a cable; the returned function stops it and waits.
func run(t *testing.T, o ascii.Options) (bus *solo.Bus, cable *drivertest.Cable, reads chan drivers.Read, stop func()) {
	t.Helper()
	cable = drivertest.NewCable(t)
	line, err := serialport.New(serialport.Options{Bus: "desk", Path: cable.Path, Baud: 115200})
	if err != nil {
		t.Fatal(err)
	}
	o.Name, o.Line, o.Reader = "desk", line, "desk"
	bus, err = ascii.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	reads, ended := make(chan drivers.Read), make(chan error, 1)
	go func() { ended <- bus.Run(ctx, reads) }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !bus.Status()[0].Up {
		<-tick.C
	}
	return bus, cable, reads, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
	}
}

func write(t *testing.T, w io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
}

func TestReaderWithoutLightSaysSo(t *testing.T) {
	reg := prometheus.NewRegistry()
	bus, _, _, stop := run(t, ascii.Options{Format: ascii.RDM6300(), Registerer: reg})
	defer stop()
	bus.Show("desk", drivers.Ready)
	bus.Show("desk", drivers.Accepted)
	bus.Show("somebody else", drivers.Accepted)
	got := bus.Status()[0]
	if !got.Up || got.Supervised || got.Steady != drivers.Ready || !strings.HasPrefix(got.Trouble, "has no light") {
		t.Errorf("Status = %+v, want up, unsupervised, and that it has no light", got)
	}
	want := `
# HELP rollcall_gateway_reader_signals_unshown_total Momentary lights and beeps that the reader could not be made to show.
# TYPE rollcall_gateway_reader_signals_unshown_total counter
rollcall_gateway_reader_signals_unshown_total{bus="desk",reader="desk"} 1
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "rollcall_gateway_reader_signals_unshown_total"); err != nil {
		t.Error(err)
	}
}

// A flash is followed by the steady signal, because the reader does not go back by itself.
func TestSteadySignalComesBack(t *testing.T) {
	f := ascii.Generic()
	f.Feedback = map[drivers.Signal]string{drivers.Ready: "blue.", drivers.Accepted: "green.", drivers.Off: "dark."}
	bus, cable, reads, stop := run(t, ascii.Options{Format: f})
	write(t, cable.End(), "DEADBEEF\r\n")
	if got := <-reads; got.Credential != "uid:DEADBEEF" {
		t.Fatalf("Read = %+v", got)
	}
	expect(t, cable.End(), "dark.") // what a new reader starts with
	bus.Show("desk", drivers.Ready)
	expect(t, cable.End(), "blue.")
	bus.Show("desk", drivers.Accepted)
	expect(t, cable.End(), "green.blue.")
	stop()
	expect(t, cable.End(), "dark.")
}

func expect(t *testing.T, r io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r, got); err != nil || string(got) != want {
		t.Fatalf("the reader was sent %q, %v; want %q", got, err, want)
	}
}

// A card that names nobody is told to the gateway once, however often the reader repeats it, and whatever it calls
// itself each time.
func TestUnsuitableCard(t *testing.T) {
	reg := prometheus.NewRegistry()
	_, cable, reads, stop := run(t, ascii.Options{Format: ascii.Generic(), Registerer: reg})
	defer stop()
	write(t, cable.End(), "08112233\r\n08445566\r\n08778899\r\nnonsense\r\nDEADBEEF\r\n")
	if got := <-reads; !got.Unsuitable || got.Credential != "" || got.Reader != "desk" || got.HeardAt.IsZero() {
		t.Fatalf("Read = %+v, want an unsuitable card", got)
	}
	if got := <-reads; got.Credential != "uid:DEADBEEF" || got.Unsuitable {
		t.Fatalf("Read = %+v, want only the card that is one", got)
	}
	want := `
# HELP rollcall_gateway_reader_cards_refused_total Cards that are no credential, by reason.
# TYPE rollcall_gateway_reader_cards_refused_total counter
rollcall_gateway_reader_cards_refused_total{bus="desk",reader="desk",reason="form"} 1
rollcall_gateway_reader_cards_refused_total{bus="desk",reader="desk",reason="random"} 1
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "rollcall_gateway_reader_cards_refused_total"); err != nil {
		t.Error(err)
	}
}

// A whole frame that was read wrong is told to the person once, however often the reader repeats it.
func TestRefusedCard(t *testing.T) {
	f := ascii.Generic()
	f.Feedback = map[drivers.Signal]string{drivers.NotKept: "amber.", drivers.Off: "dark."}
	bus, cable, reads, stop := run(t, ascii.Options{Format: f})
	expect(t, cable.End(), "dark.")
	write(t, cable.End(), "0102030405\r\n0102030405\r\n060708090A\r\nDEADBEEF\r\n")
	if got := <-reads; got.Credential != "uid:DEADBEEF" {
		t.Fatalf("Read = %+v, want only the card that is one", got)
	}
	expect(t, cable.End(), "amber.dark.")
	stop()
	if got := bus.Status()[0].Counts; got.Refused != 1 || got.Repeats != 2 || got.Taps != 1 {
		t.Errorf("Counts = %+v, want 1 refused, 2 repeats, 1 tap", got)
	}
}

// More cards than the driver keeps: the rest waits in the line, and all arrive in order.
func TestLineIsNotReadWhileNobodyTakesCards(t *testing.T) {
	const taps = 100
	_, cable, reads, stop := run(t, ascii.Options{Format: ascii.Generic()})
	defer stop()
	for i := range taps {
		write(t, cable.End(), "DEADBE"+hexOctet(i)+"\r\n")
	}
	for i := range taps {
		if got, want := (<-reads).Credential, "uid:DEADBE"+hexOctet(i); got != want {
			t.Fatalf("read %d = %s, want %s", i, got, want)
		}
	}
}

func hexOctet(i int) string {
	return string("0123456789ABCDEF"[i/16]) + string("0123456789ABCDEF"[i%16])
}

func TestNewNamesEveryFault(t *testing.T) {
	_, err := ascii.New(ascii.Options{Name: "desk"})
	if err == nil {
		t.Fatal("New accepts it")
	}
	for _, want := range []string{"no end", "no serial line", "no reader"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
}

// Both drivers measure some of the same things: one registry must take both.
func TestMetricsAgreeWithTheOtherDriver(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	line := func(bus string) *serialport.Line {
		l, err := serialport.New(serialport.Options{Bus: bus, Path: "/dev/null", Baud: 9600, Registerer: reg})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if _, err := ascii.New(ascii.Options{Name: "desk", Line: line("desk"), Reader: "desk", Format: ascii.RDM6300(), Registerer: reg}); err != nil {
		t.Fatal(err)
	}
	if _, err := osdp.New(osdp.Options{Name: "hall", Line: line("hall"), Readers: []osdp.Reader{{Name: "a"}}, Registerer: reg}); err != nil {
		t.Fatal(err)
	}
	problems, err := testutil.GatherAndLint(reg)
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
}
