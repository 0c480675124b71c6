package pn532_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/pn532"
	"github.com/rollcall-edge/rollcall/test/sim/reader/solo"
)

const ms = time.Millisecond

var start = time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)

func octets(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatalf("vector %q: %v", text, err)
	}
	return b
}

const (
	wake = "55 55 00 00 00"
	ackd = "00 00 FF 00 FF 00"
	fail = ackd + "00 00 FF 01 FF 7F 81 00" // the error frame
)

// desk is a chip and the time in front of it.
type desk struct {
	t   testing.TB
	d   *pn532.Device
	now time.Time
}

func newDesk(t testing.TB, o pn532.Options) *desk {
	t.Helper()
	d, err := pn532.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return &desk{t, d, start}
}

// awake is a desk whose chip has been woken and set to its normal mode, and to one try for a card.
func awake(t testing.TB, o pn532.Options) *desk {
	t.Helper()
	k := newDesk(t, o)
	k.say(wake)
	k.expect("SAMConfiguration", "14 01 00 01", "15")
	k.expect("RFConfiguration, one try", "32 05 FF 01 00", "33")
	return k
}

func (k *desk) place(cards ...card.Card) {
	k.t.Helper()
	p := solo.Placement{Stuck: true}
	for i, c := range cards {
		p.Cards = append(p.Cards, solo.Card{Token: uint64(i + 1), Card: c})
	}
	if err := k.d.Place(k.now, p); err != nil {
		k.t.Fatal(err)
	}
}

// say sends octets and returns what comes back, in hexadecimal, once nothing is due any more.
func (k *desk) say(text string) string {
	k.t.Helper()
	k.d.Hear(k.now, octets(k.t, text))
	k.d.Tick(k.now)
	var got []byte
	for {
		for _, f := range k.d.Frames() {
			got = append(got, f.Octets...)
		}
		at, ok := k.d.Next()
		if !ok {
			return strings.ToUpper(hex.EncodeToString(got))
		}
		k.now = at
		k.d.Tick(at)
	}
}

// frame is a command with its sums, or a response.
func frame(t testing.TB, tfi byte, data string) string {
	b := append([]byte{tfi}, octets(t, data)...)
	sum := byte(0)
	for _, o := range b {
		sum += o
	}
	out := append([]byte{0x00, 0x00, 0xFF, byte(len(b)), -byte(len(b))}, b...)
	return strings.ToUpper(hex.EncodeToString(append(out, -sum, 0x00)))
}

// expect sends a command and demands an acknowledgement and this response.
func (k *desk) expect(name, data, want string) {
	k.t.Helper()
	got := k.say(frame(k.t, 0xD4, data))
	if want := plain(ackd) + frame(k.t, 0xD5, want); got != want {
		k.t.Errorf("%s: answered with %s, want %s", name, got, want)
	}
}

func plain(text string) string { return strings.ReplaceAll(text, " ", "") }

var (
	classic    = card.FromISO14443A([]byte{0xDE, 0xAD, 0xBE, 0xEF}, 0x0004, 0x08)
	ultralight = card.FromISO14443A([]byte{0x04, 0xA2, 0xB3, 0xC4, 0xD5, 0xE6, 0x80}, 0x0044, 0x00)
	desfire    = card.FromISO14443A([]byte{0x04, 0xD0, 0x35, 0x01, 0x70, 0x07, 0x03}, 0x0344, 0x20, 0x75, 0x77, 0x81, 0x02, 0x80)
)

// Whole frames as they are printed in UM0701-02 and in reports of those who drive the chip.
func TestFrames(t *testing.T) {
	k := newDesk(t, pn532.Options{})
	k.place(card.FromISO14443A([]byte{0x04, 0xA2, 0xB3, 0xC4, 0xD5, 0xE6, 0x80}, 0x0044, 0x20))
	for _, tt := range []struct{ name, in, want string }{
		{"asleep", "00 00 FF 02 FE D4 02 2A 00", ""},
		{"wake-up and SAMConfiguration", wake + "00 00 FF 05 FB D4 14 01 00 01 16 00", ackd + "00 00 FF 02 FE D5 15 16 00"},
		{"GetFirmwareVersion", "00 00 FF 02 FE D4 02 2A 00", ackd + "00 00 FF 06 FA D5 03 32 01 06 07 E8 00"},
		{"NACK", "00 00 FF FF 00 00", "00 00 FF 06 FA D5 03 32 01 06 07 E8 00"},
		{"InListPassiveTarget", "00 00 FF 04 FC D4 4A 01 00 E1 00", ackd + "00 00 FF 0F F1 D5 4B 01 01 00 44 20 07 04A2B3C4D5E680 1B 00"},
		{"InRelease", "00 00 FF 03 FD D4 52 00 DA 00", ackd + "00 00 FF 03 FD D5 53 00 D8 00"},
		{"no such command", "00 00 FF 02 FE D4 A0 8C 00", fail},
		{"wrong sum", "00 00 FF 02 FE D4 02 2B 00", ""},
	} {
		if got := k.say(tt.in); got != plain(tt.want) {
			t.Errorf("%s: answered with %s, want %s", tt.name, got, tt.want)
		}
	}
	if got := k.d.Broken(); got != 1 {
		t.Errorf("broken = %d, want 1", got)
	}
}

func TestCommands(t *testing.T) {
	long := strings.Repeat("00 ", 17)
	tests := []struct{ name, data, want string }{ // want "" is an error frame
		{"Diagnose, line", "00 00 6C 69 62", "01 00 6C 69 62"},
		{"Diagnose, ROM", "00 01", "01 00"},
		{"Diagnose, RAM", "00 02", "01 00"},
		{"Diagnose, card that was not selected", "00 06", "01 01"},
		{"Diagnose, echo for ever", "00 05 00", ""},
		{"Diagnose, nothing", "00", ""},
		{"GetFirmwareVersion with a parameter", "02 00", ""},
		{"GetGeneralStatus", "04", "05 00 00 00 80"},
		{"WriteRegister", "08 63 02 80", "09"},
		{"WriteRegister, half", "08 63 02", ""},
		{"ReadRegister", "06 63 02 63 03", "07 00 00"},
		{"ReadRegister, nothing", "06", ""},
		{"ReadGPIO", "0C", "0D 3F 06 00"},
		{"WriteGPIO, one port", "0E 82", ""},
		{"SetParameters", "12 14", "13"},
		{"SetParameters, nothing", "12", ""},
		{"SAMConfiguration, no such mode", "14 05 00", ""},
		{"RFConfiguration, field", "32 01 01", "33"},
		{"RFConfiguration, field and more", "32 01 01 00", ""},
		{"RFConfiguration, no such item", "32 09 00", ""},
		{"InListPassiveTarget, three", "4A 03 00", ""},
		{"InListPassiveTarget, no such modulation", "4A 01 05", ""},
		{"InListPassiveTarget, nothing", "4A", ""},
		{"InListPassiveTarget, FeliCa", "4A 01 01 00 FF FF 00 00", "4B 00"},
		{"InListPassiveTarget, not there", "4A 02 00", "4B 00"},
		{"InAutoPoll, no type", "60 01 01", ""},
		{"InAutoPoll, too many types", "60 01 01" + long, ""},
		{"InAutoPoll, not there", "60 02 01 10 20", "61 00"},
		{"InDeselect, not there", "44 01", "45 27"},
		{"InRelease, not there", "52 01", "53 27"},
		{"InSelect, not there", "54 01", "55 27"},
		{"InDataExchange, nothing", "40", ""},
		{"InDataExchange, not there", "40 01 30 00", "41 01"},
		{"InCommunicateThru, not there", "42 30 00", "43 01"},
		{"PowerDown", "16 F0", "17 00"},
		{"PowerDown, nothing", "16", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := awake(t, pn532.Options{})
			if tt.want != "" {
				k.expect(tt.name, tt.data, tt.want)
				return
			}
			if got := k.say(frame(t, 0xD4, tt.data)); got != plain(fail) {
				t.Errorf("answered with %s, want the error frame", got)
			}
		})
	}
}

func TestRegistersAreKept(t *testing.T) {
	k := awake(t, pn532.Options{})
	k.expect("WriteRegister", "08 63 02 80 63 3D 07", "09")
	k.expect("ReadRegister", "06 63 3D 63 02 63 03", "07 07 80 00")
}

func TestWaking(t *testing.T) {
	firmware := frame(t, 0xD4, "02")
	tests := []struct{ name, in, want string }{
		{"frame alone, which wakes it and is lost", firmware, ""},
		{"the same frame again", firmware + firmware, ackd + "00 00 FF 06 FA D5 03 32 01 06 07 E8 00"},
		{"too few edges", "FF FF 00 FF", ""},
		{"one 55 and zeros", "55 00 00 00" + firmware, ackd + "00 00 FF 06 FA D5 03 32 01 06 07 E8 00"},
		{"only zeros", strings.Repeat("00", 10) + firmware, ackd + "00 00 FF 06 FA D5 03 32 01 06 07 E8 00"},
		{"55 55, and the frame too soon", "55 55" + firmware, ""},
		{"55 55 and zeros", wake + firmware, ackd + "00 00 FF 06 FA D5 03 32 01 06 07 E8 00"},
		{"55 55 and many zeros", "55 55" + strings.Repeat("00", 14) + firmware, ackd + "00 00 FF 06 FA D5 03 32 01 06 07 E8 00"},
		{"antenna before SAMConfiguration", wake + frame(t, 0xD4, "4A 01 00"), fail},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := newDesk(t, pn532.Options{})
			if got := k.say(tt.in); got != plain(tt.want) {
				t.Errorf("answered with %s, want %s", got, tt.want)
			}
		})
	}
}

func TestPowerDownAndPowerCycle(t *testing.T) {
	k := awake(t, pn532.Options{})
	k.place(classic)
	k.expect("PowerDown", "16 F0", "17 00")
	if got := k.say(frame(t, 0xD4, "02")); got != "" {
		t.Errorf("asleep it answered with %s", got)
	}
	k.expect("what woke it was lost, not the next", "02", "03 32 01 06 07")
	k.expect("PowerDown", "16 F0", "17 00")
	k.say(wake)
	k.expect("still in its normal mode", "4A 01 00", "4B 01 01 00 04 08 04 DE AD BE EF")
	k.d.PowerCycle(k.now)
	k.say(wake)
	if got := k.say(frame(t, 0xD4, "4A 01 00")); got != plain(fail) {
		t.Errorf("after a power cycle: %s, want SAMConfiguration to be needed again", got)
	}
}

func TestTargets(t *testing.T) {
	const (
		classic1 = "01 00 04 08 04 DE AD BE EF"
		ultra1   = "01 00 44 00 07 04 A2 B3 C4 D5 E6 80"
		ultra2   = "02 00 44 00 07 04 A2 B3 C4 D5 E6 80"
		desfire1 = "01 03 44 20 07 04 D0 35 01 70 07 03 06 75 77 81 02 80"
	)
	k := awake(t, pn532.Options{})
	k.place(classic, ultralight)
	k.expect("one of two", "4A 01 00", "4B 01 "+classic1)
	k.expect("again", "4A 01 00", "4B 01 "+classic1)
	k.expect("both", "4A 02 00", "4B 02 "+classic1+ultra2)
	k.expect("GetGeneralStatus", "04", "05 00 00 02 01 00 00 10 02 00 00 10 80")
	k.expect("READ of the second", "40 02 30 00", "41 00"+strings.Repeat("00", 16))
	k.expect("READ of the first, which wants a key", "40 01 30 00", "41 01")
	k.expect("InSelect", "54 02", "55 00")
	k.expect("InDeselect of the first", "44 01", "45 00")
	k.expect("the other", "4A 02 00", "4B 01 "+ultra1)
	k.expect("InDeselect of all", "44 00", "45 00")
	k.expect("none awake", "4A 02 00", "4B 00")
	k.expect("one by its identifier", "4A 01 00 DE AD BE EF", "4B 01 "+classic1)
	k.expect("one by its cascaded identifier", "4A 01 00 88 04 A2 B3 C4 D5 E6 80", "4B 01 "+ultra1)
	k.expect("none of this identifier", "4A 01 00 01 02 03 04", "4B 00")
	k.expect("field off", "32 01 00", "33")
	k.expect("all awake", "4A 02 00", "4B 02 "+classic1+ultra2)

	k = awake(t, pn532.Options{})
	k.place(desfire)
	k.expect("with ATS", "4A 01 00", "4B 01 "+desfire1)
	k.expect("R(NAK)", "42 BA 01", "43 00 AA 01")
	k.expect("Diagnose, card presence", "00 06", "01 00")
	k.expect("InRelease", "52 00", "53 00")
	k.expect("released is not asleep", "4A 01 00", "4B 01 "+desfire1)
	k.expect("SetParameters, no automatic RATS", "12 04", "13")
	k.expect("without ATS", "4A 01 00", "4B 01 01 03 44 20 07 04 D0 35 01 70 07 03")
	k.expect("InAutoPoll", "60 01 01 20 10", "61 01 20 0C 01 03 44 20 07 04 D0 35 01 70 07 03")
	k.expect("InAutoPoll, MIFARE only", "60 01 01 10", "61 00")

	k = awake(t, pn532.Options{HaltOnRelease: true})
	k.place(classic)
	k.expect("listed", "4A 01 00", "4B 01 "+classic1)
	k.expect("InRelease", "52 01", "53 00")
	k.expect("released is asleep", "4A 01 00", "4B 00")
}

// With endless tries the chip answers when a card comes. An ACK, or another command, ends that.
func TestWaitingForACard(t *testing.T) {
	k := awake(t, pn532.Options{})
	k.expect("RFConfiguration, for ever", "32 05 FF 01 FF", "33")
	if got := k.say(frame(t, 0xD4, "4A 01 00")); got != plain(ackd) {
		t.Fatalf("nothing there: %s, want an ACK alone", got)
	}
	k.place(classic)
	if got, want := k.say(""), frame(t, 0xD5, "4B 01 01 00 04 08 04 DE AD BE EF"); got != want {
		t.Errorf("when it comes: %s, want %s", got, want)
	}
	k.d.Lift(k.now)
	k.say("")
	k.say(frame(t, 0xD4, "4A 01 00"))
	k.say("00 00 FF 00 FF 00")
	k.place(classic)
	if got := k.say(""); got != "" {
		t.Errorf("after the host's ACK: %s, want nothing", got)
	}
	k.d.Lift(k.now)
	k.say("")
	k.say(frame(t, 0xD4, "4A 01 00"))
	k.expect("another command", "02", "03 32 01 06 07")
	k.place(classic)
	if got := k.say(""); got != "" {
		t.Errorf("after another command: %s, want nothing", got)
	}
}

func TestTimeOfTries(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		instant    bool
		want       time.Duration
	}{
		{"one try", "4A 01 00", false, 5 * ms},
		{"at once", "4A 01 00", true, 0},
		{"two polls of 150 ms for two types", "60 02 01 10 20", false, 600 * ms},
	} {
		k := awake(t, pn532.Options{Instant: tt.instant})
		k.say(frame(t, 0xD4, tt.data))
		if got := k.now.Sub(start); got != tt.want {
			t.Errorf("%s took %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestLamps(t *testing.T) {
	k := awake(t, pn532.RGB())
	if !k.d.HasLight() || k.d.Light(k.now) != lamp.Off {
		t.Errorf("HasLight %v, light %v, want true and off before the first WriteGPIO", k.d.HasLight(), k.d.Light(k.now))
	}
	for _, tt := range []struct {
		name, data string
		want       lamp.Light
	}{
		{"P35", "0E A0 00", lamp.Blue},
		{"P31", "0E 82 00", lamp.Green},
		{"P30 and P31", "0E 83 00", lamp.Amber},
		{"P3 is not to be written", "0E 00 86", lamp.Amber},
		{"none", "0E 80 00", lamp.Off},
	} {
		k.expect(tt.name, tt.data, "0F")
		if got := k.d.Light(k.now); got != tt.want {
			t.Errorf("%s: light = %v, want %v", tt.name, got, tt.want)
		}
	}
	low := awake(t, pn532.Options{Lamps: map[pn532.Pin]lamp.Colour{pn532.P71: lamp.RedColour, pn532.P72: lamp.GreenColour}, ActiveLow: true})
	low.expect("P71 high, P72 low", "0E 00 82", "0F")
	low.expect("read back", "0C", "0D 3F 02 00")
	if got := low.d.Light(low.now); got != lamp.Green {
		t.Errorf("active low: light = %v, want green", got)
	}
	none := awake(t, pn532.Options{})
	none.expect("no lamp", "0E 82 00", "0F")
	if none.d.HasLight() || none.d.Light(none.now) != lamp.None || none.d.Steady() != lamp.None {
		t.Errorf("without a lamp: HasLight %v, %v, %v", none.d.HasLight(), none.d.Light(none.now), none.d.Steady())
	}
}

func TestMistakes(t *testing.T) {
	if _, err := pn532.New(pn532.Options{Lamps: map[pn532.Pin]lamp.Colour{99: lamp.RedColour}}); !errors.Is(err, pn532.ErrPin) {
		t.Errorf("New = %v, want ErrPin", err)
	}
	k := newDesk(t, pn532.Options{})
	p := solo.Placement{Cards: []solo.Card{{Token: 1, Card: card.W26(1, 1)}}}
	if err := k.d.Place(start, p); !errors.Is(err, pn532.ErrCard) {
		t.Errorf("Place = %v, want ErrCard", err)
	}
}

func TestCardsLeave(t *testing.T) {
	tests := []struct {
		name    string
		options pn532.Options
		depart  bool
		want    time.Duration
	}{
		{"without a lamp", pn532.Options{}, false, 400 * ms},
		{"as long as it is told", pn532.Options{Dwell: 2 * time.Second}, true, 2 * time.Second},
		{"when its person goes", pn532.RGB(), true, 250 * ms},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := newDesk(t, tt.options)
			if err := k.d.Place(start, solo.Placement{Cards: []solo.Card{{Token: 5, Card: classic}}}); err != nil {
				t.Fatal(err)
			}
			if tt.depart {
				k.d.Depart(start)
			}
			k.say("")
			want := []solo.Event{{At: start.Add(tt.want), Kind: solo.Left, Card: 5}}
			if diff := cmp.Diff(k.d.Events(), want); diff != "" {
				t.Errorf("events (-got +want):\n%s", diff)
			}
		})
	}
}

// Whatever a host sends, what comes back is a row of whole frames.
func FuzzHear(f *testing.F) {
	for _, seed := range []string{
		wake + "00 00 FF 05 FB D4 14 01 00 01 16 00 00 00 FF 04 FC D4 4A 01 00 E1 00",
		wake + "00 00 FF 05 FB D4 14 01 00 01 16 00 00 00 FF 04 FC D4 4A 02 00 E0 00 00 00 FF 03 FD D4 44 00 E8 00",
		wake + "00 00 FF 03 FD D4 16 F0 26 00 55 55 00 00 00 00 00 FF FF 00 00",
		wake + "00 00 FF 04 FC D4 0E 82 00 9C 00 00 00 FF 00 FF 00",
	} {
		f.Add(octets(f, seed), uint16(3))
	}
	f.Fuzz(func(t *testing.T, in []byte, step uint16) {
		k := newDesk(t, pn532.RGB())
		k.place(classic, desfire)
		for _, b := range in {
			k.now = k.now.Add(time.Duration(step) * ms)
			k.d.Hear(k.now, []byte{b})
			k.d.Tick(k.now)
			if at, ok := k.d.Next(); ok && !at.After(k.now) {
				t.Fatalf("%v is still due after a tick at %v", at, k.now)
			}
			for _, f := range k.d.Frames() {
				if n := len(f.Octets); n < 6 || !bytes.HasPrefix(f.Octets, []byte{0x00, 0x00, 0xFF}) || f.Octets[n-1] != 0 {
					t.Fatalf("% X is no frame", f.Octets)
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
