package reader

import (
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/tty"
)

// Options say how a line behaves.
type Options struct {
	Baud       int           // of the devices, and of the port until a host sets it; 0 means 9600
	Turnaround time.Duration // from a command's last octet to the reply's first; 0 means 3 ms, never below two octets
	Instant    bool          // octets take no time and devices no thought: for tests that are not about time
	Faults     Faults
	Seed       uint64      // of the faults
	OnEvent    func(Event) // called from several goroutines, without locks; it must not block, nor close or unplug a line
}

// Line is one serial port of the host with the readers on it. It is a holder: Close ends what NewLine started.
type Line struct {
	link    string
	options Options

	done  chan struct{}
	heard chan chunk    // 64 pieces: a host may write on while a reply is under way
	wake  chan struct{} // 1: somebody changed what is due
	work  sync.WaitGroup
	wire  wire

	mu      sync.Mutex // guards everything that follows
	closed  bool
	port    *tty.Port     // nil while unplugged
	plugged int           // how often the line has been plugged in or out
	reading chan struct{} // closed when nobody reads the port any more
	faults  Faults
	counts  LineCounts
	token   uint64
	readers []*Reader
	bus     []*OSDP // the readers, when they are OSDP
	alone   *alone  // the one reader, when it is no OSDP device
}

// chunk is what one read of the port gave.
type chunk struct {
	at      time.Time
	plugged int
	octets  []byte
}

// NewLine plugs a port in whose host end is the symbolic link name in dir.
func NewLine(dir, name string, o Options) (*Line, error) {
	if o.Baud == 0 {
		o.Baud = 9600
	}
	if o.Turnaround == 0 {
		o.Turnaround = 3 * time.Millisecond
	}
	link, err := filepath.Abs(filepath.Join(dir, name))
	if err != nil {
		return nil, fmt.Errorf("name line: %w", err)
	}
	l := &Line{
		link: link, options: o, faults: o.Faults,
		done: make(chan struct{}), heard: make(chan chunk, 64), wake: make(chan struct{}, 1),
	}
	l.wire = wire{line: l, dice: newDice(o.Seed)}
	if err := l.Replug(); err != nil {
		return nil, err
	}
	l.work.Go(l.run)
	return l, nil
}

// Path is the host's end: a symbolic link that survives Unplug and Replug, absent in between.
func (l *Line) Path() string { return l.link }

// Readers are those on the line, in the order they were added.
func (l *Line) Readers() []*Reader {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]*Reader(nil), l.readers...)
}

// SetFaults replaces the faults from the next frame on.
func (l *Line) SetFaults(f Faults) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = f
}

// Counts are the totals so far.
func (l *Line) Counts() LineCounts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts
}

// Unplug pulls the adapter: the host's reads and writes fail and the link goes. The readers keep their power.
func (l *Line) Unplug() error {
	l.mu.Lock()
	port, reading := l.port, l.reading
	l.port = nil
	l.plugged++
	l.mu.Unlock()
	if port == nil {
		return nil
	}
	err := port.Close()
	<-reading
	if err != nil {
		return fmt.Errorf("unplug %s: %w", l.link, err)
	}
	return nil
}

// Replug puts the adapter back: a new port under the same link. It does nothing when the adapter is in.
func (l *Line) Replug() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	if l.port != nil {
		return nil
	}
	port, err := tty.Open(l.link, l.options.Baud)
	if err != nil {
		return fmt.Errorf("plug in %s: %w", l.link, err)
	}
	l.plugged++
	l.port, l.reading = port, make(chan struct{})
	plugged, reading := l.plugged, l.reading
	l.work.Go(func() {
		defer close(reading)
		l.listen(port, plugged)
	})
	return nil
}

// Close unplugs the line for good and sends the people at its readers away with None.
func (l *Line) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	l.mu.Unlock()

	close(l.done)
	err := l.Unplug()
	l.work.Wait()

	var told []Event
	l.mu.Lock()
	for _, r := range l.readers {
		if r.waiting != nil {
			told = append(told, r.waiting.endLocked(time.Now())...)
		}
	}
	l.mu.Unlock()
	l.tell(told)
	return err
}

// listen passes on what the host writes until the port is closed.
func (l *Line) listen(port *tty.Port, plugged int) {
	buf := make([]byte, osdp.MaxFrame)
	for {
		n, err := port.Read(buf)
		if err != nil {
			return // hung up: only Unplug and Close do that
		}
		select {
		case l.heard <- chunk{time.Now(), plugged, append([]byte(nil), buf[:n]...)}:
		case <-l.done:
			return
		}
	}
}

// run is the life of the line: one thing at a time, as on a wire.
func (l *Line) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if at, ok := l.next(); ok {
			timer.Reset(time.Until(at))
		} else {
			timer.Stop()
		}
		select {
		case <-l.done:
			return
		case c := <-l.heard:
			l.hear(c)
		case <-timer.C:
			l.tick()
		case <-l.wake:
			l.tick() // a chip may have been waiting for the card that has come
		}
	}
}

// rouse makes run look again at what is due.
func (l *Line) rouse() {
	select {
	case l.wake <- struct{}{}:
	default: // it is going to look anyway
	}
}

// tell calls the hook. No lock may be held.
func (l *Line) tell(events []Event) {
	if l.options.OnEvent == nil {
		return
	}
	for _, e := range events {
		l.options.OnEvent(e)
	}
}

// addLocked puts a reader on the line.
func (l *Line) addLocked(name string, d device) (*Reader, error) {
	if l.closed {
		return nil, ErrClosed
	}
	for _, r := range l.readers {
		if r.name == name {
			return nil, fmt.Errorf("add reader %q: name is taken: %w", name, ErrAdd)
		}
	}
	r := &Reader{line: l, name: name, device: d, cards: map[uint64]*Presentation{}}
	l.readers = append(l.readers, r)
	return r, nil
}
