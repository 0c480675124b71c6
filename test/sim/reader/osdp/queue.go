package osdp

import (
	"encoding/hex"
	"strings"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
)

// report is what the panel has not fetched yet: the reply to some POLL.
type report struct {
	card uint64 // token of the card read in it, 0 when none
	reply
}

// Read queues a card for the panel under a token that is not 0. It reports false when the queue is full.
func (p *PD) Read(token uint64, c card.Card) bool {
	r := reply{code: replyRaw, data: encodeRaw(c)}
	if p.options.Characters {
		r = reply{code: replyFmt, data: encodeFmt(c)}
	}
	return p.enqueue(report{token, r})
}

// Press queues keys typed at the reader: digits, "*" and "#". It reports false when the queue is full.
func (p *PD) Press(keys string) bool {
	return p.enqueue(report{reply: reply{code: replyKeys, data: encodeKeys(keys)}})
}

func (p *PD) enqueue(r report) bool {
	if p.Room() <= 0 {
		return false
	}
	p.queue = append(p.queue, r)
	return true
}

// Room is how many more reports the queue takes.
func (p *PD) Room() int { return p.options.Queue - len(p.queue) }

// poll answers with the oldest thing the panel does not know yet: a changed status, then one report.
func (p *PD) poll() reply {
	if p.changed {
		return reply{code: replyLocal, data: p.local()}
	}
	if len(p.queue) == 0 {
		return reply{code: replyAck}
	}
	r := p.queue[0]
	p.queue = p.queue[1:]
	p.inReply = r.card
	return r.reply
}

// encodeRaw is the data of RAW: reader, format (1 Wiegand with parities, 0 plain bits), bit count, bits.
func encodeRaw(c card.Card) []byte {
	format := byte(0)
	if c.Kind() == card.Wiegand26 {
		format = 1
	}
	b := []byte{0, format, byte(c.Bits()), byte(c.Bits() >> 8)}
	return append(b, c.Octets()...)
}

// encodeFmt is the data of FMT: reader, direction (0 forwards), how many characters, characters.
func encodeFmt(c card.Card) []byte {
	text := strings.ToUpper(hex.EncodeToString(c.Octets()))
	return append([]byte{0, 0, byte(len(text))}, text...)
}

// encodeKeys is the data of KEYPAD: reader, how many keys, keys. A "*" is sent as 7F and a "#" as 0D.
func encodeKeys(keys string) []byte {
	keys = strings.NewReplacer("*", "\x7F", "#", "\r").Replace(keys[:min(len(keys), 255)])
	return append([]byte{0, byte(len(keys))}, keys...)
}
