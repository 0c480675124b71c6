package pn532_test

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"sync"

	"github.com/rollcall-edge/rollcall/drivers"
)

// Frames of the module as UM0701-02 prints them or as recorders saw them.
var (
	ackFrame   = []byte{0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00}
	nackFrame  = []byte{0x00, 0x00, 0xFF, 0xFF, 0x00, 0x00}
	errorFrame = []byte{0x00, 0x00, 0xFF, 0x01, 0xFF, 0x7F, 0x81, 0x00}
)

// device is a PN532 module on its serial interface, written from UM0701-02. It is as strict as a real one: it sleeps
// until it is woken up, searches without end until it is told how often to retry, and does not find again a card that is
// still selected.
type device struct {
	cards   [][]byte // SENS_RES, SEL_RES, length of the UID, UID
	refuses map[byte]bool
	shown   chan drivers.Signal
	wiring  map[byte]drivers.Signal // outputs, as WriteGPIO names them, to what they light

	awake    bool // of the goroutine that serves
	bounded  bool
	selected []int
	last     []byte // response, for a nack

	mu    sync.Mutex // guards everything that follows
	queue []int      // cards that will be held to the module, one after the other
	stays int        // searches for which the first of them is still there
	field []int      // cards that lie on the module
	asked int        // searches
	gpio  [][]byte   // parameters of WriteGPIO
}

// presented is how many searches find a card that is held to the module for a moment.
const presented = 4

func newDevice(cards ...[]byte) *device {
	return &device{cards: cards, shown: make(chan drivers.Signal, 256), refuses: map[byte]bool{}}
}

func (d *device) Lights() <-chan drivers.Signal {
	if d.wiring == nil {
		return nil
	}
	return d.shown
}

func (d *device) Present(i int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queue = append(d.queue, i)
}

// Stick leaves a card on the module, in place of those before.
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

// Serve plays the module. It lost its power with the line.
func (d *device) Serve(line io.ReadWriter) {
	defer d.takeAway()
	d.awake, d.bounded, d.selected = false, false, nil
	octets := bufio.NewReader(line)
	for {
		command, err := d.read(octets)
		if err != nil {
			return
		}
		if err := d.reply(line, command); err != nil {
			return
		}
	}
}

// takeAway ends the moment for which a card is held to the module, if a search has found it.
func (d *device) takeAway() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stays > 0 {
		d.stays, d.queue = 0, d.queue[1:]
	}
}

// read waits for a frame: nil is an ack, which asks for nothing, and an empty command a nack.
func (d *device) read(octets *bufio.Reader) (command []byte, err error) {
	var last [2]byte
	for last != [2]byte{0x00, 0xFF} {
		o, err := octets.ReadByte()
		if err != nil {
			return nil, err
		}
		last = [2]byte{last[1], o}
		d.awake = d.awake || last == [2]byte{0x55, 0x55}
	}
	length := make([]byte, 2)
	if _, err := io.ReadFull(octets, length); err != nil {
		return nil, err
	}
	switch {
	case bytes.Equal(length, ackFrame[3:5]):
		return nil, nil
	case bytes.Equal(length, nackFrame[3:5]):
		return []byte{}, nil
	case length[0]+length[1] != 0:
		return nil, nil
	}
	body := make([]byte, int(length[0])+1)
	if _, err := io.ReadFull(octets, body); err != nil {
		return nil, err
	}
	check := byte(0)
	for _, o := range body {
		check += o
	}
	if check != 0 || body[0] != 0xD4 || !d.awake {
		return nil, nil
	}
	return body[1 : len(body)-1], nil
}

func (d *device) reply(line io.Writer, command []byte) error {
	switch {
	case command == nil:
		return nil
	case len(command) == 0:
		_, err := line.Write(d.last)
		return err
	}
	if _, err := line.Write(ackFrame); err != nil {
		return err
	}
	response := d.answer(command[0], command[1:])
	switch {
	case response == nil:
		return nil
	case d.refuses[command[0]] || len(response) == 0:
		d.last = errorFrame
	default:
		d.last = frame(append([]byte{0xD5, command[0] + 1}, response[1:]...))
	}
	_, err := line.Write(d.last)
	return err
}

// frame puts the length and the checks around what stands between them.
func frame(body []byte) []byte {
	check := byte(0)
	for _, o := range body {
		check -= o
	}
	n := byte(len(body))
	f := append([]byte{0x00, 0x00, 0xFF, n, -n}, body...)
	return append(f, check, 0x00)
}

// answer is what follows the code of the response, behind a zero: nothing at all is a syntax error, nil is silence.
func (d *device) answer(code byte, p []byte) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case code == 0x02 && len(p) == 0:
		return []byte{0, 0x32, 0x01, 0x06, 0x07}
	case code == 0x14 && len(p) == 3 && p[0] == 1, code == 0x12 && len(p) == 1:
		return []byte{0}
	case code == 0x32 && len(p) == 4 && p[0] == 5:
		d.bounded = p[3] < 0xFF
		return []byte{0}
	case code == 0x32 && len(p) == 2 && p[0] == 1:
		if p[1]&1 == 0 {
			d.selected = nil
		}
		return []byte{0}
	case code == 0x4A && bytes.Equal(p, []byte{2, 0}):
		return d.list()
	case code == 0x52 && bytes.Equal(p, []byte{0}):
		return []byte{0, 0}
	case code == 0x0E && len(p) == 2:
		d.output(p)
		return []byte{0}
	}
	return []byte{}
}

// list answers a search with the cards in the field that are not selected.
func (d *device) list() []byte {
	d.asked++
	found := []byte{0, 0}
	var listed []int
	for _, i := range d.present() {
		if !slices.Contains(d.selected, i) {
			listed = append(listed, i)
			found[1]++
			found = append(append(found, found[1]), d.cards[i]...)
		}
	}
	if len(listed) > 0 {
		d.selected = listed
	}
	if len(listed) == 0 && !d.bounded {
		return nil
	}
	return found
}

// present are the cards in the field.
func (d *device) present() []int {
	if len(d.field) > 0 || len(d.queue) == 0 {
		return d.field
	}
	now := d.queue[:1]
	d.stays++
	if d.stays == presented {
		d.stays, d.queue = 0, d.queue[1:]
	}
	return now
}

func (d *device) output(p []byte) {
	d.gpio = append(d.gpio, bytes.Clone(p))
	if s, ok := d.wiring[p[0]]; ok {
		d.shown <- s
	}
}

func (d *device) written() [][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.gpio)
}
