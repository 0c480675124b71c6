package osdp

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp/acu"
)

// channel is a panel that speaks to the device through a secure channel.
type channel struct {
	*panel
	acu.Channel
}

// begin brings the device to its first sequence.
func begin(t *testing.T, o Options) *channel {
	t.Helper()
	c := &channel{face(t, o), acu.Channel{Address: o.Address, A: [8]byte{1, 2, 3, 4, 5, 6, 7, 8}}}
	c.do(0, cmdID, 0)
	return c
}

// open makes a session with key.
func open(t *testing.T, o Options, which byte, key [16]byte) *channel {
	t.Helper()
	c := begin(t, o)
	c.handshake(which, key)
	return c
}

// send gives octets to the device and returns its answer.
func (c *channel) send(octets []byte) []byte {
	c.t.Helper()
	c.now = c.now.Add(50 * time.Millisecond)
	var s Scanner
	frames := s.Feed(c.now, c.now, octets)
	if len(frames) != 1 {
		c.t.Fatalf("% X holds %d frames, want 1", octets, len(frames))
	}
	return c.pd.Answer(c.now, frames[0]).Octets
}

func (c *channel) handshake(which byte, key [16]byte) {
	c.t.Helper()
	proof, err := c.Prove(c.send(c.Challenge(which)), key)
	if err != nil {
		c.t.Fatalf("CHLNG: %v", err)
	}
	if err := c.Begin(c.send(proof)); err != nil {
		c.t.Fatalf("SCRYPT: %v", err)
	}
}

// tell says something through the channel and returns the answer, which must have come through it.
func (c *channel) tell(code byte, data ...byte) (byte, []byte) {
	c.t.Helper()
	code, data, err := c.Open(c.send(c.Seal(code, data...)))
	if err != nil {
		c.t.Fatal(err)
	}
	return code, data
}

// refused fails the test unless reply is a NAK for a reason, in the clear.
func refused(t *testing.T, reply []byte, reason byte) {
	t.Helper()
	f, err := acu.Parse(reply)
	if err != nil || f.Code != replyNak || len(f.Block) > 0 || !bytes.Equal(f.Data, []byte{reason}) {
		t.Errorf("reply = %+v (%v), want NAK %d in the clear", f, err, reason)
	}
}

var ownKey = [16]byte{0xC0, 0xFF, 0xEE, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

func TestSessionCarriesEverything(t *testing.T) {
	c := open(t, Options{Address: 3, Key: &ownKey, Display: true, Outputs: 1}, acu.Own, ownKey)
	if !c.pd.Secure() || c.pd.Default() {
		t.Errorf("secure %v with the default key %v, want true and false", c.pd.Secure(), c.pd.Default())
	}
	if code, data := c.tell(cmdPoll); code != replyAck || len(data) > 0 {
		t.Errorf("POLL = %02X % X, want ACK", code, data)
	}
	if code, _ := c.tell(cmdLED, 0, 0, 2, 2, 1, 2, 0, 10, 0, 0, 0, 0, 0, 0); code != replyAck {
		t.Errorf("LED = %02X, want ACK", code)
	}
	if got := c.pd.Light(c.now.Add(500 * time.Millisecond)); got != lamp.Green {
		t.Errorf("light = %v, want green", got)
	}
	text := append([]byte{0, 1, 0, 1, 1, 26}, "sixteen octets and some 26"...) // 32 octets: a whole block of padding
	c.tell(cmdText, text...)
	if got := c.pd.Text(); got != "sixteen octets and some 26" {
		t.Errorf("Text = %q", got)
	}
	c.pd.Read(1, card.W26(123, 45678))
	c.pd.Press("12#")
	c.pd.SetTamper(true)
	wants := []struct {
		code byte
		data []byte
	}{
		{replyLocal, []byte{1, 0}},
		{replyRaw, octets(t, "00 01 1A 00 BD D9 37 40")},
		{replyKeys, octets(t, "00 03 31 32 0D")},
		{replyAck, nil},
	}
	for i, want := range wants {
		if code, data := c.tell(cmdPoll); code != want.code || !bytes.Equal(data, want.data) {
			t.Errorf("POLL %d = %02X % X, want %02X % X", i, code, data, want.code, want.data)
		}
	}
	if code, data := c.tell(0x80, 1, 2, 3); code != replyNak || data[0] != nakUnknown {
		t.Errorf("MFG = %02X % X, want NAK 3", code, data)
	}
	for _, command := range []byte{cmdACURxSize, cmdKeepAlive} {
		if code, _ := c.tell(command, 0, 5); code != replyAck {
			t.Errorf("command %02X = %02X, want ACK", command, code)
		}
	}
}

// Recorded of libosdp 3.2.0, MAC and CRC apart, which are those of a session: 53 81 10 00 0F 02 15 48 00 00 ...
func TestStatusUnderAPanelsBlock(t *testing.T) {
	c := open(t, Options{Address: 1, Key: &ownKey, ClearStatus: true}, acu.Own, ownKey)
	got := c.send(c.Seal(cmdLocal))
	if want := octets(t, "FF 53 81 10 00 0F 02 15 48 00 00"); !bytes.HasPrefix(got, want) {
		t.Errorf("LSTAT = % X, want % X and a MAC", got, want)
	}
	if _, _, err := c.Open(got); err == nil {
		t.Error("a strict panel believed a panel's block")
	}
	c.Lenient = true
	if code, data, err := c.Open(got); err != nil || code != replyLocal || !bytes.Equal(data, []byte{0, 0}) {
		t.Errorf("a lenient one reads %02X % X, %v, want LSTATR 00 00", code, data, err)
	}
	if code, _ := c.tell(cmdPoll); code != replyAck {
		t.Errorf("next POLL = %02X, want ACK: its MAC is a link of the chain", code)
	}
}

func TestRepeatedInASession(t *testing.T) {
	c := open(t, Options{Key: &ownKey}, acu.Own, ownKey)
	c.pd.Read(7, card.FromUID(1, 2, 3, 4))
	c.pd.Read(8, card.FromUID(5, 6, 7, 8))
	poll := c.Seal(cmdPoll)
	first := c.send(poll)
	for range 3 {
		if again := c.send(poll); !bytes.Equal(again, first) {
			t.Errorf("again % X, want % X", again, first)
		}
	}
	if _, data, err := c.Open(first); err != nil || !bytes.Equal(data, octets(t, "00 00 20 00 01 02 03 04")) {
		t.Errorf("card = % X, %v", data, err)
	}
	if _, data := c.tell(cmdPoll); data[4] != 5 {
		t.Errorf("next POLL = % X, want the second card: the chain went on once", data)
	}
}

func TestSessionsEnd(t *testing.T) {
	ended := []Event{{Kind: Unsecured}}
	tests := []struct {
		name string
		end  func(*channel)
		want []Event
	}{
		{"sequence 0", func(c *channel) { c.do(0, cmdPoll) }, []Event{{Kind: Restarted}, {Kind: Unsecured}}},
		{"power failure", func(c *channel) { c.pd.PowerCycle(c.now) }, ended},
		{"key changed at the reader", func(c *channel) { c.pd.SetKey(c.now, &[16]byte{9}, false) }, ended},
		{"command in the clear", func(c *channel) { refused(c.t, c.send(c.Plain(cmdPoll)), nakNeedsKey) }, ended},
		{"wrong MAC", func(c *channel) {
			c.Seal(cmdPoll)
			forged := acu.Frame{Sequence: c.Sequence, Block: []byte{0x15}, Code: cmdPoll, MAC: make([]byte, 4)}
			refused(c.t, c.send(forged.Octets()), nakNeedsKey)
		}, ended},
		{"out of the chain", func(c *channel) {
			c.Forget()
			refused(c.t, c.send(c.Seal(cmdPoll)), nakNeedsKey)
		}, ended},
		{"nothing enciphered", func(c *channel) {
			c.Seal(cmdPoll)
			empty := acu.Frame{Sequence: c.Sequence, Block: []byte{0x17}, Code: cmdPoll}
			refused(c.t, c.send(c.Sign(empty)), nakNeedsKey)
		}, ended},
		{"new challenge", func(c *channel) { c.send(c.Challenge(acu.Own)) }, ended},
		{"challenge that is too short", func(c *channel) {
			c.Challenge(acu.Own)
			short := acu.Frame{Sequence: c.Sequence, Block: []byte{0x11, 1}, Code: 0x76, Data: []byte{1}}
			refused(c.t, c.send(short.Octets()), nakLength)
		}, ended},
		{"more than eight seconds", func(c *channel) {
			c.now = c.now.Add(8 * time.Second)
			c.do(0, cmdPoll)
		}, []Event{{Kind: Unsecured}, {Kind: Offline, Light: lamp.Off}, {Kind: Restarted}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := open(t, Options{Key: &ownKey}, acu.Own, ownKey)
			if code, _ := c.tell(cmdPoll); code != replyAck {
				t.Fatalf("POLL = %02X, want ACK", code)
			}
			c.pd.Events()
			tt.end(c)
			if c.pd.Secure() {
				t.Error("session still open")
			}
			if diff := cmp.Diff(timeless(c.pd.Events()), tt.want); diff != "" {
				t.Errorf("events (-got +want):\n%s", diff)
			}
		})
	}
}

func TestEightSecondsAreNotTooLong(t *testing.T) {
	c := open(t, Options{Key: &ownKey}, acu.Own, ownKey)
	c.now = c.now.Add(8*time.Second - 50*time.Millisecond) // send adds the rest
	if code, _ := c.tell(cmdPoll); code != replyAck {
		t.Errorf("POLL after 8 s = %02X, want ACK", code)
	}
}

func TestSecurityNaks(t *testing.T) {
	chlng := func(names ...byte) acu.Frame {
		return acu.Frame{Block: append([]byte{0x11}, names...), Code: 0x76, Data: make([]byte, 8)}
	}
	signed := func(block byte) acu.Frame {
		return acu.Frame{Block: []byte{block}, Code: cmdPoll, MAC: make([]byte, 4)}
	}
	keyed, locked := Options{Key: &ownKey}, Options{Key: &ownKey, RequireSecure: true}
	tests := []struct {
		name    string
		options Options
		frame   acu.Frame
		reason  byte
	}{
		{"no key at all: CHLNG", Options{}, chlng(1), 5},
		{"no key at all: signed", Options{}, signed(0x15), 5},
		{"own key asked for, only installing", Options{Install: true}, chlng(1), 6},
		{"default key asked for, not installing", keyed, chlng(0), 6},
		{"no key named", keyed, chlng(), 6},
		{"a key nobody has", keyed, chlng(2), 6},
		{"SCRYPT before CHLNG", keyed, acu.Frame{Block: []byte{0x13, 1}, Code: 0x77, Data: make([]byte, 16)}, 6},
		{"signed outside a session", keyed, signed(0x15), 6},
		{"enciphered outside a session", keyed, signed(0x17), 6},
		{"a device's block", keyed, signed(0x16), 5},
		{"a block that does not exist", keyed, signed(0x19), 5},
		{"CHLNG in the clear", keyed, acu.Frame{Code: 0x76, Data: make([]byte, 8)}, 6},
		{"KEYSET in the clear", keyed, acu.Frame{Code: cmdKeySet, Data: make([]byte, 18)}, 6},
		{"POLL in the clear, secure channel required", locked, acu.Frame{Code: cmdPoll}, 6},
		{"LED in the clear, secure channel required", locked, acu.Frame{Code: cmdLED, Data: make([]byte, 14)}, 6},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := begin(t, tt.options)
			tt.frame.Sequence = 1
			refused(t, c.send(tt.frame.Octets()), tt.reason)
			if code, _ := c.do(2, cmdCap, 0); code != replyCap {
				t.Errorf("CAP after it = %02X, want PDCAP: the sequence went on", code)
			}
		})
	}
}

func TestReaderThatRequiresSecurityIntroducesItself(t *testing.T) {
	c := begin(t, Options{Key: &ownKey, RequireSecure: true})
	for i, tt := range []struct {
		command byte
		data    []byte
		want    byte
	}{{cmdID, []byte{0}, replyID}, {cmdCap, []byte{0}, replyCap}, {cmdComSet, []byte{0, 0x80, 0x25, 0, 0}, replyCom}} {
		if code, _ := c.do(byte(i)+1, tt.command, tt.data...); code != tt.want {
			t.Errorf("command %02X = %02X, want %02X", tt.command, code, tt.want)
		}
	}
}

func TestReaderWithoutKeyNaksAsRecorded(t *testing.T) {
	// An OSM-1000 that has no key yet, recorded in libosdp issue 39: its answer to CHLNG.
	c := begin(t, Options{Install: true})
	c.do(1, cmdCap, 0)
	c.Sequence = 1
	if got := c.send(c.Challenge(acu.Own)); !bytes.Equal(got, octets(t, "FF 53 80 09 00 06 41 06 A0 BA")) {
		t.Errorf("CHLNG = % X, want NAK 6", got)
	}
}

func TestPanelWithAnotherKeyIsRejected(t *testing.T) {
	c := begin(t, Options{Key: &ownKey})
	c.send(c.Challenge(acu.Own))
	proof := acu.Frame{Sequence: 2, Block: []byte{0x13, 1}, Code: 0x77, Data: make([]byte, 16)}
	f, err := acu.Parse(c.send(proof.Octets()))
	if err != nil || f.Code != 0x78 || !bytes.Equal(f.Block, []byte{0x14, 0xFF}) || len(f.Data) > 0 {
		t.Errorf("SCRYPT = %+v, %v, want RMAC_I that rejects, without a MAC", f, err)
	}
	if c.pd.Secure() || c.pd.Counts().WrongCryptograms != 1 {
		t.Errorf("secure %v, counts %+v, want no session and one wrong cryptogram", c.pd.Secure(), c.pd.Counts())
	}
}

func TestRandomNumbersComeFromTheSeed(t *testing.T) {
	numbers := func(o Options) [3][8]byte {
		p := New(o)
		return [3][8]byte{p.random(), p.random(), p.random()}
	}
	first := numbers(Options{Seed: 1})
	if again := numbers(Options{Seed: 1}); again != first {
		t.Errorf("numbers %X, then %X with the same seed", first, again)
	}
	if first[0] == first[1] {
		t.Errorf("the same number %X twice", first[0])
	}
	for _, o := range []Options{{Seed: 2}, {Seed: 1, Address: 1}} {
		if other := numbers(o); other == first {
			t.Errorf("%+v gives the numbers of seed 1 at address 0", o)
		}
	}
}
