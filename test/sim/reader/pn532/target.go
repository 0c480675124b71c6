package pn532

import (
	"bytes"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/solo"
)

// mostTargets is how many the chip holds at a time.
const mostTargets = 2

// tryTakes is how long one try to find a card takes.
const tryTakes = 5 * time.Millisecond

// typeA is the modulation of ISO 14443 type A at 106 kbit/s; the others are polled for and never found.
const (
	typeA    byte = 0x00
	lastType byte = 0x04
)

// list is InListPassiveTarget: how many targets, modulation, data that names one.
func (d *Device) list(now time.Time, p []byte) *activity {
	if len(p) < 2 || p[0] < 1 || p[0] > mostTargets || p[1] > lastType {
		return said(nil)
	}
	d.targets = nil
	most, modulation, named := int(p[0]), p[1], uncascade(p[2:])
	a := &activity{
		give: &response{octets: []byte{inListPassiveTarget + 1, 0}},
		ready: func(time.Time) *response {
			if modulation != typeA {
				return nil
			}
			return d.listed(most, named)
		},
	}
	if d.retries != 0xFF {
		a.until = d.after(now, time.Duration(d.retries)+1)
	}
	return a
}

// after is when so many tries are over.
func (d *Device) after(now time.Time, tries time.Duration) time.Time {
	if d.options.Instant {
		return now
	}
	return now.Add(tries * tryTakes)
}

// listed is the response with the cards that are there, nil when there are none.
func (d *Device) listed(most int, named []byte) *response {
	found := d.find(most, named)
	if len(found) == 0 {
		return nil
	}
	d.targets = found
	r := &response{octets: []byte{inListPassiveTarget + 1, byte(len(found))}}
	for i, c := range found {
		r.octets = append(append(r.octets, byte(i+1)), d.describe(c)...)
		r.cards = append(r.cards, c.Token)
	}
	return r
}

// find are the cards that answer now: awake, and the one named if one is.
func (d *Device) find(most int, named []byte) []solo.Card {
	var out []solo.Card
	for _, c := range d.field.Cards() {
		if d.sleeping[c.Token] && named == nil || named != nil && !bytes.Equal(named, c.Octets()) {
			continue
		}
		if out = append(out, c); len(out) == most {
			break
		}
	}
	return out
}

// describe is SENS_RES, SEL_RES, identifier and, where the chip asked for it, ATS with its length.
func (d *Device) describe(c solo.Card) []byte {
	atqa, sak, ats := c.ISO14443A()
	id := c.Octets()
	out := append([]byte{byte(atqa >> 8), byte(atqa), sak, byte(len(id))}, id...)
	if len(ats) > 0 && d.params&automaticRATS != 0 {
		out = append(append(out, byte(len(ats)+1)), ats...)
	}
	return out
}

// uncascade takes the cascade tags 88 out of an identifier as a host names it; nil when it names none.
func uncascade(p []byte) []byte {
	if len(p) == 0 {
		return nil
	}
	var id []byte
	for len(p) > 4 && p[0] == 0x88 {
		id, p = append(id, p[1:4]...), p[4:]
	}
	return append(id, p...)
}

// poll is InAutoPoll: how often, units of 150 ms for each type, types.
func (d *Device) poll(now time.Time, p []byte) *activity {
	const mifare, fourA, generic, forEver, unit = 0x10, 0x20, 0x00, 0xFF, 150 * time.Millisecond
	if len(p) < 3 || len(p) > 17 || p[0] == 0 || p[1] == 0 || p[1] > 15 {
		return said(nil)
	}
	d.targets = nil
	types := p[2:]
	a := &activity{give: &response{octets: []byte{inAutoPoll + 1, 0}}}
	a.ready = func(time.Time) *response {
		for _, t := range types {
			found := d.find(1, nil)
			if len(found) == 0 {
				return nil
			}
			_, _, ats := found[0].ISO14443A()
			if t == fourA && len(ats) > 0 || t == mifare && len(ats) == 0 || t == generic {
				return d.polled(t, found[0])
			}
		}
		return nil
	}
	if p[0] != forEver {
		a.until = now.Add(time.Duration(p[0]) * time.Duration(p[1]) * time.Duration(len(types)) * unit)
	}
	return a
}

func (d *Device) polled(t byte, c solo.Card) *response {
	d.targets = []solo.Card{c}
	target := append([]byte{1}, d.describe(c)...)
	octets := append([]byte{inAutoPoll + 1, 1, t, byte(len(target))}, target...)
	return &response{octets: octets, cards: []uint64{c.Token}}
}

// target is the card with a number, if it is listed and still there.
func (d *Device) target(number byte) (solo.Card, bool) {
	if number < 1 || int(number) > len(d.targets) {
		return solo.Card{}, false
	}
	t := d.targets[number-1]
	for _, c := range d.field.Cards() {
		if c.Token == t.Token {
			return t, true
		}
	}
	return solo.Card{}, false
}

// presence is the status of asking a target whether it is there.
func (d *Device) presence(number byte) byte {
	if _, ok := d.target(number); !ok {
		return statusTimeout
	}
	return statusOK
}

// deselect puts a target to sleep, or all of them for number 0, and remembers them.
func (d *Device) deselect(_ time.Time, p []byte) []byte {
	if len(p) != 1 {
		return nil
	}
	if int(p[0]) > len(d.targets) {
		return []byte{inDeselect + 1, statusContext}
	}
	d.halt(p[0])
	return []byte{inDeselect + 1, statusOK}
}

// release forgets a target, or all of them for number 0.
func (d *Device) release(_ time.Time, p []byte) []byte {
	if len(p) != 1 {
		return nil
	}
	if int(p[0]) > len(d.targets) {
		return []byte{inRelease + 1, statusContext}
	}
	if d.options.HaltOnRelease {
		d.halt(p[0])
	}
	if p[0] == 0 {
		d.targets = nil
	} else {
		d.targets = append(d.targets[:p[0]-1:p[0]-1], d.targets[p[0]:]...)
	}
	return []byte{inRelease + 1, statusOK}
}

func (d *Device) halt(number byte) {
	for i, t := range d.targets {
		if number == 0 || int(number) == i+1 {
			d.sleeping[t.Token] = true
		}
	}
}

// choose is InSelect: wakes a target.
func (d *Device) choose(_ time.Time, p []byte) []byte {
	if len(p) != 1 {
		return nil
	}
	t, ok := d.target(p[0])
	if !ok {
		return []byte{inSelect + 1, statusContext}
	}
	delete(d.sleeping, t.Token)
	return []byte{inSelect + 1, statusOK}
}

// dropField switches the field off: cards lose their power, and wake when it comes back.
func (d *Device) dropField() {
	d.targets = nil
	clear(d.sleeping)
}

// exchange is InDataExchange: target, what to say to it.
func (d *Device) exchange(_ time.Time, p []byte) []byte {
	if len(p) < 1 {
		return nil
	}
	return d.speak(inDataExchange, p[0]&0x3F, p[1:])
}

// communicate is InCommunicateThru: what to say to the card that is selected.
func (d *Device) communicate(_ time.Time, p []byte) []byte {
	return d.speak(inCommunicateThru, 1, p)
}

// speak answers for a card, which knows only what hosts ask to see whether it is still there: READ of an Ultralight's
// first page, and R(NAK) to a card of ISO 14443-4, which repeats what it said last.
func (d *Device) speak(code, number byte, p []byte) []byte {
	const read, rnak = 0x30, 0xB2
	t, ok := d.target(number)
	if !ok || len(p) == 0 {
		return []byte{code + 1, statusTimeout}
	}
	_, sak, ats := t.ISO14443A()
	switch {
	case p[0] == read && sak == 0x00:
		return append([]byte{code + 1, statusOK}, make([]byte, 16)...)
	case len(ats) > 0 && p[0]&0xF6 == rnak:
		return append([]byte{code + 1, statusOK, p[0] &^ 0x10}, p[1:]...)
	}
	return []byte{code + 1, statusTimeout}
}
