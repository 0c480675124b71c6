package ascii

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/solo"
)

// Talk is a vendor's command set.
type Talk uint8

// The command sets of these readers.
const (
	NoTalk Talk = iota
	WEC200Talk
	PcProxTalk
)

// converse carries out a command once what was heard ends in one.
func (d *Device) converse(now time.Time) {
	end := d.heard[len(d.heard)-1]
	if end != '\r' && (end != '\n' || d.options.Talk == WEC200Talk) {
		return
	}
	line := string(d.heard[:len(d.heard)-1])
	d.heard = d.heard[:0]
	if d.options.Talk == WEC200Talk {
		d.wec200(now, line)
		return
	}
	d.pcprox(now, line)
}

// What a WEC200 answers to a command (chapter 6 of its manual).
const (
	stx  = "\x02"
	ack  = stx + "A\r"
	nack = stx + "N\r"
)

// relayTick is the unit of the time for which a relay stays closed.
const relayTick = 100 * time.Millisecond

// wec200 carries out what precedes a CR: STX, two letters, parameters.
func (d *Device) wec200(now time.Time, line string) {
	start := strings.LastIndex(line, stx)
	if start < 0 {
		d.broken++
		return
	}
	line = line[start+1:]
	switch {
	case line == "GR":
		d.answer(stx + "ROM0722A7\r") // the manual's example
	case strings.HasPrefix(line, "SB") && tones(line[2:]) >= 0:
		d.beep(now, tones(line[2:]))
		d.answer(ack)
	case len(line) == 3 && (line[:2] == "SD" || line[:2] == "SA"):
		d.relay(now, line[:2], line[2])
		d.answer(ack)
	default:
		d.broken++
		d.answer(nack)
	}
}

// tones counts the beeps in a pattern of ones and zeros, each of 100 ms; negative when it is none.
func tones(pattern string) int {
	if pattern == "" || strings.Trim(pattern, "01") != "" {
		return -1
	}
	return len(strings.FieldsFunc(pattern, func(r rune) bool { return r == '0' }))
}

// relay closes relay 1 (SD) or 2 (SA) for n times 100 ms; 0 opens it, 255 closes it for good.
func (d *Device) relay(now time.Time, which string, n byte) {
	light := lamp.Green
	if which == "SA" {
		light = lamp.Red
	}
	switch n {
	case 0:
		d.show(now, lamp.Black)
	case 255:
		d.show(now, colours[light])
	default:
		d.flash, d.flashTo = light, now.Add(time.Duration(n)*relayTick)
		d.Tell(solo.Event{At: now, Kind: solo.Flashed, Light: light})
	}
}

// prompt follows every line a pcProx has heard.
const prompt = "\r\nRF IDeas>"

// assignment is a command with a value, without the prefix.
var assignment = regexp.MustCompile(`^(out\.led|beep\.now)=(\d{1,4})$`)

// pcproxColours are the values of out.led.
var pcproxColours = []lamp.Colour{lamp.Black, lamp.RedColour, lamp.GreenColour, lamp.AmberColour}

// pcprox carries out what precedes a CR or LF: rfid:, names with dots, a value.
func (d *Device) pcprox(now time.Time, line string) {
	_, command, ok := strings.Cut(strings.ToLower(line), "rfid:")
	if !ok {
		if line != "" {
			d.broken++
		}
		d.answer(prompt)
		return
	}
	if command == "qid" {
		d.answer("\r\n" + d.queued() + prompt)
		return
	}
	m := assignment.FindStringSubmatch(command)
	if m == nil {
		d.broken++
		d.answer("\r\n{Error}" + prompt)
		return
	}
	value, _ := strconv.Atoi(m[2]) //nolint:errcheck // digits only
	switch {
	case m[1] == "beep.now":
		d.beep(now, value)
	case value < len(pcproxColours):
		d.show(now, pcproxColours[value])
	}
	d.answer(prompt)
}

// queued is the answer to rfid:qid: age of the card in 48 ms, overruns, lock-out, bits, number. The card in the field
// has just been read; without one nothing is queued.
func (d *Device) queued() string {
	cards := d.field.Cards()
	if len(cards) != 1 {
		return "{0xFFFF,0,0x0000,0;0x00000000000000000000}"
	}
	return fmt.Sprintf("{0x0000,0,0x0000,%d;0x%020X}", cards[0].Bits(), cards[0].Octets())
}
