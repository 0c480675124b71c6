package acu

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
)

// The keys a handshake can name.
const (
	Default = 0 // SCBK-D, which everybody knows
	Own     = 1 // SCBK
)

// Channel is the panel's end of a secure channel with one device. It keeps the MACs of both sides apart.
type Channel struct {
	Address  byte
	Sequence byte    // of the last command; 0 also begins anew
	A        [8]byte // the panel's random number (RND.A)
	Lenient  bool    // believe a reply under a panel's block too, if its MAC is right

	which      byte
	enc        cipher.Block
	mac1, mac2 cipher.Block
	cmac, rmac []byte
	proof      []byte
}

// next is a command with the sequence after the last one.
func (c *Channel) next(code byte, data ...byte) Frame {
	c.Sequence = c.Sequence%3 + 1
	return Frame{Address: c.Address, Sequence: c.Sequence, Code: code, Data: data}
}

// Plain is a command outside the channel.
func (c *Channel) Plain(code byte, data ...byte) []byte { return c.next(code, data...).Octets() }

// Challenge is the CHLNG that begins a handshake.
func (c *Channel) Challenge(which byte) []byte {
	c.which = which
	f := c.next(0x76, c.A[:]...)
	f.Block = []byte{0x11, which}
	return f.Octets()
}

// Prove takes the CCRYPT and returns the SCRYPT that follows when the device knows key.
func (c *Channel) Prove(reply []byte, key [16]byte) ([]byte, error) {
	f, err := Parse(reply)
	if err != nil {
		return nil, err
	}
	if f.Code != 0x76 || !bytes.Equal(f.Block, []byte{0x12, c.which}) || len(f.Data) != 32 {
		return nil, ErrKey
	}
	b := f.Data[8:16]
	c.enc, c.mac1, c.mac2 = c.derive(key, 0x82), c.derive(key, 0x01), c.derive(key, 0x02)
	if !bytes.Equal(f.Data[16:], enciphered(c.enc, append(bytes.Clone(c.A[:]), b...))) {
		return nil, ErrKey
	}
	c.proof = enciphered(c.enc, append(bytes.Clone(b), c.A[:]...))
	s := c.next(0x77, c.proof...)
	s.Block = []byte{0x13, c.which}
	return s.Octets(), nil
}

// Begin takes the RMAC_I; after it the channel is open.
func (c *Channel) Begin(reply []byte) error {
	f, err := Parse(reply)
	if err != nil {
		return err
	}
	c.rmac = enciphered(c.mac2, enciphered(c.mac1, c.proof))
	if f.Code != 0x78 || !bytes.Equal(f.Block, []byte{0x14, 0x01}) || !bytes.Equal(f.Data, c.rmac) {
		return ErrKey
	}
	return nil
}

// Seal is the next command of the channel. Whoever sends it must give its reply to Open before the next one.
func (c *Channel) Seal(code byte, data ...byte) []byte {
	f := c.next(code)
	f.Block = []byte{0x15}
	if len(data) > 0 {
		f.Block = []byte{0x17}
		f.Data = padded(append(bytes.Clone(data), 0x80))
		cipher.NewCBCEncrypter(c.enc, inverted(c.rmac)).CryptBlocks(f.Data, f.Data)
	}
	return c.Sign(f)
}

// Sign puts the panel's MAC on a frame as it is.
func (c *Channel) Sign(f Frame) []byte {
	c.cmac = c.mac(c.rmac, f.covered())
	f.MAC = c.cmac[:4]
	return f.Octets()
}

// Forget makes the panel lose its place in the chain of MACs.
func (c *Channel) Forget() { c.rmac = make([]byte, aes.BlockSize) }

// Open checks the reply to the last command sealed, and deciphers it.
func (c *Channel) Open(reply []byte) (code byte, data []byte, err error) {
	f, err := Parse(reply)
	if err != nil {
		return 0, nil, err
	}
	if !c.isReply(f) {
		return 0, nil, ErrMAC
	}
	f.Address |= 0x80
	rmac := c.mac(c.cmac, f.covered())
	if !bytes.Equal(f.MAC, rmac[:4]) {
		return 0, nil, ErrMAC
	}
	c.rmac = rmac
	if f.Block[0] < 0x17 {
		return f.Code, f.Data, nil
	}
	if len(f.Data) == 0 || len(f.Data)%aes.BlockSize != 0 {
		return 0, nil, ErrMAC
	}
	plain := make([]byte, len(f.Data))
	cipher.NewCBCDecrypter(c.enc, inverted(c.cmac)).CryptBlocks(plain, f.Data)
	return f.Code, plain[:max(bytes.LastIndexByte(plain, 0x80), 0)], nil
}

// isReply reports whether a frame is signed at all, and answers the last command.
func (c *Channel) isReply(f Frame) bool {
	if len(f.Block) != 1 || f.Sequence != c.Sequence {
		return false
	}
	switch f.Block[0] {
	case 0x16, 0x18:
		return true
	case 0x15, 0x17:
		return c.Lenient
	}
	return false
}

// derive is a session key.
func (c *Channel) derive(key [16]byte, which byte) cipher.Block {
	k := append([]byte{0x01, which}, c.A[:6]...)
	return blocks(enciphered(blocks(key[:]), append(k, make([]byte, 8)...)))
}

// mac is the MAC of octets, after the MAC before: all blocks but the last with S-MAC1, that one with S-MAC2.
func (c *Channel) mac(before, octets []byte) []byte {
	if len(octets)%aes.BlockSize != 0 {
		octets = padded(append(bytes.Clone(octets), 0x80))
	}
	last := len(octets) - aes.BlockSize
	if last > 0 {
		sums := make([]byte, last)
		cipher.NewCBCEncrypter(c.mac1, before).CryptBlocks(sums, octets[:last])
		before = sums[last-aes.BlockSize:]
	}
	mac := make([]byte, aes.BlockSize)
	cipher.NewCBCEncrypter(c.mac2, before).CryptBlocks(mac, octets[last:])
	return mac
}

func enciphered(c cipher.Block, octets []byte) []byte {
	out := make([]byte, aes.BlockSize)
	c.Encrypt(out, octets)
	return out
}

func blocks(key []byte) cipher.Block {
	c, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // keys have 16 octets
	}
	return c
}

// padded fills whole blocks with zeros.
func padded(b []byte) []byte {
	return append(b, make([]byte, (aes.BlockSize-len(b)%aes.BlockSize)%aes.BlockSize)...)
}

func inverted(b []byte) []byte {
	out := make([]byte, len(b))
	for i := range b {
		out[i] = ^b[i]
	}
	return out
}
