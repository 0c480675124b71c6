package ascii_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/test/sim/reader/ascii"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/solo"
)

const ms = time.Millisecond

var (
	start = time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)
	tag   = card.FromEM4100([5]byte{0x01, 0x00, 0x63, 0xE9, 0xAE})
)

func device(t testing.TB, o ascii.Options) *ascii.Device {
	t.Helper()
	d, err := ascii.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// placement is cards with tokens from 1 on.
func placement(cards ...card.Card) solo.Placement {
	var p solo.Placement
	for i, c := range cards {
		p.Cards = append(p.Cards, solo.Card{Token: uint64(i + 1), Card: c})
	}
	return p
}

// place brings cards into the field at the start.
func place(t testing.TB, d *ascii.Device, cards ...card.Card) {
	t.Helper()
	if err := d.Place(start, placement(cards...)); err != nil {
		t.Fatal(err)
	}
}

// frames lets time pass until nothing happens any more; it returns what was sent, with its time, and when the last
// card left.
func frames(d *ascii.Device) (sent []string, at []time.Duration, left time.Duration) {
	for {
		now, ok := d.Next()
		if !ok {
			return sent, at, left
		}
		d.Tick(now)
		for _, f := range d.Frames() {
			sent, at = append(sent, string(f.Octets)), append(at, now.Sub(start))
		}
		for _, e := range d.Events() {
			if e.Kind == solo.Left {
				left = e.At.Sub(start)
			}
		}
	}
}

func TestFrames(t *testing.T) {
	decimal := ascii.Options{End: "\r\n", Decimal: true, Digits: 10}
	tests := []struct {
		name    string
		options ascii.Options
		card    card.Card
		want    string // hexadecimal
	}{
		// RDM6300 data sheet: tag 010063E9AE, XOR 25.
		{"RDM6300", ascii.RDM6300(), tag, "02 30 31 30 30 36 33 45 39 41 45 32 35 03"},
		// ID-12LA data sheet: tag 0C000621A5, XOR 8E.
		{"ID-12LA", ascii.ID12LA(), card.FromEM4100([5]byte{0x0C, 0x00, 0x06, 0x21, 0xA5}), "02 30 43 30 30 30 36 32 31 41 35 38 45 0D 0A 03"},
		// WEC200 manual, appendix C: facility code 177, number 25111.
		{"WEC200", ascii.WEC200(), card.W26(177, 25111), "02 57 46 43 31 37 37 49 44 32 35 31 31 31 0D"},
		{"pcProx, site and number", ascii.PcProx(), card.W26(123, 45678), hex.EncodeToString([]byte("123:45678\r"))},
		{"pcProx, another card", ascii.PcProx(), card.FromUID(0x04, 0xA2, 0xB3, 0xC4), hex.EncodeToString([]byte("04A2B3C4\r"))},
		{"hexadecimal UID and CR", ascii.Generic(), card.FromUID(0x04, 0xA2, 0xB3, 0xC4), hex.EncodeToString([]byte("04A2B3C4\r"))},
		// The number printed on the tag of the RDM6300 example is 0006547886, that of its last four octets.
		{"decimal, ten digits", decimal, card.FromUID(0x00, 0x63, 0xE9, 0xAE), hex.EncodeToString([]byte("0006547886\r\n"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want, err := hex.DecodeString(strings.ReplaceAll(tt.want, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			d := device(t, tt.options)
			place(t, d, tt.card)
			sent, _, _ := frames(d)
			if len(sent) == 0 || sent[0] != string(want) {
				t.Errorf("sent %q, want %q", sent, want)
			}
		})
	}
}

func TestFramesRepeatWhileTheCardStays(t *testing.T) {
	tests := []struct {
		name    string
		options func(*ascii.Options)
		cards   []card.Card
		want    []time.Duration
		left    time.Duration
	}{
		{"held 230 ms", func(o *ascii.Options) { o.Dwell = 230 * ms }, []card.Card{tag}, []time.Duration{50 * ms, 100 * ms, 150 * ms, 200 * ms}, 230 * ms},
		{"gone as a frame would begin", func(o *ascii.Options) { o.Dwell = 100 * ms }, []card.Card{tag}, []time.Duration{50 * ms}, 100 * ms},
		{"gone before it could be read", func(o *ascii.Options) { o.Dwell = 40 * ms }, []card.Card{tag}, nil, 40 * ms},
		{"a reader that sends once", func(o *ascii.Options) { o.Repeat = 0 }, []card.Card{tag}, []time.Duration{50 * ms}, 400 * ms},
		{"two tags disturb each other", func(o *ascii.Options) { o.Dwell = 200 * ms }, []card.Card{tag, card.FromEM4100([5]byte{2})}, nil, 200 * ms},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := ascii.RDM6300()
			tt.options(&o)
			d := device(t, o)
			place(t, d, tt.cards...)
			_, at, left := frames(d)
			if diff := cmp.Diff(at, tt.want); diff != "" {
				t.Errorf("frames (-got +want):\n%s", diff)
			}
			if left != tt.left {
				t.Errorf("left after %v, want %v", left, tt.left)
			}
		})
	}
}

func TestALateTickIsNotMadeUpFor(t *testing.T) {
	d := device(t, ascii.RDM6300())
	place(t, d, tag)
	d.Tick(start.Add(300 * ms))
	if got := d.Frames(); len(got) != 1 {
		t.Errorf("frames at 300 ms = %v, want 1", got)
	}
	d.Tick(start.Add(310 * ms))
	if got := d.Frames(); len(got) != 0 {
		t.Errorf("second frame only 10 ms later: %v", got)
	}
	if got, _ := d.Next(); got != start.Add(350*ms) {
		t.Errorf("next frame after %v, want 350ms", got.Sub(start))
	}
}

func TestPlaceRefusesOtherCards(t *testing.T) {
	if err := device(t, ascii.RDM6300()).Place(start, placement(card.W26(1, 2))); !errors.Is(err, ascii.ErrCard) {
		t.Errorf("Place = %v, want ErrCard", err)
	}
}

func TestAStuckCardIsSentUntilItIsLifted(t *testing.T) {
	d := device(t, ascii.RDM6300())
	p := placement(tag)
	p.Stuck, p.Every = true, ms
	if err := d.Place(start, p); err != nil {
		t.Fatal(err)
	}
	now := start
	for range 1000 {
		now, _ = d.Next()
		d.Tick(now)
	}
	if got, took := len(d.Frames()), now.Sub(start); got != 1000 || took != 1049*ms {
		t.Errorf("%d frames in %v, want 1000, one a millisecond after the first 50", got, took)
	}
	d.Lift(now)
	sent, _, left := frames(d)
	if len(sent) != 0 || left != now.Sub(start) {
		t.Errorf("after Lift: sent %q, left after %v, want nothing and at once", sent, left)
	}
}

// A person whose card comes to lie beside a stuck one is not read; once they have gone, the stuck one is again.
func TestAStuckCardDisturbsOthers(t *testing.T) {
	d := device(t, ascii.RDM6300())
	p := placement(tag)
	p.Stuck = true
	if err := d.Place(start, p); err != nil {
		t.Fatal(err)
	}
	now := start.Add(120 * ms)
	d.Tick(now)
	d.Frames()
	other := solo.Placement{Cards: []solo.Card{{Token: 7, Card: card.FromEM4100([5]byte{2})}}}
	if err := d.Place(now, other); err != nil {
		t.Fatal(err)
	}
	at, _ := d.Next()
	d.Tick(at)
	if got := d.Frames(); len(got) != 0 || at != now.Add(400*ms) {
		t.Errorf("after %v: frames %v, want none until the person leaves after 400 ms", at.Sub(now), got)
	}
	if got, want := d.Events(), []solo.Event{{At: at, Kind: solo.Left, Card: 7}}; !cmp.Equal(got, want) {
		t.Errorf("events = %v, want %v", got, want)
	}
	if at, _ = d.Next(); at != now.Add(450*ms) {
		t.Errorf("next after %v, want the stuck card 50 ms later", at.Sub(now))
	}
	d.Tick(at)
	if got := d.Frames(); len(got) != 1 || got[0].Cards[0] != 1 {
		t.Errorf("frames = %v, want the stuck card", got)
	}
}

func TestPowerCycle(t *testing.T) {
	o := ascii.RDM6300()
	o.Feedback = signals
	d := device(t, o)
	place(t, d, tag)
	d.Hear(start, []byte("RED\r"))
	d.Tick(start.Add(60 * ms))
	d.PowerCycle(start.Add(70 * ms))
	if got := d.Frames(); len(got) != 0 || d.Light(start.Add(70*ms)) != lamp.Off {
		t.Errorf("frames %v, light %v, want none and off", got, d.Light(start.Add(70*ms)))
	}
	if _, at, _ := frames(d); len(at) == 0 || at[0] != 120*ms {
		t.Errorf("frames after %v, want the card again after 120 ms", at)
	}
}
