package osdp_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/rollcall-edge/rollcall/drivers/osdp"
)

// locked is the reader's side of the secure channel, around a script. It is written from the standard's annex and the
// cipher modes of crypto/cipher, and shares nothing with the driver; TestLockedScriptSpeaksTheVectors holds it to annex E.
// In plain it answers ID only: a reader that is set to demand the channel.
type locked struct {
	*script
	key    []byte // of sixteen octets
	bare   bool   // answers LSTAT under block 15 and not sealed, as libosdp 3.2.0 does
	opens  bool   // takes the key that everybody knows, too
	random string // RND.B

	onLine sync.Mutex // guards everything that follows
	mode   struct{ enc, mac1, mac2 cipher.Block }
	mac    []byte // the last one of either side
	proof  []byte // server cryptogram that has to come; nil when none has
	stands bool
	silent bool
	spoil  func(reply []byte) []byte // changes the next reply on its way; nil when none is to be
	told   []byte                    // key of a KEYSET
	before struct {
		sequence byte
		reply    []byte
	}
	place        []byte // data of a COMSET
	loseAfterKey int    // replies from KEYSET on that do not arrive
}

const annexKey = "30 31 32 33 34 35 36 37 38 39 3A 3B 3C 3D 3E 3F"

func newLocked(key string, cards ...string) *locked {
	return newLockedAt(1, key, cards...)
}

func newLockedAt(address byte, key string, cards ...string) *locked {
	return &locked{script: newScript(address, cards...), key: octets(key), random: "A0 A1 A2 A3 A4 A5 A6 A7"}
}

func (l *locked) Serve(line io.ReadWriter) {
	for {
		command, err := readCommand(line)
		if err != nil {
			return
		}
		if command[1] != l.address {
			continue
		}
		if _, err := line.Write(l.reply(command)); err != nil {
			return
		}
	}
}

// mute makes the reader answer nothing, or answer again.
func (l *locked) mute(yes bool) {
	l.onLine.Lock()
	defer l.onLine.Unlock()
	l.silent = yes
}

// spoilNext changes one reply on its way; the reader's own memory of it stays right.
func (l *locked) spoilNext(how func([]byte) []byte) {
	l.onLine.Lock()
	defer l.onLine.Unlock()
	l.spoil = how
}

// powerCycle makes the reader forget its session and its sequence.
func (l *locked) powerCycle() {
	l.onLine.Lock()
	defer l.onLine.Unlock()
	l.stands, l.before.reply = false, nil
}

func (l *locked) standing() bool {
	l.onLine.Lock()
	defer l.onLine.Unlock()
	return l.stands
}

func (l *locked) wasTold() (key, place []byte) {
	l.onLine.Lock()
	defer l.onLine.Unlock()
	return l.told, l.place
}

func (l *locked) reply(command []byte) []byte {
	l.onLine.Lock()
	defer l.onLine.Unlock()
	sequence := command[4] & 3
	if sequence == 0 || sequence != l.before.sequence || l.before.reply == nil {
		l.before.sequence, l.before.reply = sequence, l.fresh(command)
	}
	if l.silent {
		return nil
	}
	if l.told != nil && l.loseAfterKey > 0 {
		l.loseAfterKey--
		return nil
	}
	if l.spoil == nil || !l.stands {
		return l.before.reply
	}
	how := l.spoil
	l.spoil = nil
	return how(bytes.Clone(l.before.reply))
}

// fresh answers a command that is no repetition.
func (l *locked) fresh(command []byte) []byte {
	sequence := command[4] & 3
	if command[4]&8 == 0 {
		l.stands = false
		if command[5] == 0x61 {
			l.script.mu.Lock()
			defer l.script.mu.Unlock()
			return seal(l.address, sequence, l.answers[0x61])
		}
		return seal(l.address, sequence, "41 06")
	}
	switch kind := command[6]; kind {
	case 0x11:
		return l.challenged(command)
	case 0x13:
		return l.proven(command)
	case 0x15, 0x17:
		if data, ok := l.unseal(command, kind == 0x17); ok && l.stands {
			return l.answerTo(sequence, command[7], data)
		}
	}
	l.stands = false
	return seal(l.address, sequence, "41 06")
}

func (l *locked) challenged(command []byte) []byte {
	key := l.key
	if command[7] == 0 {
		if !l.opens {
			return seal(l.address, command[4]&3, "41 05")
		}
		key = octets(annexKey)
	}
	a, b := command[9:17], octets(l.random)
	base := block(key)
	l.mode.enc = block(ecb(base, append([]byte{1, 0x82}, append(bytes.Clone(a[:6]), make([]byte, 8)...)...)))
	l.mode.mac1 = block(ecb(base, append([]byte{1, 1}, append(bytes.Clone(a[:6]), make([]byte, 8)...)...)))
	l.mode.mac2 = block(ecb(base, append([]byte{1, 2}, append(bytes.Clone(a[:6]), make([]byte, 8)...)...)))
	l.proof = ecb(l.mode.enc, append(bytes.Clone(b), a...))
	body := append(append([]byte{0x76, 0, 6, 0x8E, 0, 0, 0, 0, 0}, b...), ecb(l.mode.enc, append(bytes.Clone(a), b...))...)
	return l.framed(command[4]&3, []byte{3, 0x12, command[7]}, body, nil)
}

func (l *locked) proven(command []byte) []byte {
	if l.proof == nil || !bytes.Equal(command[9:25], l.proof) {
		return seal(l.address, command[4]&3, "41 06")
	}
	l.mac = ecb(l.mode.mac2, ecb(l.mode.mac1, l.proof))
	l.proof, l.stands = nil, true
	return l.framed(command[4]&3, []byte{3, 0x14, 1}, append([]byte{0x78}, l.mac...), nil)
}

// answerTo answers a command that came sealed; a text that begins with "bare" goes out in plain all the same.
func (l *locked) answerTo(sequence, id byte, data []byte) []byte {
	l.script.mu.Lock()
	defer l.script.mu.Unlock()
	if bare, ok := strings.CutPrefix(l.answers[id], "bare "); ok {
		return seal(l.address, sequence, bare)
	}
	if l.bare && id == 0x64 {
		return l.framed(sequence, []byte{2, 0x15}, l.obey(id, data), l.mac)
	}
	return l.sealed(sequence, l.obey(id, data))
}

// obey gives the octets of the reply. It wants the mutex of the script held.
func (l *locked) obey(id byte, data []byte) []byte {
	switch id {
	case 0x60:
		return octets(l.polled())
	case 0x69:
		l.see(data)
	case 0x6E:
		l.place = bytes.Clone(data)
		return append([]byte{0x54}, data...)
	case 0x75:
		if answer, ok := l.answers[id]; ok {
			return octets(answer)
		}
		if len(data) != 18 || data[0] != 1 || data[1] != 16 {
			return octets("41 02")
		}
		l.told, l.key, l.opens = bytes.Clone(data[2:]), bytes.Clone(data[2:]), false
		return octets("40")
	}
	return octets(l.answers[id])
}

// unseal checks the code of a command and opens its data.
func (l *locked) unseal(command []byte, hasData bool) (data []byte, ok bool) {
	covered := command[:len(command)-6]
	icv := l.mac
	mac := l.cbcMAC(icv, covered)
	if !bytes.Equal(mac[:4], command[len(command)-6:len(command)-2]) {
		return nil, false
	}
	l.mac = mac
	if !hasData {
		return nil, true
	}
	data = bytes.Clone(covered[8:])
	cipher.NewCBCDecrypter(l.mode.enc, inverted(icv)).CryptBlocks(data, data)
	return data[:bytes.LastIndexByte(data, 0x80)], true
}

// sealed makes a reply under the channel, with data where the text has any.
func (l *locked) sealed(sequence byte, text []byte) []byte {
	if len(text) == 1 {
		return l.framed(sequence, []byte{2, 0x16}, text, l.mac)
	}
	data := append(bytes.Clone(text[1:]), 0x80)
	data = append(data, make([]byte, (16-len(data)%16)%16)...)
	cipher.NewCBCEncrypter(l.mode.enc, inverted(l.mac)).CryptBlocks(data, data)
	return l.framed(sequence, []byte{2, 0x18}, append(text[:1:1], data...), l.mac)
}

// framed puts mark, header and CRC around block and body, and before the CRC the code, where icv says that there is one.
func (l *locked) framed(sequence byte, block, body, icv []byte) []byte {
	length := 5 + len(block) + len(body) + 2
	if icv != nil {
		length += 4
	}
	f := append([]byte{0x53, l.address | 0x80, byte(length), 0, 4 | 8 | sequence}, append(bytes.Clone(block), body...)...)
	if icv != nil {
		l.mac = l.cbcMAC(icv, f)
		f = append(f, l.mac[:4]...)
	}
	return append([]byte{0xFF}, binary.LittleEndian.AppendUint16(f, bitwiseCRC(f))...)
}

// cbcMAC runs all blocks but the last through CBC with S-MAC1 and the last with S-MAC2.
func (l *locked) cbcMAC(icv, octets []byte) []byte {
	full := bytes.Clone(octets)
	if len(full)%16 != 0 {
		full = append(full, 0x80)
		full = append(full, make([]byte, (16-len(full)%16)%16)...)
	}
	head, last := full[:len(full)-16], full[len(full)-16:]
	if len(head) > 0 {
		cipher.NewCBCEncrypter(l.mode.mac1, icv).CryptBlocks(head, head)
		icv = head[len(head)-16:]
	}
	cipher.NewCBCEncrypter(l.mode.mac2, icv).CryptBlocks(last, last)
	return last
}

func block(key []byte) cipher.Block {
	b, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	return b
}

func ecb(b cipher.Block, octets []byte) []byte {
	out := make([]byte, 16)
	b.Encrypt(out, octets)
	return out
}

func inverted(b []byte) []byte {
	out := make([]byte, len(b))
	for i := range b {
		out[i] = 0xFF ^ b[i]
	}
	return out
}

// drawer keeps keys in memory.
type drawer struct {
	mu   sync.Mutex // guards everything that follows
	kept map[string]osdp.Secret
	log  []string
	fail error

	proposing func() // called by Propose; nil when nobody cares
}

func newDrawer(key string, readers ...string) *drawer {
	d := &drawer{kept: map[string]osdp.Secret{}}
	for _, r := range readers {
		d.kept[r] = osdp.Secret{Adopted: osdp.Key(octets(key))}
	}
	return d
}

func (d *drawer) Load(reader string) (osdp.Secret, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.kept[reader], d.fail
}

func (d *drawer) spoil(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail = err
}

func (d *drawer) forget(reader string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.kept, reader)
}

func (d *drawer) Propose(reader string, k osdp.Key) error {
	if d.proposing != nil {
		d.proposing()
	}
	return d.change(reader, "propose", func(s *osdp.Secret) error { s.Proposed = k; return nil })
}

func (d *drawer) Adopt(reader string) error {
	return d.change(reader, "adopt", func(s *osdp.Secret) error {
		if s.Proposed == (osdp.Key{}) {
			return errors.New("nothing is proposed")
		}
		*s = osdp.Secret{Adopted: s.Proposed}
		return nil
	})
}

func (d *drawer) Withdraw(reader string) error {
	return d.change(reader, "withdraw", func(s *osdp.Secret) error { s.Proposed = osdp.Key{}; return nil })
}

func (d *drawer) change(reader, what string, how func(*osdp.Secret) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log = append(d.log, what)
	s := d.kept[reader]
	err := how(&s)
	d.kept[reader] = s
	return err
}

func (d *drawer) did() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.log...)
}

// The replies that annex E and the vectors worked out from it expect of a reader at address 0.
func TestLockedScriptSpeaksTheVectors(t *testing.T) {
	l := newLocked("", "50 00 01 1A 00 BD D9 37 40")
	l.address, l.opens = 0, true
	l.Present(0)
	for _, step := range []struct{ name, command, want string }{
		{"CHLNG", "53 00 13 00 0D 03 11 00 76 B0 B1 B2 B3 B4 B5 B6 B7 31 77",
			"FF 53 80 2B 00 0D 03 12 00 76 00 06 8E 00 00 00 00 00 A0 A1 A2 A3 A4 A5 A6 A7 FD E5 D2 F4 28 EC 16 31 24 71 EA 3C 02 BD 77 96 F8 1E"},
		{"SCRYPT", "53 00 1B 00 0E 03 13 00 77 26 D3 35 6E 07 76 2D 26 28 01 FC 8E 66 65 A8 91 40 B4",
			"FF 53 80 1B 00 0E 03 14 01 78 B2 A3 00 57 EB 98 BA 22 29 EC 1F 87 56 62 B5 24 6E EB"},
		{"POLL", "53 00 0E 00 0F 02 15 60 69 BD C6 54 E1 36",
			"FF 53 80 1E 00 0F 02 18 50 1D 6C 99 3E BD F4 92 F1 AA CA 1B 59 E0 A4 93 91 AD 5D B6 92 BE 08"},
		{"POLL again, the same octets", "53 00 0E 00 0F 02 15 60 69 BD C6 54 E1 36",
			"FF 53 80 1E 00 0F 02 18 50 1D 6C 99 3E BD F4 92 F1 AA CA 1B 59 E0 A4 93 91 AD 5D B6 92 BE 08"},
	} {
		if got := l.reply(octets(step.command)); !bytes.Equal(got, octets(step.want)) {
			t.Fatalf("reply to %s = % X, want %s", step.name, got, step.want)
		}
	}
}
