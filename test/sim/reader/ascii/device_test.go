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

// frames places cards and lets time pass until they have left; it returns what was sent, with its time, and when
// the cards left.
func frames(t testing.TB, d *ascii.Device, cards ...card.Card) (sent []string, at []time.Duration, left time.Duration) {
	t.Helper()
	if err := d.Place(start, cards...); err != nil {
		t.Fatal(err)
	}
	for {
		now, ok := d.Next()
		if !ok {
			return sent, at, left
		}
		frame, gone := d.Tick(now)
		if frame != nil {
			sent, at = append(sent, string(frame)), append(at, now.Sub(start))
		}
		if gone {
			left = now.Sub(start)
		}
	}
}

func TestFrames(t *testing.T) {
	twelve := ascii.Options{Start: "\x02", End: "\r\n\x03", Check: ascii.XOR}
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
		{"ID-12LA framing", twelve, card.FromEM4100([5]byte{0x0C, 0x00, 0x06, 0x21, 0xA5}), "02 30 43 30 30 30 36 32 31 41 35 38 45 0D 0A 03"},
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
			sent, _, _ := frames(t, device(t, tt.options), tt.card)
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
			_, at, left := frames(t, device(t, o), tt.cards...)
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
	if err := d.Place(start, tag); err != nil {
		t.Fatal(err)
	}
	if frame, _ := d.Tick(start.Add(300 * ms)); frame == nil {
		t.Error("no frame at 300 ms")
	}
	if frame, _ := d.Tick(start.Add(310 * ms)); frame != nil {
		t.Errorf("second frame %q only 10 ms later", frame)
	}
	if got, _ := d.Next(); got != start.Add(350*ms) {
		t.Errorf("next frame after %v, want 350ms", got.Sub(start))
	}
}

func TestPlaceRefusesOtherCards(t *testing.T) {
	if err := device(t, ascii.RDM6300()).Place(start, card.W26(1, 2)); !errors.Is(err, ascii.ErrCard) {
		t.Errorf("Place = %v, want ErrCard", err)
	}
}

var signals = []ascii.Feedback{
	{Text: "LED=BLUE\r", Light: lamp.Blue},
	{Text: "LED=OFF\r", Light: lamp.Off},
	{Text: "GREEN\r", Light: lamp.Green, For: time.Second},
	{Text: "RED\r", Light: lamp.Red, For: 1500 * ms},
}

func TestFeedback(t *testing.T) {
	o := ascii.Generic()
	o.Feedback = signals
	d := device(t, o)
	if !d.HasLight() || d.Light(start) != lamp.Off {
		t.Fatalf("at start: HasLight %v, light %v, want true and off", d.HasLight(), d.Light(start))
	}
	d.Hear(start, []byte("nonsense LED=BL"))
	got := d.Hear(start, []byte("UE\rGREEN\r"))
	want := []ascii.Event{{At: start, Light: lamp.Blue}, {At: start, Light: lamp.Green, Passing: true}}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("Hear (-got +want):\n%s", diff)
	}
	for _, tt := range []struct {
		after time.Duration
		want  lamp.Light
	}{{0, lamp.Green}, {999 * ms, lamp.Green}, {1000 * ms, lamp.Blue}} {
		if got := d.Light(start.Add(tt.after)); got != tt.want {
			t.Errorf("light after %v = %v, want %v", tt.after, got, tt.want)
		}
	}
	if got := d.Steady(); got != lamp.Blue {
		t.Errorf("Steady = %v, want blue", got)
	}
}

func TestNoLight(t *testing.T) {
	d := device(t, ascii.RDM6300())
	if got := d.Hear(start, []byte("GREEN\r")); got != nil {
		t.Errorf("Hear = %v, want nothing", got)
	}
	if d.HasLight() || d.Light(start) != lamp.None || d.Steady() != lamp.None {
		t.Errorf("HasLight %v, light %v, steady %v, want false, none, none", d.HasLight(), d.Light(start), d.Steady())
	}
}

func TestFeedbackThatCannotBeToldApart(t *testing.T) {
	tests := [][]ascii.Feedback{
		{{Text: ""}},
		{{Text: "G"}, {Text: "GG"}},
		{{Text: "LED=RED"}, {Text: "RED"}},
		{{Text: "R"}, {Text: "R"}},
	}
	for _, list := range tests {
		if _, err := ascii.New(ascii.Options{Feedback: list}); !errors.Is(err, ascii.ErrFeedback) {
			t.Errorf("New(%v) = %v, want ErrFeedback", list, err)
		}
	}
}

func FuzzDevice(f *testing.F) {
	f.Add([]byte("GREEN\r"), uint16(10))
	f.Add([]byte("xxLED=BLUE\rRED\r"), uint16(700))
	f.Add([]byte(strings.Repeat("G", 600)), uint16(1))
	f.Fuzz(func(t *testing.T, in []byte, step uint16) {
		o := ascii.RDM6300()
		o.Feedback = signals
		d := device(t, o)
		if err := d.Place(start, tag); err != nil {
			t.Fatal(err)
		}
		now, away := start, false
		for _, b := range in {
			now = now.Add(time.Duration(step) * ms)
			for _, e := range d.Hear(now, []byte{b}) {
				if e.Passing && d.Light(now) != e.Light || !e.Passing && d.Steady() != e.Light {
					t.Fatalf("%+v was not shown", e)
				}
			}
			frame, left := d.Tick(now)
			if frame != nil && away {
				t.Fatalf("frame %q after the card had left", frame)
			}
			away = away || left
		}
	})
}
