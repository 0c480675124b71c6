package osdp

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// channel is a panel's end of a secure channel, written on its own from SIA OSDP v2.2 annex D. It keeps the MACs of
// both sides apart and checks whatever the device says.
type channel struct {
	*panel
	sequence   byte
	enc        cipher.Block
	mac1, mac2 cipher.Block
	cmac, rmac []byte
}

func block(t testing.TB, key []byte) cipher.Block {
	t.Helper()
	c, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// open makes a session with key, which is the device's own unless which is 0.
func open(t *testing.T, o Options, which byte, key [16]byte) *channel {
	t.Helper()
	c := &channel{panel: face(t, o)}
	c.do(0, cmdID, 0)
	c.handshake(which, key)
	return c
}

// next is the sequence after the last one used.
func (c *channel) next() byte { c.sequence = c.sequence%3 + 1; return c.sequence }

// raw sends a frame and returns the device's, read by the simulator's own scanner.
func (c *channel) raw(f Frame) Frame {
	c.t.Helper()
	c.now = c.now.Add(50 * time.Millisecond)
	return c.read(c.pd.Answer(c.now, c.wired(f)).Octets)
}

// wired is f as it arrives.
func (c *channel) wired(f Frame) Frame {
	c.t.Helper()
	f.Address, f.CRC = c.pd.Address(), true
	return c.read(f.Encode())
}

func (c *channel) read(octets []byte) Frame {
	c.t.Helper()
	var s Scanner
	frames := s.Feed(c.now, c.now, octets)
	if len(frames) != 1 {
		c.t.Fatalf("% X holds %d frames, want 1", octets, len(frames))
	}
	return frames[0]
}

// handshake agrees on session keys and checks the device's cryptogram and first MAC.
func (c *channel) handshake(which byte, key [16]byte) {
	c.t.Helper()
	a := []byte{1, 2, 3, 4, 5, 6, 7, 8}
	got := c.raw(Frame{Sequence: c.next(), Secure: true, Block: Block{0x11, []byte{which}}, Code: 0x76, Data: a})
	if got.Code != 0x76 || got.Block.Type != 0x12 || got.Block.Data[0] != which || len(got.Data) != 32 {
		c.t.Fatalf("CHLNG answered with %+v, want CCRYPT", got)
	}
	b := got.Data[8:16]
	base := block(c.t, key[:])
	keys := make([]cipher.Block, 3)
	for i, head := range [][2]byte{{1, 0x82}, {1, 1}, {1, 2}} {
		k := append(append([]byte{head[0], head[1]}, a[:6]...), make([]byte, 8)...)
		base.Encrypt(k, k)
		keys[i] = block(c.t, k)
	}
	c.enc, c.mac1, c.mac2 = keys[0], keys[1], keys[2]
	want, proof := append(bytes.Clone(a), b...), append(bytes.Clone(b), a...)
	c.enc.Encrypt(want, want)
	if !bytes.Equal(got.Data[16:], want) {
		c.t.Fatalf("device's cryptogram %X, want %X", got.Data[16:], want)
	}
	c.enc.Encrypt(proof, proof)
	got = c.raw(Frame{Sequence: c.next(), Secure: true, Block: Block{0x13, []byte{which}}, Code: 0x77, Data: proof})
	c.mac1.Encrypt(proof, proof)
	c.mac2.Encrypt(proof, proof)
	if got.Code != 0x78 || got.Block.Type != 0x14 || got.Block.Data[0] != 1 || !bytes.Equal(got.Data, proof) {
		c.t.Fatalf("SCRYPT answered with %+v, want RMAC_I %X", got, proof)
	}
	c.rmac = proof
}

// tell signs a command and sends it, and returns what the device said, checked and deciphered.
func (c *channel) tell(code byte, data ...byte) Frame {
	c.t.Helper()
	return c.heard(c.raw(c.sealed(c.next(), code, data...)))
}

// sealed is a command enciphered and signed, a link of the panel's chain.
func (c *channel) sealed(sequence, code byte, data ...byte) Frame {
	c.t.Helper()
	f := Frame{Sequence: sequence, Secure: true, Block: Block{Type: 0x15}, Code: code, MAC: make([]byte, 4)}
	if len(data) > 0 {
		f.Block.Type = 0x17
		f.Data = append(bytes.Clone(data), 0x80)
		for len(f.Data)%16 != 0 {
			f.Data = append(f.Data, 0)
		}
		cipher.NewCBCEncrypter(c.enc, inverted(c.rmac)).CryptBlocks(f.Data, f.Data)
	}
	f.Address, f.CRC = c.pd.Address(), true
	wire := f.Encode()
	c.cmac = c.over(c.rmac, wire[1:len(wire)-6])
	f.MAC = c.cmac[:4]
	return f
}

// heard checks the MAC of a reply and deciphers it.
func (c *channel) heard(f Frame) Frame {
	c.t.Helper()
	wire := f.Encode()
	c.rmac = c.over(c.cmac, wire[1:len(wire)-6])
	if f.Block.Type < 0x16 || !bytes.Equal(f.MAC, c.rmac[:4]) {
		c.t.Fatalf("reply % X not signed by the device, want MAC % X", wire, c.rmac[:4])
	}
	if f.Block.Type == 0x18 {
		cipher.NewCBCDecrypter(c.enc, inverted(c.cmac)).CryptBlocks(f.Data, f.Data)
		f.Data = f.Data[:bytes.LastIndexByte(f.Data, 0x80)]
	}
	return f
}

// over is the MAC of octets, after the MAC before.
func (c *channel) over(before, octets []byte) []byte {
	padded := bytes.Clone(octets)
	if len(padded)%16 != 0 {
		padded = append(padded, 0x80)
	}
	for len(padded)%16 != 0 {
		padded = append(padded, 0)
	}
	last := len(padded) - 16
	chained := bytes.Clone(before)
	if last > 0 {
		sums := make([]byte, last)
		cipher.NewCBCEncrypter(c.mac1, before).CryptBlocks(sums, padded[:last])
		chained = sums[last-16:]
	}
	mac := make([]byte, 16)
	cipher.NewCBCEncrypter(c.mac2, chained).CryptBlocks(mac, padded[last:])
	return mac
}

func inverted(b []byte) []byte {
	out := make([]byte, len(b))
	for i := range b {
		out[i] = b[i] ^ 0xFF
	}
	return out
}

var ownKey = [16]byte{0xC0, 0xFF, 0xEE, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

func TestSessionCarriesEverything(t *testing.T) {
	c := open(t, Options{Address: 3, Key: &ownKey, Display: true, Outputs: 1}, 1, ownKey)
	if !c.pd.Secure() || c.pd.Default() {
		t.Errorf("secure %v with the default key %v, want true and false", c.pd.Secure(), c.pd.Default())
	}
	if got := c.tell(cmdPoll); got.Code != replyAck || got.Block.Type != 0x16 {
		t.Errorf("POLL = %+v, want ACK without data", got)
	}
	if got := c.tell(cmdLED, 0, 0, 2, 2, 1, 2, 0, 10, 0, 0, 0, 0, 0, 0); got.Code != replyAck {
		t.Errorf("LED = %+v, want ACK", got)
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
		if got := c.tell(cmdPoll); got.Code != want.code || !bytes.Equal(got.Data, want.data) {
			t.Errorf("POLL %d = %02X % X, want %02X % X", i, got.Code, got.Data, want.code, want.data)
		}
	}
	if got := c.tell(0x80, 1, 2, 3); got.Code != replyNak || got.Data[0] != nakUnknown {
		t.Errorf("MFG = %+v, want NAK 3, enciphered", got)
	}
	for _, code := range []byte{cmdACURxSize, cmdKeepAlive} {
		if got := c.tell(code, 0, 5); got.Code != replyAck {
			t.Errorf("command %02X = %+v, want ACK", code, got)
		}
	}
}

func TestRepeatedInASession(t *testing.T) {
	c := open(t, Options{Key: &ownKey}, 1, ownKey)
	c.pd.Read(7, card.FromUID(1, 2, 3, 4))
	c.pd.Read(8, card.FromUID(5, 6, 7, 8))
	poll := c.sealed(c.next(), cmdPoll)
	first := c.pd.Answer(c.now, c.wired(poll)).Octets
	for range 3 {
		if again := c.pd.Answer(c.now, c.wired(poll)).Octets; !bytes.Equal(again, first) {
			t.Errorf("again % X, want % X", again, first)
		}
	}
	if got := c.heard(c.read(first)); !bytes.Equal(got.Data, octets(t, "00 00 20 00 01 02 03 04")) {
		t.Errorf("card = % X", got.Data)
	}
	if got := c.tell(cmdPoll); got.Data[4] != 5 {
		t.Errorf("next POLL = % X, want the second card: the chain went on once", got.Data)
	}
}

func TestSessionsEnd(t *testing.T) {
	tests := []struct {
		name string
		end  func(*channel)
		want []Event
	}{
		{"sequence 0", func(c *channel) { c.do(0, cmdPoll) }, []Event{{Kind: Restarted}, {Kind: Unsecured}}},
		{"power failure", func(c *channel) { c.pd.PowerCycle(c.now) }, []Event{{Kind: Unsecured}}},
		{"key changed at the reader", func(c *channel) { c.pd.SetKey(c.now, &[16]byte{9}, false) }, []Event{{Kind: Unsecured}}},
		{"command in the clear", func(c *channel) { c.do(c.next(), cmdPoll) }, []Event{{Kind: Unsecured}}},
		{"wrong MAC", func(c *channel) {
			f := c.sealed(c.next(), cmdPoll)
			f.MAC[3] ^= 1
			c.raw(f)
		}, []Event{{Kind: Unsecured}}},
		{"out of the chain", func(c *channel) {
			c.rmac = make([]byte, 16)
			c.raw(c.sealed(c.next(), cmdPoll))
		}, []Event{{Kind: Unsecured}}},
		{"new challenge", func(c *channel) {
			c.raw(Frame{Sequence: c.next(), Secure: true, Block: Block{0x11, []byte{1}}, Code: 0x76, Data: make([]byte, 8)})
		}, []Event{{Kind: Unsecured}}},
		{"more than eight seconds", func(c *channel) {
			c.now = c.now.Add(8 * time.Second)
			c.do(0, cmdPoll)
		}, []Event{{Kind: Unsecured}, {Kind: Offline, Light: lamp.Off}, {Kind: Restarted}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := open(t, Options{Key: &ownKey}, 1, ownKey)
			if code := c.tell(cmdPoll).Code; code != replyAck {
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
	c := open(t, Options{Key: &ownKey}, 1, ownKey)
	c.now = c.now.Add(8*time.Second - 50*time.Millisecond) // raw adds the rest
	if got := c.tell(cmdPoll); got.Code != replyAck {
		t.Errorf("POLL after 8 s = %+v, want ACK", got)
	}
}

func TestSecurityNaks(t *testing.T) {
	chlng := func(block ...byte) Frame {
		return Frame{Secure: true, Block: Block{0x11, block}, Code: 0x76, Data: make([]byte, 8)}
	}
	signed := Frame{Secure: true, Block: Block{Type: 0x15}, Code: cmdPoll, MAC: make([]byte, 4)}
	keyed, locked := Options{Key: &ownKey}, Options{Key: &ownKey, RequireSecure: true}
	tests := []struct {
		name    string
		options Options
		frame   Frame
		reason  byte
	}{
		{"no key at all: CHLNG", Options{}, chlng(1), 5},
		{"no key at all: signed", Options{}, signed, 5},
		{"own key asked for, only installing", Options{Install: true}, chlng(1), 6},
		{"default key asked for, not installing", keyed, chlng(0), 6},
		{"no key named", keyed, chlng(), 6},
		{"a key nobody has", keyed, chlng(2), 6},
		{"SCRYPT before CHLNG", keyed, Frame{Secure: true, Block: Block{0x13, []byte{1}}, Code: 0x77, Data: make([]byte, 16)}, 6},
		{"signed outside a session", keyed, signed, 6},
		{"a device's block", keyed, Frame{Secure: true, Block: Block{Type: 0x16}, Code: cmdPoll, MAC: make([]byte, 4)}, 5},
		{"a block that does not exist", keyed, Frame{Secure: true, Block: Block{Type: 0x19}, Code: cmdPoll}, 5},
		{"CHLNG in the clear", keyed, Frame{Code: 0x76, Data: make([]byte, 8)}, 6},
		{"KEYSET in the clear", keyed, Frame{Code: cmdKeySet, Data: make([]byte, 18)}, 6},
		{"POLL in the clear, secure channel required", locked, Frame{Code: cmdPoll}, 6},
		{"LED in the clear, secure channel required", locked, Frame{Code: cmdLED, Data: make([]byte, 14)}, 6},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &channel{panel: face(t, tt.options)}
			c.do(0, cmdID, 0)
			tt.frame.Sequence = c.next()
			got := c.raw(tt.frame)
			if got.Code != replyNak || got.Secure || !bytes.Equal(got.Data, []byte{tt.reason}) {
				t.Errorf("reply = %+v, want NAK %d in the clear", got, tt.reason)
			}
			if code, _ := c.do(c.next(), cmdCap, 0); code != replyCap {
				t.Errorf("CAP after it = %02X, want PDCAP: the sequence went on", code)
			}
		})
	}
}

func TestReaderWithoutKeyNaksAsRecorded(t *testing.T) {
	// An OSM-1000 that has no key yet, recorded in libosdp issue 39: its answer to CHLNG.
	p := face(t, Options{Install: true})
	p.do(0, cmdID, 0)
	p.do(1, cmdCap, 0)
	chlng := Frame{Sequence: 2, CRC: true, Secure: true, Block: Block{0x11, []byte{1}}, Code: 0x76, Data: make([]byte, 8)}
	if got := p.pd.Answer(p.now, chlng).Octets; !bytes.Equal(got, octets(t, "FF 53 80 09 00 06 41 06 A0 BA")) {
		t.Errorf("CHLNG = % X, want NAK 6", got)
	}
}

func TestPanelWithAnotherKeyIsRejected(t *testing.T) {
	c := &channel{panel: face(t, Options{Key: &ownKey})}
	c.do(0, cmdID, 0)
	c.raw(Frame{Sequence: c.next(), Secure: true, Block: Block{0x11, []byte{1}}, Code: 0x76, Data: make([]byte, 8)})
	got := c.raw(Frame{Sequence: c.next(), Secure: true, Block: Block{0x13, []byte{1}}, Code: 0x77, Data: make([]byte, 16)})
	if got.Code != 0x78 || got.Block.Type != 0x14 || got.Block.Data[0] != 0xFF {
		t.Errorf("SCRYPT = %+v, want RMAC_I that rejects", got)
	}
	if c.pd.Secure() || c.pd.Counts().WrongCryptograms != 1 {
		t.Errorf("secure %v, counts %+v, want no session and one wrong cryptogram", c.pd.Secure(), c.pd.Counts())
	}
}

func TestKeySet(t *testing.T) {
	keySet := func(key [16]byte) []byte { return append([]byte{1, 16}, key[:]...) }
	t.Run("ends installation and survives a power failure", func(t *testing.T) {
		c := open(t, Options{Install: true}, 0, defaultKey)
		c.pd.Events()
		if got := c.tell(cmdKeySet, keySet(ownKey)...); got.Code != replyAck {
			t.Fatalf("KEYSET = %+v, want ACK", got)
		}
		if got := c.tell(cmdPoll); got.Code != replyAck {
			t.Errorf("POLL in the old session = %+v, want ACK", got)
		}
		if diff := cmp.Diff(timeless(c.pd.Events()), []Event{{Kind: Keyed}}); diff != "" {
			t.Errorf("events (-got +want):\n%s", diff)
		}
		c.pd.PowerCycle(c.now)
		if key, ok := c.pd.Key(); !ok || key != ownKey || c.pd.Installing() {
			t.Errorf("key %X %v, installing %v, want the new one, false", key, ok, c.pd.Installing())
		}
		c.do(0, cmdID, 0)
		c.sequence = 0
		got := c.raw(Frame{Sequence: c.next(), Secure: true, Block: Block{0x11, []byte{0}}, Code: 0x76, Data: make([]byte, 8)})
		if got.Code != replyNak {
			t.Errorf("CHLNG with the default key = %+v, want NAK", got)
		}
		c.handshake(1, ownKey)
	})
	t.Run("a reader that ends its session", func(t *testing.T) {
		c := open(t, Options{Install: true, EndsOnKeySet: true}, 0, defaultKey)
		if got := c.tell(cmdKeySet, keySet(ownKey)...); got.Code != replyAck || got.Block.Type != 0x16 {
			t.Fatalf("KEYSET = %+v, want ACK, signed", got)
		}
		if got := c.raw(c.sealed(c.next(), cmdPoll)); got.Code != replyNak || got.Secure || got.Data[0] != nakNeedsKey {
			t.Errorf("POLL in the old session = %+v, want NAK 6", got)
		}
		c.handshake(1, ownKey)
	})
	t.Run("refusals leave the key", func(t *testing.T) {
		c := open(t, Options{Key: &ownKey}, 1, ownKey)
		inTheClear := Frame{Sequence: c.next(), Secure: true, Block: Block{Type: 0x15}, Code: cmdKeySet, Data: keySet([16]byte{}), MAC: make([]byte, 4)}
		inTheClear.Address, inTheClear.CRC = c.pd.Address(), true
		wire := inTheClear.Encode()
		c.cmac = c.over(c.rmac, wire[1:len(wire)-6])
		inTheClear.MAC = c.cmac[:4]
		if got := c.heard(c.raw(inTheClear)); got.Code != replyNak || got.Data[0] != nakNeedsKey {
			t.Errorf("KEYSET signed but not enciphered = %+v, want NAK 6", got)
		}
		for _, bad := range [][]byte{{0, 16}, {1, 32}} {
			if got := c.tell(cmdKeySet, append(bad, make([]byte, 16)...)...); got.Code != replyNak || got.Data[0] != nakRecord {
				t.Errorf("KEYSET %X = %+v, want NAK 9", bad, got)
			}
		}
		if key, _ := c.pd.Key(); key != ownKey {
			t.Errorf("key = %X, want the old one", key)
		}
	})
}

func TestCapabilitiesTellTheTruth(t *testing.T) {
	tests := []struct {
		name    string
		options Options
		crc     byte
		secure  [2]byte
	}{
		{"plain", Options{}, 1, [2]byte{0, 0}},
		{"keyed", Options{Key: &ownKey}, 1, [2]byte{1, 0}},
		{"installing", Options{Install: true}, 1, [2]byte{1, 1}},
		{"checksum", Options{Checksum: true}, 0, [2]byte{0, 0}},
	}
	for _, tt := range tests {
		p := face(t, tt.options)
		a := p.pd.Answer(p.now, Frame{Code: cmdCap, Data: []byte{0}})
		list := a.Octets[7 : len(a.Octets)-1]
		var crc byte
		var secure [2]byte
		for ; len(list) > 0; list = list[3:] {
			switch list[0] {
			case 8:
				crc = list[1]
			case 9:
				secure = [2]byte{list[1], list[2]}
			}
		}
		if crc != tt.crc || secure != tt.secure {
			t.Errorf("%s: CRC %d, security %v, want %d, %v", tt.name, crc, secure, tt.crc, tt.secure)
		}
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
