package osdp

import (
	"bytes"
	"testing"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp/acu"
)

func TestRefuseNextCommands(t *testing.T) {
	t.Run("check and sequence: the command has not been taken", func(t *testing.T) {
		p := face(t, Options{})
		p.do(0, 0x60)
		p.pd.Refuse(nakCheck, nakSequence)
		for _, reason := range []byte{nakCheck, nakSequence} {
			if code, data := p.do(1, 0x60); code != replyNak || data[0] != reason {
				t.Errorf("POLL = %02X % X, want NAK %d", code, data, reason)
			}
		}
		if code, _ := p.do(1, 0x60); code != replyAck {
			t.Errorf("same POLL again = %02X, want ACK", code)
		}
	})
	t.Run("others: the command is answered and over", func(t *testing.T) {
		p := face(t, Options{})
		p.pd.Read(1, card.W26(1, 1))
		p.do(0, 0x61, 0)
		p.pd.Refuse(nakUnknown)
		first := p.send("53 00 08 00 05 60" + crcOf(t, "53 00 08 00 05 60"))
		again := p.send("53 00 08 00 05 60" + crcOf(t, "53 00 08 00 05 60"))
		if want := octets(t, "FF 53 80 09 00 05 41 03"+crcOf(t, "53 80 09 00 05 41 03")); !bytes.Equal(first, want) || !bytes.Equal(again, want) {
			t.Errorf("POLL = % X, again % X, want NAK 3 twice", first, again)
		}
		if code, _ := p.do(2, 0x60); code != replyRaw {
			t.Errorf("next POLL = %02X, want the card: refused, not lost", code)
		}
	})
	t.Run("in a session: signed, and security ends it", func(t *testing.T) {
		c := open(t, Options{Key: &ownKey}, acu.Own, ownKey)
		c.pd.Refuse(nakRecord, nakNeedsKey)
		if code, data := c.tell(cmdPoll); code != replyNak || data[0] != nakRecord {
			t.Errorf("POLL = %02X % X, want NAK 9", code, data)
		}
		refused(t, c.send(c.Seal(cmdPoll)), nakNeedsKey)
		if c.pd.Secure() {
			t.Error("session survived")
		}
	})
}

func TestBusyInASessionLeavesTheChain(t *testing.T) {
	c := open(t, Options{Key: &ownKey}, acu.Own, ownKey)
	c.pd.SetBusy(2)
	poll := c.Seal(cmdPoll)
	for range 2 {
		if got := c.send(poll); !bytes.Equal(got, octets(t, "FF 53 80 08 00 04 79"+crcOf(t, "53 80 08 00 04 79"))) {
			t.Errorf("POLL = % X, want BUSY in the clear, sequence 0", got)
		}
	}
	if code, _, err := c.Open(c.send(poll)); err != nil || code != replyAck {
		t.Errorf("same POLL again = %02X, %v, want ACK", code, err)
	}
}

func TestReaderThatKnowsNoCRC(t *testing.T) {
	p := face(t, Options{Checksum: true})
	p.expect("POLL with a CRC", "53 00 08 00 04 60 eb aa", "")
	// ACK with the sum written out: 53+80+07+00+00+40 = 11A, so E6.
	p.expect("POLL with a checksum", "53 00 07 00 00 60 46", "FF 53 80 07 00 00 40 E6")
}

func TestCardAsCharacters(t *testing.T) {
	p := face(t, Options{Characters: true})
	p.pd.Read(1, card.FromUID(0x04, 0xA2, 0xB3, 0xC4))
	code, data := p.do(0, 0x60)
	if want := append([]byte{0, 0, 8}, "04A2B3C4"...); code != replyFmt || !bytes.Equal(data, want) {
		t.Errorf("POLL = %02X % X, want 51 % X", code, data, want)
	}
}

func TestKeysWaitWithTheCards(t *testing.T) {
	p := face(t, Options{Queue: 2})
	if !p.pd.Press("*0") || !p.pd.Read(5, card.W26(1, 1)) || p.pd.Press("1") {
		t.Error("a queue of two did not take exactly two reports")
	}
	// SIA OSDP v2.2: reader, how many, digits; * is 7F, # is 0D.
	if code, data := p.do(0, 0x60); code != replyKeys || !bytes.Equal(data, []byte{0, 2, 0x7F, '0'}) {
		t.Errorf("POLL = %02X % X, want 53 00 02 7F 30", code, data)
	}
	if code, _ := p.do(1, 0x60); code != replyRaw {
		t.Errorf("next POLL = %02X, want RAW", code)
	}
}
