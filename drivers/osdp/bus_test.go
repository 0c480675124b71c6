package osdp_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/drivertest"
	"github.com/rollcall-edge/rollcall/drivers/osdp"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

// multidrop is several readers on one line; each hears every command.
type multidrop []replier

// replier is a scripted reader.
type replier interface {
	at() byte // its address
	reply(command []byte) []byte
}

func (m multidrop) Serve(line io.ReadWriter) {
	for {
		command, err := readCommand(line)
		if err != nil {
			return
		}
		for _, s := range m {
			if command[1] != s.at() {
				continue
			}
			if _, err := line.Write(s.reply(command)); err != nil {
				return
			}
		}
	}
}

// site is a bus that runs on a cable against a device.
type site struct {
	*testing.T
	bus   *osdp.Bus
	reg   *prometheus.Registry
	reads chan drivers.Read
	stop  func()
}

// newSite runs the bus; stop ends it, waits for it, and pulls the cable.
func newSite(t *testing.T, o osdp.Options, serve func(io.ReadWriter)) *site {
	t.Helper()
	cable, reg := drivertest.NewCable(t), prometheus.NewRegistry()
	line, err := serialport.New(serialport.Options{Bus: "hall", Path: cable.Path, Baud: 115200, Registerer: reg})
	if err != nil {
		t.Fatal(err)
	}
	o.Name, o.Line, o.Registerer = "hall", line, reg
	bus, err := osdp.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s := &site{T: t, bus: bus, reg: reg, reads: make(chan drivers.Read)}
	ended, served := make(chan error, 1), make(chan struct{})
	end := cable.End()
	go func() { defer close(served); serve(end) }()
	go func() { ended <- bus.Run(ctx, s.reads) }()
	s.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
		cable.Unplug()
		<-served
	}
	return s
}

// until waits for a state of the bus; the test's own time limit is the only one.
func (s *site) until(ok func([]drivers.Status) bool) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok(s.bus.Status()) {
		<-tick.C
	}
}

// count sums a metric over the series whose labels contain all the given pairs.
func (s *site) count(name string, pairs ...string) float64 {
	s.Helper()
	families, err := s.reg.Gather()
	if err != nil {
		s.Fatal(err)
	}
	total := 0.0
	for _, f := range families {
		if f.GetName() != "rollcall_gateway_"+name {
			continue
		}
		for _, m := range f.GetMetric() {
			text := fmt.Sprint(m.GetLabel())
			if !containsAll(text, pairs) {
				continue
			}
			total += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return total
}

func containsAll(text string, parts []string) bool {
	for _, p := range parts {
		if !strings.Contains(text, `value:"`+p+`"`) {
			return false
		}
	}
	return true
}

func allUp(n int) func([]drivers.Status) bool {
	return func(all []drivers.Status) bool {
		up := 0
		for _, s := range all {
			if s.Up {
				up++
			}
		}
		return up == n
	}
}

func TestMultidropReadersEachGetTheirOwnLight(t *testing.T) {
	readers := []*script{newScript(1, cards...), newScript(2, cards...), newScript(5, cards...)}
	s := newSite(t, osdp.Options{Readers: []osdp.Reader{
		{Name: "a", Address: 1}, {Name: "dead", Address: 9}, {Name: "b", Address: 2}, {Name: "c", Address: 5},
	}}, multidrop{readers[0], readers[1], readers[2]}.Serve)
	defer s.stop()
	for _, name := range []string{"a", "dead", "b", "c"} {
		s.bus.Show(name, drivers.Ready)
	}
	s.until(allUp(3))
	for i, r := range readers {
		waitLight(r, drivers.Ready)
		r.Present(i)
		name := []string{"a", "b", "c"}[i]
		if got := <-s.reads; got.Reader != name || got.Credential != keys[i] {
			t.Fatalf("Read = %+v, want %s at %s", got, keys[i], name)
		}
		s.bus.Show(name, drivers.Refused)
		waitLight(r, drivers.Refused)
	}
	for i, r := range readers {
		if n := len(r.lights); n != 0 {
			t.Errorf("reader %d was shown %d lights more", i, n)
		}
	}
	dead := s.bus.Status()[1]
	if dead.Up || !strings.HasPrefix(dead.Trouble, "has never answered") || dead.Reader != "dead" || !dead.Supervised {
		t.Errorf("Status of the dead reader = %+v", dead)
	}
	// The reader shows a light before the driver has its confirmation.
	s.until(func([]drivers.Status) bool { return s.count("tap_feedback_seconds") == 3 })
	for name, want := range map[string]float64{"a": 1, "b": 1, "c": 1, "dead": 0} {
		if got := s.count("reader_up", name); got != want {
			t.Errorf("reader_up of %s = %v, want %v", name, got, want)
		}
		if got := s.count("reader_taps_total", name); got != want {
			t.Errorf("reader_taps_total of %s = %v, want %v", name, got, want)
		}
	}
	if got := s.count("reader_info", "a", "osdp", "00068E", "1.2", "1.2.3"); got != 1 {
		t.Errorf("reader_info of a = %v, want 1", got)
	}
}

func waitLight(r *script, want drivers.Signal) {
	for s := range r.lights {
		if s == want {
			return
		}
	}
}

// One reader's card waits for the gateway; the others go on.
func TestFullQueueStopsOneReaderOnly(t *testing.T) {
	readers := []*script{newScript(1, cards...), newScript(2, cards...)}
	s := newSite(t, osdp.Options{Readers: []osdp.Reader{{Name: "a", Address: 1}, {Name: "b", Address: 2}}}, multidrop{readers[0], readers[1]}.Serve)
	defer s.stop()
	s.until(allUp(2))
	readers[0].Present(0)
	s.until(func([]drivers.Status) bool { return s.count("reader_taps_total", "a") == 1 })
	readers[0].Present(1)
	s.bus.Show("b", drivers.Ready)
	waitLight(readers[1], drivers.Ready)
	readers[1].Present(2)
	s.until(func([]drivers.Status) bool { return s.count("reader_taps_total", "b") == 1 })
	if got := s.count("reader_taps_total", "a"); got != 1 {
		t.Errorf("reader a gave %v cards, want 1 while it waits", got)
	}
	got := []string{(<-s.reads).Credential, (<-s.reads).Credential, (<-s.reads).Credential}
	if d := cmp.Diff([]string{keys[0], keys[2], keys[1]}, got); d != "" {
		t.Errorf("reads (-want +got):\n%s", d)
	}
}

// A card that nobody took before the gateway stopped gets the amber light, and then no light.
func TestUntakenCardIsShownAsNotKept(t *testing.T) {
	reader := newScript(1, cards...)
	s := newSite(t, osdp.Options{Readers: []osdp.Reader{{Name: "a", Address: 1}}}, reader.Serve)
	s.bus.Show("a", drivers.Ready)
	waitLight(reader, drivers.Ready)
	reader.Present(0)
	s.until(func([]drivers.Status) bool { return s.count("reader_taps_total", "a") == 1 })
	s.stop()
	waitLight(reader, drivers.NotKept)
}

func TestRefusedCardIsShownAsNotKept(t *testing.T) {
	for _, tt := range []struct{ name, raw, reason string }{
		{"parity", "50 00 01 1A 00 3D D9 37 40", "parity"},
		{"formatted", "51 00 00 02 31 32", "fmt"},
		{"bits and octets differ", "50 00 01 1A 00 BD D9 37", "form"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reader := newScript(1, tt.raw)
			s := newSite(t, osdp.Options{Readers: []osdp.Reader{{Name: "a", Address: 1}}}, reader.Serve)
			defer s.stop()
			s.until(allUp(1))
			reader.Present(0)
			waitLight(reader, drivers.NotKept)
			if got := s.count("reader_cards_refused_total", "a", tt.reason); got != 1 {
				t.Errorf("reader_cards_refused_total = %v, want 1", got)
			}
		})
	}
}

// A card with a random number or none goes to the gateway, which keeps it and shows what it thinks of it.
func TestUnsuitableCardIsForTheGateway(t *testing.T) {
	for reason, raw := range map[string]string{"random": "50 00 00 20 00 08 11 22 33", "blank": "50 00 01 1A 00 00 00 00 40"} {
		t.Run(reason, func(t *testing.T) {
			reader := newScript(1, raw)
			s := newSite(t, osdp.Options{Readers: []osdp.Reader{{Name: "a", Address: 1}}}, reader.Serve)
			defer s.stop()
			s.until(allUp(1))
			reader.Present(0)
			got := <-s.reads
			if got.Reader != "a" || !got.Unsuitable || got.Credential != "" || got.HeardAt.IsZero() {
				t.Errorf("Read = %+v, want an unsuitable card", got)
			}
			s.bus.Show("a", drivers.Refused)
			waitLight(reader, drivers.Refused)
			if got := s.count("reader_cards_refused_total", "a", reason); got != 1 {
				t.Errorf("reader_cards_refused_total = %v, want 1", got)
			}
			if got := s.bus.Status()[0].Counts; got.Taps != 0 || got.Refused != 1 {
				t.Errorf("Counts = %+v, want one refused", got)
			}
		})
	}
}

func TestEchoAndStrangersAreCounted(t *testing.T) {
	reader := newScript(1, cards...)
	news := make(chan struct{}, 1)
	s := newSite(t, osdp.Options{Readers: []osdp.Reader{{Name: "a", Address: 1}}, Log: drivertest.Log(news)}, func(line io.ReadWriter) {
		for {
			command, err := readCommand(line)
			if err != nil {
				return
			}
			stranger := seal(3, command[4]&3, "40")
			out := append(append([]byte{0xFF}, command...), append(stranger, reader.reply(command)...)...)
			if _, err := line.Write(out); err != nil {
				return
			}
		}
	})
	defer s.stop()
	s.until(allUp(1))
	<-news
	reader.Present(0)
	if got := <-s.reads; got.Credential != keys[0] {
		t.Errorf("Read = %+v, want %s", got, keys[0])
	}
	if echoes, strangers := s.count("bus_echo_frames_total"), s.count("bus_unknown_address_total"); echoes < 5 || strangers < 5 {
		t.Errorf("%v echoes and %v strangers, want one of each per command", echoes, strangers)
	}
}

// A reader that demands the secure channel is reported and left alone.
func TestSecurityOnlyReader(t *testing.T) {
	reader := newScript(1, cards...)
	for _, c := range []byte{0x60, 0x64, 0x69} {
		reader.answer(c, "41 06")
	}
	s := newSite(t, osdp.Options{Readers: []osdp.Reader{{Name: "a", Address: 1}}}, reader.Serve)
	defer s.stop()
	s.until(func(all []drivers.Status) bool {
		return strings.HasPrefix(all[0].Trouble, "demands a key of its own: put it into its installation mode and run: rollcall-gateway osdp install a")
	})
	if s.bus.Status()[0].Up {
		t.Error("a reader that refuses polls is up")
	}
}

// badLine is a script behind a line that drops, damages, doubles and pads replies, and echoes commands. It never spoils
// more than three replies in a row: the driver promises no more than that.
type badLine struct {
	reply  func(command []byte) []byte
	random *rand.Rand
}

func (b badLine) Serve(line io.ReadWriter) {
	spoilt := 0
	for {
		command, err := readCommand(line)
		if err != nil {
			return
		}
		luck := b.random.IntN(20)
		if spoilt == 3 {
			luck = 19
		}
		if luck == 0 { // the reader did not hear it
			spoilt++
			continue
		}
		reply := append([]byte(nil), b.reply(command)...)
		switch luck {
		case 1:
			spoilt++
			continue
		case 2:
			spoilt++
			reply[b.random.IntN(len(reply)-1)+1] ^= 1 << b.random.IntN(8)
		case 3:
			reply = append(reply, reply...)
		case 4, 5:
			reply = append(octets("00 53 81 00 04 53 01 12"), reply...)
		case 6:
			reply = append(command, reply...)
		}
		if luck > 2 {
			spoilt = 0
		}
		if _, err := line.Write(reply); err != nil {
			return
		}
	}
}

// Each of many different cards arrives once, in order, over a line that loses one reply in ten; under the secure channel
// in one and the same session.
func TestBadLineLosesAndDoublesNothing(t *testing.T) {
	const taps = 60
	var raws, want []string
	for i := range taps {
		raws = append(raws, fmt.Sprintf("50 00 00 38 00 04 A2 B3 C4 D5 E6 %02X", i+1))
		want = append(want, fmt.Sprintf("uid:04A2B3C4D5E6%02X", i+1))
	}
	plain, sealed := newScript(1, raws...), newLocked(benchKey, raws...)
	for _, tt := range []struct {
		name     string
		keys     osdp.Keys
		reader   *script
		reply    func([]byte) []byte
		sessions float64
	}{
		{"plain", nil, plain, plain.reply, 0},
		{"secure", newDrawer(benchKey, "a"), sealed.script, sealed.reply, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, osdp.Options{Readers: []osdp.Reader{{Name: "a", Address: 1}}, Keys: tt.keys, SignalWithin: time.Microsecond},
				badLine{tt.reply, rand.New(rand.NewPCG(1, 2))}.Serve)
			defer s.stop()
			s.bus.Show("a", drivers.Ready)
			var got []string
			for i := range taps {
				tt.reader.Present(i)
				got = append(got, (<-s.reads).Credential)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("reads (-want +got):\n%s", d)
			}
			if s.count("bus_retries_total") == 0 {
				t.Error("nothing was retried: the line was not bad")
			}
			if got := s.count("sessions_total", "secure"); got != tt.sessions {
				t.Errorf("%v sessions, want %v", got, tt.sessions)
			}
		})
	}
}

func TestStatusWhileTheLineIsDown(t *testing.T) {
	line, err := serialport.New(serialport.Options{Bus: "hall", Path: "/dev/serial/by-id/nothing", Baud: 9600})
	if err != nil {
		t.Fatal(err)
	}
	bus, err := osdp.New(osdp.Options{Name: "hall", Line: line, Readers: []osdp.Reader{{Name: "a", Address: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	bus.Show("a", drivers.Ready)
	bus.Show("nobody", drivers.Ready)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- bus.Run(ctx, nil) }()
	s := &site{T: t, bus: bus}
	s.until(func(all []drivers.Status) bool { return strings.Contains(all[0].Trouble, "plug the adapter in") })
	if got := bus.Status()[0]; got.Up || got.Steady != drivers.Ready {
		t.Errorf("Status = %+v, want down and Ready", got)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
}

func TestNewNamesEveryFault(t *testing.T) {
	_, err := osdp.New(osdp.Options{Name: "hall", Readers: []osdp.Reader{
		{Name: "a", Address: 1}, {Name: "a", Address: 2}, {Name: "c", Address: 1}, {Name: "d", Address: 0x7F},
	}})
	if err == nil {
		t.Fatal("New accepts it")
	}
	for _, want := range []string{"no serial line", `"a" is empty or used twice`, `"a" and "c" have the same address 1`, `"d": address 127`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
}

func TestMetricsAreWellNamed(t *testing.T) {
	line, err := serialport.New(serialport.Options{Bus: "hall", Path: "/dev/null", Baud: 9600})
	if err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewPedanticRegistry()
	for _, name := range []string{"hall", "foyer"} {
		if _, err := osdp.New(osdp.Options{Name: name, Line: line, Registerer: reg, Readers: []osdp.Reader{{Name: name, Address: 1}}}); err != nil {
			t.Fatal(err)
		}
	}
	problems, err := testutil.GatherAndLint(reg)
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
}
