package drivertest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

const (
	toyPollEvery  = 2 * time.Millisecond
	toyReplyAfter = 100 * time.Millisecond // no reply comes any more
)

// toy is a driver for the toy protocol that does all it should, but for its flaw.
type toy struct {
	line    *serialport.Line
	asks    bool
	holdOff time.Duration
	flaw    flaw
	wake    chan struct{} // holds a token when signals wait
	release chan struct{} // closed at the end of the test: what hangs goes on

	// Of the goroutine that runs the line.
	reads   chan<- drivers.Read
	port    *serialport.Port
	heard   []byte
	queue   []drivers.Read
	place   int // whose turn it is
	askedAt time.Time
	hoard   [][]byte
	lastAt  time.Time // latest octets

	mu      sync.Mutex // guards everything that follows
	readers []toyReader
	sum     drivers.LineStatus // Noise and Exchanges
}

type toyReader struct {
	drivers.Status
	address byte
	signals []drivers.Signal // that wait
	silence int              // questions in a row without an answer
	last    string           // card
	lastAt  time.Time
	held    bool // its card is in the queue
}

func newToy(line *serialport.Line, asks bool, names ...string) *toy {
	t := &toy{line: line, asks: asks, wake: make(chan struct{}, 1), holdOff: 2 * time.Second}
	for i, name := range names {
		t.readers = append(t.readers, toyReader{Status: drivers.Status{Reader: name, Supervised: asks, Since: time.Now()}, address: 'A' + byte(i)})
	}
	return t
}

func (t *toy) Run(ctx context.Context, reads chan<- drivers.Read) error {
	t.reads = reads
	err := t.line.Supervise(ctx, t.talk)
	t.flaw.atEnd(t)
	return err
}

func (t *toy) Show(reader string, s drivers.Signal) {
	t.mu.Lock()
	for i := range t.readers {
		r := &t.readers[i]
		if r.Reader == reader || t.flaw.lightsOnAll {
			r.signals = append(r.signals, s)
			if s.Steady() {
				r.Steady = s
			}
		}
	}
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

func (t *toy) Status() (all []drivers.Status) {
	line := t.line.State()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.readers {
		s := r.Status
		if !t.asks || t.flaw.upWhenOpen {
			s.Up, s.Since, s.Trouble = line.Up, line.Since, line.Trouble
		}
		t.flaw.lie(&s)
		all = append(all, s)
	}
	return all
}

func (t *toy) Line() drivers.LineStatus {
	line := t.line.State()
	t.mu.Lock()
	defer t.mu.Unlock()
	l := drivers.LineStatus{
		Bus: "toys", Driver: "toy", Device: t.line.Path(), Baud: t.line.Baud(),
		Up: line.Up, Since: line.Since, Trouble: line.Trouble, Reopens: line.Opened, Noise: t.sum.Noise, Exchanges: t.sum.Exchanges,
	}
	t.flaw.lieOfLine(&l)
	return l
}

// talk runs one session.
func (t *toy) talk(ctx context.Context, port *serialport.Port) error {
	t.port, t.heard, t.askedAt, t.lastAt = port, nil, time.Time{}, time.Time{}
	if !t.flaw.staysUp {
		defer t.down()
	}
	if t.flaw.oneSession && t.line.State().Opened > 1 {
		<-ctx.Done()
	}
	if err := t.greet(); err != nil {
		return err
	}
	poll := time.NewTicker(toyPollEvery)
	defer poll.Stop()
	for {
		var out chan<- drivers.Read
		var head drivers.Read
		if len(t.queue) > 0 {
			out, head = t.reads, t.queue[0]
		}
		if t.flaw.oneName {
			head.Reader = t.readers[0].Reader
		}
		var err error
		select {
		case out <- head:
			t.taken()
		case c, ok := <-port.Chunks():
			if !ok {
				return port.Err()
			}
			t.hear(c)
		case <-t.wake:
			err = t.show()
		case <-poll.C:
			err = t.poll()
		case <-ctx.Done():
			return t.dark()
		}
		if err != nil {
			return err
		}
	}
}

// greet shows the steady lights again. Momentary ones that waited are lost.
func (t *toy) greet() error {
	t.mu.Lock()
	for i := range t.readers {
		r := &t.readers[i]
		switch {
		case t.flaw.lateFlash:
			r.signals = append(r.signals, r.Steady)
		case !t.flaw.forgetful || t.line.State().Opened == 1:
			r.signals = []drivers.Signal{r.Steady}
		default:
			r.signals = nil
		}
	}
	t.mu.Unlock()
	return t.show()
}

func (t *toy) dark() error {
	if t.flaw.leavesOn {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.readers {
		if err := t.say(t.readers[i].address, "light 0"); err != nil {
			return err
		}
	}
	return nil
}

func (t *toy) down() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.readers {
		t.readers[i].down("the line went away")
	}
}

func (r *toyReader) down(trouble string) {
	if r.Up {
		r.Since = time.Now()
	}
	r.Up, r.Trouble, r.silence = false, trouble, 0
}

// say sends a question or a light; mu is held.
func (t *toy) say(address byte, text string) error {
	if t.asks {
		t.sum.Exchanges++
	}
	return t.port.Write([]byte(toyFrame(address, text)))
}

// show sends the signals that wait.
func (t *toy) show() error {
	if t.flaw.darkWhenBusy && time.Since(t.lastAt) < 100*time.Millisecond {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.readers {
		r := &t.readers[i]
		for _, s := range r.signals {
			if err := t.say(r.address, fmt.Sprintf("light %d", s)); err != nil {
				return err
			}
		}
		r.signals = nil
	}
	return nil
}

// poll asks the next reader, once the one before has answered or will not any more.
func (t *toy) poll() error {
	if !t.asks || !t.askedAt.IsZero() && (t.flaw.waitsForEver || time.Since(t.askedAt) < toyReplyAfter) {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := &t.readers[t.place]; !t.askedAt.IsZero() {
		r.Counts.Failures++
		if r.silence++; r.silence >= questions {
			r.down("does not answer")
		}
	}
	t.askedAt = time.Time{}
	t.place = (t.place + 1) % len(t.readers)
	r := &t.readers[t.place]
	if r.held && !t.flaw.asksOn || t.flaw.asksNoMore && r.Counts.Taps > 0 || t.flaw.givesUp && r.Counts.Failures >= questions {
		return nil
	}
	t.askedAt = time.Now()
	return t.say(r.address, "?")
}

// hear finds lines in what arrives.
func (t *toy) hear(c serialport.Chunk) {
	t.lastAt = c.At
	for _, o := range c.Octets {
		if o == '~' && !t.flaw.startless {
			t.noise(len(t.heard))
			t.heard = t.heard[:0]
		}
		t.heard = append(t.heard, o)
		if o == '\n' {
			t.frame(string(t.heard), c.At)
			t.heard = t.heard[:0]
		}
	}
	if t.flaw.impatient {
		t.heard = t.heard[:0]
	}
}

func (t *toy) noise(octets int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum.Noise += uint64(octets)
}

func (t *toy) frame(said string, at time.Time) {
	body, _, whole := strings.Cut(strings.TrimPrefix(said, "~"), "*")
	if whole && t.flaw.unchecked && len(body) > 1 {
		said = toyFrame(body[0], body[1:])
	}
	if !whole || len(body) < 2 || said != toyFrame(body[0], body[1:]) {
		t.noise(len(said))
		return
	}
	if t.flaw.hoards {
		t.hoard = append(t.hoard, make([]byte, 64))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.readers {
		if t.readers[i].address == body[0] {
			t.reply(&t.readers[i], body[1:], at)
		}
	}
}

// reply takes in what a reader says; mu is held.
func (t *toy) reply(r *toyReader, text string, at time.Time) {
	t.askedAt = time.Time{}
	r.HeardAt, r.silence = at, 0
	if t.asks && !r.Up {
		r.Up, r.Since, r.Trouble = true, at, ""
	}
	card, ok := strings.CutPrefix(text, "card-number-")
	if !ok {
		return
	}
	again := card == r.last && at.Sub(r.lastAt) < t.holdOff
	if again && !t.flaw.noHoldOff {
		r.Counts.Repeats++
		if !t.flaw.rigidHoldOff {
			r.lastAt = at
		}
		return
	}
	r.last, r.lastAt = card, at
	r.Counts.Taps++
	t.keep(r, drivers.Read{Reader: r.Reader, Credential: "toy:" + card, HeardAt: at})
}

// keep queues a card; mu is held.
func (t *toy) keep(r *toyReader, read drivers.Read) {
	r.held = true
	r.Counts.Waits++
	switch {
	case t.flaw.drops && len(t.queue) > 0:
		return
	case t.flaw.lastFirst:
		t.queue = append([]drivers.Read{read}, t.queue...)
		return
	case t.flaw.twice:
		t.queue = append(t.queue, read)
	}
	t.queue = append(t.queue, read)
}

// taken notes that the first card of the queue has gone.
func (t *toy) taken() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.readers {
		if t.readers[i].Reader == t.queue[0].Reader {
			t.readers[i].held = false
		}
	}
	t.queue = t.queue[1:]
}
