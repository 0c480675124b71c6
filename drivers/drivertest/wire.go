package drivertest

import (
	"io"
	"sync/atomic"
	"time"
)

// wire changes what the device writes on its way to the driver.
type wire func(*ratedWire) io.ReadWriter

// tearer, once armed, writes frames that may carry a card in pieces as long as the pattern says, over and over, as a slow
// line or an adapter delivers them. The next piece follows when the driver has taken the one before.
type tearer struct {
	octets  int // of a frame that carries a card, at least
	pattern []int
	armed   atomic.Bool
}

func newTearer(octets int, pattern []int) *tearer { return &tearer{octets: octets, pattern: pattern} }

func (t *tearer) wire(line *ratedWire) io.ReadWriter { return &tornWire{line, t, 0} }

type tornWire struct {
	*ratedWire
	*tearer
	next int
}

// pieceEvery is between two pieces at least, for the kernel hands an octet on in a moment of its own. An octet takes
// twice as long at 9600 baud; but a busy machine makes more of each such pause, and readers are given only so long.
const pieceEvery = 500 * time.Microsecond

func (w *tornWire) Write(octets []byte) (int, error) {
	if len(octets) < w.octets || !w.armed.Load() {
		return w.ratedWire.Write(octets)
	}
	for done := 0; done < len(octets); {
		n := min(w.pattern[w.next%len(w.pattern)], len(octets)-done)
		w.next++
		if _, err := w.ratedWire.Write(octets[done : done+n]); err != nil {
			return done, err
		}
		done += n
		for time.Sleep(pieceEvery); !w.cable.Taken(); {
			time.Sleep(pieceEvery)
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
	return func(line *ratedWire) io.ReadWriter { return &staticWire{line, every, 0} }
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

func (s *striker) wire(line *ratedWire) io.ReadWriter { return &struckWire{line, s} }

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
	bad[f.at%len(bad)] ^= 1 << (f.at / 3 % 3)
	f.length = len(bad)
	_, err := line.Write(bad)
	return err
}
