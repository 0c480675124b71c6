package twn4_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/solo"
	"github.com/rollcall-edge/rollcall/test/sim/reader/twn4"
)

const ms = time.Millisecond

var start = time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)

// desk is a TWN4 and the time in front of it.
type desk struct {
	t testing.TB
	d *twn4.Device

	now    time.Time
	events []solo.Event
}

func newDesk(t testing.TB, o twn4.Options) *desk {
	return &desk{t: t, d: twn4.New(o), now: start}
}

func (k *desk) place(cards ...card.Card) {
	k.t.Helper()
	var p solo.Placement
	for i, c := range cards {
		p.Cards = append(p.Cards, solo.Card{Token: uint64(i + 1), Card: c})
	}
	if err := k.d.Place(k.now, p); err != nil {
		k.t.Fatal(err)
	}
}

// ask sends a line and lets time pass until the answer is there; without one, until nothing is due.
func (k *desk) ask(line string) string {
	k.d.Hear(k.now, []byte(line+"\r"))
	for {
		k.d.Tick(k.now)
		k.events = append(k.events, k.d.Events()...)
		if f := k.d.Frames(); len(f) > 0 {
			return strings.TrimSuffix(string(f[0].Octets), "\r")
		}
		at, ok := k.d.Next()
		if !ok {
			return ""
		}
		k.now = at
	}
}

// pass lets time pass.
func (k *desk) pass(d time.Duration) {
	end := k.now.Add(d)
	for at, ok := k.d.Next(); ok && !at.After(end); at, ok = k.d.Next() {
		k.d.Tick(at)
		k.events = append(k.events, k.d.Events()...)
	}
	k.now = end
}

// lights are the lights among the events, with when they were seen.
func (k *desk) lights() []solo.Event {
	var out []solo.Event
	for _, e := range k.events {
		if e.Kind == solo.Flashed || e.Kind == solo.Steadied {
			out = append(out, e)
		}
	}
	return out
}

var (
	uid4 = card.FromUID(0x66, 0xCF, 0x4D, 0xC2)
	uid7 = card.FromUID(0x04, 0xD0, 0x35, 0x01, 0x70, 0x07, 0x03)
	em   = card.FromEM4100([5]byte{0x01, 0x00, 0x63, 0xE9, 0xAE})
)

// The examples of "TWN4 Simple Protocol", DocRev17, and what its section 1.2 says of errors.
func TestExamples(t *testing.T) {
	jcop := card.FromISO14443A([]byte{1, 2, 3, 4}, 0x0304, 0x20)
	three := []card.Card{
		card.FromUID(0x04, 0xD7, 0xA7, 0x9A, 0x97, 0x37, 0x80),
		card.FromUID(0x04, 0x2D, 0xA7, 0x9A, 0x97, 0x37, 0x80),
		card.FromUID(0x04, 0x50, 0xA7, 0x9A, 0x97, 0x37, 0x80),
	}
	tests := []struct {
		name  string
		cards []card.Card
		lines [2]string // a question and another before it, if need be
		want  string
	}{
		{"GetVersionString", nil, [2]string{"0004FF"}, "001D54574E342F42312E30332F434346312E35372F505253312E30332F5049"},
		{"GetVersionString, four characters", nil, [2]string{"000404"}, "000454574E34"},
		{"GetUSBType", nil, [2]string{"0005"}, "0001"},
		{"GetDeviceType", nil, [2]string{"0006"}, "000B"},
		{"GetDeviceUID", nil, [2]string{"0008"}, "002D002F000B47303531353233"},
		{"SetParameters", nil, [2]string{"00090707010103010200"}, "0001"},
		{"GetUSBDeviceState", nil, [2]string{"010A"}, "0003"},
		{"GetHostChannel", nil, [2]string{"010B"}, "0001"},
		{"GPIOConfigureOutputs", nil, [2]string{"0400010000"}, "00"},
		{"GPIOSetBits", nil, [2]string{"040201"}, "00"},
		{"GPIOBlinkBits", nil, [2]string{"04050164006400"}, "00"},
		{"GPIOTestBit", nil, [2]string{"040601"}, "0000"},
		{"Beep", nil, [2]string{"0407646009F401F401"}, "00"},
		{"DiagLEDOn", nil, [2]string{"0408"}, "00"},
		{"DiagLEDIsOn", nil, [2]string{"040B"}, "0000"},
		{"DiagLEDIsOn, on", nil, [2]string{"040B", "0408"}, "0001"},
		{"SearchTag", []card.Card{uid4}, [2]string{"050010"}, "000180200466CF4DC2"},
		{"SearchTag, seven octets", []card.Card{uid7}, [2]string{"050010"}, "000180380704D03501700703"},
		{"SearchTag, EM4102", []card.Card{em}, [2]string{"050010"}, "0001402805010063E9AE"},
		{"SearchTag, HID Prox", []card.Card{card.W26(123, 45678)}, [2]string{"050010"}, "0001491A04BDD93740"},
		{"SearchTag, less room than octets", []card.Card{uid7}, [2]string{"050004"}, "000180200404D03501"},
		{"SearchTag, nothing there", nil, [2]string{"050010"}, "0000"},
		{"SearchTag, another type", []card.Card{em}, [2]string{"050010", "050200000000FFFFFFFF"}, "0000"},
		{"SearchTag, two EM4102", []card.Card{em, em}, [2]string{"050010"}, "0000"},
		{"SearchTag, after SetRFOff", []card.Card{uid4}, [2]string{"050010", "0501"}, "000180200466CF4DC2"},
		{"SetTagTypes", nil, [2]string{"0502FFFFFFFFFFFFFFFF"}, "00"},
		{"GetTagTypes", nil, [2]string{"0503", "05022FFE0700F7000000"}, "002FFE0700F7000000"},
		{"GetSupportedTagTypes", nil, [2]string{"0504"}, "002FFE0700F7000000"},
		{"ISO14443A_GetATQA", []card.Card{jcop}, [2]string{"1204", "050010"}, "00010403"},
		{"ISO14443A_GetATQA, none selected", []card.Card{jcop}, [2]string{"1204"}, "0000"},
		{"ISO14443A_GetSAK", []card.Card{jcop}, [2]string{"1205", "050010"}, "000120"},
		{"ISO14443A_GetSAK, not such a card", []card.Card{em}, [2]string{"1205", "050010"}, "0000"},
		{"ISO14443A_SearchMultiTag", three, [2]string{"1208FF"}, "000103180704D7A79A97378007042DA79A973780070450A79A973780"},
		{"ISO14443A_SearchMultiTag, room for one", three, [2]string{"12080F"}, "000101080704D7A79A973780"},
		{"ISO14443A_SearchMultiTag, none", []card.Card{em}, [2]string{"1208FF"}, "0000"},
		{"ISO14443A_SelectTag", three, [2]string{"12090704D7A79A973780"}, "0001"},
		{"ISO14443A_SelectTag, not there", []card.Card{uid4}, [2]string{"12090704D7A79A973780"}, "0000"},
		{"small letters", []card.Card{uid4}, [2]string{"12090466cf4dc2"}, "0001"},

		{"unknown API", nil, [2]string{"F000"}, "01"},
		{"function not built here", nil, [2]string{"0600FF"}, "04"},
		{"half a function", nil, [2]string{"05"}, "02"},
		{"no parameter", nil, [2]string{"0500"}, "02"},
		{"array cut short", nil, [2]string{"120907"}, "02"},
		{"too many parameters", nil, [2]string{"05001000"}, "03"},
		{"odd digits", nil, [2]string{"05001"}, "05"},
		{"no digits", nil, [2]string{"hello"}, "05"},
		{"line feed", nil, [2]string{"\n050010"}, "05"},
		{"a line without end", nil, [2]string{strings.Repeat("00", 5000)}, "05"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := newDesk(t, twn4.Options{Version: "TWN4/B1.03/CCF1.57/PRS1.03/PI"})
			if len(tt.cards) > 0 {
				k.place(tt.cards...)
			}
			if tt.lines[1] != "" {
				k.ask(tt.lines[1])
			}
			if got := k.ask(tt.lines[0]); got != tt.want {
				t.Errorf("%s answered with %s, want %s", tt.lines[0], got, tt.want)
			}
		})
	}
}

// Section 1.3.4: reference messages for GetUSBType with CRC.
func TestCRC(t *testing.T) {
	k := newDesk(t, twn4.Options{CRC: true})
	if got, want := k.ask("000515A7"), "000131E1"; got != want {
		t.Errorf("answer = %s, want %s", got, want)
	}
	if got := k.ask("000515A6"); !strings.HasPrefix(got, "05") {
		t.Errorf("answer to a wrong CRC = %s, want status 05", got)
	}
	if got := k.ask("00"); !strings.HasPrefix(got, "05") {
		t.Errorf("answer to too short a line = %s, want status 05", got)
	}
	if got := k.d.Broken(); got != 2 {
		t.Errorf("broken = %d, want 2", got)
	}
}

func TestTimeOfCommands(t *testing.T) {
	tests := []struct {
		line string
		want time.Duration
	}{
		{"0005", 0},
		{"050010", 30 * ms},
		{"04076460090A000000", 10 * ms}, // 2400 Hz for 10 ms
		{"0407646009F401F401", 1000 * ms},
		{"0407006009F401F401", 1000 * ms}, // without a sound
	}
	for _, tt := range tests {
		k := newDesk(t, twn4.Options{})
		k.ask(tt.line)
		if got := k.now.Sub(start); got != tt.want {
			t.Errorf("%s took %v, want %v", tt.line, got, tt.want)
		}
		k = newDesk(t, twn4.Options{Instant: true})
		k.ask(tt.line)
		if got := k.now.Sub(start); got != 0 {
			t.Errorf("%s took %v though it is to be instant", tt.line, got)
		}
	}
}

func TestCommandsWaitForOneAnother(t *testing.T) {
	k := newDesk(t, twn4.Options{})
	k.d.Hear(start, []byte("0407646009640000"+"00\r0005\r\r0"))
	k.d.Tick(start)
	if got := k.d.Frames(); len(got) != 0 {
		t.Errorf("frames = %v, want none while it beeps", got)
	}
	at, _ := k.d.Next()
	k.d.Tick(at)
	if got := k.d.Frames(); len(got) != 2 || at != start.Add(100*ms) || string(got[1].Octets) != "0001\r" {
		t.Errorf("after %v: %v, want both answers after 100 ms", at.Sub(start), got)
	}
}

func TestSeveralCards(t *testing.T) {
	k := newDesk(t, twn4.Options{})
	k.place(uid4, uid7, em)
	var got []string
	for range 4 {
		got = append(got, k.ask("050010")[4:6])
	}
	if want := []string{"80", "80", "40", "80"}; !cmp.Equal(got, want) {
		t.Errorf("types = %v, want %v: one after the other", got, want)
	}
	k = newDesk(t, twn4.Options{First: true})
	k.place(uid4, uid7)
	if a, b := k.ask("050010"), k.ask("050010"); a != b {
		t.Errorf("%s and %s, want the first always", a, b)
	}
}

func TestOtherCardsAreRefused(t *testing.T) {
	d := twn4.New(twn4.Options{})
	p := solo.Placement{Cards: []solo.Card{{Token: 1, Card: card.FromCode("x")}}}
	if err := d.Place(start, p); !errors.Is(err, twn4.ErrCard) {
		t.Errorf("Place = %v, want ErrCard", err)
	}
}

func TestCardsComeAndGo(t *testing.T) {
	k := newDesk(t, twn4.Options{Dwell: 400 * ms})
	k.place(uid4)
	k.pass(390 * ms)
	if got := k.ask("050010"); got == "0000" { // begun in time
		t.Error("no card after 390 ms")
	}
	if got := k.ask("050010"); got != "0000" {
		t.Errorf("after 420 ms: %s, want 0000", got)
	}
	if want := []solo.Event{{At: start.Add(400 * ms), Kind: solo.Left, Card: 1}}; !cmp.Equal(k.events, want) {
		t.Errorf("events = %v, want %v", k.events, want)
	}

	k = newDesk(t, twn4.Options{})
	k.place(uid4)
	k.pass(time.Hour)
	if got := k.ask("050010"); got == "0000" {
		t.Error("the card left before its person")
	}
	k.d.Depart(k.now)
	k.pass(time.Second)
	if got := k.ask("050010"); got != "0000" {
		t.Errorf("a second after its person went: %s, want 0000", got)
	}
}

func TestLights(t *testing.T) {
	type step struct {
		wait time.Duration
		line string
	}
	ready := []step{{0, "041007"}, {0, "041104"}, {time.Second, ""}}
	tests := []struct {
		name  string
		steps []step
		want  []solo.Event // At from when the person begins to look on
	}{
		{"green for a second", []step{{0, "041207"}, {0, "041102"}, {time.Second, "041202"}, {0, "041104"}}, []solo.Event{{At: start, Kind: solo.Flashed, Light: lamp.Green}}},
		{"red blinking", []step{{0, "041207"}, {0, "041401C800C800"}, {700 * ms, "041201"}, {0, "041104"}}, []solo.Event{{At: start, Kind: solo.Flashed, Light: lamp.RedDouble}}},
		{"blue blinking", []step{{0, "0414042C012C01"}, {1000 * ms, "041104"}}, []solo.Event{{At: start.Add(300 * ms), Kind: solo.Flashed, Light: lamp.BlueBlink}}},
		{"amber of red and green", []step{{0, "041204"}, {0, "041103"}, {time.Second, "041207"}, {0, "041104"}}, []solo.Event{{At: start, Kind: solo.Flashed, Light: lamp.Amber}}},
		{"off for good", []step{{0, "041207"}}, []solo.Event{{At: start, Kind: solo.Steadied, Light: lamp.Off}}},
		{"toggled", []step{{0, "041306"}, {time.Second, "041306"}}, []solo.Event{{At: start, Kind: solo.Flashed, Light: lamp.Green}}},
		{"by the names of 2018", []step{{0, "040304"}, {0, "040202"}, {time.Second, "040302"}, {0, "040204"}}, []solo.Event{{At: start, Kind: solo.Flashed, Light: lamp.Green}}},
		{"back to inputs", []step{{0, "04010700"}, {0, "041102"}}, []solo.Event{{At: start, Kind: solo.Steadied, Light: lamp.Off}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := newDesk(t, twn4.Options{})
			for _, s := range ready {
				k.ask(s.line)
				k.pass(s.wait)
			}
			if got := k.d.Steady(); got != lamp.Blue {
				t.Fatalf("steady light = %v, want blue", got)
			}
			k.pass(5 * time.Second)
			k.events = nil
			from := k.now
			k.d.Watch(from)
			for _, s := range tt.steps {
				k.pass(s.wait)
				if got := k.ask(s.line); got != "00" {
					t.Fatalf("%s: %s, want 00", s.line, got)
				}
			}
			k.pass(10 * time.Second)
			for i, e := range k.events {
				k.events[i].At = start.Add(e.At.Sub(from))
			}
			if diff := cmp.Diff(k.lights(), tt.want); diff != "" {
				t.Errorf("lights (-got +want):\n%s", diff)
			}
		})
	}
}

func TestModelWithAYellowLED(t *testing.T) {
	k := newDesk(t, twn4.Options{Third: lamp.AmberColour})
	k.ask("041004")
	k.ask("041104")
	if got := k.d.Light(k.now); got != lamp.Amber {
		t.Errorf("light = %v, want amber", got)
	}
}

func TestLEDsMustBeInitialised(t *testing.T) {
	k := newDesk(t, twn4.Options{})
	k.ask("041102")
	if got := k.d.Light(k.now); got != lamp.Off {
		t.Errorf("light = %v, want off before LEDInit", got)
	}
	k.ask("041002")
	k.ask("041106")
	if got, is := k.d.Light(k.now), k.ask("041502"); got != lamp.Green || is != "0001" {
		t.Errorf("light = %v, LEDIsOn %s, want green alone and 0001", got, is)
	}
}

func TestResetAndPowerCycle(t *testing.T) {
	for name, restart := range map[string]func(*desk){
		"Reset": func(k *desk) {
			k.d.Hear(k.now, []byte("0001\r"))
			k.d.Tick(k.now)
			if got := k.d.Frames(); len(got) != 0 {
				k.t.Errorf("Reset was answered with %v", got)
			}
		},
		"power cycle": func(k *desk) { k.d.PowerCycle(k.now) },
	} {
		t.Run(name, func(t *testing.T) {
			k := newDesk(t, twn4.Options{Dwell: time.Hour})
			k.place(uid4)
			k.ask("041007")
			k.ask("041104")
			k.pass(time.Minute)
			restart(k)
			if got := k.d.Light(k.now); got != lamp.Off {
				t.Errorf("light = %v, want off", got)
			}
			if got := k.ask("0003"); got != "0000000000" {
				t.Errorf("ticks = %s, want 0", got)
			}
			k.ask("041104")
			if got := k.d.Light(k.now); got != lamp.Off {
				t.Errorf("light = %v, want LEDInit to be needed again", got)
			}
			if got := k.ask("050010"); got == "0000" {
				t.Error("the card has gone")
			}
			k.pass(1000 * ms)
			if got := k.ask("0003"); got != "0006040000" { // 1030 ms, the search included
				t.Errorf("ticks = %s, want 0006040000", got)
			}
		})
	}
}

func FuzzHear(f *testing.F) {
	f.Add([]byte("050010\r"), uint16(5))
	f.Add([]byte("041007\r041401C800C800\r0407646009640064"+"00\r"), uint16(100))
	f.Add([]byte("1208FF\r12090466CF4DC2\r1204\r"), uint16(1))
	f.Add([]byte("0001\r0004FF\r\r\r05\rzz\r"), uint16(0))
	f.Fuzz(func(t *testing.T, in []byte, step uint16) {
		k := newDesk(t, twn4.Options{})
		k.place(uid4, uid7, em)
		for _, b := range in {
			k.now = k.now.Add(time.Duration(step) * ms)
			k.d.Hear(k.now, []byte{b})
			k.d.Tick(k.now)
			if at, ok := k.d.Next(); ok && !at.After(k.now) {
				t.Fatalf("%v is still due after a tick at %v", at, k.now)
			}
			for _, f := range k.d.Frames() {
				if n := len(f.Octets); n < 3 || f.Octets[n-1] != '\r' {
					t.Fatalf("answer %q is no line", f.Octets)
				}
			}
			for _, e := range k.d.Events() {
				if e.At.After(k.now) {
					t.Fatalf("%+v is in the future", e)
				}
			}
		}
	})
}
