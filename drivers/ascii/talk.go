package ascii

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

// talk is the conversation with the reader; one goroutine runs it.
type talk struct {
	*Bus
	scan    *scanner
	holdOff holdOff
	queue   chan drivers.Read // to the gateway; when it is full, the line is not read
	back    *time.Timer       // to the steady signal
	port    *serialport.Port
}

func newTalk(b *Bus) *talk {
	back := time.NewTimer(time.Hour)
	back.Stop()
	return &talk{
		Bus:     b,
		scan:    newScanner(b.options.Format, octetWithin+b.line.Wire(3)),
		holdOff: holdOff{within: b.options.HoldOff},
		queue:   make(chan drivers.Read, queueRoom),
		back:    back,
	}
}

// run talks on one open port until it hangs up or ctx ends.
func (t *talk) run(ctx context.Context, port *serialport.Port) error {
	t.port = port
	t.meters.up.Set(1)
	defer t.meters.up.Set(0)
	t.forget()
	if err := t.show(t.asked(true)); err != nil {
		return err
	}
	for {
		err := t.step(ctx)
		if ctx.Err() != nil {
			return t.send(drivers.Off)
		}
		if err != nil {
			return err
		}
	}
}

// forget drops the flashes and the half line of the connection before.
func (t *talk) forget() {
	t.back.Stop()
	t.scan.begin()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.meters.unshown.Add(float64(len(t.flashes)))
	t.flashes = nil
}

func (t *talk) step(ctx context.Context) error {
	select {
	case c, ok := <-t.port.Chunks():
		if !ok {
			return t.port.Err()
		}
		t.hear(ctx, c)
	case <-t.wake:
		return t.show(t.asked(false))
	case <-t.back.C:
		return t.show(t.asked(true))
	case <-ctx.Done():
	}
	return nil
}

// hear reads the lines of a chunk.
func (t *talk) hear(ctx context.Context, c serialport.Chunk) {
	t.scan.push(c.Octets, c.At, func(line []byte) { t.read(ctx, line, c.At) })
	t.meters.noise.Add(float64(t.scan.counted()))
}

func (t *talk) read(ctx context.Context, line []byte, at time.Time) {
	key, err := t.options.Format.key(line)
	if err != nil {
		t.refuse(line, err, at)
		return
	}
	t.heard(at)
	if t.holdOff.repeats(key, at) {
		t.meters.suppressed.Inc()
		return
	}
	t.meters.taps.Inc()
	t.pass(ctx, drivers.Read{Reader: t.options.Reader, Credential: key, HeardAt: at})
}

// refuse counts a line that is no credential. When the line itself is whole, the card will never do: the person is
// told, once for as long as the card stays.
func (t *talk) refuse(line []byte, err error, at time.Time) {
	whole := !errors.Is(err, errDigits) && !errors.Is(err, errCheck)
	if whole && t.holdOff.repeats("refused "+string(line), at) {
		return
	}
	t.meters.refused.WithLabelValues(t.options.Reader, refusal(err)).Inc()
	t.options.Log.Warn("card refused", slog.String("reader", t.options.Reader), slog.String("reason", refusal(err)))
	if whole {
		t.Show(t.options.Reader, drivers.NotKept)
	}
}

// pass queues a card. While the queue is full the line is not read: the tty keeps what comes.
func (t *talk) pass(ctx context.Context, r drivers.Read) {
	select {
	case t.queue <- r:
		return
	default:
		t.meters.waits.Inc()
	}
	select {
	case t.queue <- r:
	case <-ctx.Done():
	}
}

// show sends the signals in order; the steady one comes again after the last flash.
func (t *talk) show(signals []drivers.Signal) error {
	for _, s := range signals {
		if err := t.send(s); err != nil {
			return err
		}
		if !s.Steady() {
			t.back.Reset(flashFor)
		}
	}
	return nil
}

// send writes the feedback of s, if the reader has one.
func (t *talk) send(s drivers.Signal) error {
	text, ok := t.options.Format.Feedback[s]
	if !ok {
		return nil
	}
	if err := t.port.Write([]byte(text)); err != nil {
		return err
	}
	t.meters.signals.WithLabelValues(t.options.Reader, s.String()).Inc()
	return nil
}
