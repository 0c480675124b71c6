package solo_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/credential"
	"github.com/rollcall-edge/rollcall/drivers/drivertest"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
	"github.com/rollcall-edge/rollcall/drivers/solo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a bus at work on a cable.
type bench struct {
	*solo.Bus
	t      *testing.T
	cable  *drivertest.Cable
	reads  chan drivers.Read
	cancel context.CancelFunc
	ended  chan error
}

func newBench(t *testing.T, o solo.Options) *bench {
	t.Helper()
	b := &bench{t: t, cable: drivertest.NewCable(t), reads: make(chan drivers.Read), ended: make(chan error, 1)}
	line, err := serialport.New(serialport.Options{Bus: "desk", Path: b.cable.Path, Baud: 9600})
	if err != nil {
		t.Fatal(err)
	}
	o.Driver, o.Name, o.Reader, o.Line = "toy", "desk", "door", line
	if b.Bus, err = solo.New(o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	b.cancel = cancel
	go func() { b.ended <- b.Run(ctx, b.reads) }()
	return b
}

func (b *bench) status() drivers.Status { return b.Status()[0] }

// await looks at the status until it is as it should be; the test's own time limit is the only one.
func (b *bench) await(holds func(drivers.Status) bool) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds(b.status()) {
		<-tick.C
	}
}

func (b *bench) send(text string) {
	b.t.Helper()
	if _, err := io.WriteString(b.cable.End(), text); err != nil {
		b.t.Fatal(err)
	}
}

// expect reads what the driver sent.
func (b *bench) expect(want string) {
	b.t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(b.cable.End(), got); err != nil || string(got) != want {
		b.t.Fatalf("the reader was sent %q, %v; want %q", got, err, want)
	}
}

func (b *bench) stop() {
	b.t.Helper()
	b.cancel()
	if err := <-b.ended; err != nil {
		b.t.Errorf("Run = %v, want nil", err)
	}
}

// letters is a toy protocol that pushes: each letter is a card, and some are trouble.
func letters(s *solo.Session, c serialport.Chunk) {
	for _, o := range c.Octets {
		switch o {
		case '#':
			s.Card("", credential.ErrRandom, c.At)
		case '0':
			s.Card("", credential.ErrBlank, c.At)
		case '/':
			s.Card("", credential.ErrParity, c.At)
		case '&':
			s.Several(c.At)
		case '?':
			s.Refuse("form", c.At)
		case '.':
			s.Noise(1)
		default:
			s.Card("toy:"+string(o), nil, c.At)
		}
	}
}

var lamps = solo.Feedback{
	drivers.Off: "off ", drivers.Ready: "blue ", drivers.Accepted: "green ", drivers.NotKept: "amber ",
}

func pushing(f solo.Feedback) solo.Options {
	return solo.Options{NoLight: f == nil, Talk: func(ctx context.Context, s *solo.Session) error {
		return s.Listen(ctx, letters, f)
	}}
}

func TestPushedCards(t *testing.T) {
	b := newBench(t, pushing(nil))
	b.await(func(s drivers.Status) bool { return s.Up })
	b.send("aab#0#&&//a??..")
	var got []drivers.Read
	for range 4 {
		r := <-b.reads
		if r.HeardAt.IsZero() {
			t.Errorf("Read = %+v, want a time", r)
		}
		r.HeardAt = time.Time{}
		got = append(got, r)
	}
	want := []drivers.Read{
		{Reader: "door", Credential: "toy:a"}, {Reader: "door", Credential: "toy:b"},
		{Reader: "door", Unsuitable: true}, {Reader: "door", Several: true},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("reads (-want +got):\n%s", d)
	}
	b.await(func(drivers.Status) bool { return b.Line().Noise == 2 })
	b.stop()
	s := b.status()
	// Repeats: a, 0 and # after the first #, &, /, a. Refused: #, / and both of ?. Unshown: NotKept.
	s.Counts.Waits = 0 // depends on who was first
	if d := cmp.Diff(drivers.Counts{Taps: 4, Repeats: 6, Refused: 4, Unshown: 1}, s.Counts); d != "" {
		t.Errorf("Counts (-want +got):\n%s", d)
	}
	if l := b.Line(); l.Driver != "toy" || l.Bus != "desk" || l.Baud != 9600 || l.Reopens != 1 || l.Exchanges != 0 {
		t.Errorf("Line = %+v", l)
	}
}

func TestLights(t *testing.T) {
	b := newBench(t, pushing(lamps))
	b.expect("off ")
	b.Show("door", drivers.Ready)
	b.expect("blue ")
	b.send("a")
	<-b.reads
	b.Show("door", drivers.Accepted)
	b.expect("green blue ") // and back after a second
	b.Show("somebody else", drivers.Accepted)
	b.Show("door", drivers.Several) // has no feedback
	b.send("/")
	b.expect("amber blue ")
	if got := b.Line().Light.Of; got != 2 {
		t.Errorf("%d lights measured, want those of the two cards", got)
	}
	b.stop()
	b.expect("off ")
	if got := b.status().Counts.Unshown; got != 1 {
		t.Errorf("%d unshown, want the one without feedback", got)
	}
}

// The line is not read while the gateway takes nothing, but lights are shown all the same.
func TestLightsWhileCardsWait(t *testing.T) {
	b := newBench(t, pushing(lamps))
	b.expect("off ")
	for i := range 200 {
		b.send(string(rune('a' + i%26)))
	}
	b.await(func(s drivers.Status) bool { return s.Counts.Waits > 0 })
	b.Show("door", drivers.Ready)
	b.expect("blue ")
	b.stop()
}

// asked is a toy protocol that is polled: "?" is answered by a card or by "-", any other question is a light, answered
// by "!". It gives up on the reader when the answer is "x".
func asked(ctx context.Context, s *solo.Session) error {
	for ctx.Err() == nil {
		for _, a := range s.Asked() {
			if o, at, err := exchange(ctx, s, lamps[a.Signal]); err != nil {
				return err
			} else if o == '!' {
				s.Shown(a, at)
			}
		}
		if s.Full() {
			select {
			case <-s.Wake():
			case <-ctx.Done():
			}
			continue
		}
		o, at, err := exchange(ctx, s, "?")
		switch {
		case err != nil:
			return err
		case o == 'x':
			s.Lost("says x: do not press it")
		case o == '-':
			s.Heard(at)
		case o != 0:
			letters(s, serialport.Chunk{Octets: []byte{o}, At: at})
		}
	}
	return s.Port().Write([]byte(lamps[drivers.Off]))
}

func exchange(ctx context.Context, s *solo.Session, question string) (byte, time.Time, error) {
	sentAt := s.Now()
	if ctx.Err() != nil {
		return 0, sentAt, nil
	}
	if err := s.Port().Write([]byte(question)); err != nil {
		return 0, sentAt, err
	}
	select {
	case c, ok := <-s.Port().Chunks():
		if !ok {
			return 0, sentAt, s.Port().Err()
		}
		s.Exchange(solo.OK, c.At.Sub(sentAt))
		s.Cycle(c.At.Sub(sentAt))
		return c.Octets[0], c.At, nil
	case <-ctx.Done():
		s.Exchange(solo.Silent, 0)
		return 0, sentAt, nil
	}
}

func TestPolledReader(t *testing.T) {
	b := newBench(t, solo.Options{Polled: true, Talk: asked})
	b.expect("?") // nothing is shown before it has answered
	if s := b.status(); s.Up || !s.Supervised || !strings.HasPrefix(s.Trouble, "has not answered yet") {
		t.Errorf("Status before the first answer = %+v", s)
	}
	b.send("-")
	b.expect("off ")
	if s := b.status(); !s.Up || s.Trouble != "" || s.HeardAt.IsZero() {
		t.Errorf("Status after the first answer = %+v", s)
	}
	b.Show("door", drivers.Ready)
	b.send("!")
	b.expect("?")
	b.send("-")
	b.expect("blue ")
	b.send("!")
	b.expect("?")
	b.send("a")
	b.await(func(s drivers.Status) bool { return s.Counts.Waits == 1 })
	<-b.reads
	b.expect("?") // only now
	b.send("x")
	b.expect("?")
	if s := b.status(); s.Up || s.Trouble != "says x: do not press it" || s.Steady != drivers.Ready {
		t.Errorf("Status of a lost reader = %+v", s)
	}
	b.Show("door", drivers.Accepted)
	b.send("-")
	b.expect("blue ") // again, and the flash is lost
	b.stop()
	b.expect("off ")
	if s := b.status(); s.Up || s.Counts.Unshown != 1 || s.Counts.Failures != 1 {
		t.Errorf("Status at the end = %+v", s)
	}
	if l := b.Line(); l.Exchanges != 8 || l.Reply.Of != 7 || l.Cycle.Of != 7 {
		t.Errorf("Line = %+v, want 8 exchanges, 7 of them answered", l)
	}
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	b := newBench(t, solo.Options{Polled: true, Registerer: reg, Talk: func(ctx context.Context, s *solo.Session) error {
		s.Identify("Acme", "", "1.2")
		s.Heard(time.Now())
		s.Trouble("squeaks: oil it")
		<-ctx.Done()
		return nil
	}})
	b.await(func(s drivers.Status) bool { return s.Trouble == "squeaks: oil it" })
	want := `
# HELP rollcall_gateway_reader_info 1 for what the reader says it is.
# TYPE rollcall_gateway_reader_info gauge
rollcall_gateway_reader_info{bus="desk",driver="toy",firmware="1.2",model="",reader="door",vendor="Acme"} 1
# HELP rollcall_gateway_reader_up 1 while the reader answers, or for readers that only push while its line is open.
# TYPE rollcall_gateway_reader_up gauge
rollcall_gateway_reader_up{bus="desk",reader="door"} 1
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "rollcall_gateway_reader_info", "rollcall_gateway_reader_up"); err != nil {
		t.Error(err)
	}
	if got := b.status().Made; got != "vendor Acme, firmware 1.2" {
		t.Errorf("Made = %q", got)
	}
	problems, err := testutil.GatherAndLint(reg)
	if err != nil || len(problems) > 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
	b.stop()
}

func TestOnlyPolledReadersCountExchanges(t *testing.T) {
	reg := prometheus.NewRegistry()
	newBench(t, solo.Options{Registerer: reg, Talk: pushing(nil).Talk}).stop()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if name := f.GetName(); strings.Contains(name, "exchanges") || strings.Contains(name, "cycle") {
			t.Errorf("a reader that is only listened to has the metric %s", name)
		}
	}
}

func TestNewNamesEveryFault(t *testing.T) {
	_, err := solo.New(solo.Options{Driver: "toy", Name: "desk", Fault: errors.New("no toys")})
	for _, want := range []string{`toy bus "desk"`, "no toys", "no serial line", "no reader"} {
		if err == nil || !bytes.Contains([]byte(err.Error()), []byte(want)) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}
