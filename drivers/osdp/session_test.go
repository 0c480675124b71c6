package osdp_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/rollcall-edge/rollcall/drivers/osdp"
)

// meetSteps is more than a meeting ever takes, from whatever state: every pause of the machine is one step.
const meetSteps = 64

// meet lets machine and reader talk until there is a session.
func meet(t *testing.T, m *osdp.Machine, l *locked) {
	t.Helper()
	for range meetSteps {
		if m.Secure() {
			return
		}
		if _, tap := m.Hear(l.reply(m.Next()[1:])[1:]); tap {
			t.Fatal("a card without a card")
		}
	}
	t.Fatal("no session")
}

// FuzzSession lets somebody without the key speak in the reader's place: with frames of every kind, right in form, check
// and sequence; with the reader's own replies, changed; in plain. Nothing of that is a card, and afterwards the reader is
// met again.
func FuzzSession(f *testing.F) {
	f.Add([]byte{0})
	f.Add([]byte{2, 0x50, 0, 1, 26, 0, 0xBD, 0xD9, 0x37, 0x40})
	f.Add([]byte{1, 0x18, 0x50, 9, 9, 9, 9, 1, 0x16, 0x40, 1, 2, 3, 4})
	f.Add([]byte{3, 30, 0x80, 3, 7, 1, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4})
	f.Add([]byte{2, 0x41, 6, 2, 0x41, 5, 2, 0x41, 4, 2, 0x79, 2, 0x41, 3, 2, 0x41, 1})
	f.Fuzz(func(t *testing.T, script []byte) {
		l := newLocked(benchKey, cards...)
		m := osdp.NewMachine(osdp.Reader{Name: "a", Address: 1}, osdp.Key(octets(benchKey)))
		meet(t, m, l)
		for s := (stream{script}); len(s.rest) > 0; {
			command := m.Next()[1:]
			if key, tap := m.Hear(s.forge(command, l.reply)); tap {
				t.Fatalf("%q was read of one who does not have the key", key)
			}
		}
		meet(t, m, l)
		l.Present(0)
		for range meetSteps {
			if key, _ := m.Hear(l.reply(m.Next()[1:])[1:]); key == keys[0] {
				return
			}
		}
		t.Fatal("the reader's own card is not read")
	})
}

// stream is what decides how replies are forged.
type stream struct{ rest []byte }

func (s *stream) next() (o byte) {
	if len(s.rest) > 0 {
		o, s.rest = s.rest[0], s.rest[1:]
	}
	return o
}

// forge makes an answer to command. The reader itself hears it in some cases, and its reply is changed.
func (s *stream) forge(command []byte, reader func([]byte) []byte) []byte {
	switch s.next() % 5 {
	case 0:
		return nil
	case 1: // under some block
		body := append([]byte{2, s.next(), s.next()}, s.take(23)...)
		return framedBare(command, 0x0C, body)
	case 2: // in plain
		return framedBare(command, 0x04, append([]byte{s.next()}, s.take(12)...))
	case 3: // the reader's, changed
		reply := bytes.Clone(reader(command)[1:])
		at, flip := 6+int(s.next())%(len(reply)-8), s.next()|1
		reply[at] ^= flip
		binary.LittleEndian.PutUint16(reply[len(reply)-2:], bitwiseCRC(reply[:len(reply)-2]))
		return reply
	}
	return reader(command)[1:]
}

func (s *stream) take(most int) []byte {
	n := int(s.next()) % (most + 1)
	n = min(n, len(s.rest))
	out := s.rest[:n]
	s.rest = s.rest[n:]
	return out
}

// framedBare puts header and CRC around body, with the address and the sequence of the command.
func framedBare(command []byte, control byte, body []byte) []byte {
	f := append([]byte{0x53, command[1] | 0x80, byte(len(body) + 7), 0, control | command[4]&3}, body...)
	return binary.LittleEndian.AppendUint16(f, bitwiseCRC(f))
}
