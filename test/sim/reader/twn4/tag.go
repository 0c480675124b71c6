package twn4

import (
	"encoding/binary"
	"slices"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/solo"
)

// Tag types, from Elatec's header twn4.sys.h.
const (
	tagEM4102  byte = 0x40
	tagHIDProx byte = 0x49
	tagMIFARE  byte = 0x80

	firstHF = 0x80
	allTags = 0xFFFFFFFF
)

// tagType is what the reader calls a card.
func tagType(c card.Card) byte {
	switch c.Kind() {
	case card.EM4100:
		return tagEM4102
	case card.UID:
		return tagMIFARE
	default:
		return tagHIDProx
	}
}

// looksFor reports whether a type of tag is switched on: each has the bit of its low five bits.
func (d *Device) looksFor(t byte) bool {
	types := d.lf
	if t >= firstHF {
		types = d.hf
	}
	return types>>(t&0x1F)&1 != 0
}

// found are the cards in the field that a search can find.
func (d *Device) found() []solo.Card {
	var lf, all []solo.Card
	for _, c := range d.field.Cards() {
		t := tagType(c.Card)
		if !d.looksFor(t) {
			continue
		}
		all = append(all, c)
		if t < firstHF {
			lf = append(lf, c)
		}
	}
	if len(lf) < 2 {
		return all
	}
	return slices.DeleteFunc(all, func(c solo.Card) bool { return tagType(c.Card) < firstHF })
}

// search is SearchTag with the greatest number of octets of an identifier: found, type, bits, octets.
func (d *Device) search(c call) result {
	r := result{data: []byte{0}, takes: d.options.Search}
	found := d.found()
	d.selected = card.Card{}
	if len(found) == 0 {
		return r
	}
	t := found[0]
	if !d.options.First {
		t = found[d.turn%len(found)]
		d.turn++
	}
	d.selected = t.Card
	id := t.Octets()
	id = id[:min(len(id), int(c.p[0]))]
	r.data = append([]byte{1, tagType(t.Card), byte(min(t.Bits(), 8*len(id))), byte(len(id))}, id...)
	r.cards = []uint64{t.Token}
	return r
}

// fieldOff is SetRFOff: whatever was selected is no longer.
func (d *Device) fieldOff(call) result {
	d.selected = card.Card{}
	return result{}
}

func (d *Device) setTypes(c call) result {
	d.lf, d.hf = binary.LittleEndian.Uint32(c.p), binary.LittleEndian.Uint32(c.p[4:])
	return result{}
}

func (d *Device) types(call) result {
	return result{data: binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, d.lf), d.hf)}
}

// atqa and sak are of the card found last.
func (d *Device) atqa(call) result {
	a, _, _ := d.selected.ISO14443A()
	if d.selected.Kind() != card.UID {
		return truth(false)
	}
	return result{data: []byte{1, byte(a), byte(a >> 8)}}
}

func (d *Device) sak(call) result {
	_, s, _ := d.selected.ISO14443A()
	if d.selected.Kind() != card.UID {
		return truth(false)
	}
	return result{data: []byte{1, s}}
}

// searchAll is ISO14443A_SearchMultiTag with the greatest length of its list: found, how many, length of the list,
// and each identifier after its length. Cards for which there is no room are left out.
func (d *Device) searchAll(c call) result {
	r := result{takes: d.options.Search}
	var list []byte
	count := byte(0)
	for _, t := range d.found() {
		id := t.Octets()
		if t.Kind() != card.UID || len(list)+1+len(id) > int(c.p[0]) {
			continue
		}
		list = append(append(list, byte(len(id))), id...)
		count++
		r.cards = append(r.cards, t.Token)
	}
	if count == 0 {
		r.data = []byte{0}
		return r
	}
	r.data = append([]byte{1, count, byte(len(list))}, list...)
	return r
}

// pick is ISO14443A_SelectTag by identifier.
func (d *Device) pick(c call) result {
	for _, t := range d.found() {
		if t.Kind() == card.UID && slices.Equal(t.Octets(), c.p[1:]) {
			d.selected = t.Card
			return truth(true)
		}
	}
	return truth(false)
}
