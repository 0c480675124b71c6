package serialport

import (
	"cmp"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tarm/serial"
	"golang.org/x/sys/unix"
)

// ErrHangup: the device went away, mostly a USB adapter that was pulled.
var ErrHangup = errors.New("serial line hung up")

// ErrBusy: another descriptor holds the lock of the line.
var ErrBusy = errors.New("serial line in use")

// ErrStuck: the device took no octets for WriteWithin. The line must be opened again.
var ErrStuck = errors.New("serial line takes no octets")

// WriteWithin is how long Write waits for room: no frame of ours fills the buffer of a working line.
const WriteWithin = 500 * time.Millisecond

const (
	readTimeout = 100 * time.Millisecond // the shortest the module can do, and so the longest Close waits
	chunkRoom   = 512                    // octets of one read
	chunkQueue  = 16                     // chunks that may wait while the driver writes: far more than one reply
)

// Chunk is what one read returned. At is when the read returned, with the monotonic reading. HeldUp is for how long the program
// stood still since the chunk before, as one does whose machine is suspended or starved: the octets may have come at some time in it.
type Chunk struct {
	Octets []byte
	At     time.Time
	HeldUp time.Duration
}

// Port is an open line. One goroutine reads; Write and Close belong to the driver's goroutine.
type Port struct {
	tty    *serial.Port
	side   int // second descriptor: holds the lock, asks for room
	now    func() time.Time
	chunks chan Chunk
	quit   chan struct{}
	done   chan struct{}
	onIdle func() // see Options

	advice  string // of tune
	advise  func(string)
	framing framing // of listen

	err  error // why listen ended; read it after chunks is closed
	shut func() error
}

func newPort(tty *serial.Port, side int, advice string, o Options) *Port {
	p := &Port{
		tty: tty, side: side, now: o.Now,
		chunks: make(chan Chunk, chunkQueue),
		quit:   make(chan struct{}),
		done:   make(chan struct{}),
		onIdle: o.onIdle,
		advice: advice, advise: o.advise,
		framing: framing{ioctl: o.ioctl, side: side, path: o.Path},
	}
	p.shut = sync.OnceValue(p.giveBack)
	go p.listen()
	return p
}

// listen only reads and passes on, until the line hangs up or Close is called.
func (p *Port) listen() {
	defer close(p.done)
	defer close(p.chunks)
	var end ending
	var held time.Duration
	buf := make([]byte, chunkRoom)
	for {
		startedAt := p.now()
		n, err := p.tty.Read(buf)
		at := p.now()
		if err := end.judge(n, err, at.Sub(startedAt)); err != nil {
			p.fail(err)
			return
		}
		held += heldUp(at.Sub(startedAt))
		if n == 0 {
			p.onIdle()
		}
		if advice, news := p.framing.look(at); news {
			p.advise(cmp.Or(advice, p.advice))
		}
		if !p.pass(Chunk{append([]byte(nil), buf[:n]...), at, held}) {
			return
		}
		if n > 0 {
			held = 0
		}
	}
}

// heldUp is the time that a read took beyond what one can take in a program that runs.
func heldUp(took time.Duration) time.Duration {
	const running = 5 * readTimeout
	if took < running {
		return 0
	}
	return took
}

// fail keeps the reason, unless the end was ordered.
func (p *Port) fail(err error) {
	select {
	case <-p.quit:
	default:
		p.err = err
	}
}

// pass hands a chunk over, unless it is empty; false when the port is being closed.
func (p *Port) pass(c Chunk) bool {
	if len(c.Octets) == 0 {
		select {
		case <-p.quit:
			return false
		default:
			return true
		}
	}
	select {
	case p.chunks <- c:
		return true
	case <-p.quit:
		return false
	}
}

// Chunks delivers what arrives, in order. It is closed after a hang-up (Err tells) and by Close.
func (p *Port) Chunks() <-chan Chunk { return p.chunks }

// Err tells why Chunks was closed: ErrHangup, or nil after Close. Call it only then.
func (p *Port) Err() error { return p.err }

// Write sends one frame. ErrHangup: the device is gone; ErrStuck: it takes nothing. Either way the port is to be closed.
func (p *Port) Write(frame []byte) error {
	if err := p.awaitRoom(); err != nil {
		return fmt.Errorf("write to serial line: %w", err)
	}
	n, err := p.tty.Write(frame)
	if err != nil || n != len(frame) {
		return fmt.Errorf("write to serial line: %w", asHangup(err))
	}
	return nil
}

// awaitRoom is the write watchdog. A tty that polls as writable has room for more than any frame of ours, so the
// write that follows does not block.
func (p *Port) awaitRoom() error {
	deadline := p.now().Add(WriteWithin)
	for {
		fds := []unix.PollFd{{Fd: int32(p.side), Events: unix.POLLOUT}}
		left := max(0, deadline.Sub(p.now()))
		n, err := unix.Poll(fds, int(left.Milliseconds()))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return fmt.Errorf("poll: %w", err)
		case n == 0:
			return ErrStuck
		case fds[0].Revents&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0:
			return ErrHangup
		}
		return nil
	}
}

// Close ends reading and gives the device back; it takes one read timeout at most. Later calls return the same.
func (p *Port) Close() error { return p.shut() }

// giveBack closes both descriptors: as long as one is open, an adapter that returns gets another name.
func (p *Port) giveBack() error {
	close(p.quit)
	err := p.tty.Close()
	<-p.done
	return errors.Join(err, unix.Close(p.side))
}
