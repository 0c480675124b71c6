package reader_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/ascii"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/tty"
)

func TestTapOnARealTerminal(t *testing.T) {
	l := newLine(t, reader.Options{Baud: 38400})
	door := addOSDP(t, l, "door", 1, osdp.Options{})
	h := plugIn(t, l)
	h.ask(1, 0, poll)
	h.expect("POLL", "FF 53 01 08 00 05 60 8B 33", "FF 53 81 08 00 05 40 39 35")
	if got := code(h.ask(1, 2, led, blue...)); got != ack {
		t.Fatalf("LED = %02X, want ACK", got)
	}
	if got := door.Steady(); got != lamp.Blue {
		t.Errorf("Steady = %v, want blue", got)
	}
	h.ask(1, 3, poll)
	h.ask(1, 1, poll)

	p, err := door.Present(card.W26(123, 45678))
	if err != nil {
		t.Fatal(err)
	}
	want := octets(t, "FF 53 81 10 00 06 50 00 01 1A 00 BD D9 37 40 99 71")
	if diff := cmp.Diff(h.ask(1, 2, poll), want); diff != "" {
		t.Errorf("card (-got +want):\n%s", diff)
	}
	h.ask(1, 3, poll)
	h.expect("ACCEPTED", "FF 53 01 16 00 05 69 00 00 02 02 01 02 00 0A 00 00 00 00 00 00 3C D1", "FF 53 81 08 00 05 40 39 35")
	got := p.Wait(t.Context())
	if got.Light != lamp.Green || !got.Taken || got.Lost {
		t.Errorf("result = %+v, want green and taken", got)
	}
	if got.PlacedAt.After(got.SentAt) || got.After() <= 0 {
		t.Errorf("placed %v, sent %v, shown %v: want them in this order", got.PlacedAt, got.SentAt, got.ShownAt)
	}
	counts := door.Counts()
	if counts.Presented != 1 || counts.Sent != 1 || counts.Taken != 1 || counts.Lights[lamp.Green] != 1 {
		t.Errorf("counts = %+v, want one card, green", counts)
	}
}

func TestManyReadersShareALine(t *testing.T) {
	l := newLine(t, reader.Options{Baud: 115200, Instant: true})
	doors := []*reader.OSDP{
		addOSDP(t, l, "a", 0, osdp.Options{}), addOSDP(t, l, "b", 1, osdp.Options{}), addOSDP(t, l, "c", 0x7E, osdp.Options{}),
	}
	h := plugIn(t, l)
	for i, address := range []byte{0, 1, 0x7E} {
		if _, err := doors[i].Present(card.FromUID(byte(i), 2, 3, 4)); err != nil {
			t.Fatal(err)
		}
		if got := h.ask(address, 0, poll); got[2] != address|0x80 || code(got) != raw || got[11] != byte(i) {
			t.Errorf("POLL %d = % X, want its own card from %02X", address, got, address|0x80)
		}
	}
	h.ask(1, 1, led, red...)
	for i, want := range []int{0, 1, 0} {
		if got := doors[i].Counts().Lights[lamp.Red]; got != want {
			t.Errorf("people who saw red at %s = %d, want %d", doors[i].Name(), got, want)
		}
	}
	if got := len(l.Readers()); got != 3 {
		t.Errorf("readers = %d, want 3", got)
	}
}

func TestAddRefusals(t *testing.T) {
	bus := newLine(t, reader.Options{})
	addOSDP(t, bus, "a", 1, osdp.Options{})
	text := newLine(t, reader.Options{})
	if _, err := text.AddASCII("r", ascii.RDM6300()); err != nil {
		t.Fatal(err)
	}
	osdpOn := func(l *reader.Line, name string, address byte, baud int) error {
		_, err := l.AddOSDP(name, address, osdp.Options{Baud: baud})
		return err
	}
	_, second := text.AddASCII("s", ascii.RDM6300())
	_, onBus := bus.AddASCII("s", ascii.RDM6300())
	_, feedback := text.AddASCII("s", ascii.Options{Feedback: []ascii.Feedback{{}}})
	tests := []struct {
		name string
		got  error
		want error
	}{
		{"name taken", osdpOn(bus, "a", 2, 0), reader.ErrAdd},
		{"address taken", osdpOn(bus, "b", 1, 0), reader.ErrAdd},
		{"broadcast address", osdpOn(bus, "b", 0x7F, 0), reader.ErrAdd},
		{"impossible speed", osdpOn(bus, "b", 2, 31250), tty.ErrSpeed},
		{"OSDP beside a reader that pushes", osdpOn(text, "b", 2, 0), reader.ErrAdd},
		{"two that push", second, reader.ErrAdd},
		{"one that pushes on a bus", onBus, reader.ErrAdd},
		{"empty feedback", feedback, ascii.ErrFeedback},
	}
	for _, tt := range tests {
		if !errors.Is(tt.got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, tt.got, tt.want)
		}
	}
}

func TestOctetsTakeTheirTime(t *testing.T) {
	l := newLine(t, reader.Options{Baud: 9600})
	addOSDP(t, l, "door", 1, osdp.Options{})
	h := plugIn(t, l)
	begun := time.Now()
	h.ask(1, 0, poll)
	// Nine octets each way of ten bits each, and three milliseconds between. A busy machine can only add to it.
	if least := 18*10*time.Second/9600 + 3*time.Millisecond; time.Since(begun) < least {
		t.Errorf("POLL and ACK at 9600 baud took %v, want at least %v", time.Since(begun), least)
	}
}

func TestAnotherSpeedIsNotHeard(t *testing.T) {
	l := newLine(t, reader.Options{Baud: 38400, Instant: true})
	addOSDP(t, l, "fast", 1, osdp.Options{})
	addOSDP(t, l, "slow", 2, osdp.Options{Baud: 9600})
	h := plugIn(t, l)
	h.write(osdp.Frame{Address: 2, CRC: true, Code: poll}.Encode())
	if got := h.ask(1, 0, poll); got[2] != 0x81 {
		t.Errorf("first reply on the line is % X, want that of address 1", got)
	}
	if got := l.Counts().WrongSpeed; got != 1 {
		t.Errorf("WrongSpeed = %d, want 1", got)
	}
	// COMSET to 9600: the reply still comes at 38400, and then the device is gone from this speed.
	h.ask(1, 1, 0x6E, 1, 0x80, 0x25, 0, 0)
	addOSDP(t, l, "third", 3, osdp.Options{})
	h.write(osdp.Frame{Address: 1, Sequence: 2, CRC: true, Code: poll}.Encode())
	if got := h.ask(3, 0, poll); got[2] != 0x83 {
		t.Errorf("reply after COMSET is % X, want that of address 3 alone", got)
	}
}

func TestEverybodyAnsweringAtOnceIsACollision(t *testing.T) {
	l := newLine(t, reader.Options{Instant: true})
	addOSDP(t, l, "a", 1, osdp.Options{})
	addOSDP(t, l, "b", 2, osdp.Options{})
	h := plugIn(t, l)
	h.write(octets(t, "FF 53 7F 08 00 04 60"+"00 00")) // a wrong check first: heard by nobody
	h.write(osdp.Frame{Address: 0x7F, CRC: true, Code: poll}.Encode())
	if got := h.ask(1, 0, poll); got[2] != 0x81 {
		t.Errorf("first reply is % X, want that of address 1", got)
	}
	if got := l.Counts(); got.Collisions != 1 || got.Broken != 1 {
		t.Errorf("collisions %d, broken frames %d, want 1 and 1", got.Collisions, got.Broken)
	}
}

// A reader that was given the address of another answers together with it, and neither is understood.
func TestTwoReadersAtOneAddress(t *testing.T) {
	l := newLine(t, reader.Options{Instant: true})
	a, b := addOSDP(t, l, "a", 1, osdp.Options{}), addOSDP(t, l, "b", 2, osdp.Options{})
	h := plugIn(t, l)
	b.SetAddress(a.Address())
	h.write(osdp.Frame{Address: 1, CRC: true, Code: poll}.Encode())
	for l.Counts().Collisions == 0 { // both have heard it by then
		runtime.Gosched()
	}
	h.write(osdp.Frame{Address: 2, CRC: true, Code: poll}.Encode())
	b.SetAddress(3)
	if got := h.ask(3, 0, poll); got[2] != 0x83 {
		t.Errorf("first reply is % X, want that of address 3", got)
	}
	if got := l.Counts().Collisions; got != 1 {
		t.Errorf("Collisions = %d, want 1", got)
	}
}

func TestOnePersonAtATime(t *testing.T) {
	l := newLine(t, reader.Options{Instant: true})
	door := addOSDP(t, l, "door", 1, osdp.Options{Queue: 2})
	if _, err := door.Present(); !errors.Is(err, reader.ErrNoCard) {
		t.Errorf("Present nothing = %v, want ErrNoCard", err)
	}
	p, err := door.Present(card.W26(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := door.Present(card.W26(1, 2)); !errors.Is(err, reader.ErrWaiting) {
		t.Errorf("second person = %v, want ErrWaiting", err)
	}
	leaves, leave := context.WithCancel(t.Context())
	leave()
	if got := p.Wait(leaves); got.Light != lamp.None || !got.SentAt.IsZero() {
		t.Errorf("result = %+v, want none, never sent", got)
	}
	if _, err := door.Present(card.W26(1, 2), card.W26(1, 3)); !errors.Is(err, reader.ErrFull) {
		t.Errorf("two cards into a queue with room for one = %v, want ErrFull", err)
	}
	if _, err := door.Present(card.W26(1, 2)); err != nil {
		t.Errorf("next person: %v", err)
	}
}

func TestALightIsForTheCardThatWasSent(t *testing.T) {
	l := newLine(t, reader.Options{Instant: true})
	door := addOSDP(t, l, "door", 1, osdp.Options{})
	h := plugIn(t, l)
	h.ask(1, 0, poll)
	leaves, leave := context.WithCancel(t.Context())
	leave()
	early, err := door.Present(card.FromUID(1, 1, 1, 1))
	if err != nil {
		t.Fatal(err)
	}
	early.Wait(leaves)
	p, err := door.Present(card.FromUID(2, 2, 2, 2))
	if err != nil {
		t.Fatal(err)
	}

	h.ask(1, 1, led, red...) // before either card was sent
	if got := h.ask(1, 2, poll); got[11] != 1 {
		t.Fatalf("first card = % X, want 01..", got)
	}
	h.ask(1, 3, led, red...)  // for the one who has left
	h.ask(1, 1, led, blue...) // steady: for nobody
	if got := h.ask(1, 2, poll); got[11] != 2 {
		t.Fatalf("second card = % X, want 02..", got)
	}
	h.ask(1, 3, led, green...)
	if got := p.Wait(t.Context()); got.Light != lamp.Green || !got.Taken {
		t.Errorf("result = %+v, want green", got)
	}
	if got := early.Result(); got.Light != lamp.None || !got.Taken || got.SentAt.IsZero() {
		t.Errorf("result of the one who left = %+v, want none, but sent and taken", got)
	}
	counts := door.Counts()
	if counts.Unasked[lamp.Red] != 2 || counts.Lights[lamp.None] != 1 || counts.Lights[lamp.Green] != 1 {
		t.Errorf("counts = %+v, want 2 red unasked, one none, one green", counts)
	}
}

func TestTwoCardsAtOnce(t *testing.T) {
	l := newLine(t, reader.Options{Instant: true})
	door := addOSDP(t, l, "door", 1, osdp.Options{})
	h := plugIn(t, l)
	p, err := door.Present(card.FromUID(1, 1, 1, 1), card.FromUID(2, 2, 2, 2))
	if err != nil {
		t.Fatal(err)
	}
	for i, sequence := range []byte{0, 1} {
		if got := h.ask(1, sequence, poll); code(got) != raw || got[11] != byte(i)+1 {
			t.Errorf("card %d = % X", i, got)
		}
	}
	h.ask(1, 2, led, 0, 0, 2, 2, 2, 1, 0, 8, 0, 0, 0, 0, 0, 0)
	if got := p.Wait(t.Context()); got.Light != lamp.RedDouble {
		t.Errorf("light = %v, want red_double", got.Light)
	}
	if got := door.Counts(); got.Presented != 1 || got.Taken != 2 {
		t.Errorf("counts = %+v, want one person, two cards", got)
	}
}

func TestPanelThatRestartsLosesTheCard(t *testing.T) {
	l := newLine(t, reader.Options{Instant: true})
	door := addOSDP(t, l, "door", 1, osdp.Options{})
	h := plugIn(t, l)
	h.ask(1, 0, poll)
	p, err := door.Present(card.W26(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	h.ask(1, 1, poll)
	h.ask(1, 0, poll)
	if got := p.Result(); !got.Lost || got.Taken {
		t.Errorf("result = %+v, want lost", got)
	}
	if got := door.Counts().Lost; got != 1 {
		t.Errorf("lost = %d, want 1", got)
	}
}

func TestReaderKnobs(t *testing.T) {
	l := newLine(t, reader.Options{Instant: true})
	door := addOSDP(t, l, "door", 1, osdp.Options{Outputs: 1, Display: true})
	other := addOSDP(t, l, "other", 2, osdp.Options{})
	h := plugIn(t, l)
	if door.Online() {
		t.Error("online before the panel spoke")
	}
	h.ask(1, 0, poll)
	if !door.Online() || other.Online() {
		t.Errorf("online = %v and %v, want only the one spoken to", door.Online(), other.Online())
	}
	door.SetTamper(true)
	if got := h.ask(1, 1, poll); code(got) != 0x48 || got[7] != 1 {
		t.Errorf("POLL of an open reader = % X, want LSTATR 01 00", got)
	}
	h.ask(1, 2, 0x68, 0, 2, 0, 0)
	h.ask(1, 3, 0x6B, 0, 1, 0, 1, 1, 2, 'h', 'i')
	h.ask(1, 1, 0x6A, 0, 2, 1, 1, 3)
	if !door.Output(0) || door.Text() != "hi" || door.Counts().Beeps != 3 {
		t.Errorf("output %v, text %q, beeps %d, want true, hi, 3", door.Output(0), door.Text(), door.Counts().Beeps)
	}
	p, err := door.Present(card.W26(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	door.PowerCycle()
	if got := h.ask(1, 0, poll); code(got) != 0x48 || got[8] != 1 {
		t.Errorf("first POLL after a power cycle = % X, want LSTATR 01 01", got)
	}
	if !p.Result().Lost {
		t.Error("card survived the power cycle")
	}
	door.SetSilent(true)
	h.write(osdp.Frame{Address: 1, Sequence: 1, CRC: true, Code: poll}.Encode())
	if got := h.ask(2, 0, poll); got[2] != 0x82 {
		t.Errorf("reply % X, want only that of the other reader", got)
	}
	if got := door.Protocol(); got.Restarts != 2 || got.Commands != 6 {
		t.Errorf("protocol = %+v, want 2 restarts, 6 commands", got)
	}
}

func TestEventsTellTheStory(t *testing.T) {
	events := make(chan reader.Event, 64) // more than this test makes
	l := newLine(t, reader.Options{Instant: true, OnEvent: func(e reader.Event) { events <- e }})
	door := addOSDP(t, l, "door", 1, osdp.Options{})
	h := plugIn(t, l)
	h.ask(1, 0, poll)
	p, err := door.Present(card.W26(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	h.ask(1, 1, poll)
	h.ask(1, 2, led, green...)
	h.ask(1, 3, led, blue...)
	h.ask(1, 1, 0x6A, 0, 2, 1, 0, 1)
	p.Wait(t.Context())
	want := []reader.Event{
		{Kind: reader.Restarted}, {Kind: reader.Placed, Count: 1}, {Kind: reader.Sent}, {Kind: reader.Taken},
		{Kind: reader.Shown, Light: lamp.Green}, {Kind: reader.Left, Light: lamp.Green},
		{Kind: reader.Steadied, Light: lamp.Blue}, {Kind: reader.Beeped, Count: 1},
	}
	for _, w := range want {
		got := <-events
		if got.At.IsZero() || got.Reader != "door" {
			t.Errorf("%v without time or reader: %+v", got.Kind, got)
		}
		got.At, got.Reader = time.Time{}, ""
		if got != w {
			t.Errorf("event = %v %+v, want %v %+v", got.Kind, got, w.Kind, w)
		}
	}
}
