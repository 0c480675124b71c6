package osdp

// Types of security block (SIA OSDP v2.2, annex D). Those of even number are sent by devices.
const (
	blockChallenge  = 0x11 // with CHLNG; one octet says which key: keyDefault or keyOwn
	blockCryptogram = 0x12 // with CCRYPT; likewise
	blockProof      = 0x13 // with SCRYPT; likewise
	blockAccepted   = 0x14 // with RMAC_I; one octet says whether the panel is believed
	blockCommand    = 0x15 // a MAC follows; the data are in the clear, or there are none
	blockReply      = 0x16
	blockCommandEnc = 0x17 // a MAC follows and the data are enciphered
	blockReplyEnc   = 0x18
)

// The octet of the blocks of a handshake.
const (
	keyDefault = 0 // SCBK-D
	keyOwn     = 1 // SCBK

	accepted = 0x01
	rejected = 0xFF
)

// macSize is how much of a MAC is sent, in octets.
const macSize = 4

// Block is what a frame says of its protection. The zero Block has no type of the standard.
type Block struct {
	Type byte
	Data []byte
}

// signed reports whether a MAC precedes the check.
func (b Block) signed() bool { return b.Type >= blockCommand && b.Type <= blockReplyEnc }

// trailer is the length of the MAC.
func (b Block) trailer() int {
	if b.signed() {
		return macSize
	}
	return 0
}

// encode is the block on the wire: its length, its type, its data.
func (b Block) encode() []byte {
	return append([]byte{byte(2 + len(b.Data)), b.Type}, b.Data...)
}

// decodeBlock takes a frame apart that has a security block. body is the frame without its check. A block that leaves
// no room for a command, or says that it is shorter than itself, becomes the zero Block, without a command.
func (f *Frame) decodeBlock(body []byte) {
	rest := body[header:]
	size := int(rest[0])
	if size < 2 || size >= len(rest) {
		return
	}
	block := Block{Type: rest[1], Data: clone(rest[2:size])}
	rest = rest[size:]
	if len(rest) < 1+block.trailer() {
		return
	}
	end := len(rest) - block.trailer()
	f.Block, f.Code, f.Data, f.MAC = block, rest[0], clone(rest[1:end]), clone(rest[end:])
	f.covered = clone(body[:len(body)-block.trailer()])
}

func clone(b []byte) []byte { return append([]byte(nil), b...) }
