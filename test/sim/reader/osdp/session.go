package osdp

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
)

// defaultKey is SCBK-D, the key everybody knows (SIA OSDP v2.2, annex D).
var defaultKey = [aes.BlockSize]byte{
	0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F,
}

// challengeSize is the length of the random number each side contributes.
const challengeSize = 8

// session is one secure channel, from the panel's challenge on. A panel and a device speak in turns, so that one value
// holds the whole chain of MACs: that of the message before, whoever sent it.
type session struct {
	key  byte // keyDefault or keyOwn
	open bool // the panel has proved that it knows the key

	enc, mac1, mac2 cipher.Block
	device, panel   [aes.BlockSize]byte // the cryptograms by which each side proves that it knows the key
	chain           [aes.BlockSize]byte
}

// newSession derives the keys of a session from the base key, the panel's random number (RND.A) and the device's
// (RND.B).
func newSession(base [aes.BlockSize]byte, a, b [challengeSize]byte) *session {
	root := newCipher(base[:])
	s := &session{
		enc:  newCipher(derive(root, 0x82, a)),
		mac1: newCipher(derive(root, 0x01, a)),
		mac2: newCipher(derive(root, 0x02, a)),
	}
	s.enc.Encrypt(s.device[:], append(a[:], b[:]...))
	s.enc.Encrypt(s.panel[:], append(b[:], a[:]...))
	s.mac1.Encrypt(s.chain[:], s.panel[:])
	s.mac2.Encrypt(s.chain[:], s.chain[:]) // R-MAC_I: the chain begins as if the device had sent it
	return s
}

// derive makes a session key: 01, which, six octets of RND.A and eight zeros, enciphered with the base key.
func derive(root cipher.Block, which byte, a [challengeSize]byte) []byte {
	k := make([]byte, aes.BlockSize)
	k[0], k[1] = 0x01, which
	copy(k[2:8], a[:6])
	root.Encrypt(k, k)
	return k
}

func newCipher(key []byte) cipher.Block {
	c, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // every key here has 16 octets
	}
	return c
}

// believes reports whether a panel's cryptogram shows that it knows the key.
func (s *session) believes(cryptogram []byte) bool {
	return subtle.ConstantTimeCompare(cryptogram, s.panel[:]) == 1
}

// mac is the next link of the chain: the octets of a message, filled up to whole blocks with 80 and zeros, each block
// enciphered together with what came before, all with S-MAC1 but the last, which is enciphered with S-MAC2.
func (s *session) mac(octets []byte) [aes.BlockSize]byte {
	link := s.chain
	if len(octets)%aes.BlockSize != 0 {
		octets = fill(octets)
	}
	for len(octets) > 0 {
		subtle.XORBytes(link[:], link[:], octets[:aes.BlockSize])
		octets = octets[aes.BlockSize:]
		c := s.mac1
		if len(octets) == 0 {
			c = s.mac2
		}
		c.Encrypt(link[:], link[:])
	}
	return link
}

// fill adds 80 and as many zeros as make whole blocks.
func fill(octets []byte) []byte {
	b := append(clone(octets), 0x80)
	for len(b)%aes.BlockSize != 0 {
		b = append(b, 0)
	}
	return b
}

// encipher is the data of a message as they are sent.
func (s *session) encipher(data []byte) []byte {
	b := fill(data)
	cipher.NewCBCEncrypter(s.enc, s.vector()).CryptBlocks(b, b)
	return b
}

// decipher is the inverse. It fails when nothing, no whole blocks or no end of the data is found.
func (s *session) decipher(data []byte) ([]byte, bool) {
	if len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, false
	}
	b := make([]byte, len(data))
	cipher.NewCBCDecrypter(s.enc, s.vector()).CryptBlocks(b, data)
	return bytes.CutSuffix(bytes.TrimRight(b, "\x00"), []byte{0x80})
}

// vector is the initial vector of the next message's data: the MAC of the message before, every bit inverted.
func (s *session) vector() []byte {
	var iv [aes.BlockSize]byte
	for i, b := range s.chain {
		iv[i] = ^b
	}
	return iv[:]
}

// take checks and deciphers a command. Only one that is right moves the chain on.
func (s *session) take(f *Frame) bool {
	link := s.mac(f.covered)
	if subtle.ConstantTimeCompare(f.MAC, link[:macSize]) != 1 {
		return false
	}
	if f.Block.Type == blockCommandEnc {
		data, ok := s.decipher(f.Data)
		if !ok {
			return false
		}
		f.Data = data
	}
	s.chain = link
	return true
}

// give enciphers and signs a reply.
func (s *session) give(f *Frame) {
	block := byte(blockReply)
	if len(f.Data) > 0 {
		block = blockReplyEnc
		f.Data = s.encipher(f.Data)
	}
	s.sign(f, block)
}

// sign puts a reply under a block as it is.
func (s *session) sign(f *Frame, block byte) {
	f.Secure, f.Block = true, Block{Type: block}
	s.chain = s.mac(f.body()[1:])
	f.MAC = clone(s.chain[:macSize])
}
