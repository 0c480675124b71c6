package osdp

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/drivers"
)

// keyedPanel plays the bus for a device at address 0 with the key and the random number of annex E. That key is not
// accepted from a key directory; here it stands for any.
func keyedPanel(t *testing.T) *panel {
	t.Helper()
	fixRandom(t)
	p := &panel{t: t, d: newDevice(Reader{Name: "door", Ready: Blue, Instead: Amber}, start), now: start}
	p.d.unlock(Secret{Adopted: installKey}, nil)
	return p
}

// hearOctets lets the reader answer with a frame as it is on the line.
func (p *panel) hearOctets(text string) answer {
	p.t.Helper()
	f, err := decode(unhex(text))
	if err != nil || !p.d.answers(f) {
		p.t.Fatalf("%s is no answer (%v)", text, err)
	}
	return p.d.onReply(f, p.now)
}

// probed goes as far as the challenge.
func (p *panel) probed() {
	p.t.Helper()
	if f := p.send(); f.id != cmdID || f.sequence != 0 || f.block.kind != 0 {
		p.t.Fatalf("first command = %+v, want a plain ID at sequence 0", f)
	}
	p.hearOctets("53 80 14 00 04 45 00 06 8E 01 02 04 03 02 01 01 02 03 " + sealOf("53 80 14 00 04 45 00 06 8E 01 02 04 03 02 01 01 02 03"))
}

func sealOf(text string) string {
	sum := crc(unhex(text))
	return string([]byte{hexDigit(byte(sum) >> 4), hexDigit(byte(sum) & 15), hexDigit(byte(sum>>8) >> 4), hexDigit(byte(sum>>8) & 15)})
}

func hexDigit(n byte) byte { return "0123456789ABCDEF"[n] }

func TestDenials(t *testing.T) {
	otherCryptogram := strings.Replace(annexClient, "FD", "FC", 1)
	otherFirst := strings.Replace(annexFirst, "B2", "B3", 1)
	withCheck := func(text string) string { return text + " " + sealOf(text) }
	const head = "53 80 2B 00 0D 03 12 00 76 00 06 8E 00 00 00 00 00 A0 A1 A2 A3 A4 A5 A6 A7 "
	for _, tt := range []struct {
		name      string
		challenge string // reply to CHLNG
		proof     string // reply to SCRYPT, where it gets so far
		result    result
		want      denial
		trouble   string
	}{
		{"NAK 5", withCheck("53 80 09 00 05 41 05"), "", resultNak, denialRefused, "refuses its key"},
		{"NAK 3", withCheck("53 80 09 00 05 41 03"), "", resultNak, denialRefused, "refuses its key"},
		{"ACK", withCheck("53 80 08 00 05 40"), "", resultMAC, denialNonsense, "answers with something else"},
		{"another cryptogram", withCheck(head + otherCryptogram), "", resultMAC, denialStranger, "does not have its key"},
		{"half a cryptogram", withCheck("53 80 1B 00 0D 03 12 00 76 00 06 8E 00 00 00 00 00 A0 A1 A2 A3 A4 A5 A6 A7"), "", resultMAC, denialNonsense, "answers with something else"},
		{"CCRYPT under another block", withCheck("53 80 2B 00 0D 03 14" + head[len("53 80 2B 00 0D 03 12"):] + annexClient), "", resultMAC, denialNonsense, "answers with something else"},
		{"CCRYPT in plain", withCheck("53 80 28 00 05 76" + head[len("53 80 2B 00 0D 03 12 00 76"):] + annexClient), "", resultMAC, denialNonsense, "answers with something else"},
		{"NAK 6 to the proof", annexCcrypt, withCheck("53 80 09 00 06 41 06"), resultNak, denialRefused, "refuses its key"},
		{"another beginning of the chain", annexCcrypt, withCheck("53 80 1B 00 0E 03 14 01 78 " + otherFirst), resultMAC, denialStranger, "does not have its key"},
		{"no beginning of the chain", annexCcrypt, withCheck("53 80 0B 00 0E 03 14 01 78"), resultMAC, denialStranger, "does not have its key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := keyedPanel(t)
			p.probed()
			p.send()
			a := p.hearOctets(fixLength(tt.challenge))
			if tt.proof != "" {
				p.send()
				a = p.hearOctets(fixLength(tt.proof))
			}
			if !a.denied || a.result != tt.result || p.d.guard.denied != tt.want || p.d.secure() || p.d.stage != away {
				t.Errorf("answer %+v, denial %d, stage %d; want %s, denial %d, away", a, p.d.guard.denied, p.d.stage, tt.result, tt.want)
			}
			if got := p.d.trouble(); !strings.HasPrefix(got, tt.trouble) {
				t.Errorf("trouble = %q, want %q", got, tt.trouble)
			}
			if s := p.d.status(); s.Secure || s.Up || !s.HeardAt.IsZero() || s.Made != "" {
				t.Errorf("Status = %+v, want nothing believed", s)
			}
		})
	}
}

// fixLength writes the true length into a frame with CRC, and the check anew.
func fixLength(text string) string {
	b := unhex(text)
	b[2] = byte(len(b))
	sum := crc(b[:len(b)-2])
	b[len(b)-2], b[len(b)-1] = byte(sum), byte(sum>>8)
	return strings.ToUpper(hexText(b))
}

func hexText(b []byte) string {
	var out []byte
	for _, o := range b {
		out = append(out, hexDigit(o>>4), hexDigit(o&15))
	}
	return string(out)
}

// The handshake is repeated like everything else: the same octets, so the same random number, until the tries are over.
func TestHandshakeRetriesAreTheSameOctets(t *testing.T) {
	p := keyedPanel(t)
	p.probed()
	for _, reply := range []string{annexCcrypt, annexRMACI} {
		first := bytes.Clone(p.d.next(p.now))
		for range tries - 1 {
			p.d.onTimeout(true, p.now)
			if got := p.d.next(p.now); !bytes.Equal(got, first) {
				t.Fatalf("again = % X, want % X", got, first)
			}
		}
		p.hearOctets(reply)
	}
	if !p.d.secure() {
		t.Error("no session")
	}
}

func TestEachChallengeIsAnother(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		d := newDevice(Reader{Name: "door"}, start)
		d.unlock(Secret{Adopted: Key{1}}, nil)
		d.stage = greetChallenge
		seen[string(d.challenge().data)] = true
	}
	if len(seen) != 100 {
		t.Errorf("%d challenges in 100", len(seen))
	}
}

// Whatever happens, before a session stands a reader with a key is sent a probe and the handshake, nothing else.
func TestNothingInPlainToAReaderWithAKey(t *testing.T) {
	p := keyedPanel(t)
	p.d.show(drivers.Ready, p.now)
	p.d.online = true
	p.d.restart(p.now)
	p.d.show(drivers.Accepted, p.now)
	p.probed()
	for _, reply := range []string{annexCcrypt, annexRMACI} {
		if f := p.send(); f.id != cmdChlng && f.id != cmdScrypt {
			t.Fatalf("command %02X before there is a session", f.id)
		}
		p.hearOctets(reply)
	}
	if f := p.send(); f.id != cmdLED || f.block.kind != blockSealed || bytes.Contains(f.data, []byte{2, 2, 1, 2, 0, 10}) {
		t.Errorf("first command of the session = %+v, want the flash, sealed", f)
	}
}

// A frame under some block from a reader without a key is no answer, and does not end the exchange.
func TestSealedReplyOfAPlainReader(t *testing.T) {
	p := newPanel(t)
	p.meet()
	p.send()
	for kind := byte(blockChallenge); kind <= blockSealedReply; kind++ {
		f := frame{address: 1, reply: true, sequence: p.d.sequence, id: replyRaw, block: securityBlock{kind: kind}}
		if p.d.answers(f) {
			t.Errorf("a reply under block %02X answers", kind)
		}
	}
}
