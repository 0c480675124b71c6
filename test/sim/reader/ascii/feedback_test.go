package ascii_test

import (
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

var signals = []ascii.Feedback{
	{Text: "LED=BLUE\r", Light: lamp.Blue},
	{Text: "LED=OFF\r", Light: lamp.Off},
	{Text: "LED=AMBER\r", Light: lamp.Amber},
	{Text: "GREEN\r", Light: lamp.Green, For: time.Second, Beeps: 1, Answer: "OK\r"},
	{Text: "RED\r", Light: lamp.Red, For: 1500 * ms},
}

// settle lets time pass until nothing happens any more by itself, and returns the events.
func settle(d *ascii.Device) []solo.Event {
	for at, ok := d.Next(); ok; at, ok = d.Next() {
		d.Tick(at)
	}
	return d.Events()
}

func TestFeedback(t *testing.T) {
	o := ascii.Generic()
	o.Feedback = signals
	d := device(t, o)
	if !d.HasLight() || d.Light(start) != lamp.Off {
		t.Fatalf("at start: HasLight %v, light %v, want true and off", d.HasLight(), d.Light(start))
	}
	d.Hear(start, []byte("nonsense LED=BL"))
	d.Hear(start, []byte("UE\rGREEN\r"))
	for _, tt := range []struct {
		after time.Duration
		want  lamp.Light
	}{{0, lamp.Green}, {999 * ms, lamp.Green}, {1000 * ms, lamp.Blue}} {
		if got := d.Light(start.Add(tt.after)); got != tt.want {
			t.Errorf("light after %v = %v, want %v", tt.after, got, tt.want)
		}
	}
	want := []solo.Event{
		{At: start, Kind: solo.Flashed, Light: lamp.Green},
		{At: start, Kind: solo.Beeped, Count: 1},
		{At: start, Kind: solo.Steadied, Light: lamp.Blue},
	}
	if diff := cmp.Diff(settle(d), want); diff != "" {
		t.Errorf("events (-got +want):\n%s", diff)
	}
	if got := d.Frames(); len(got) != 1 || string(got[0].Octets) != "OK\r" || !got[0].Answer {
		t.Errorf("frames = %v, want the answer OK", got)
	}
	if got := d.Steady(); got != lamp.Blue {
		t.Errorf("Steady = %v, want blue", got)
	}
}

// A reader whose lights stay until replaced flashes when the host puts the steady light back.
func TestALightThatIsReplacedHasPassed(t *testing.T) {
	o := ascii.Generic()
	o.Feedback = signals
	d := device(t, o)
	d.Hear(start, []byte("LED=BLUE\r"))
	settle(d)
	at := start.Add(time.Minute)
	d.Hear(at, []byte("LED=AMBER\r"))
	d.Tick(at.Add(time.Second))
	d.Hear(at.Add(time.Second), []byte("LED=BLUE\r"))
	want := []solo.Event{{At: at, Kind: solo.Flashed, Light: lamp.Amber}}
	if diff := cmp.Diff(settle(d), want); diff != "" {
		t.Errorf("events (-got +want):\n%s", diff)
	}
}

func TestNoLight(t *testing.T) {
	d := device(t, ascii.RDM6300())
	d.Hear(start, []byte("GREEN\r"))
	if got := d.Events(); got != nil {
		t.Errorf("events = %v, want none", got)
	}
	if d.HasLight() || d.Light(start) != lamp.None || d.Steady() != lamp.None {
		t.Errorf("HasLight %v, light %v, steady %v, want false, none, none", d.HasLight(), d.Light(start), d.Steady())
	}
}

func TestFeedbackThatCannotBe(t *testing.T) {
	tests := [][]ascii.Feedback{
		{{Text: ""}},
		{{Text: "G"}, {Text: "GG"}},
		{{Text: "LED=RED"}, {Text: "RED"}},
		{{Text: "R"}, {Text: "R"}},
		{{Text: "R", Light: lamp.RedDouble}},
	}
	for _, list := range tests {
		if _, err := ascii.New(ascii.Options{Feedback: list}); !errors.Is(err, ascii.ErrFeedback) {
			t.Errorf("New(%v) = %v, want ErrFeedback", list, err)
		}
	}
}

func TestTalk(t *testing.T) {
	tests := []struct {
		name    string
		options ascii.Options
		heard   string
		want    string
		light   lamp.Light
		beeps   int
		broken  int
	}{
		// WEC200 manual, chapter 6: answers 02 A CR and 02 N CR, firmware as in its example.
		{"beep pattern", ascii.WEC200(), "\x02SB11110101\r", "\x02A\r", lamp.Off, 3, 0},
		{"relay 1 for good", ascii.WEC200(), "\x02SD\xFF\r", "\x02A\r", lamp.Green, 0, 0},
		{"relay 2 for half a second", ascii.WEC200(), "\x02SA\x05\r", "\x02A\r", lamp.Red, 0, 0},
		{"relay 1 open", ascii.WEC200(), "\x02SD\xFF\r\x02SD\x00\r", "\x02A\r\x02A\r", lamp.Off, 0, 0},
		{"firmware", ascii.WEC200(), "\x02GR\r", "\x02ROM0722A7\r", lamp.Off, 0, 0},
		{"unknown", ascii.WEC200(), "\x02XX\r", "\x02N\r", lamp.Off, 0, 1},
		{"no pattern", ascii.WEC200(), "\x02SB1201\r", "\x02N\r", lamp.Off, 0, 1},
		{"no start", ascii.WEC200(), "SB1\r", "", lamp.Off, 0, 1},
		// pcProx: a prompt after every command (user manual of the LC8058U, chapter 4).
		{"green", ascii.PcProx(), "rfid:out.led=2\r", "\r\nRF IDeas>", lamp.Green, 0, 0},
		{"amber with zeros, line feed", ascii.PcProx(), "RFID:OUT.LED=0003\n", "\r\nRF IDeas>", lamp.Amber, 0, 0},
		{"two beeps", ascii.PcProx(), "rfid:beep.now=2\r", "\r\nRF IDeas>", lamp.Off, 2, 0},
		{"nothing queued", ascii.PcProx(), "rfid:qid\r", "\r\n{0xFFFF,0,0x0000,0;0x00000000000000000000}\r\nRF IDeas>", lamp.Off, 0, 0},
		{"unknown to pcProx", ascii.PcProx(), "rfid:nonsense\r", "\r\n{Error}\r\nRF IDeas>", lamp.Off, 0, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := device(t, tt.options)
			d.Hear(start, []byte(tt.heard))
			var got strings.Builder
			for _, f := range d.Frames() {
				got.Write(f.Octets)
			}
			beeps := 0
			for _, e := range d.Events() {
				if e.Kind == solo.Beeped {
					beeps += e.Count
				}
			}
			if got.String() != tt.want || d.Light(start) != tt.light || beeps != tt.beeps || d.Broken() != tt.broken {
				t.Errorf("answer %q, light %v, %d beeps, %d broken, want %q, %v, %d, %d",
					got.String(), d.Light(start), beeps, d.Broken(), tt.want, tt.light, tt.beeps, tt.broken)
			}
		})
	}
}

func TestPcProxTellsTheCardInItsField(t *testing.T) {
	d := device(t, ascii.PcProx())
	place(t, d, card.W26(123, 45678))
	d.Hear(start, []byte("rfid:qid\r"))
	if got, want := string(d.Frames()[0].Octets), "\r\n{0x0000,0,0x0000,26;0x000000000000BDD93740}\r\nRF IDeas>"; got != want {
		t.Errorf("qid = %q, want %q", got, want)
	}
}

func FuzzDevice(f *testing.F) {
	f.Add([]byte("GREEN\r"), uint16(10), uint8(0))
	f.Add([]byte("xxLED=BLUE\rRED\r"), uint16(700), uint8(0))
	f.Add([]byte(strings.Repeat("G", 600)), uint16(1), uint8(1))
	f.Add([]byte("\x02SB101\r\x02SD\x05\r"), uint16(30), uint8(1))
	f.Add([]byte("rfid:out.led=2\rrfid:qid\n"), uint16(30), uint8(2))
	f.Fuzz(func(t *testing.T, in []byte, step uint16, talk uint8) {
		o := ascii.RDM6300()
		if o.Talk = ascii.Talk(talk % 3); o.Talk == ascii.NoTalk {
			o.Feedback = signals
		}
		d := device(t, o)
		place(t, d, tag)
		now, away := start, false
		for _, b := range in {
			now = now.Add(time.Duration(step) * ms)
			d.Hear(now, []byte{b})
			d.Tick(now)
			if at, ok := d.Next(); ok && !at.After(now) {
				t.Fatalf("%v is still due after a tick at %v", at, now)
			}
			for _, f := range d.Frames() {
				if len(f.Cards) > 0 && away {
					t.Fatalf("frame %q after the card had left", f.Octets)
				}
			}
			for _, e := range d.Events() {
				away = away || e.Kind == solo.Left
				if e.At.After(now) {
					t.Fatalf("%+v is in the future", e)
				}
			}
		}
	})
}
