package capture

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/ascii"
	"github.com/rollcall-edge/rollcall/drivers/osdp"
	"github.com/rollcall-edge/rollcall/drivers/pn532"
	"github.com/rollcall-edge/rollcall/drivers/qr"
	"github.com/rollcall-edge/rollcall/drivers/solo"
	"github.com/rollcall-edge/rollcall/drivers/twn4"
)

// ErrWord means that a word of the configuration names nothing.
var ErrWord = errors.New("no such name")

func (p parts) osdp() (drivers.Bus, error) {
	var readers []osdp.Reader
	for _, r := range p.Readers {
		o := osdp.Reader{Name: r.Name, Address: r.Address, Order: order(r.ByteOrder), Checksum: r.Checksum, Secure: r.Secure}
		switch r.Open {
		case "amber":
			o.Ready, o.Instead = osdp.Amber, osdp.Amber
		case "white":
			o.Ready, o.Instead = osdp.White, osdp.White
		}
		readers = append(readers, o)
	}
	return osdp.New(osdp.Options{Name: p.Name, Line: p.port, Readers: readers, Keys: p.Keys, Registerer: p.r, Log: p.log})
}

func (p parts) twn4() (drivers.Bus, error) {
	o := twn4.Options{
		Name: p.Name, Line: p.port, Reader: p.Readers[0].Name, Order: order(p.Readers[0].ByteOrder), CRC: p.TWN4.CRC,
		Blue: p.TWN4.Third == "blue", HoldOff: p.HoldOff, Registerer: p.r, Log: p.log,
	}
	for _, name := range p.TWN4.Tags {
		tag, ok := twn4.ParseTag(name)
		if !ok {
			return nil, fmt.Errorf("%w: tag %q", ErrWord, name)
		}
		o.Tags = append(o.Tags, tag)
	}
	return twn4.New(o)
}

func (p parts) pn532() (drivers.Bus, error) {
	lights := pn532.Lights{Inverted: p.PN532.Inverted}
	for _, output := range []struct {
		name string
		pin  *pn532.Pin
	}{{p.PN532.Red, &lights.Red}, {p.PN532.Green, &lights.Green}, {p.PN532.Blue, &lights.Blue}, {p.PN532.Buzzer, &lights.Buzzer}} {
		pin, ok := pn532.ParsePin(output.name)
		if output.name != "" && !ok {
			return nil, fmt.Errorf("%w: output %q", ErrWord, output.name)
		}
		*output.pin = pin
	}
	return pn532.New(pn532.Options{
		Name: p.Name, Line: p.port, Reader: p.Readers[0].Name, Order: order(p.Readers[0].ByteOrder), Lights: lights,
		HoldOff: p.HoldOff, Registerer: p.r, Log: p.log,
	})
}

func (p parts) ascii() (drivers.Bus, error) {
	format, ok := ascii.Preset(p.Preset)
	if !ok {
		return nil, fmt.Errorf("%w: preset %q", ErrDriver, p.Preset)
	}
	format.Order = order(p.Readers[0].ByteOrder)
	if err := p.Format.onto(&format); err != nil {
		return nil, err
	}
	if len(p.Feedback) > 0 {
		feedback, err := p.feedback()
		if err != nil {
			return nil, err
		}
		format.Feedback = feedback
	}
	return ascii.New(ascii.Options{Name: p.Name, Line: p.port, Reader: p.Readers[0].Name, Format: format, HoldOff: p.HoldOff, Registerer: p.r, Log: p.log})
}

func (p parts) qr() (drivers.Bus, error) {
	feedback, err := p.feedback()
	if err != nil {
		return nil, err
	}
	return qr.New(qr.Options{Name: p.Name, Line: p.port, Reader: p.Readers[0].Name, Feedback: feedback, HoldOff: p.HoldOff, Registerer: p.r, Log: p.log})
}

// feedback is what the reader is sent, by signal.
func (p parts) feedback() (solo.Feedback, error) {
	feedback := solo.Feedback{}
	for name, text := range p.Feedback {
		signal, ok := drivers.ParseSignal(name)
		if !ok {
			return nil, fmt.Errorf("%w: signal %q", ErrWord, name)
		}
		feedback[signal] = text
	}
	return feedback, nil
}

var (
	digits = map[string]ascii.Digits{"": ascii.Hex, "hex": ascii.Hex, "decimal": ascii.Decimal}
	checks = map[string]ascii.Check{"": ascii.NoCheck, "none": ascii.NoCheck, "xor": ascii.XOR}
	media  = map[string]ascii.Medium{"": ascii.UID, "uid": ascii.UID, "em4100": ascii.EM4100, "raw": ascii.Raw, "wiegand": ascii.Wiegand}
)

// onto replaces a generic format by what a site says of its reader. The zero Format leaves any format alone.
func (f Format) onto(a *ascii.Format) error {
	if reflect.ValueOf(f).IsZero() {
		return nil
	}
	var known [3]bool
	a.Digits, known[0] = digits[f.Digits]
	a.Check, known[1] = checks[f.Check]
	a.Medium, known[2] = media[f.Medium]
	if known != [3]bool{true, true, true} {
		return fmt.Errorf("%w: digits %q, check %q, medium %q", ErrWord, f.Digits, f.Check, f.Medium)
	}
	a.Start, a.Octets = []byte(f.Start), f.Octets
	a.Parts = ascii.Parts{Facility: f.Facility, Card: f.Card, Bits: f.Bits}
	a.Prompt, a.Replies = f.Prompt, f.Replies
	if f.End != "" {
		a.End = []byte(f.End)
	}
	return nil
}
