package osdp

import (
	"encoding/binary"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// ledRecord is the length of one record of LED: reader, LED, seven octets that pass, five that stay.
const ledRecord = 14

// Control codes of the two halves.
const (
	tempNop, tempCancel, tempSet = 0, 1, 2
	permNop, permSet             = 0, 1
)

// tick is the unit of every time in a command.
const tick = 100 * time.Millisecond

// leds checks every record before it carries out the first, so that a NAK leaves the light as it was.
func (p *PD) leds(now time.Time, data []byte) (reason byte) {
	for r := data; len(r) > 0; r = r[ledRecord:] {
		if !possible(r[:ledRecord]) {
			return nakRecord
		}
	}
	for r := data; len(r) > 0; r = r[ledRecord:] {
		if dirty(r[:ledRecord]) {
			p.counts.IgnoredRecords++
			continue
		}
		p.led1(now.Add(p.options.LightDelay), r[:ledRecord])
	}
	return 0
}

// possible reports whether the one LED there is can do what a record says.
func possible(r []byte) bool {
	if r[0] != 0 || r[1] != 0 || r[2] > tempSet || r[9] > permSet {
		return false
	}
	if r[2] == tempSet && (r[3]|r[4] == 0 || r[5] > 7 || r[6] > 7) {
		return false
	}
	return r[9] != permSet || r[10]|r[11] != 0 && r[12] <= 7 && r[13] <= 7
}

// dirty reports whether a half that is not in use holds anything but zeros.
func dirty(r []byte) bool {
	return r[2] == tempNop && used(r[3:9]) || r[9] == permNop && used(r[10:14])
}

// used reports whether an octet is not zero.
func used(octets []byte) bool {
	for _, b := range octets {
		if b != 0 {
			return true
		}
	}
	return false
}

// led1 carries out one record, visible from at on.
func (p *PD) led1(at time.Time, r []byte) {
	if r[9] == permSet {
		p.led.Set(at, pattern(r[10:14]))
		p.tell(Event{At: at, Kind: Steadied, Light: p.led.Steady()})
	}
	switch r[2] {
	case tempCancel:
		p.led.Cancel(at)
	case tempSet:
		p.flash(at, pattern(r[3:7]), time.Duration(binary.LittleEndian.Uint16(r[7:]))*tick)
	}
}

// flash shows a passing pattern; with no time to pass nobody sees it.
func (p *PD) flash(at time.Time, passing lamp.Pattern, length time.Duration) {
	if length == 0 {
		return
	}
	p.led.Flash(at, passing, length)
	p.tell(Event{At: at, Kind: Flashed, Light: passing.Seen(length)})
}

// pattern reads on time, off time, on colour, off colour.
func pattern(r []byte) lamp.Pattern {
	return lamp.Pattern{
		On: time.Duration(r[0]) * tick, Off: time.Duration(r[1]) * tick,
		OnColour: lamp.Colour(r[2]), OffColour: lamp.Colour(r[3]),
	}
}

// buzz sounds: reader, tone (0 none, 1 off, 2 on), on time, off time, count; 0 tones mean until told otherwise.
func (p *PD) buzz(now time.Time, r []byte) (reason byte) {
	const none, off, on = 0, 1, 2
	if r[0] != 0 || r[1] > on || r[1] == on && r[2] == 0 {
		return nakRecord
	}
	if r[1] == none || r[1] == off {
		return 0
	}
	count := max(int(r[4]), 1)
	p.counts.Beeps += count
	p.tell(Event{At: now, Kind: Beeped, Count: count})
	return 0
}

// textHeader precedes the characters of TEXT: reader, command, seconds, row, column, how many characters.
const textHeader = 6

func (p *PD) show(data []byte) (reason byte) {
	if int(data[5]) != len(data)-textHeader {
		return nakLength
	}
	if data[0] != 0 {
		return nakRecord
	}
	p.text = string(data[textHeader:])
	return 0
}

// Text is what the display shows.
func (p *PD) Text() string { return p.text }
