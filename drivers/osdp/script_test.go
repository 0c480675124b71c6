package osdp_test

import (
	"bytes"
	"encoding/hex"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/rollcall-edge/rollcall/drivers"
)

// script is the reader's side of OSDP for the suite: it answers each command with literal octets after the header,
// repeats its last reply when a sequence is repeated, and forgets it at sequence 0. It shares no code with the driver;
// its CRC is the bitwise one of the standard's annex, and TestScriptSpeaksTheVectors holds it to published frames.
type script struct {
	address byte
	cards   []string // RAW, from the reply code on, in hexadecimal
	answers map[byte]string

	mu      sync.Mutex // guards everything that follows
	waiting []int      // cards in the field
	stuck   string     // card that lies on the reader; empty when none does
	asked   int
	last    []byte // reply to the last command
	lastSeq byte
	lights  chan drivers.Signal
}

func newScript(address byte, cards ...string) *script {
	return &script{
		address: address, cards: cards, lights: make(chan drivers.Signal, 256),
		answers: map[byte]string{
			0x61: "45 00 06 8E 01 02 04 03 02 01 01 02 03", // PDID: vendor 00068E, model 1.2, firmware 1.2.3
			0x62: "46 03 01 01 04 04 01 05 02 01 08 01 00", // PDCAP: LED level 4, buzzer 2, CRC
			0x64: "48 00 00",                               // LSTATR: all well
			0x69: "40", 0x6A: "40", 0x60: "40",
		},
	}
}

func (s *script) Present(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, i)
}

// Stick implements drivertest.Polled.
func (s *script) Stick(i int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stuck = s.cards[i]
}

// Asked implements drivertest.Polled.
func (s *script) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// polled is the answer to POLL. It wants mu held.
func (s *script) polled() string {
	s.asked++
	if s.stuck != "" {
		return s.stuck
	}
	if len(s.waiting) == 0 {
		return s.answers[0x60]
	}
	card := s.cards[s.waiting[0]]
	s.waiting = s.waiting[1:]
	return card
}

func (s *script) at() byte { return s.address }

func (s *script) Lights() <-chan drivers.Signal { return s.lights }

// answer replaces the reply to one command.
func (s *script) answer(command byte, reply string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[command] = reply
}

// Serve answers commands until the line goes.
func (s *script) Serve(line io.ReadWriter) {
	for {
		command, err := readCommand(line)
		if err != nil {
			return
		}
		if command[1] != s.address {
			continue
		}
		if _, err := line.Write(s.reply(command)); err != nil {
			return
		}
	}
}

// readCommand skips idle marks and reads one frame; the driver's frames are whole on this line.
func readCommand(line io.Reader) ([]byte, error) {
	head := make([]byte, 4)
	for head[0] != 0x53 {
		if _, err := io.ReadFull(line, head[:1]); err != nil {
			return nil, err
		}
	}
	if _, err := io.ReadFull(line, head[1:]); err != nil {
		return nil, err
	}
	frame := append(head, make([]byte, int(head[2])+int(head[3])<<8-4)...)
	_, err := io.ReadFull(line, frame[4:])
	return frame, err
}

func (s *script) reply(command []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	sequence := command[4] & 3
	if sequence != 0 && sequence == s.lastSeq && s.last != nil {
		return s.last
	}
	id := command[5]
	if command[4]&8 != 0 { // behind a security block
		id = command[5+command[5]]
	}
	text := s.answers[id]
	if id == 0x60 {
		text = s.polled()
	}
	if id == 0x69 {
		s.see(command[6:20])
	}
	s.last, s.lastSeq = seal(s.address, sequence, text), sequence
	return s.last
}

// see names the light of an LED record, by the octets that the standard gives for it.
func (s *script) see(record []byte) {
	for text, signal := range map[string]drivers.Signal{
		"00 00 00 00 00 00 00 00 00 01 01 00 04 04": drivers.Ready,
		"00 00 00 00 00 00 00 00 00 01 01 00 00 00": drivers.Off,
		"00 00 00 00 00 00 00 00 00 01 01 00 03 03": drivers.Fault,
		"00 00 02 02 01 02 00 0A 00 00 00 00 00 00": drivers.Accepted,
		"00 00 02 01 00 01 01 0F 00 00 00 00 00 00": drivers.Refused,
		"00 00 02 01 01 03 00 0F 00 00 00 00 00 00": drivers.NotKept,
		"00 00 02 01 01 03 00 0F 00 01 01 00 00 00": drivers.NotKept, // and off for good
	} {
		if bytes.Equal(record, octets(text)) {
			s.lights <- signal
		}
	}
}

// seal makes a reply of the reader: idle mark, header with CRC control, octets, CRC.
func seal(address, sequence byte, text string) []byte {
	body := octets(text)
	frame := append([]byte{0x53, address | 0x80, byte(len(body) + 7), 0, 4 | sequence}, body...)
	c := bitwiseCRC(frame)
	return append([]byte{0xFF}, append(frame, byte(c), byte(c>>8))...)
}

func bitwiseCRC(b []byte) uint16 {
	c := uint16(0x1D0F)
	for _, o := range b {
		for bit := range 8 {
			high := c>>15 != uint16(o>>(7-bit)&1)
			c <<= 1
			if high {
				c ^= 0x1021
			}
		}
	}
	return c
}

func octets(text string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func TestScriptSpeaksTheVectors(t *testing.T) {
	for _, tt := range []struct {
		name     string
		sequence byte
		text     string
		want     string
	}{
		{"ACK", 1, "40", "FF 53 81 08 00 05 40 39 35"},
		{"RAW W26", 2, "50 00 01 1A 00 BD D9 37 40", "FF 53 81 10 00 06 50 00 01 1A 00 BD D9 37 40 99 71"},
		{"RAW UID", 2, "50 00 00 38 00 04 A2 B3 C4 D5 E6 80", "FF 53 81 13 00 06 50 00 00 38 00 04 A2 B3 C4 D5 E6 80 D1 E6"},
	} {
		if got := seal(1, tt.sequence, tt.text); !bytes.Equal(got, octets(tt.want)) {
			t.Errorf("%s: % X, want %s", tt.name, got, tt.want)
		}
	}
}
