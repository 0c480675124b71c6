package drivertest

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/rollcall-edge/rollcall/drivers"
)

// The toy protocol has lines for frames: a tilde, the address of the reader, text, an asterisk, two hexadecimal digits
// of the exclusive or of what stands between, and a newline. The gateway says "?" for a question and "light n"; the
// device answers "none", "ok", or "card-number-n", which is the longest.
const toyCardOctets = len("~Acard-number-0*00\n")

func toyFrame(address byte, text string) string {
	body := string(address) + text
	return fmt.Sprintf("~%s*%02X\n", body, toySum(body))
}

func toySum(body string) (sum byte) {
	for i := range len(body) {
		sum ^= body[i]
	}
	return sum
}

// toyDevice is a reader that speaks the toy protocol, asked or by itself.
type toyDevice struct {
	address byte
	asks    bool // it waits to be asked
	lights  chan drivers.Signal
	news    chan struct{} // holds a token when a card waits

	mu      sync.Mutex // guards everything that follows
	waiting []int
	stuck   int // card that lies on the reader, -1 for none
	asked   int
}

func newToyDevice(address byte, asks bool) *toyDevice {
	return &toyDevice{address: address, asks: asks, lights: make(chan drivers.Signal, 256), news: make(chan struct{}, 1), stuck: -1}
}

func (d *toyDevice) Lights() <-chan drivers.Signal { return d.lights }

func (d *toyDevice) Present(i int) {
	d.mu.Lock()
	d.waiting = append(d.waiting, i)
	d.mu.Unlock()
	select {
	case d.news <- struct{}{}:
	default:
	}
}

func (d *toyDevice) Stick(i int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stuck = i
}

func (d *toyDevice) Asked() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}

func (d *toyDevice) Serve(line io.ReadWriter) {
	gone := make(chan struct{})
	var pushed sync.WaitGroup
	if !d.asks {
		pushed.Go(func() { d.push(line, gone) })
	}
	for in := bufio.NewReader(line); ; {
		said, err := in.ReadString('\n')
		if err != nil || d.answer(line, said) != nil {
			break
		}
	}
	close(gone)
	pushed.Wait()
}

func (d *toyDevice) push(line io.Writer, gone <-chan struct{}) {
	for {
		select {
		case <-d.news:
		case <-gone:
			return
		}
		for text := d.card(); text != ""; text = d.card() {
			if _, err := io.WriteString(line, toyFrame(d.address, text)); err != nil {
				return
			}
		}
	}
}

func (d *toyDevice) answer(line io.Writer, said string) error {
	text, mine := strings.CutPrefix(said, "~"+string(d.address))
	text, _, _ = strings.Cut(text, "*")
	if !mine || said != toyFrame(d.address, text) {
		return nil
	}
	reply := "ok"
	if text == "?" {
		reply = d.question()
	} else if _, err := fmt.Sscanf(text, "light %d", new(int)); err == nil {
		d.lights <- drivers.Signal(text[len("light ")] - '0')
	}
	if !d.asks {
		return nil
	}
	_, err := io.WriteString(line, toyFrame(d.address, reply))
	return err
}

func (d *toyDevice) question() string {
	d.mu.Lock()
	d.asked++
	d.mu.Unlock()
	if text := d.card(); text != "" {
		return text
	}
	return "none"
}

// card is the text for the card in the field, if there is one.
func (d *toyDevice) card() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := d.stuck
	if len(d.waiting) > 0 {
		i, d.waiting = d.waiting[0], d.waiting[1:]
	}
	if i < 0 {
		return ""
	}
	return fmt.Sprintf("card-number-%d", i)
}
