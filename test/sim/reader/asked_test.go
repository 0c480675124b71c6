package reader_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/twn4"
)

// askers are the kinds of readers that are asked, each with its speed.
var askers = map[string]struct {
	baud int
	new  func(testing.TB) asker
}{
	"TWN4":  {9600, func(t testing.TB) asker { return &elatec{mouth{t: t}} }},
	"PN532": {115200, func(t testing.TB) asker { return &nxp{mouth{t: t}} }},
}

// askEach runs a test for each of them with a line, its reader, and a host that has begun and shows steady blue.
func askEach(t *testing.T, o reader.Options, dwell time.Duration, test func(t *testing.T, l *reader.Line, r *reader.Reader, a asker)) {
	for name, kind := range askers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told := make(chan reader.Event, 1024) // more than these tests make
			o := o
			o.Baud, o.OnEvent = kind.baud, func(e reader.Event) {
				select {
				case told <- e:
				default: // nobody reads any more
				}
			}
			l := newLine(t, o)
			a := kind.new(t)
			r := a.reader(opts{t, l, dwell})
			a = a.again(plugInAt(t, l, kind.baud))
			a.begin()
			a.show(lamp.BlueColour)
			await(t, told, reader.Event{Kind: reader.Steadied, Light: lamp.Blue})
			test(t, l, r, a)
		})
	}
}

// readOne asks until the reader sees a card.
func readOne(a asker) []string {
	for {
		if c := a.cards(); len(c) > 0 {
			return c
		}
	}
}

// until asks until the reader sees no card any more.
func untilNone(a asker) {
	for len(a.cards()) > 0 {
	}
}

func TestAPersonAtAReaderThatIsAsked(t *testing.T) {
	askEach(t, reader.Options{}, 0, func(t *testing.T, l *reader.Line, r *reader.Reader, a asker) {
		if got := r.Steady(); got != lamp.Blue || !r.HasLight() {
			t.Errorf("steady light = %v, HasLight %v, want blue and true", got, r.HasLight())
		}
		p, err := r.Present(desfire)
		if err != nil {
			t.Fatal(err)
		}
		if got := readOne(a); len(got) != 1 || got[0] != "04D03501700703" {
			t.Errorf("cards = %v, want the DESFire", got)
		}
		a.show(lamp.GreenColour)
		got := p.Wait(t.Context())
		if got.Light != lamp.Green || got.After() <= 0 || got.SentAt.Before(got.PlacedAt) || got.Lost || got.Taken {
			t.Errorf("result = %+v, want green", got)
		}
		if got := r.Light(); got != lamp.Green {
			t.Errorf("light = %v, want green", got)
		}
		untilNone(a) // who has seen a light takes the card away
		a.show(lamp.BlueColour)
		if got := r.Counts(); got.Presented != 1 || got.Sent != 1 || got.Lights[lamp.Green] != 1 || got.Lost != 0 {
			t.Errorf("counts = %+v, want one card, green", got)
		}
	})
}

func TestACardThatNobodyAsksForIsLost(t *testing.T) {
	askEach(t, reader.Options{Instant: true}, 20*time.Millisecond, func(t *testing.T, l *reader.Line, r *reader.Reader, a asker) {
		told := make(chan struct{})
		p, err := r.Present(classic)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			defer close(told)
			for !p.Result().Lost {
				time.Sleep(time.Millisecond)
			}
		}()
		select {
		case <-told:
		case <-time.After(20 * time.Second): // only ends a test that has failed
			t.Fatal("the card was never lost")
		}
		if got := r.Counts(); got.Lost != 1 || got.Sent != 0 {
			t.Errorf("counts = %+v, want one lost and none sent", got)
		}
	})
}

func TestEveryCardIsReadThroughFaultsByAsking(t *testing.T) {
	const cards = 12
	faults := reader.Faults{Drop: 0.1, Flip: 0.1, Deaf: 0.05, Noise: 0.2, Echo: 0.3, Split: 0.3}
	askEach(t, reader.Options{Instant: true, Seed: 4}, 0, func(t *testing.T, l *reader.Line, r *reader.Reader, a asker) {
		l.SetFaults(faults)
		for n := range byte(cards) {
			p, err := r.Present(card.FromUID(0xC0, n, n, n))
			if err != nil {
				t.Fatal(err)
			}
			want := hex.EncodeToString([]byte{0xC0, n, n, n})
			for got := readOne(a); !strings.EqualFold(got[0], want); got = readOne(a) {
			}
			a.show(lamp.GreenColour)
			if got := p.Wait(t.Context()); got.Light != lamp.Green {
				t.Fatalf("card %d: %+v, want green", n, got)
			}
			a.show(lamp.BlueColour)
		}
		l.SetFaults(reader.Faults{})
		a.cards()
		if got := r.Counts(); got.Sent != cards || got.Lights[lamp.Green] != cards || got.Lost != 0 {
			t.Errorf("counts = %+v, want %d cards, all green", got, cards)
		}
		n := l.Counts()
		if n.Drops == 0 || n.Flips == 0 || n.Deafs == 0 || n.Noises == 0 || n.Echoes == 0 || n.Splits == 0 {
			t.Errorf("counts = %+v: a fault never struck", n)
		}
	})
}

func TestUnplugAndPowerCycleOfAReaderThatIsAsked(t *testing.T) {
	askEach(t, reader.Options{Instant: true}, 0, func(t *testing.T, l *reader.Line, r *reader.Reader, a asker) {
		p, err := r.Present(classic)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Unplug(); err != nil {
			t.Fatal(err)
		}
		if got := r.Light(); got != lamp.Blue {
			t.Errorf("light = %v, want blue still: it kept its power", got)
		}
		if err := l.Replug(); err != nil {
			t.Fatal(err)
		}
		a = a.again(plugInAt(t, l, baudOf(a)))
		if got := readOne(a); got[0] != "DEADBEEF" {
			t.Errorf("cards = %v, want the one that is still there", got)
		}
		r.PowerCycle()
		if got := r.Light(); got != lamp.Off {
			t.Errorf("light = %v, want off after a power cycle", got)
		}
		a.begin()
		if got := readOne(a); got[0] != "DEADBEEF" {
			t.Errorf("cards = %v, want the one that is still there", got)
		}
		a.show(lamp.RedColour)
		if got := p.Wait(t.Context()); got.Light != lamp.Red || got.Lost {
			t.Errorf("result = %+v, want red", got)
		}
	})
}

func baudOf(a asker) int {
	if _, ok := a.(*nxp); ok {
		return 115200
	}
	return 9600
}

func TestAStuckCardAtAReaderThatIsAsked(t *testing.T) {
	askEach(t, reader.Options{Instant: true}, 0, func(t *testing.T, l *reader.Line, r *reader.Reader, a asker) {
		p, err := r.Stick(0, classic)
		if err != nil {
			t.Fatal(err)
		}
		for range 300 {
			if got := a.cards(); len(got) != 1 || got[0] != "DEADBEEF" {
				t.Fatalf("cards = %v, want the stuck one every time", got)
			}
		}
		a.show(lamp.GreenColour)
		if got := p.Wait(t.Context()); got.Light != lamp.Green {
			t.Errorf("result = %+v, want green", got)
		}
		if got := a.cards(); len(got) != 1 {
			t.Errorf("cards = %v, want the stuck one to stay", got)
		}
		r.Lift()
		untilNone(a)
		if got := r.Counts(); got.Sent != 1 || got.Presented != 1 {
			t.Errorf("counts = %+v, want one", got)
		}
	})
}

func TestTwoCardsAtAReaderThatIsAsked(t *testing.T) {
	askEach(t, reader.Options{Instant: true}, 0, func(t *testing.T, l *reader.Line, r *reader.Reader, a asker) {
		p, err := r.Present(classic, desfire)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for len(seen) < 2 {
			for _, id := range a.cards() {
				seen[id] = true
			}
		}
		if !seen["DEADBEEF"] || !seen["04D03501700703"] {
			t.Errorf("cards = %v, want both", seen)
		}
		a.show(lamp.RedColour)
		if got := p.Wait(t.Context()); got.Light != lamp.Red || got.Lost {
			t.Errorf("result = %+v, want red", got)
		}
	})
}

// A reader that is asked at another speed hears nothing.
func TestWrongSpeedOfAReaderThatIsAsked(t *testing.T) {
	for name, kind := range askers {
		t.Run(name, func(t *testing.T) {
			l := newLine(t, reader.Options{Baud: kind.baud, Instant: true})
			kind.new(t).reader(opts{t: t, line: l})
			h := plugInAt(t, l, 57600)
			h.write([]byte("0005\r"))
			h.write(octets(t, "55 55 00 00 00 00 00 FF 02 FE D4 02 2A 00"))
			for l.Counts().WrongSpeed == 0 {
				time.Sleep(time.Millisecond)
			}
			if got := l.Counts().Sent; got != 0 {
				t.Errorf("sent = %d, want 0", got)
			}
		})
	}
}

// Octets take their time, and a reader thinks before it answers.
func TestTimeOfAnAnswer(t *testing.T) {
	const turnaround = 20 * time.Millisecond
	l := newLine(t, reader.Options{Baud: 9600, Turnaround: turnaround})
	if _, err := l.AddTWN4("desk", twn4.Options{}); err != nil {
		t.Fatal(err)
	}
	h := plugIn(t, l)
	began := time.Now()
	h.expect("GetUSBType", hex.EncodeToString([]byte("0005\r")), hex.EncodeToString([]byte("0001\r")))
	if got, least := time.Since(began), turnaround+10*10*time.Second/9600; got < least {
		t.Errorf("answered after %v, want at least %v", got, least)
	}
}
