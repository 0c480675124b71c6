package reader_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/ascii"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

var tag = card.FromEM4100([5]byte{0x01, 0x00, 0x63, 0xE9, 0xAE})

// frame is the worked example of the RDM6300's data sheet for that tag.
const frame = "02 30 31 30 30 36 33 45 39 41 45 32 35 03"

func addASCII(t *testing.T, l *reader.Line, o ascii.Options) *reader.Reader {
	t.Helper()
	r, err := l.AddASCII("gate", o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRDM6300SaysItsCardUntilItLeaves(t *testing.T) {
	l := newLine(t, reader.Options{Baud: 9600})
	o := ascii.RDM6300()
	o.Dwell = 500 * time.Millisecond
	gate := addASCII(t, l, o)
	h := plugIn(t, l)
	if gate.HasLight() || gate.Steady() != lamp.None {
		t.Errorf("HasLight %v, steady %v, want false and none", gate.HasLight(), gate.Steady())
	}
	if _, err := gate.Present(card.W26(1, 1)); !errors.Is(err, ascii.ErrCard) {
		t.Errorf("Present a Wiegand card = %v, want ErrCard", err)
	}
	p, err := gate.Present(tag)
	if err != nil {
		t.Fatal(err)
	}
	want := octets(t, frame)
	for range 2 { // how many more there are depends on how busy this machine is
		if got := h.read(len(want)); !bytes.Equal(got, want) {
			t.Errorf("frame = % X, want % X", got, want)
		}
	}
	got := p.Wait(t.Context())
	if got.Light != lamp.None || got.SentAt.Before(got.PlacedAt) {
		t.Errorf("result = %+v, want none, sent after it was placed", got)
	}
	counts := gate.Counts()
	if counts.Presented != 1 || counts.Sent != 1 || counts.Lights[lamp.None] != 1 {
		t.Errorf("counts = %+v, want one card, none", counts)
	}
	if _, err := gate.Present(tag); err != nil {
		t.Errorf("next person: %v", err)
	}
}

func TestTwoTagsSilenceAnRDM6300(t *testing.T) {
	l := newLine(t, reader.Options{Baud: 9600, Instant: true})
	o := ascii.RDM6300()
	o.Dwell = 60 * time.Millisecond
	gate := addASCII(t, l, o)
	p, err := gate.Present(tag, card.FromEM4100([5]byte{2}))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Wait(t.Context()); !got.SentAt.IsZero() {
		t.Errorf("result = %+v, want nothing sent", got)
	}
	if got := l.Counts().Sent; got != 0 {
		t.Errorf("frames = %d, want 0", got)
	}
}

func TestGenericReaderShowsWhatItIsTold(t *testing.T) {
	told := make(chan reader.Event, 16) // more than this test makes
	l := newLine(t, reader.Options{Baud: 9600, Instant: true, OnEvent: func(e reader.Event) { told <- e }})
	o := ascii.Generic()
	o.Feedback = []ascii.Feedback{
		{Text: "B\r", Light: lamp.Blue},
		{Text: "G\r", Light: lamp.Green, For: time.Minute},
	}
	gate := addASCII(t, l, o)
	h := plugIn(t, l)
	p, err := gate.Present(card.FromUID(0x04, 0xA2, 0xB3, 0xC4))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := h.read(9), []byte("04A2B3C4\r"); !bytes.Equal(got, want) {
		t.Errorf("frame = %q, want %q", got, want)
	}
	h.write([]byte("B\rG"))
	h.write([]byte("\r"))
	if got := p.Wait(t.Context()); got.Light != lamp.Green || got.After() <= 0 {
		t.Errorf("result = %+v, want green", got)
	}
	await(t, told, reader.Event{Kind: reader.Steadied, Light: lamp.Blue}) // blue could have been a flash
	if gate.Steady() != lamp.Blue || gate.Light() != lamp.Green {
		t.Errorf("steady %v, now %v, want blue and green", gate.Steady(), gate.Light())
	}
}

func TestAPersonMayLeaveAGenericReader(t *testing.T) {
	l := newLine(t, reader.Options{Instant: true})
	o := ascii.Generic()
	o.Feedback = []ascii.Feedback{{Text: "G\r", Light: lamp.Green, For: time.Minute}}
	gate := addASCII(t, l, o)
	leaves, leave := context.WithCancel(t.Context())
	leave()
	early, err := gate.Present(tag)
	if err != nil {
		t.Fatal(err)
	}
	if got := early.Wait(leaves); got.Light != lamp.None {
		t.Errorf("light = %v, want none", got.Light)
	}
	h := plugIn(t, l)
	if got := h.read(11); !bytes.Equal(got, []byte("010063E9AE\r")) {
		t.Errorf("frame = %q, want 010063E9AE", got)
	}
	h.write([]byte("G\r"))
	p, err := gate.Present(tag)
	if err != nil {
		t.Fatal(err)
	}
	h.read(11)
	h.write([]byte("G\r"))
	p.Wait(t.Context())
	if got := gate.Counts(); got.Unasked[lamp.Green] != 1 || got.Lights[lamp.Green] != 1 {
		t.Errorf("counts = %+v, want one green unasked and one seen", got)
	}
}

func TestAHostAtAnotherSpeedReadsGarbage(t *testing.T) {
	l := newLine(t, reader.Options{Baud: 9600, Instant: true})
	gate := addASCII(t, l, ascii.RDM6300())
	h := plugInAt(t, l, 115200)
	if _, err := gate.Present(tag); err != nil {
		t.Fatal(err)
	}
	want := octets(t, frame)
	if got := h.read(len(want)); bytes.Equal(got, want) {
		t.Error("a host at 115200 baud read a reader at 9600")
	}
	if got := l.Counts().WrongSpeed; got == 0 {
		t.Error("WrongSpeed = 0, want it counted")
	}
}

func TestLineThatIsUnpluggedLosesWhatIsPushed(t *testing.T) {
	l := newLine(t, reader.Options{Baud: 9600, Instant: true})
	o := ascii.RDM6300()
	o.Dwell = 60 * time.Millisecond
	gate := addASCII(t, l, o)
	if err := l.Unplug(); err != nil {
		t.Fatal(err)
	}
	p, err := gate.Present(tag)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Wait(t.Context()); !got.SentAt.IsZero() {
		t.Errorf("result = %+v, want never sent", got)
	}
}

func TestAHostThatDoesNotReadHoldsNothingUp(t *testing.T) {
	l := newLine(t, reader.Options{Baud: 9600, Instant: true})
	o := ascii.RDM6300()
	o.Start, o.Repeat = strings.Repeat("x", 20_000), 10*time.Millisecond // some frames are more than a port can hold
	o.Dwell = time.Second
	gate := addASCII(t, l, o)
	p, err := gate.Present(tag)
	if err != nil {
		t.Fatal(err)
	}
	p.Wait(t.Context())
	if got := l.Counts(); got.Unread == 0 {
		t.Errorf("counts = %+v, want frames the host did not take", got)
	}
}
