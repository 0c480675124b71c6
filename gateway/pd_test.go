package gateway

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// card is a reader's report of a card in OSDP's RAW reply: reader, format, bits (little endian), data.
type card []byte

// Wiegand 26, facility 123, card 45678: octets from the OSDP frames in SIA's and libosdp's vectors.
var knownCard = card{0, 1, 26, 0, 0xBD, 0xD9, 0x37, 0x40}

// A UID of seven octets that nobody holds.
var strangeCard = card{0, 0, 56, 0, 0x04, 0xA2, 0xB3, 0xC4, 0xD5, 0xE6, 0x80}

// reader is the smallest OSDP peripheral that a driver will talk to, on a real pseudo-terminal: it acknowledges
// everything, reports the cards put on it, and tells which light records it was sent.
type reader struct {
	path  string
	cards chan card
	leds  chan [14]byte // records of LED commands
	done  sync.WaitGroup
	tty   *os.File
	line  *os.File // keeps the line from hanging up while no gateway holds it
}

func newReader(t *testing.T) *reader {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	raw(t, slave)
	r := &reader{path: filepath.Join(t.TempDir(), "line"), cards: make(chan card, 8), leds: make(chan [14]byte, 1024), tty: master, line: slave}
	if err := os.Symlink(slave.Name(), r.path); err != nil {
		t.Fatal(err)
	}
	r.done.Go(r.serve)
	t.Cleanup(func() {
		master.Close()
		slave.Close()
		r.done.Wait()
	})
	return r
}

func raw(t *testing.T, f *os.File) {
	t.Helper()
	termios, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	termios.Iflag, termios.Oflag, termios.Lflag = 0, 0, 0
	if err := unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, termios); err != nil {
		t.Fatal(err)
	}
}

func (r *reader) serve() {
	var pending []byte
	chunk := make([]byte, 256)
	for {
		n, err := r.tty.Read(chunk)
		if err != nil {
			return
		}
		pending = append(pending, chunk[:n]...)
		for {
			frame, rest := cut(pending)
			if frame == nil {
				break
			}
			pending = rest
			if _, err := r.tty.Write(r.answer(frame)); err != nil {
				return
			}
		}
	}
}

// cut takes the first whole command off b.
func cut(b []byte) (frame, rest []byte) {
	for len(b) > 0 && b[0] != 0x53 {
		b = b[1:]
	}
	if len(b) < 8 || len(b) < int(binary.LittleEndian.Uint16(b[2:])) {
		return nil, b
	}
	n := int(binary.LittleEndian.Uint16(b[2:]))
	return b[:n], b[n:]
}

func (r *reader) answer(command []byte) []byte {
	body := command[6 : len(command)-2]
	switch command[5] {
	case 0x60: // POLL
		select {
		case c := <-r.cards:
			return reply(command, 0x50, c)
		default:
		}
	case 0x61: // ID: vendor, model, version, serial, firmware
		return reply(command, 0x45, make([]byte, 12))
	case 0x62: // CAP: four LEDs of colour class 4
		return reply(command, 0x46, []byte{4, 4, 4})
	case 0x69: // LED
		for ; len(body) >= 14; body = body[14:] {
			r.leds <- [14]byte(body[:14])
		}
	}
	return reply(command, 0x40, nil)
}

// reply frames an answer with the command's sequence and a CRC-16 (polynomial 1021, start 1D0F).
func reply(command []byte, id byte, data []byte) []byte {
	f := []byte{0x53, command[1] | 0x80, 0, 0, command[4], id}
	f = append(f, data...)
	binary.LittleEndian.PutUint16(f[2:], uint16(len(f)+2))
	crc := uint16(0x1D0F)
	for _, b := range f {
		crc ^= uint16(b) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
				continue
			}
			crc <<= 1
		}
	}
	return binary.LittleEndian.AppendUint16(append([]byte{0xFF}, f...), crc)
}

// Colours in OSDP's LED record.
const (
	dark, red, green, amber, blue = 0, 1, 2, 3, 4
)

// awaitSteady waits until the permanent colour is the one wanted.
func (r *reader) awaitSteady(t *testing.T, colour byte) {
	t.Helper()
	r.await(t, func(led [14]byte) bool { return led[9] == 1 && led[12] == colour }, "steady", colour)
}

// awaitFlash waits for a temporary light of the colour wanted.
func (r *reader) awaitFlash(t *testing.T, colour byte) {
	t.Helper()
	r.await(t, func(led [14]byte) bool { return led[2] == 2 && led[5] == colour }, "flash", colour)
}

func (r *reader) await(t *testing.T, ok func([14]byte) bool, what string, colour byte) {
	t.Helper()
	for {
		select {
		case led := <-r.leds:
			if ok(led) {
				return
			}
		case <-t.Context().Done():
			t.Fatalf("no %s light of colour %d came", what, colour)
		case <-deadline(t):
			t.Fatalf("no %s light of colour %d within the test's patience", what, colour)
		}
	}
}
