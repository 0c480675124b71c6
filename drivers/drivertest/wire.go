package drivertest

import (
	"io"
	"sync/atomic"
	"time"
)

// wire changes what the device writes on its way to the driver.
type wire func(io.ReadWriter) io.ReadWriter

// A byte takes about this long at 9600 baud; the wire that tears frames keeps to it.
const octetEvery = time.Millisecond

// torn writes frames in pieces as long as the pattern says, over and over, as a slow line or an adapter delivers them.
func torn(pattern ...int) wire {
	return func(line io.ReadWriter) io.ReadWriter { return &tearer{line, pattern, 0} }
}

type tearer struct {
	io.ReadWriter
	pattern []int
	next    int
}

func (w *tearer) Write(octets []byte) (int, error) {
	tick := time.NewTicker(octetEvery)
	defer tick.Stop()
	for done := 0; done < len(octets); {
		n := min(w.pattern[w.next%len(w.pattern)], len(octets)-done)
		w.next++
		if _, err := w.ReadWriter.Write(octets[done : done+n]); err != nil {
			return done, err
		}
		done += n
		for range n {
			<-tick.C
		}
	}
	return len(octets), nil
}

// static is what a bad line puts before a frame: idle marks, start octets with headers that promise long frames, digits.
var static = []byte{0x00, 0xFF, 0x53, 0x81, 0x20, 0x00, 0x05, 0x02, 0x31, 0x53, 0x01, 0xFE}

// afterglow is what it puts behind one.
var afterglow = []byte{0xFF, 0x00, 0x80}

// noisy writes static before each write, or before every second one only, and something behind it.
func noisy(every int) wire {
	return func(line io.ReadWriter) io.ReadWriter { return &staticWire{line, every, 0} }
}

type staticWire struct {
	io.ReadWriter
	every, writes int
}

func (w *staticWire) Write(octets []byte) (int, error) {
	w.writes++
	if w.writes%w.every != 0 {
		return w.ReadWriter.Write(octets)
	}
	all := append(append(append([]byte(nil), static...), octets...), afterglow...)
	if _, err := w.ReadWriter.Write(all); err != nil {
		return 0, err
	}
	return len(octets), nil
}

// striker does something to the next frame that carries a card, each time it is armed.
type striker struct {
	octets int // of a frame that carries a card, at least
	armed  atomic.Bool
	struck chan struct{} // has room for one event
	spared chan struct{} // has room for the events of the frames that may follow
	how    func(line io.Writer, frame []byte) error
}

func newStriker(octets int, how func(io.Writer, []byte) error) *striker {
	return &striker{octets: octets, struck: make(chan struct{}, 1), spared: make(chan struct{}, wholeFrames), how: how}
}

func (s *striker) arm() { s.armed.Store(true) }

func (s *striker) wire(line io.ReadWriter) io.ReadWriter { return &struckWire{line, s} }

type struckWire struct {
	io.ReadWriter
	*striker
}

func (w *struckWire) Write(octets []byte) (int, error) {
	if len(octets) < w.octets {
		return w.ReadWriter.Write(octets)
	}
	if !w.armed.CompareAndSwap(true, false) {
		w.spare()
		return w.ReadWriter.Write(octets)
	}
	for len(w.spared) > 0 {
		<-w.spared
	}
	err := w.how(w.ReadWriter, octets)
	w.struck <- struct{}{}
	if err != nil {
		return 0, err
	}
	return len(octets), nil
}

// spare notes a whole frame; those that came before the damage do not count.
func (s *striker) spare() {
	select {
	case s.spared <- struct{}{}:
	default:
	}
}

// cut writes half of the frame, after which the device is gone.
func cut(line io.Writer, frame []byte) error {
	if _, err := line.Write(frame[:len(frame)/2]); err != nil {
		return err
	}
	return io.ErrClosedPipe
}

// flipper damages one bit of a frame. Those it flips make other digits of digits.
type flipper struct {
	at     int // octet
	length int // of the latest frame
}

func (f *flipper) flip(line io.Writer, frame []byte) error {
	bad := append([]byte(nil), frame...)
	bad[f.at%len(bad)] ^= 1 << (f.at % 3)
	f.length = len(bad)
	_, err := line.Write(bad)
	return err
}
