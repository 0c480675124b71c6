package reader_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/pn532"
	"github.com/rollcall-edge/rollcall/test/sim/reader/twn4"
)

// asker is a host as small as can be for a reader that is asked: it repeats a question until there is an answer that
// its check lets through.
type asker interface {
	begin()                     // what the reader needs after power came on
	cards() []string            // identifiers of the cards it sees, in hexadecimal
	show(c lamp.Colour)         // switches the light
	again(fresh *host) asker    // the same at a new port
	reader(opts) *reader.Reader // in front of which people stand
}

// opts are the knobs of a reader under test.
type opts struct {
	t     testing.TB
	line  *reader.Line
	dwell time.Duration
}

// mouth is what both kinds have: a port and the octets that have come from it.
type mouth struct {
	t   testing.TB
	h   *host
	got []byte
}

// hear waits a little for more octets and reports whether any came.
func (m *mouth) hear() bool {
	m.t.Helper()
	if err := m.h.f.SetReadDeadline(time.Now().Add(40 * time.Millisecond)); err != nil {
		m.t.Fatal(err)
	}
	b := make([]byte, 512)
	n, err := m.h.f.Read(b)
	m.got = append(m.got, b[:n]...)
	return err == nil
}

// elatec asks a TWN4, with CRC.
type elatec struct{ mouth }

func (e *elatec) reader(o opts) *reader.Reader {
	o.t.Helper()
	r, err := o.line.AddTWN4("desk", twn4.Options{CRC: true, Dwell: o.dwell})
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

func (e *elatec) again(h *host) asker { return &elatec{mouth{e.t, h, nil}} }

// crc is the vendor's own formula, section 1.3.3 of its document.
func crc(octets []byte) []byte {
	c := uint16(0xFFFF)
	for _, b := range octets {
		b ^= byte(c)
		b ^= b << 4
		c = (uint16(b)<<8 | c>>8) ^ uint16(b>>4) ^ uint16(b)<<3
	}
	return append(octets[:len(octets):len(octets)], byte(c), byte(c>>8))
}

// ask returns the answer to one command, status included.
func (e *elatec) ask(command string) []byte {
	e.t.Helper()
	sent := strings.ToUpper(hex.EncodeToString(crc(octets(e.t, command)))) + "\r"
	for range 500 {
		e.got = nil
		e.h.write([]byte(sent))
		for e.hear() {
			if a, ok := answer(e.got, sent); ok {
				return a
			}
		}
	}
	e.t.Fatalf("command %s was never answered", command)
	return nil
}

// answer is the first line with a right check that is not our own echo. What precedes it may be noise.
func answer(got []byte, sent string) ([]byte, bool) {
	for line := range bytes.SplitSeq(got, []byte("\r")) {
		for from := range line {
			if strings.HasSuffix(sent, string(line[from:])+"\r") {
				break
			}
			b, err := hex.DecodeString(string(line[from:]))
			if err == nil && len(b) > 2 && bytes.Equal(crc(b[:len(b)-2]), b) && b[0] == 0 {
				return b[:len(b)-2], true
			}
		}
	}
	return nil, false
}

func (e *elatec) begin() { e.ask("041007") }

func (e *elatec) cards() []string {
	a := e.ask("050010")
	if len(a) < 5 || a[1] == 0 {
		return nil
	}
	return []string{strings.ToUpper(hex.EncodeToString(a[5:]))}
}

func (e *elatec) show(c lamp.Colour) {
	e.ask("041207")
	if mask := map[lamp.Colour]string{lamp.RedColour: "01", lamp.GreenColour: "02", lamp.BlueColour: "04"}[c]; mask != "" {
		e.ask("0411" + mask)
	}
}

// nxp asks a PN532.
type nxp struct{ mouth }

func (n *nxp) reader(o opts) *reader.Reader {
	o.t.Helper()
	p := pn532.RGB()
	p.Dwell = o.dwell
	return addPN532(o.t.(*testing.T), o.line, p)
}

func (n *nxp) again(h *host) asker { return &nxp{mouth{n.t, h, nil}} }

// ask returns the response to one command without its code.
func (n *nxp) ask(command string) []byte {
	n.t.Helper()
	data := append([]byte{0xD4}, octets(n.t, command)...)
	sum := byte(0)
	for _, b := range data {
		sum += b
	}
	frame := append([]byte{0x00, 0x00, 0xFF, byte(len(data)), -byte(len(data))}, data...)
	for range 500 {
		n.got = nil
		n.h.write(append(append([]byte{0x55, 0x55, 0x00, 0x00, 0x00}, frame...), -sum, 0x00))
		for n.hear() {
			if r, ok := response(n.got, data[1]+1); ok {
				return r
			}
		}
	}
	n.t.Fatalf("command %s was never answered", command)
	return nil
}

// response is the first whole frame with this code.
func response(got []byte, code byte) ([]byte, bool) {
	for at := range got {
		b := got[at:]
		if len(b) < 8 || !bytes.HasPrefix(b, []byte{0x00, 0xFF}) || b[2]+b[3] != 0 || len(b) < int(b[2])+5 || b[2] < 2 {
			continue
		}
		sum := byte(0)
		for _, o := range b[4 : 5+b[2]] {
			sum += o
		}
		if sum == 0 && b[4] == 0xD5 && b[5] == code {
			return b[6 : 4+b[2]], true
		}
	}
	return nil, false
}

func (n *nxp) begin() {
	n.ask("14 01 00 01")
	n.ask("32 05 FF 01 00")
}

func (n *nxp) cards() []string {
	return identifiers(n.ask("4A 02 00"))
}

// identifiers reads a list of targets; a list that its sum let through although it is damaged has none.
func identifiers(r []byte) []string {
	if len(r) == 0 {
		return nil
	}
	var all []string
	count, r := r[0], r[1:]
	for range count {
		if len(r) < 5 || len(r) < 5+int(r[4]) {
			return nil
		}
		sak, id := r[3], r[5:5+r[4]]
		all, r = append(all, strings.ToUpper(hex.EncodeToString(id))), r[5+len(id):]
		if sak&0x20 != 0 && len(r) > 0 && int(r[0]) <= len(r) {
			r = r[r[0]:] // its ATS
		}
	}
	return all
}

func (n *nxp) show(c lamp.Colour) {
	mask := map[lamp.Colour]string{lamp.RedColour: "81", lamp.GreenColour: "82", lamp.BlueColour: "A0", lamp.Black: "80"}[c]
	n.ask("0E" + mask + "00")
}
