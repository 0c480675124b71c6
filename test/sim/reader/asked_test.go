package reader_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/pn532"
	"github.com/rollcall-edge/rollcall/test/sim/reader/twn4"
)

// asker is a host as small as can be for a reader that is asked: it repeats a question until there is an answer that
// its check lets through.
type asker interface {
	begin()                     // what the reader needs after power came on
	cards() []string            // identifiers of the cards it sees, in hexadecimal
	show(c lamp.Colour)         // switches the light
	again(fresh *host) asker    // the same at a new port
	reader(opts) *reader.Reader // in front of which people stand
}

// opts are the knobs of a reader under test.
type opts struct {
	t     testing.TB
	line  *reader.Line
	dwell time.Duration
}

// mouth is what both kinds have: a port and the octets that have come from it.
type mouth struct {
	t   testing.TB
	h   *host
	got []byte
}

// hear waits a little for more octets and reports whether any came.
func (m *mouth) hear() bool {
	m.t.Helper()
	if err := m.h.f.SetReadDeadline(time.Now().Add(40 * time.Millisecond)); err != nil {
		m.t.Fatal(err)
	}
	b := make([]byte, 512)
	n, err := m.h.f.Read(b)
	m.got = append(m.got, b[:n]...)
	return err == nil
}

// elatec asks a TWN4, with CRC.
type elatec struct{ mouth }

func (e *elatec) reader(o opts) *reader.Reader {
	o.t.Helper()
	r, err := o.line.AddTWN4("desk", twn4.Options{CRC: true, Dwell: o.dwell})
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

func (e *elatec) again(h *host) asker { return &elatec{mouth{e.t, h, nil}} }

// crc is the vendor's own formula, section 1.3.3 of its document.
func crc(octets []byte) []byte {
	c := uint16(0xFFFF)
	for _, b := range octets {
		b ^= byte(c)
		b ^= b << 4
		c = (uint16(b)<<8 | c>>8) ^ uint16(b>>4) ^ uint16(b)<<3
	}
	return append(octets[:len(octets):len(octets)], byte(c), byte(c>>8))
}

// ask returns the answer to one command, status included.
func (e *elatec) ask(command string) []byte {
	e.t.Helper()
	sent := strings.ToUpper(hex.EncodeToString(crc(octets(e.t, command)))) + "\r"
	for range 500 {
		e.got = nil
		e.h.write([]byte(sent))
		for e.hear() {
			if a, ok := answer(e.got, sent); ok {
				return a
			}
		}
	}
	e.t.Fatalf("command %s was never answered", command)
	return nil
}

// answer is the first line with a right check that is not our own echo. What precedes it may be noise.
func answer(got []byte, sent string) ([]byte, bool) {
	for line := range bytes.SplitSeq(got, []byte("\r")) {
		for from := range line {
			if strings.HasSuffix(sent, string(line[from:])+"\r") {
				break
			}
			b, err := hex.DecodeString(string(line[from:]))
			if err == nil && len(b) > 2 && bytes.Equal(crc(b[:len(b)-2]), b) && b[0] == 0 {
				return b[:len(b)-2], true
			}
		}
	}
	return nil, false
}

func (e *elatec) begin() { e.ask("041007") }

func (e *elatec) cards() []string {
	a := e.ask("050010")
	if len(a) < 5 || a[1] == 0 {
		return nil
	}
	return []string{strings.ToUpper(hex.EncodeToString(a[5:]))}
}

func (e *elatec) show(c lamp.Colour) {
	e.ask("041207")
	if mask := map[lamp.Colour]string{lamp.RedColour: "01", lamp.GreenColour: "02", lamp.BlueColour: "04"}[c]; mask != "" {
		e.ask("0411" + mask)
	}
}

// nxp asks a PN532.
type nxp struct{ mouth }

func (n *nxp) reader(o opts) *reader.Reader {
	o.t.Helper()
	p := pn532.RGB()
	p.Dwell = o.dwell
	return addPN532(o.t.(*testing.T), o.line, p)
}

func (n *nxp) again(h *host) asker { return &nxp{mouth{n.t, h, nil}} }

// ask returns the response to one command without its code.
func (n *nxp) ask(command string) []byte {
	n.t.Helper()
	data := append([]byte{0xD4}, octets(n.t, command)...)
	sum := byte(0)
	for _, b := range data {
		sum += b
	}
	frame := append([]byte{0x00, 0x00, 0xFF, byte(len(data)), -byte(len(data))}, data...)
	for range 500 {
		n.got = nil
		n.h.write(append(append([]byte{0x55, 0x55, 0x00, 0x00, 0x00}, frame...), -sum, 0x00))
		for n.hear() {
			if r, ok := response(n.got, data[1]+1); ok {
				return r
			}
		}
	}
	n.t.Fatalf("command %s was never answered", command)
	return nil
}

// response is the first whole frame with this code.
func response(got []byte, code byte) ([]byte, bool) {
	for at := range got {
		b := got[at:]
		if len(b) < 8 || !bytes.HasPrefix(b, []byte{0x00, 0xFF}) || b[2]+b[3] != 0 || len(b) < int(b[2])+5 || b[2] < 2 {
			continue
		}
		sum := byte(0)
		for _, o := range b[4 : 5+b[2]] {
			sum += o
		}
		if sum == 0 && b[4] == 0xD5 && b[5] == code {
			return b[6 : 4+b[2]], true
		}
	}
	return nil, false
}

func (n *nxp) begin() {
	n.ask("14 01 00 01")
	n.ask("32 05 FF 01 00")
}

func (n *nxp) cards() []string {
	return identifiers(n.ask("4A 02 00"))
}

// identifiers reads a list of targets; a list that its sum let through although it is damaged has none.
func identifiers(r []byte) []string {
	if len(r) == 0 {
		return nil
	}
	var all []string
	count, r := r[0], r[1:]
	for range count {
		if len(r) < 5 || len(r) < 5+int(r[4]) {
			return nil
		}
		sak, id := r[3], r[5:5+r[4]]
		all, r = append(all, strings.ToUpper(hex.EncodeToString(id))), r[5+len(id):]
		if sak&0x20 != 0 && len(r) > 0 && int(r[0]) <= len(r) {
			r = r[r[0]:] // its ATS
		}
	}
	return all
}

func (n *nxp) show(c lamp.Colour) {
	mask := map[lamp.Colour]string{lamp.RedColour: "81", lamp.GreenColour: "82", lamp.BlueColour: "A0", lamp.Black: "80"}[c]
	n.ask("0E" + mask + "00")
}

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
