package osdp

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// panel is the other end in these tests: it only remembers the time.
type panel struct {
	t    *testing.T
	pd   *PD
	scan Scanner
	now  time.Time
}

func face(t *testing.T, o Options) *panel {
	return &panel{t: t, pd: New(o), now: start}
}

// send gives octets as printed to the device and returns what it answers, nil for silence.
func (p *panel) send(text string) []byte {
	p.t.Helper()
	p.now = p.now.Add(50 * time.Millisecond)
	var reply []byte
	for _, f := range p.scan.Feed(p.now, p.now, octets(p.t, text)) {
		reply = append(reply, p.pd.Answer(p.now, f).Octets...)
	}
	return reply
}

// expect fails the test unless the device answers with these octets; "" means silence.
func (p *panel) expect(name, command, want string) {
	p.t.Helper()
	if got := p.send(command); !bytes.Equal(got, octets(p.t, want)) {
		p.t.Errorf("%s: % X answered with % X, want %s", name, octets(p.t, command), got, want)
	}
}

// do sends a command built here for the device's address and returns the reply's code and data.
func (p *panel) do(sequence, code byte, data ...byte) (byte, []byte) {
	p.t.Helper()
	p.now = p.now.Add(50 * time.Millisecond)
	a := p.pd.Answer(p.now, Frame{Address: p.pd.Address(), Sequence: sequence, CRC: true, Code: code, Data: data})
	if len(a.Octets) == 0 {
		p.t.Fatalf("command %02X met with silence", code)
	}
	b := a.Octets
	return b[6], b[7 : len(b)-2]
}

func TestPlainVectorsFromTheDevicesSide(t *testing.T) {
	// The frames at address 1 were worked out with CRC and agree with libosdp.
	p := face(t, Options{Address: 1})
	// LSTAT's reply here is that of address 1; sequence 0 opens the session.
	if code, _ := p.do(0, 0x60); code != replyAck {
		t.Fatalf("first POLL answered with %02X, want ACK", code)
	}
	p.expect("POLL", "FF 53 01 08 00 05 60 8B 33", "FF 53 81 08 00 05 40 39 35")
	p.pd.Read(1, card.W26(123, 45678))
	p.expect("POLL finds a Wiegand-26 card", "FF 53 01 08 00 06 60"+crcOf(t, "53 01 08 00 06 60"),
		"FF 53 81 10 00 06 50 00 01 1A 00 BD D9 37 40 99 71")
	p.expect("OPEN: steady blue", "FF 53 01 16 00 07 69 00 00 00 00 00 00 00 00 00 01 01 00 04 04 C5 3D",
		"FF 53 81 08 00 07 40"+crcOf(t, "53 81 08 00 07 40"))
	if got := p.pd.Light(p.now.Add(time.Second)); got != lamp.Blue {
		t.Errorf("light = %v, want blue", got)
	}
	p.expect("ACCEPTED: green for 1 s", "FF 53 01 16 00 05 69 00 00 02 02 01 02 00 0A 00 00 00 00 00 00 3C D1",
		"FF 53 81 08 00 05 40 39 35")
	if got := p.pd.Light(p.now.Add(500 * time.Millisecond)); got != lamp.Green {
		t.Errorf("light = %v, want green", got)
	}
	p.expect("one beep", "FF 53 01 0D 00 06 6A 00 02 01 00 01 2E C2", "FF 53 81 08 00 06 40"+crcOf(t, "53 81 08 00 06 40"))
	p.do(3, 0x60)
	p.expect("REFUSED: red 1.5 s", "FF 53 01 16 00 05 69 00 00 02 01 00 01 01 0F 00 00 00 00 00 00 B3 D5",
		"FF 53 81 08 00 05 40 39 35")
	if got := p.pd.Light(p.now.Add(1400 * time.Millisecond)); got != lamp.Red {
		t.Errorf("light = %v, want red", got)
	}
	if got := p.pd.Light(p.now.Add(1600 * time.Millisecond)); got != lamp.Blue {
		t.Errorf("light after red = %v, want blue again", got)
	}
	p.expect("three beeps", "FF 53 01 0D 00 06 6A 00 02 01 01 03 5D D1", "FF 53 81 08 00 06 40"+crcOf(t, "53 81 08 00 06 40"))
	p.pd.Read(2, card.FromUID(0x04, 0xA2, 0xB3, 0xC4, 0xD5, 0xE6, 0x80))
	p.expect("closed: off", "FF 53 01 16 00 07 69 00 00 00 00 00 00 00 00 00 01 01 00 00 00 85 B1",
		"FF 53 81 08 00 07 40"+crcOf(t, "53 81 08 00 07 40"))
	if got := p.pd.Light(p.now.Add(5 * time.Second)); got != lamp.Off {
		t.Errorf("light = %v, want off", got)
	}
	p.do(1, cmdLocal)
	p.expect("POLL finds a 7-octet UID", "FF 53 01 08 00 06 60"+crcOf(t, "53 01 08 00 06 60"),
		"FF 53 81 13 00 06 50 00 00 38 00 04 A2 B3 C4 D5 E6 80 D1 E6")
	if got := p.pd.Counts().Beeps; got != 4 {
		t.Errorf("beeps = %d, want 4", got)
	}
}

// crcOf prints the CRC that belongs to a frame, for frames the documents do not print; the CRC has its own vectors.
func crcOf(t testing.TB, body string) string {
	t.Helper()
	c := crc16(octets(t, body))
	return string([]byte{hexDigit(c >> 4), hexDigit(c), hexDigit(c >> 12), hexDigit(c >> 8)})
}

func hexDigit(v uint16) byte { return "0123456789ABCDEF"[v&15] }

func TestRecordedTrafficOfRealReaders(t *testing.T) {
	t.Run("power flag at start", func(t *testing.T) {
		// Recorded by SIA's osdpcap: a reader that has just been powered up.
		p := face(t, Options{})
		p.pd.PowerCycle(start)
		p.expect("POLL", "ff 53 00 08 00 04 60 eb aa", "ff 53 80 0a 00 04 48 00 01 0f a1")
	})
	t.Run("identity", func(t *testing.T) {
		// Recorded in libosdp issue 274.
		p := face(t, Options{Address: 1, Identity: Identity{
			Vendor: [3]byte{0x18, 0x68, 0xCB}, Serial: 0xB7964468, Firmware: [3]byte{2, 1, 0},
		}})
		p.expect("ID", "FF 53 01 09 00 04 61 00 60 23", "FF 53 81 14 00 04 45 18 68 CB 00 00 68 44 96 B7 02 01 00 F4 0C")
	})
	t.Run("identity and capabilities", func(t *testing.T) {
		// Recorded in libosdp issue 39 (an OSM-1000).
		p := face(t, Options{
			Identity:     Identity{Vendor: [3]byte{0xCA, 0x44, 0x6C}, Model: 1, Serial: 0x000292C7, Firmware: [3]byte{1, 7, 0x0F}},
			Capabilities: []Capability{{1, 1, 2}, {2, 1, 1}, {3, 1, 0}, {4, 2, 1}, {8, 1, 0}, {9, 1, 1}, {10, 0, 2}, {13, 0, 1}, {16, 1, 0}},
		})
		p.expect("ID", "53 00 09 00 04 61 00 C0 66", "FF 53 80 14 00 04 45 CA 44 6C 01 00 C7 92 02 00 01 07 0F C4 42")
		p.expect("CAP", "53 00 09 00 05 62 00"+crcOf(t, "53 00 09 00 05 62 00"),
			"FF 53 80 23 00 05 46 01 01 02 02 01 01 03 01 00 04 02 01 08 01 00 09 01 01 0A 00 02 0D 00 01 10 01 00 D9 08")
	})
}

func TestChecksumModeAnswersInKind(t *testing.T) {
	p := face(t, Options{Identity: Identity{Vendor: [3]byte{1, 2, 3}}})
	// Command from SIA annex E; the reply's check is the sum written out: 53+80+13+45+01+02+03 = 131, so CF.
	p.expect("ID", "53 00 08 00 00 61 00 44", "FF 53 80 13 00 00 45 01 02 03 00 00 00 00 00 00 00 00 00 CF")
}

func TestSilence(t *testing.T) {
	tests := []struct{ name, command string }{
		{"wrong CRC", "53 00 08 00 04 60 eb ab"},
		{"another address", "53 01 08 00 05 60 8B 33"},
		{"a device's own reply", "53 80 0a 00 04 48 00 01 0f a1"},
		{"half a frame", "53 00 08 00 04"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			face(t, Options{}).expect(tt.name, tt.command, "")
		})
	}
	t.Run("switched off", func(t *testing.T) {
		p := face(t, Options{})
		p.pd.SetSilent(true)
		p.expect("POLL", "53 00 08 00 04 60 eb aa", "")
		p.pd.SetSilent(false)
		if got := p.send("53 00 08 00 04 60 eb aa"); got == nil {
			t.Error("POLL after the device came back met with silence")
		}
	})
}

func TestNaks(t *testing.T) {
	led := func(change func([]byte)) []byte {
		r := []byte{0, 0, 2, 1, 0, 1, 1, 15, 0, 0, 0, 0, 0, 0}
		change(r)
		return r
	}
	tests := []struct {
		name   string
		code   byte
		data   []byte
		reason byte
	}{
		{"POLL with data", 0x60, []byte{0}, nakLength},
		{"ID without data", 0x61, nil, nakLength},
		{"LED with 13 octets", 0x69, make([]byte, 13), nakLength},
		{"LED with no record", 0x69, nil, nakLength},
		{"BUZ with 4 octets", 0x6A, make([]byte, 4), nakLength},
		{"COMSET with 4 octets", 0x6E, make([]byte, 4), nakLength},
		{"unknown command", 0x99, nil, nakUnknown},
		{"manufacturer's command", 0x80, []byte{1, 2, 3}, nakUnknown},
		{"TEXT without a display", 0x6B, make([]byte, 6), nakUnknown},
		{"OUT without outputs", 0x68, make([]byte, 4), nakUnknown},
		{"KEYSET outside a secure channel", 0x75, make([]byte, 18), nakNeedsKey},
		{"passing light, on and off both 0", 0x69, led(func(r []byte) { r[3], r[4] = 0, 0 }), nakRecord},
		{"steady light, on and off both 0", 0x69, []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 4, 4}, nakRecord},
		{"colour that does not exist", 0x69, led(func(r []byte) { r[5] = 8 }), nakRecord},
		{"second LED", 0x69, led(func(r []byte) { r[1] = 1 }), nakRecord},
		{"second reader", 0x69, led(func(r []byte) { r[0] = 1 }), nakRecord},
		{"unknown control code", 0x69, led(func(r []byte) { r[2] = 3 }), nakRecord},
		{"buzzer on for no time", 0x6A, []byte{0, 2, 0, 0, 1}, nakRecord},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := face(t, Options{Address: 3})
			code, data := p.do(0, tt.code, tt.data...)
			if code != replyNak || !bytes.Equal(data, []byte{tt.reason}) {
				t.Errorf("reply = %02X % X, want NAK %d", code, data, tt.reason)
			}
			if got := p.pd.Counts().Naks[tt.reason]; got != 1 {
				t.Errorf("counted %d, want 1", got)
			}
			if code, _ := p.do(1, 0x60); code != replyAck {
				t.Errorf("POLL after the NAK = %02X, want ACK: the sequence went on", code)
			}
		})
	}
	t.Run("secure channel asked for", func(t *testing.T) {
		p := face(t, Options{})
		p.send("53 00 08 00 04 60 eb aa")
		p.expect("CHLNG of SIA annex E", "53 00 13 00 0D 03 11 00 76 B0 B1 B2 B3 B4 B5 B6 B7 31 77",
			"FF 53 80 09 00 05 41 05"+crcOf(t, "53 80 09 00 05 41 05"))
	})
}

func TestOneBadLEDRecordChangesNothing(t *testing.T) {
	p := face(t, Options{})
	good := []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 4, 4}
	bad := []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 4, 4}
	if code, _ := p.do(0, 0x69, append(good, bad...)...); code != replyNak {
		t.Fatalf("reply = %02X, want NAK", code)
	}
	if got := p.pd.Light(p.now.Add(time.Second)); got != lamp.Off {
		t.Errorf("light = %v, want off", got)
	}
}

func TestSequence(t *testing.T) {
	poll := func(p *panel, sequence byte) (byte, []byte) { return p.do(sequence, 0x60) }
	uid := card.FromUID(1, 2, 3, 4)

	t.Run("power up takes only 0", func(t *testing.T) {
		p := face(t, Options{})
		if code, data := poll(p, 1); code != replyNak || data[0] != nakSequence {
			t.Errorf("reply = %02X % X, want NAK 4", code, data)
		}
	})
	t.Run("runs 0 1 2 3 1", func(t *testing.T) {
		p := face(t, Options{})
		for _, sequence := range []byte{0, 1, 2, 3, 1, 2} {
			if code, _ := poll(p, sequence); code != replyAck {
				t.Errorf("sequence %d = %02X, want ACK", sequence, code)
			}
		}
	})
	t.Run("a leap is refused and changes nothing", func(t *testing.T) {
		p := face(t, Options{})
		poll(p, 0)
		if code, data := poll(p, 2); code != replyNak || data[0] != nakSequence {
			t.Errorf("leap = %02X % X, want NAK 4", code, data)
		}
		if code, _ := poll(p, 1); code != replyAck {
			t.Errorf("right number after it = %02X, want ACK", code)
		}
	})
	t.Run("repeated: same reply bit for bit, nothing carried out", func(t *testing.T) {
		p := face(t, Options{Address: 1})
		poll(p, 0)
		p.pd.Read(7, uid)
		p.pd.Read(8, card.FromUID(5, 6, 7, 8))
		first := p.send("53 01 08 00 05 60 8B 33")
		if again := p.send("53 01 08 00 05 60 8B 33"); !bytes.Equal(again, first) {
			t.Errorf("second reply % X, want % X", again, first)
		}
		if code, data := poll(p, 2); code != replyRaw || data[4] != 5 {
			t.Errorf("next POLL = %02X % X, want the second card", code, data)
		}
		if got := p.pd.Counts().Repeats; got != 1 {
			t.Errorf("repeats = %d, want 1", got)
		}
		poll(p, 3)
		want := []Event{{Kind: Restarted}, {Kind: Taken, Card: 7}, {Kind: Taken, Card: 8}}
		if diff := cmp.Diff(timeless(p.pd.Events()), want); diff != "" {
			t.Errorf("events (-got +want):\n%s", diff)
		}
	})
	t.Run("a repeated light is not shown twice", func(t *testing.T) {
		p := face(t, Options{})
		p.do(0, 0x60)
		green := []byte{0, 0, 2, 2, 1, 2, 0, 10, 0, 0, 0, 0, 0, 0}
		p.do(1, 0x69, green...)
		p.now = p.now.Add(800 * time.Millisecond)
		p.do(1, 0x69, green...)
		if got := p.pd.Light(p.now.Add(200 * time.Millisecond)); got != lamp.Off {
			t.Errorf("light 1.05 s after the command = %v, want off", got)
		}
	})
	t.Run("0 throws the kept reply away, and the card in it", func(t *testing.T) {
		p := face(t, Options{})
		poll(p, 0)
		p.pd.Read(7, uid)
		poll(p, 1)
		if code, _ := poll(p, 0); code != replyAck {
			t.Errorf("POLL after restart = %02X, want ACK", code)
		}
		want := []Event{{Kind: Restarted}, {Kind: Restarted}, {Kind: Lost, Card: 7}}
		if diff := cmp.Diff(timeless(p.pd.Events()), want); diff != "" {
			t.Errorf("events (-got +want):\n%s", diff)
		}
	})
	t.Run("BUSY leaves the sequence where it was", func(t *testing.T) {
		p := face(t, Options{})
		poll(p, 0)
		busy := p.pd.Busy(Frame{Sequence: 1, CRC: true, Code: 0x60})
		if want := octets(t, "FF 53 80 08 00 04 79"+crcOf(t, "53 80 08 00 04 79")); !bytes.Equal(busy, want) {
			t.Errorf("Busy = % X, want % X", busy, want)
		}
		if code, _ := poll(p, 1); code != replyAck {
			t.Errorf("same command again = %02X, want ACK", code)
		}
	})
	t.Run("eight seconds of silence end the session and the light", func(t *testing.T) {
		p := face(t, Options{})
		p.do(0, 0x69, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 4, 4)
		last := p.now
		if got := p.pd.Light(last.Add(8 * time.Second)); got != lamp.Blue {
			t.Errorf("light after 8 s = %v, want blue", got)
		}
		if got := p.pd.Steady(last.Add(8*time.Second + 1)); got != lamp.Off {
			t.Errorf("steady light after more than 8 s = %v, want off", got)
		}
		p.now = last.Add(9 * time.Second)
		if code, data := poll(p, 1); code != replyNak || data[0] != nakSequence {
			t.Errorf("next number after 9 s = %02X % X, want NAK 4", code, data)
		}
		poll(p, 0)
		if got := p.pd.Light(p.now); got != lamp.Off {
			t.Errorf("light after coming back = %v, want off until set again", got)
		}
	})
}

// timeless drops the times of events.
func timeless(events []Event) []Event {
	for i := range events {
		events[i].At = time.Time{}
	}
	return events
}

func TestLEDRecords(t *testing.T) {
	blue := []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 4, 4}
	tests := []struct {
		name   string
		record []byte
		after  time.Duration
		want   lamp.Light
	}{
		{"blue blinking for 2 s", []byte{0, 0, 2, 2, 2, 4, 0, 20, 0, 0, 0, 0, 0, 0}, time.Second, lamp.BlueBlink},
		{"and then blue", []byte{0, 0, 2, 2, 2, 4, 0, 20, 0, 0, 0, 0, 0, 0}, 2001 * time.Millisecond, lamp.Blue},
		{"red twice", []byte{0, 0, 2, 2, 2, 1, 0, 8, 0, 0, 0, 0, 0, 0}, 500 * time.Millisecond, lamp.RedDouble},
		{"amber flash", []byte{0, 0, 2, 1, 0, 3, 3, 10, 0, 0, 0, 0, 0, 0}, 500 * time.Millisecond, lamp.Amber},
		{"a timer of 256 ticks, low octet first", []byte{0, 0, 2, 1, 0, 3, 3, 0, 1, 0, 0, 0, 0, 0}, 5 * time.Second, lamp.Amber},
		{"both halves at once: the passing one is seen", []byte{0, 0, 2, 1, 0, 2, 2, 10, 0, 1, 1, 0, 3, 3}, 500 * time.Millisecond, lamp.Green},
		{"both halves at once: the steady one follows", []byte{0, 0, 2, 1, 0, 2, 2, 10, 0, 1, 1, 0, 3, 3}, 1500 * time.Millisecond, lamp.Amber},
		{"no time to pass", []byte{0, 0, 2, 1, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0}, 2 * time.Millisecond, lamp.Blue},
		{"dirty steady half: ignored", []byte{0, 0, 2, 1, 0, 2, 2, 10, 0, 0, 1, 0, 4, 4}, 500 * time.Millisecond, lamp.Blue},
		{"dirty passing half: ignored", []byte{0, 0, 0, 1, 0, 2, 2, 10, 0, 1, 1, 0, 3, 3}, 500 * time.Millisecond, lamp.Blue},
		{"nothing to do", make([]byte, 14), 500 * time.Millisecond, lamp.Blue},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := face(t, Options{})
			p.do(0, 0x69, blue...)
			if code, _ := p.do(1, 0x69, tt.record...); code != replyAck {
				t.Fatalf("reply = %02X, want ACK", code)
			}
			if got := p.pd.Light(p.now.Add(tt.after)); got != tt.want {
				t.Errorf("light after %v = %v, want %v", tt.after, got, tt.want)
			}
		})
	}
	t.Run("cancel brings the steady light back at once", func(t *testing.T) {
		p := face(t, Options{})
		p.do(0, 0x69, blue...)
		p.do(1, 0x69, 0, 0, 2, 1, 0, 1, 1, 100, 0, 0, 0, 0, 0, 0)
		p.do(2, 0x69, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		if got := p.pd.Light(p.now.Add(time.Millisecond)); got != lamp.Blue {
			t.Errorf("light = %v, want blue", got)
		}
	})
	t.Run("the light follows the command after its delay", func(t *testing.T) {
		p := face(t, Options{LightDelay: 5 * time.Millisecond})
		p.do(0, 0x69, blue...)
		p.pd.Events()
		p.do(1, 0x69, 0, 0, 2, 1, 0, 2, 2, 10, 0, 0, 0, 0, 0, 0)
		if got := p.pd.Light(p.now.Add(4 * time.Millisecond)); got != lamp.Blue {
			t.Errorf("light after 4 ms = %v, want blue", got)
		}
		want := []Event{{At: p.now.Add(5 * time.Millisecond), Kind: Flashed, Light: lamp.Green}}
		if diff := cmp.Diff(p.pd.Events(), want); diff != "" {
			t.Errorf("events (-got +want):\n%s", diff)
		}
	})
}

func TestPollReportsInOrder(t *testing.T) {
	p := face(t, Options{Queue: 2})
	p.do(0, 0x60)
	if !p.pd.Read(1, card.W26(1, 1)) {
		t.Error("Read into an empty queue = false, want true")
	}
	p.pd.Read(2, card.FromEM4100([5]byte{1, 0, 0x63, 0xE9, 0xAE}))
	if p.pd.Read(3, card.W26(1, 3)) {
		t.Error("Read into a full queue = true, want false")
	}
	p.pd.SetTamper(true)
	p.pd.SetTamper(true)
	wants := []struct {
		code byte
		data []byte
	}{
		{replyLocal, []byte{1, 0}},
		{replyRaw, []byte{0, 1, 26, 0, 0x80, 0x80, 0x00, 0x80}}, // 1 00000001 0000000000000001 0
		{replyRaw, []byte{0, 0, 40, 0, 0x01, 0x00, 0x63, 0xE9, 0xAE}},
		{replyAck, nil},
	}
	for i, want := range wants {
		code, data := p.do(byte(i)%3+1, 0x60)
		if code != want.code || !bytes.Equal(data, want.data) {
			t.Errorf("POLL %d = %02X % X, want %02X % X", i, code, data, want.code, want.data)
		}
	}
	if code, data := p.do(2, cmdLocal); code != replyLocal || !bytes.Equal(data, []byte{1, 0}) {
		t.Errorf("LSTAT = %02X % X, want 48 01 00", code, data)
	}
}

func TestPowerCycleForgets(t *testing.T) {
	p := face(t, Options{Outputs: 1})
	p.do(0, 0x69, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 4, 4)
	p.pd.Read(1, card.W26(1, 1))
	p.pd.Read(2, card.W26(1, 2))
	p.do(1, 0x60)
	p.pd.Events()
	p.pd.PowerCycle(p.now)
	want := []Event{{Kind: Lost, Card: 1}, {Kind: Lost, Card: 2}}
	if diff := cmp.Diff(timeless(p.pd.Events()), want); diff != "" {
		t.Errorf("events (-got +want):\n%s", diff)
	}
	if got := p.pd.Light(p.now); got != lamp.Off {
		t.Errorf("light = %v, want off", got)
	}
	if code, data := p.do(0, 0x60); code != replyLocal || !bytes.Equal(data, []byte{0, 1}) {
		t.Errorf("first POLL = %02X % X, want 48 00 01", code, data)
	}
	if code, _ := p.do(1, 0x60); code != replyAck {
		t.Errorf("second POLL = %02X, want ACK: told once", code)
	}
}

func TestComSet(t *testing.T) {
	t.Run("moves after the reply", func(t *testing.T) {
		p := face(t, Options{Address: 5})
		p.do(0, 0x60)
		// Reply from the old address 5 (85), naming the new one.
		p.expect("COMSET to 6 at 38400", "53 05 0D 00 05 6E 06 00 96 00 00"+crcOf(t, "53 05 0D 00 05 6E 06 00 96 00 00"),
			"FF 53 85 0D 00 05 54 06 00 96 00 00"+crcOf(t, "53 85 0D 00 05 54 06 00 96 00 00"))
		if p.pd.Address() != 6 || p.pd.Baud() != 38400 {
			t.Errorf("address %d at %d baud, want 6 at 38400", p.pd.Address(), p.pd.Baud())
		}
	})
	t.Run("to everybody, annex E", func(t *testing.T) {
		p := face(t, Options{Address: 5})
		p.expect("COMSET to 0 at 9600", "53 7F 0D 00 04 6E 00 80 25 00 00 6E 38",
			"FF 53 FF 0D 00 04 54 00 80 25 00 00"+crcOf(t, "53 FF 0D 00 04 54 00 80 25 00 00"))
		if p.pd.Address() != 0 {
			t.Errorf("address %d, want 0", p.pd.Address())
		}
	})
	t.Run("what cannot be is answered with what is", func(t *testing.T) {
		p := face(t, Options{Address: 5})
		if code, data := p.do(0, 0x6E, 0x7F, 0x12, 0x34, 0, 0); code != replyCom || !bytes.Equal(data, []byte{5, 0x80, 0x25, 0, 0}) {
			t.Errorf("reply = %02X % X, want 54 05 80 25 00 00", code, data)
		}
	})
}

func TestOutputsAndText(t *testing.T) {
	p := face(t, Options{Outputs: 2, Display: true})
	p.do(0, 0x68, 0, outOnFor, 10, 0, 1, outOnNow, 0, 0)
	if code, data := p.do(1, 0x66); code != replyOutputs || !bytes.Equal(data, []byte{1, 1}) {
		t.Errorf("OSTAT = %02X % X, want 4A 01 01", code, data)
	}
	if p.pd.Output(p.now.Add(time.Second), 0) {
		t.Error("output 0 still on after its second")
	}
	p.do(2, 0x68, 1, outOffNow, 0, 0)
	if p.pd.Output(p.now, 1) {
		t.Error("output 1 still on")
	}
	if code, data := p.do(3, 0x68, 2, outOnNow, 0, 0); code != replyNak || data[0] != nakRecord {
		t.Errorf("OUT 2 = %02X % X, want NAK 9", code, data)
	}
	p.do(1, 0x6B, 0, 1, 0, 1, 1, 5, 'h', 'e', 'l', 'l', 'o')
	if got := p.pd.Text(); got != "hello" {
		t.Errorf("Text = %q, want hello", got)
	}
	if code, data := p.do(2, 0x6B, 0, 1, 0, 1, 1, 5, 'h', 'i'); code != replyNak || data[0] != nakLength {
		t.Errorf("TEXT with a wrong count = %02X % X, want NAK 2", code, data)
	}
}

func FuzzPD(f *testing.F) {
	for _, seed := range []string{
		"ff 53 00 08 00 04 60 eb aa",
		"FF 53 01 16 00 05 69 00 00 02 02 01 02 00 0A 00 00 00 00 00 00 3C D1",
		"53 7F 0D 00 04 6E 00 80 25 00 00 6E 38 53 00 08 00 00 61 00 44",
		"53 00 13 00 0D 03 11 00 76 B0 B1 B2 B3 B4 B5 B6 B7 31 77",
		"53 00 FF FF 06 60 53 53 53 00 08 00 06 60 89 CC",
		annexSession,
	} {
		f.Add(octets(f, seed), uint8(3))
	}
	f.Fuzz(func(t *testing.T, in []byte, piece uint8) {
		in = in[:min(len(in), 4*MaxFrame)]
		pd := New(Options{Outputs: 1, Display: true, Install: true, Key: &ownKey})
		pd.random = func() [8]byte { return annexB }
		pd.Read(1, card.W26(1, 2))
		var bus, back Scanner
		now := start
		for len(in) > 0 {
			n := min(len(in), int(piece)%64+1)
			now = now.Add(time.Duration(piece) * time.Millisecond)
			for _, frame := range bus.Feed(now, now, in[:n]) {
				reply := pd.Answer(now, frame).Octets
				if len(reply) == 0 {
					continue
				}
				if got := back.Feed(now, now, reply); len(got) != 1 || got[0].Address&replyBit == 0 || got[0].Sequence != frame.Sequence {
					t.Fatalf("reply % X to %+v reads as %+v", reply, frame, got)
				}
			}
			if len(bus.buf) > MaxFrame+64 {
				t.Fatalf("scanner keeps %d octets", len(bus.buf))
			}
			in = in[n:]
		}
	})
}
