package twn4_test

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/rollcall-edge/rollcall/drivers"
)

// device is a TWN4 as "TWN4 Simple Protocol", DocRev25, has it: commands and replies are looked up as text, so that
// nothing of the driver's way to write and read them is used.
type device struct {
	cards   []string // what follows the result of SearchTag
	checked bool     // lines carry a CRC
	old     bool     // firmware without SearchMultiTag and SetTagTypes
	shown   chan drivers.Signal

	mu     sync.Mutex // guards everything that follows
	queue  []int      // cards that will be held to the reader, one after the other
	stays  int        // searches for which the first of them is still there
	field  []int      // cards that lie on the reader
	asked  int        // searches
	types  string     // parameters of the latest SetTagTypes
	looks  int        // at cards with random UIDs
	beeps  int
	ticks  uint32 // since it started
	ready  byte   // lights that were set up
	lights byte
}

// presented is how many searches find a card that is held to the reader for a moment.
const presented = 5

func newDevice(cards ...string) *device {
	return &device{cards: cards, shown: make(chan drivers.Signal, 256), ticks: 477395}
}

func (d *device) Lights() <-chan drivers.Signal { return d.shown }

func (d *device) Present(i int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queue = append(d.queue, i)
}

// Stick leaves cards on the reader, in place of those before.
func (d *device) Stick(i int) { d.lay(i) }

func (d *device) lay(cards ...int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.field = cards
}

func (d *device) Asked() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}

func (d *device) Serve(line io.ReadWriter) {
	defer d.takeAway()
	commands := bufio.NewReader(line)
	for {
		c, err := commands.ReadString('\r')
		if err != nil {
			return
		}
		reply := d.answer(d.unchecked(strings.TrimSuffix(c, "\r")))
		if _, err := io.WriteString(line, d.check(reply)+"\r"); err != nil {
			return
		}
	}
}

// takeAway ends the moment for which a card is held to the reader, if a search has found it.
func (d *device) takeAway() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stays > 0 {
		d.stays, d.queue = 0, d.queue[1:]
	}
}

// unchecked takes the CRC off; a line with a wrong one is not understood.
func (d *device) unchecked(line string) string {
	if !d.checked || len(line) < 4 {
		return line
	}
	body := line[:len(line)-4]
	if d.check(body) != line {
		return ""
	}
	return body
}

// check adds the CRC with the vendor's own lines of C, section 1.3.3.
func (d *device) check(line string) string {
	if !d.checked {
		return line
	}
	octets, err := hex.DecodeString(line)
	if err != nil {
		panic(err)
	}
	crc := uint16(0xFFFF)
	for _, b := range octets {
		b ^= byte(crc)
		b ^= b << 4
		crc = (uint16(b)<<8 | crc>>8) ^ uint16(b>>4) ^ uint16(b)<<3
	}
	return fmt.Sprintf("%s%02X%02X", line, byte(crc), byte(crc>>8))
}

func (d *device) answer(c string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case c == "0004FF":
		return "001D54574E342F42312E30332F434346312E35372F505253312E30332F5049" // TWN4/B1.03/CCF1.57/PRS1.03/PI
	case strings.HasPrefix(c, "0502") && len(c) == 20 && !d.old:
		d.types = c[4:]
		return "00"
	case c == "0003":
		d.ticks++
		return fmt.Sprintf("00%02X%02X%02X%02X", byte(d.ticks), byte(d.ticks>>8), byte(d.ticks>>16), byte(d.ticks>>24))
	case c == "041007":
		d.ready = 7
		return "00"
	case strings.HasPrefix(c, "0411"), strings.HasPrefix(c, "0412"):
		return d.light(c)
	case strings.HasPrefix(c, "0407") && len(c) == 18:
		d.beeps++
		return "00"
	case c == "050010":
		return d.search()
	case c == "1208FF" && !d.old:
		return d.several()
	case len(c) < 4:
		return "05"
	}
	return "01"
}

func (d *device) light(c string) string {
	var mask byte
	if _, err := fmt.Sscanf(c[4:], "%02X", &mask); err != nil {
		return "02"
	}
	mask &= d.ready
	if strings.HasPrefix(c, "0411") {
		d.lights |= mask
	} else {
		d.lights &^= mask
	}
	if s, ok := map[byte]drivers.Signal{
		0: drivers.Off, 1: drivers.Refused, 2: drivers.Accepted, 3: drivers.Fault, 4: drivers.Ready,
	}[d.lights]; ok {
		d.shown <- s
	}
	return "00"
}

// restart takes the power away for a moment.
func (d *device) restart() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ticks, d.ready, d.lights = 0, 0, 0
}

// present are the cards in the field.
func (d *device) present() []int {
	if len(d.field) > 0 || len(d.queue) == 0 {
		return d.field
	}
	return d.queue[:1]
}

func (d *device) search() string {
	d.asked++
	cards := d.present()
	if len(cards) == 0 {
		return "0000"
	}
	reply := "0001" + d.card(cards[0])
	if len(d.field) == 0 {
		d.stays++
	}
	if d.stays == presented {
		d.stays, d.queue = 0, d.queue[1:]
	}
	return reply
}

// card is what there is to say of a card; one with a random UID shows another at each look.
func (d *device) card(i int) string {
	if d.cards[i] != random {
		return d.cards[i]
	}
	d.looks++
	return fmt.Sprintf("%s%06X", random, d.looks)
}

// several lists the type A cards: a count, the octets that follow, and each UID behind its length.
func (d *device) several() string {
	count, list := 0, ""
	for _, i := range d.present() {
		if c := d.card(i); strings.HasPrefix(c, "80") {
			count, list = count+1, list+c[4:]
		}
	}
	if count == 0 {
		return "0000"
	}
	return fmt.Sprintf("0001%02X%02X%s", count, len(list)/2, list)
}

func (d *device) setTypes() (types string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.types
}

func (d *device) beeped() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.beeps
}
