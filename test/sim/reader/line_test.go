package reader_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp"
)

func TestUnplugAndReplug(t *testing.T) {
	l := newLine(t, reader.Options{Instant: true})
	door := addOSDP(t, l, "door", 1, osdp.Options{})
	before := plugIn(t, l)
	before.ask(1, 0, poll)
	before.ask(1, 1, led, blue...)

	hungUp := make(chan error)
	go func() { // as a driver's read, under way when the plug is pulled
		_, err := before.f.Read(make([]byte, 1))
		hungUp <- err
	}()
	for range 2 { // pulling it twice is no fault
		if err := l.Unplug(); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-hungUp; err == nil {
		t.Error("a read survived the unplugging")
	}
	if _, err := os.Lstat(l.Path()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("link of an unplugged line: %v, want it gone", err)
	}
	p, err := door.Present(card.W26(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := before.f.Close(); err != nil {
		t.Fatal(err)
	}

	for range 2 {
		if err := l.Replug(); err != nil {
			t.Fatal(err)
		}
	}
	after := plugIn(t, l)
	if got := door.Steady(); got != lamp.Blue {
		t.Errorf("steady light = %v, want blue still: the reader kept its power", got)
	}
	if got := after.ask(1, 2, poll); code(got) != raw {
		t.Errorf("POLL after replug = % X, want the card that waited", got)
	}
	after.ask(1, 3, led, green...)
	if got := p.Wait(t.Context()); got.Light != lamp.Green {
		t.Errorf("light = %v, want green", got.Light)
	}
}

func TestCloseSendsEverybodyAway(t *testing.T) {
	l, err := reader.NewLine(t.TempDir(), "usb-test", reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	door := addOSDP(t, l, "door", 1, osdp.Options{})
	p, err := door.Present(card.W26(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	waited := make(chan reader.Result)
	go func() { waited <- p.Wait(context.Background()) }()
	for range 2 {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-waited; got.Light != lamp.None {
		t.Errorf("light = %v, want none", got.Light)
	}
	if _, err := door.Present(card.W26(1, 1)); !errors.Is(err, reader.ErrClosed) {
		t.Errorf("Present on a closed line = %v, want ErrClosed", err)
	}
	if _, err := l.AddOSDP("late", 2, osdp.Options{}); !errors.Is(err, reader.ErrClosed) {
		t.Errorf("AddOSDP on a closed line = %v, want ErrClosed", err)
	}
	if err := l.Replug(); !errors.Is(err, reader.ErrClosed) {
		t.Errorf("Replug of a closed line = %v, want ErrClosed", err)
	}
}

func TestNewLineSaysWhatIsWrong(t *testing.T) {
	if _, err := reader.NewLine(t.TempDir(), "x", reader.Options{Baud: 31250}); err == nil {
		t.Error("31250 baud was taken")
	}
	if _, err := reader.NewLine("/does/not/exist", "x", reader.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing directory = %v, want not exist", err)
	}
}

func BenchmarkPoll(b *testing.B) {
	for _, tt := range []struct {
		name    string
		options reader.Options
	}{
		{"instant", reader.Options{Instant: true}},
		{"38400 baud", reader.Options{Baud: 38400}},
		{"115200 baud", reader.Options{Baud: 115200}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			l := newLine(b, tt.options)
			addOSDP(b, l, "door", 1, osdp.Options{})
			h := plugIn(b, l)
			for b.Loop() {
				h.ask(1, 0, poll)
			}
		})
	}
}
