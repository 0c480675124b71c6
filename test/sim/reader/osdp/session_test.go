package osdp

import (
	"bytes"
	"testing"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
)

// The session of SIA OSDP v2.2 annex E: SCBK-D, RND.A B0 to B7, RND.B A0 to A7.
var (
	annexA = [8]byte{0xB0, 0xB1, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7}
	annexB = [8]byte{0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7}
)

// annexSession is all a panel says in it, after an ID: CHLNG, SCRYPT and a POLL.
const annexSession = "53 00 09 00 04 61 00 C0 66 53 00 13 00 0D 03 11 00 76 B0B1B2B3B4B5B6B7 31 77" +
	"53 00 1B 00 0E 03 13 00 77 26D3356E07762D262801FC8E6665A891 40 B4 53 00 0E 00 0F 02 15 60 69 BD C6 54 E1 36"

func TestSessionKeysOfAnnexE(t *testing.T) {
	root := newCipher(defaultKey[:])
	s := newSession(defaultKey, annexA, annexB)
	tests := []struct {
		name string
		got  []byte
		want string
	}{
		{"S-MAC1", derive(root, 0x01, annexA), "5E86C676603BDEE2D8BEAFE178637332"},
		{"S-MAC2", derive(root, 0x02, annexA), "6FDA86E857777E81132035758239172E"},
		{"S-ENC", derive(root, 0x82, annexA), "BF8DC2A8329ACB8C67C6D0CD9A451682"},
		{"the panel's cryptogram", s.panel[:], "26D3356E07762D262801FC8E6665A891"},
		{"the device's cryptogram", s.device[:], "FDE5D2F428EC16312471EA3C02BD7796"},
		{"R-MAC_I", s.chain[:], "B2A30057EB98BA2229EC1F875662B524"},
	}
	for _, tt := range tests {
		if !bytes.Equal(tt.got, octets(t, tt.want)) {
			t.Errorf("%s = %X, want %s", tt.name, tt.got, tt.want)
		}
	}
}

func TestHandshakeOfAnnexE(t *testing.T) {
	const (
		proof = "26D3356E07762D262801FC8E6665A891"
		rmac  = "B2A30057EB98BA2229EC1F875662B524"
	)
	p := face(t, Options{Install: true, Identity: Identity{Vendor: [3]byte{0x00, 0x06, 0x8E}}})
	p.pd.random = func() [8]byte { return annexB }
	p.pd.Read(1, card.W26(123, 45678))
	p.do(0, cmdID, 0)

	p.expect("CHLNG", "53 00 13 00 0D 03 11 00 76 B0B1B2B3B4B5B6B7 31 77",
		"FF 53 80 2B 00 0D 03 12 00 76 00068E0000000000 A0A1A2A3A4A5A6A7 FDE5D2F428EC16312471EA3C02BD7796 F8 1E")
	if p.pd.Secure() {
		t.Error("secure before the panel has proved anything")
	}
	p.expect("SCRYPT", "53 00 1B 00 0E 03 13 00 77"+proof+"40 B4",
		"FF 53 80 1B 00 0E 03 14 01 78"+rmac+"6E EB")
	if !p.pd.Secure() || !p.pd.Default() {
		t.Errorf("secure %v with the default key %v, want true and true", p.pd.Secure(), p.pd.Default())
	}
	// From here on not official: worked out once with this algorithm, which interoperates with libosdp.
	p.expect("first secure POLL finds a card", "53 00 0E 00 0F 02 15 60 69 BD C6 54 E1 36",
		"FF 53 80 1E 00 0F 02 18 50 1D 6C 99 3E BD F4 92 F1 AA CA 1B 59 E0 A4 93 91 AD 5D B6 92 BE 08")
}

func TestCommandsOfOSDPNet(t *testing.T) {
	// From OSDP.Net's CommandOutgoingMessageTest: every key and the MAC before are zero.
	tests := []struct {
		name, octets string
		code         byte
		data         []byte
	}{
		{"POLL", "53 00 0E 00 0E 02 15 60 4B 32 76 77 73 B6", cmdPoll, nil},
		{"ID", "53 00 1E 00 0E 02 17 61 D14EB7AD982CC5F9AA25318A7EAED626 9A E9 95 73 19 83", cmdID, []byte{0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, _, v := decode(octets(t, tt.octets))
			if v != whole {
				t.Fatalf("decode = %v, want a whole frame", v)
			}
			zero := newCipher(make([]byte, 16))
			s := &session{open: true, enc: zero, mac1: zero, mac2: zero}
			if !s.take(&f) {
				t.Fatal("command not believed")
			}
			if f.Code != tt.code || !bytes.Equal(f.Data, tt.data) {
				t.Errorf("command %02X % X, want %02X % X", f.Code, f.Data, tt.code, tt.data)
			}
		})
	}
}

func TestDamagedCommandsAreNotBelieved(t *testing.T) {
	secret := octets(t, "53 00 1E 00 0E 02 17 61 D14EB7AD982CC5F9AA25318A7EAED626 9A E9 95 73")
	zero := newCipher(make([]byte, 16))
	for bit := range 8 * len(secret) {
		damaged := bytes.Clone(secret)
		damaged[bit/8] ^= 1 << (bit % 8)
		f := Frame{CRC: true, Secure: true}
		f.decodeBlock(damaged)
		s := &session{open: true, enc: zero, mac1: zero, mac2: zero}
		if f.Block.signed() && s.take(&f) {
			t.Errorf("believed with bit %d wrong", bit)
		}
		if s.chain != [16]byte{} {
			t.Errorf("bit %d wrong moved the chain on", bit)
		}
	}
}

func TestDecipherRefusals(t *testing.T) {
	s := newSession(defaultKey, annexA, annexB)
	zeros := make([]byte, 16)
	block := make([]byte, 16)
	s.enc.Encrypt(block, s.vector()) // deciphers to all zeros: no 80 anywhere
	tests := []struct {
		name string
		data []byte
	}{
		{"nothing", nil}, {"half a block", zeros[:8]}, {"a block and a half", make([]byte, 24)}, {"no end of the data", block},
	}
	for _, tt := range tests {
		if data, ok := s.decipher(tt.data); ok {
			t.Errorf("%s: deciphered to % X", tt.name, data)
		}
	}
}

func TestBlocksThatMakeNoSense(t *testing.T) {
	tests := []struct{ name, octets string }{
		{"shorter than itself", "53 00 0A 00 0C 01 15 60"},
		{"longer than the frame", "53 00 0A 00 0C 40 15 60"},
		{"no room for a command", "53 00 0A 00 0C 03 11 00"},
		{"no room for a MAC", "53 00 0C 00 0C 02 15 60 AA BB"},
		{"nothing behind the control octet but one", "53 00 08 00 0C 02"},
	}
	for _, tt := range tests {
		f, _, v := decode(octets(t, tt.octets+crcOf(t, tt.octets)))
		if v != whole || !f.Secure || f.Block.Type != 0 || f.Code != 0 {
			t.Errorf("%s: verdict %v, %+v, want a whole frame without block and command", tt.name, v, f)
		}
	}
}
