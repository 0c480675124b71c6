package config

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Bus is one serial line.
type Bus struct {
	Name    string   `yaml:"name"`
	Driver  string   `yaml:"driver"` // osdp, twn4, pn532, ascii or qr
	Preset  string   `yaml:"preset"` // of ascii: rdm6300, id12la, wec200, pcprox or generic
	Device  string   `yaml:"device"` // e.g. /dev/serial/by-id/…
	Baud    int      `yaml:"baud"`
	HoldOff Duration `yaml:"hold_off"` // not osdp: the same card within this time of its last repeat is one tap; 0: 2 s
	RS485   RS485    `yaml:"rs485"`    // only where the port itself must switch direction
	TWN4    TWN4     `yaml:"twn4"`
	PN532   PN532    `yaml:"pn532"`
	Format  Format   `yaml:"format"` // of a generic ascii reader
	Readers []Reader `yaml:"readers"`

	// Feedback is what a generic ascii reader or a scanner is sent for a signal, as its manual has it; without it the reader has no light.
	Feedback map[string]string `yaml:"feedback"`
}

// RS485 says how the kernel switches a port between sending and listening. An adapter that does it alone needs none of it.
type RS485 struct {
	RTS    string   `yaml:"rts"`    // level of RTS while sending: high or low
	Before Duration `yaml:"before"` // from the switch to the first octet; whole milliseconds
	After  Duration `yaml:"after"`  // from the last octet to the switch back
}

// TWN4 says how an Elatec TWN4 is set up.
type TWN4 struct {
	Tags  []string `yaml:"tags"`  // cards to look for: mifare, em4102, hidprox; all when empty
	CRC   bool     `yaml:"crc"`   // its firmware was built with CRC on
	Third string   `yaml:"third"` // colour of its third light: yellow, unless blue
}

// PN532 says what is wired to which output of a PN532; an empty name is not wired.
type PN532 struct {
	Red      string `yaml:"red"` // P30, P31, P33 or P35; red and green, or no light at all
	Green    string `yaml:"green"`
	Blue     string `yaml:"blue"` // without it red and green together stand for it
	Buzzer   string `yaml:"buzzer"`
	Inverted bool   `yaml:"inverted"` // an output that is low is on
}

// Format is a line of a generic ascii reader. Zero fields are a UID in hexadecimal on a line of its own.
type Format struct {
	Start  string `yaml:"start"`  // before the number; may be empty
	End    string `yaml:"end"`    // any one of these characters ends it; empty is CR or LF
	Digits string `yaml:"digits"` // hex or decimal
	Check  string `yaml:"check"`  // none, or xor: two more hexadecimal digits
	Medium string `yaml:"medium"` // uid, em4100, raw, or wiegand: facility and card as two decimal numbers
	Octets int    `yaml:"octets"` // of the number; 0 is any, which decimal cannot have

	// How a line writes facility and card; one that has card in it is read so whatever medium is.
	Facility string `yaml:"facility"` // stands before the facility; may be empty
	Card     string `yaml:"card"`     // stands between the two
	Bits     int    `yaml:"bits"`     // of the card's format, which such a line does not tell: 26, 34 or 37

	Prompt  string   `yaml:"prompt"`  // what the reader puts before a line now and then
	Replies []string `yaml:"replies"` // a line that begins so is no card, but what the reader has to say
}

// Reader is one card reader on a line and the point where it hangs.
type Reader struct {
	Point     string `yaml:"point"`      // as central's room import names it
	Address   int    `yaml:"address"`    // OSDP address 0-126
	Secure    bool   `yaml:"secure"`     // osdp: only ever spoken to under a key of its own
	Checksum  bool   `yaml:"checksum"`   // osdp: the reader knows no CRC
	Open      string `yaml:"open"`       // osdp: colour of an open register where the reader has no blue: blue, amber or white
	ByteOrder string `yaml:"byte_order"` // of UIDs: msb or lsb first
}

var (
	speeds     = []int{1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400}
	osdpSpeeds = speeds[3:]
	drivers    = []string{"osdp", "twn4", "pn532", "ascii", "qr"}
	presets    = []string{"rdm6300", "id12la", "wec200", "pcprox", "generic"}
	colours    = []string{"", "blue", "amber", "white"}
	signals    = []string{"off", "ready", "fault", "accepted", "refused", "several", "stored", "not_kept"}
	byteOrders = []string{"", "msb", "lsb"}
	levels     = []string{"high", "low"}
	tags       = []string{"mifare", "em4102", "hidprox"}
	thirds     = []string{"", "yellow", "blue"}
	pins       = []string{"", "P30", "P31", "P33", "P35"}
	digits     = []string{"", "hex", "decimal"}
	checks     = []string{"", "none", "xor"}
	media      = []string{"", "uid", "em4100", "raw", "wiegand"}
	bits       = []int{26, 34, 37}
)

// Limits of numbers.
const (
	highestAddress = 126
	longestDelay   = 100 * time.Millisecond // the kernel's own
	longestNumber  = 16                     // octets
)

// Settings that are for some drivers alone: one that is read by nobody would look as if it did something.
var (
	busSettings = map[string][]string{
		"preset": {"ascii"}, "format": {"ascii"}, "feedback": {"ascii", "qr"}, "twn4": {"twn4"}, "pn532": {"pn532"},
		"hold_off": {"twn4", "pn532", "ascii", "qr"},
	}
	readerSettings = map[string][]string{
		"address": {"osdp"}, "secure": {"osdp"}, "checksum": {"osdp"}, "open": {"osdp"}, "byte_order": {"osdp", "twn4", "pn532", "ascii"},
	}
)

// alone reports what a part of the file at path names although the driver does not read it.
func (c *checker) alone(path, driver string, settings map[string][]string) {
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		if at := path + "." + key; c.Names(at) && slices.Contains(drivers, driver) && !slices.Contains(settings[key], driver) {
			c.fault(at, "means nothing to driver %s, only to %s; remove it", driver, strings.Join(settings[key], ", "))
		}
	}
}

func (b Bus) validate(c *checker, path string) {
	c.oneOf(path+".driver", b.Driver, drivers)
	c.alone(path, b.Driver, busSettings)
	b.validateSpeed(c, path)
	b.RS485.validate(c, path+".rs485")
	for _, signal := range slices.Sorted(maps.Keys(b.Feedback)) {
		c.oneOf(path+".feedback."+signal, signal, signals)
	}
	switch b.Driver {
	case "ascii":
		b.validateASCII(c, path)
	case "twn4":
		b.TWN4.validate(c, path+".twn4")
	case "pn532":
		b.PN532.validate(c, path+".pn532")
	}
	b.validateReaders(c, path)
}

func (b Bus) validateSpeed(c *checker, path string) {
	known := speeds
	if b.Driver == "osdp" {
		known = osdpSpeeds
	}
	if !slices.Contains(known, b.Baud) {
		c.fault(path+".baud", "%d is not a speed of such readers; want one of %v", b.Baud, known)
	}
}

func (b Bus) validateASCII(c *checker, path string) {
	c.oneOf(path+".preset", b.Preset, presets)
	if slices.Contains(presets, b.Preset) && b.Preset != "generic" {
		for _, key := range []string{"format", "feedback"} {
			if c.Names(path + "." + key) {
				c.fault(path+"."+key, "the preset %s needs none; remove it, or use the preset generic", b.Preset)
			}
		}
	}
	b.Format.validate(c, path+".format")
}

func (b Bus) validateReaders(c *checker, path string) {
	if len(b.Readers) == 0 {
		c.fault(path+".readers", "no reader is listed; a bus without readers hears nobody")
	}
	if slices.Contains(drivers, b.Driver) && b.Driver != "osdp" && len(b.Readers) > 1 {
		c.fault(path+".readers", "%d readers; a line of this kind carries one", len(b.Readers))
	}
	addresses := map[int]bool{}
	for i, r := range b.Readers {
		at := index(path+".readers", i)
		r.validate(c, at, b.Driver)
		if b.Driver == "osdp" && addresses[r.Address] {
			c.fault(at+".address", "address %d is taken by another reader of this bus", r.Address)
		}
		addresses[r.Address] = true
	}
}

func (r Reader) validate(c *checker, path, driver string) {
	c.alone(path, driver, readerSettings)
	if driver == "osdp" && (r.Address < 0 || r.Address > highestAddress) {
		c.fault(path+".address", "%d is not an OSDP address; want 0 to %d", r.Address, highestAddress)
	}
	c.oneOf(path+".open", r.Open, colours)
	c.oneOf(path+".byte_order", r.ByteOrder, byteOrders)
}

func (r RS485) validate(c *checker, path string) {
	if !c.Names(path) {
		return
	}
	c.oneOf(path+".rts", r.RTS, levels)
	for _, delay := range []struct {
		key string
		d   time.Duration
	}{{"before", r.Before.Std()}, {"after", r.After.Std()}} {
		if delay.d > longestDelay || delay.d%time.Millisecond != 0 {
			c.fault(path+"."+delay.key, "%v is not a delay of a port; want whole milliseconds up to %v", delay.d, longestDelay)
		}
	}
}

func (t TWN4) validate(c *checker, path string) {
	for i, tag := range t.Tags {
		c.oneOf(index(path+".tags", i), tag, tags)
	}
	c.oneOf(path+".third", t.Third, thirds)
}

func (p PN532) validate(c *checker, path string) {
	taken := map[string]string{}
	for _, output := range []struct{ key, pin string }{{"red", p.Red}, {"green", p.Green}, {"blue", p.Blue}, {"buzzer", p.Buzzer}} {
		at := path + "." + output.key
		c.oneOf(at, output.pin, pins)
		if output.pin != "" {
			c.unique(taken, at, output.pin)
		}
	}
	if len(taken) > 0 && (p.Red == "" || p.Green == "") {
		c.fault(path, "a light needs both red and green; name the outputs of both, or none at all")
	}
}

func (f Format) validate(c *checker, path string) {
	c.oneOf(path+".digits", f.Digits, digits)
	c.oneOf(path+".check", f.Check, checks)
	c.oneOf(path+".medium", f.Medium, media)
	for _, mark := range []struct{ key, text string }{{"start", f.Start}, {"end", f.End}, {"facility", f.Facility}, {"card", f.Card}, {"prompt", f.Prompt}} {
		if strings.ContainsFunc(mark.text, func(r rune) bool { return r > 0x7E }) {
			c.fault(path+"."+mark.key, `%q has characters that readers do not send; write octets up to 7E, for example "\x02"`, mark.text)
		}
	}
	if strings.ContainsAny(f.Start, cmp.Or(f.End, "\r\n")) {
		c.fault(path+".start", "start and end share a character, so that no line could begin")
	}
	for i, reply := range f.Replies {
		if reply == "" {
			c.fault(index(path+".replies", i), "empty, and so the beginning of every line; write what such a line begins with")
		}
	}
	f.validateNumber(c, path)
	f.validateParts(c, path)
}

func (f Format) validateNumber(c *checker, path string) {
	if f.Octets < 0 || f.Octets > longestNumber {
		c.fault(path+".octets", "%d octets are not possible; want 1 to %d, or 0 for any", f.Octets, longestNumber)
	}
	if f.Digits == "decimal" && f.Octets == 0 {
		c.fault(path+".octets", "a decimal number has no length of its own; write how many octets it stands for")
	}
	if f.Digits == "decimal" && f.Check == "xor" {
		c.fault(path+".check", "a decimal number has no check; remove it")
	}
	if f.Medium == "em4100" && f.Octets != 0 && f.Octets != 5 {
		c.fault(path+".octets", "an EM4100 has 5 octets, not %d", f.Octets)
	}
	if (f.Medium == "" || f.Medium == "uid") && !slices.Contains([]int{0, 4, 7, 10}, f.Octets) && f.Octets <= longestNumber {
		c.fault(path+".octets", "a UID has 4, 7 or 10 octets, not %d; write medium: raw for an access number", f.Octets)
	}
}

func (f Format) validateParts(c *checker, path string) {
	if f.Card == "" && (f.Medium == "wiegand" || f.Facility != "" || f.Bits != 0) {
		c.fault(path+".card", "facility and card are not told apart; write what stands between them")
	}
	if f.Card != "" && !slices.Contains(bits, f.Bits) {
		c.fault(path+".bits", "%d is not the length of a card's format; want one of %v", f.Bits, bits)
	}
}
