package reader_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/ascii"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/pn532"
	"github.com/rollcall-edge/rollcall/test/sim/reader/qr"
	"github.com/rollcall-edge/rollcall/test/sim/reader/twn4"
)

func addQR(t *testing.T, l *reader.Line, o qr.Options) *reader.Reader {
	t.Helper()
	r, err := l.AddQR("window", o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAPersonWithACode(t *testing.T) {
	l := newLine(t, reader.Options{Baud: 9600, Instant: true})
	r := addQR(t, l, qr.Options{AIM: qr.QRCode, Feedback: []ascii.Feedback{{Text: "G", Light: lamp.Green, For: time.Second}}})
	h := plugIn(t, l)
	p, err := r.Present(card.FromCode("token"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := h.read(9), []byte("]Q1token\r"); !bytes.Equal(got, want) {
		t.Errorf("line = %q, want %q", got, want)
	}
	h.write([]byte("G"))
	if got := p.Wait(t.Context()); got.Light != lamp.Green || got.After() <= 0 {
		t.Errorf("result = %+v, want green", got)
	}
	if _, err := r.Present(card.FromUID(1, 2, 3, 4)); !errors.Is(err, ascii.ErrCard) {
		t.Errorf("Present a card to a scanner = %v, want ErrCard", err)
	}
}

func TestACodeAtAScannerWithoutALight(t *testing.T) {
	l := newLine(t, reader.Options{Baud: 9600, Instant: true})
	r := addQR(t, l, qr.Options{Dwell: 60 * time.Millisecond})
	p, err := r.Present(card.FromCode("token"))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Wait(t.Context()); got.Light != lamp.None || got.SentAt.IsZero() || got.Lost {
		t.Errorf("result = %+v, want sent, and none", got)
	}
}

// A busy machine may see a card read and taken away in one moment: it was read all the same.
func TestACodeThatIsReadAndGoneAtOnce(t *testing.T) {
	l := newLine(t, reader.Options{Baud: 9600, Instant: true})
	r := addQR(t, l, qr.Options{ReadsAfter: 1, Dwell: 2})
	p, err := r.Present(card.FromCode("token"))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Wait(t.Context()); got.SentAt.IsZero() || got.Lost {
		t.Errorf("result = %+v, want sent and not lost", got)
	}
	if got := r.Counts(); got.Sent != 1 || got.Lost != 0 {
		t.Errorf("counts = %+v, want one sent", got)
	}
}

// A stuck card is sent a thousand times a second where the line can carry it, and no oftener than it can.
func TestStuckCardsOfReadersThatSend(t *testing.T) {
	tests := []struct {
		name string
		add  func(*reader.Line) (*reader.Reader, error)
		card card.Card
		want string
	}{
		{"RDM6300", func(l *reader.Line) (*reader.Reader, error) { return l.AddASCII("gate", ascii.RDM6300()) }, tag, "\x02010063E9AE25\x03"},
		{"QR", func(l *reader.Line) (*reader.Reader, error) { return l.AddQR("window", qr.Options{}) }, card.FromCode("token"), "token\r"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLine(t, reader.Options{Baud: 9600, Instant: true})
			r, err := tt.add(l)
			if err != nil {
				t.Fatal(err)
			}
			h := plugIn(t, l)
			const frames = 300
			began := time.Now()
			if _, err := r.Stick(time.Millisecond, tt.card); err != nil {
				t.Fatal(err)
			}
			if got, want := h.read(frames*len(tt.want)), bytes.Repeat([]byte(tt.want), frames); !bytes.Equal(got, want) {
				t.Errorf("read %q", got)
			}
			if took := time.Since(began); took < 200*time.Millisecond {
				t.Errorf("%d frames in %v, want no more than one a millisecond", frames, took)
			}
			r.Lift()
			if got := r.Counts(); got.Presented != 1 || got.Sent != 1 {
				t.Errorf("counts = %+v, want one card", got)
			}
		})
	}
}

func TestReadersThatMustBeAlone(t *testing.T) {
	adds := map[string]func(*reader.Line) error{
		"ascii": func(l *reader.Line) error { _, err := l.AddASCII("x", ascii.Generic()); return err },
		"TWN4":  func(l *reader.Line) error { _, err := l.AddTWN4("x", twn4.Options{}); return err },
		"PN532": func(l *reader.Line) error { _, err := l.AddPN532("x", pn532.Options{}); return err },
		"QR":    func(l *reader.Line) error { _, err := l.AddQR("x", qr.Options{}); return err },
	}
	for name, add := range adds {
		t.Run(name, func(t *testing.T) {
			l := newLine(t, reader.Options{})
			addOSDP(t, l, "door", 1, osdp.Options{})
			if err := add(l); !errors.Is(err, reader.ErrAdd) {
				t.Errorf("added to a bus: %v, want ErrAdd", err)
			}
			l = newLine(t, reader.Options{})
			if err := add(l); err != nil {
				t.Fatal(err)
			}
			if _, err := l.AddOSDP("door", 1, osdp.Options{}); !errors.Is(err, reader.ErrAdd) {
				t.Errorf("OSDP added to it: %v, want ErrAdd", err)
			}
		})
	}
	l := newLine(t, reader.Options{})
	if _, err := l.AddPN532("x", pn532.Options{Lamps: map[pn532.Pin]lamp.Colour{99: lamp.RedColour}}); !errors.Is(err, pn532.ErrPin) {
		t.Errorf("a lamp on pin 99: %v, want ErrPin", err)
	}
	door := addOSDP(t, l, "door", 1, osdp.Options{})
	if _, err := door.Stick(0, card.W26(1, 1)); !errors.Is(err, reader.ErrStick) {
		t.Errorf("Stick to an OSDP reader = %v, want ErrStick", err)
	}
}
