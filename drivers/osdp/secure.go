package osdp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"errors"
	"fmt"
)

// Kinds of security blocks.
const (
	blockChallenge    = 0x11 // panel: CHLNG
	blockCrypt        = 0x12 // reader: CCRYPT
	blockProof        = 0x13 // panel: SCRYPT
	blockFirst        = 0x14 // reader: RMAC_I
	blockCommand      = 0x15 // MAC; with the next two sealed data as well
	blockReply        = 0x16
	blockSealed       = 0x17
	blockSealedReply  = 0x18
	blockDefaultKey   = 0x00 // what a block of the handshake says of the key
	blockOwnKey       = 0x01
	macOctets         = 4 // of sixteen, that go over the line
	cryptRandomOctets = 8
)

// Reasons to refuse what came under the secure channel.
var (
	errMAC     = errors.New("osdp message authentication code is wrong")
	errPlain   = errors.New("osdp reply is not under the secure channel")
	errPadding = errors.New("osdp sealed data has no padding")
)

// block is one block of AES.
type block [aes.BlockSize]byte

// random is what each side throws into a session.
type random [cryptRandomOctets]byte

// session is one secure channel: three keys made of the reader's key and the panel's random number, and the chain of
// message authentication codes that ties each frame to the one before. It is not safe for concurrent use.
type session struct {
	enc, mac1, mac2 cipher.Block

	client, server block // cryptograms: each side shows that it has the key
	first          block // R-MAC_I, where the chain begins

	sent  block // code of the last command, which the reply is tied to
	heard block // code of the last reply, which the next command is tied to
	next  block // code of the reply that open let through; heard after follow

	chain block  // scratch, so that no frame costs an allocation
	tail  block  // scratch
	out   []byte // scratch: data of the command, sealed
	in    []byte // scratch: data of the reply, opened
}

// newSession derives the session of key for a, of the panel, and b, of the reader.
func newSession(key Key, a, b random) *session {
	base := newCipher(key[:])
	s := &session{enc: derive(base, a, 0x82), mac1: derive(base, a, 0x01), mac2: derive(base, a, 0x02)}
	copy(s.client[:], append(a[:], b[:]...))
	copy(s.server[:], append(b[:], a[:]...))
	s.enc.Encrypt(s.client[:], s.client[:])
	s.enc.Encrypt(s.server[:], s.server[:])
	s.mac1.Encrypt(s.first[:], s.server[:])
	s.mac2.Encrypt(s.first[:], s.first[:])
	s.heard = s.first
	return s
}

// derive makes a session key: 01, what it is for, the first six octets of the panel's random number, zeros.
func derive(base cipher.Block, a random, use byte) cipher.Block {
	seed := block{0x01, use}
	copy(seed[2:], a[:6])
	base.Encrypt(seed[:], seed[:])
	return newCipher(seed[:])
}

func newCipher(key []byte) cipher.Block {
	c, err := aes.NewCipher(key)
	if err != nil {
		panic(fmt.Sprintf("osdp: key of %d octets", len(key))) // all keys here have 16
	}
	return c
}

// same compares in constant time.
func same(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// seal adds the octets of the command f under the channel to b. The same octets must be sent again on a retry: sealing
// twice would break the chain.
func (s *session) seal(b []byte, f frame) []byte {
	start := len(b)
	f.block = securityBlock{kind: blockCommand}
	if len(f.data) > 0 {
		f.block.kind, f.data = blockSealed, s.encrypt(f.data)
	}
	b = f.appendBody(b)
	s.sent = s.sign(s.heard, b[start:])
	return f.appendCheck(append(b, s.sent[:macOctets]...), start)
}

// open checks the code of a reply and takes the seal off its data, which is valid until the next open. A block of the
// panel's is taken for the reader's: libosdp 3.2.0 answers LSTAT under 15, and the code shows who it is. The chain stays
// where it is until follow: a reply that says BUSY does not move it. Errors: errPlain, errMAC, errPadding.
func (s *session) open(f frame) (frame, error) {
	if !f.block.signs() {
		return frame{}, errPlain
	}
	s.next = s.sign(s.sent, f.signed)
	if !same(s.next[:macOctets], f.mac) {
		return frame{}, errMAC
	}
	if !f.block.seals() || len(f.data) == 0 {
		return f, nil
	}
	data, ok := s.decrypt(f.data)
	if !ok {
		return frame{}, errPadding
	}
	f.data = data
	return f, nil
}

// follow ties the next command to the reply that open let through.
func (s *session) follow() { s.heard = s.next }

// sign is CBC over octets from icv on: the last block with the second key, all others with the first. A short last
// block is filled with 80 00 00…; a full one is left alone.
func (s *session) sign(icv block, octets []byte) block {
	s.chain = icv
	for ; len(octets) > aes.BlockSize; octets = octets[aes.BlockSize:] {
		subtle.XORBytes(s.chain[:], s.chain[:], octets[:aes.BlockSize])
		s.mac1.Encrypt(s.chain[:], s.chain[:])
	}
	s.tail = block{}
	if n := copy(s.tail[:], octets); n < aes.BlockSize {
		s.tail[n] = paddingStart
	}
	subtle.XORBytes(s.chain[:], s.chain[:], s.tail[:])
	s.mac2.Encrypt(s.chain[:], s.chain[:])
	return s.chain
}

// paddingStart ends sealed data; zeros follow up to a whole block.
const paddingStart = 0x80

// encrypt is CBC from the complement of the reader's last code on. Padding is always added.
func (s *session) encrypt(data []byte) []byte {
	s.out = append(append(s.out[:0], data...), paddingStart)
	for len(s.out)%aes.BlockSize != 0 {
		s.out = append(s.out, 0)
	}
	s.chain = complement(s.heard)
	for rest := s.out; len(rest) > 0; rest = rest[aes.BlockSize:] {
		subtle.XORBytes(s.chain[:], s.chain[:], rest[:aes.BlockSize])
		s.enc.Encrypt(s.chain[:], s.chain[:])
		copy(rest, s.chain[:])
	}
	return s.out
}

// decrypt undoes what the reader did from the complement of our last code on. Its code was right, so a wrong padding
// tells nobody anything.
func (s *session) decrypt(data []byte) (clear []byte, ok bool) {
	if len(data)%aes.BlockSize != 0 {
		return nil, false
	}
	s.in = append(s.in[:0], data...)
	s.chain = complement(s.sent)
	for at := 0; at < len(data); at += aes.BlockSize {
		s.enc.Decrypt(s.in[at:at+aes.BlockSize], data[at:at+aes.BlockSize])
		subtle.XORBytes(s.in[at:at+aes.BlockSize], s.in[at:at+aes.BlockSize], s.chain[:])
		copy(s.chain[:], data[at:])
	}
	return unpad(s.in)
}

func unpad(data []byte) (clear []byte, ok bool) {
	for n := len(data) - 1; n >= 0 && n > len(data)-1-aes.BlockSize; n-- {
		switch data[n] {
		case 0:
		case paddingStart:
			return data[:n], true
		default:
			return nil, false
		}
	}
	return nil, false
}

func complement(b block) block {
	for i := range b {
		b[i] = ^b[i]
	}
	return b
}
