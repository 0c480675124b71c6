package osdp

import (
	"context"
	"log/slog"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

const utilisedEvery = time.Second

// loop owns all protocol state of a bus. One goroutine runs it, from Run.
type loop struct {
	*Bus
	devices []*device
	places  map[*device]int
	byAddr  map[byte]*device
	strange map[byte]bool // unknown addresses that were reported
	courier *courier
	scan    *scanner
	timer   *time.Timer
	tally   tally

	port    *serialport.Port
	leaving <-chan struct{} // ends an exchange early; nil while parting
	current *device         // whose reply is awaited; nil when it came
	sentAt  time.Time       // when the last octet of the command left

	turn       int       // next place of the round
	roundAt    time.Time // first exchange of the round, zero before it
	awaits     *device   // whose light is awaited
	awaitUntil time.Time
	busy       time.Duration // of the window that began at windowAt
	windowAt   time.Time
}

func newLoop(b *Bus) *loop {
	l := &loop{
		Bus: b, places: map[*device]int{}, byAddr: map[byte]*device{}, strange: map[byte]bool{},
		courier: newCourier(len(b.options.Readers)),
		scan:    newScanner(octetWithin + b.line.Wire(3)),
		timer:   time.NewTimer(time.Hour),
	}
	for i, r := range b.options.Readers {
		d := newDevice(r, l.now())
		l.devices, l.places[d], l.byAddr[r.Address] = append(l.devices, d), i, d
	}
	return l
}

func (l *loop) now() time.Time { return l.options.Now() }

// talk runs the bus on one open port until it hangs up or ctx ends.
func (l *loop) talk(ctx context.Context, port *serialport.Port) error {
	l.begin(port, ctx.Done())
	defer l.end()
	for ctx.Err() == nil {
		if err := l.step(ctx); err != nil {
			return err
		}
	}
	return l.part()
}

// begin meets every reader anew, with sequence 0.
func (l *loop) begin(port *serialport.Port, leaving <-chan struct{}) {
	now := l.now()
	l.port, l.leaving, l.current, l.awaits = port, leaving, nil, nil
	l.turn, l.roundAt, l.awaitUntil = 0, time.Time{}, time.Time{}
	l.busy, l.windowAt = 0, now
	l.scan.forget()
	for _, d := range l.devices {
		d.reset(now)
	}
}

// end takes every reader down with the line.
func (l *loop) end() {
	now := l.now()
	for _, d := range l.devices {
		if d.up() {
			l.session(sessionLost)
		}
		d.lose(now)
		l.publish(d)
	}
}

// step does the most urgent thing: one exchange, or waiting.
func (l *loop) step(ctx context.Context) error {
	now := l.now()
	l.collect(now)
	d, until := l.pick(now)
	if d == nil {
		return l.idle(ctx, until)
	}
	return l.exchange(d, replyWithin)
}

// collect hands the signals and orders of the board to the devices.
func (l *loop) collect(now time.Time) {
	asks, orders := l.board.take()
	for _, a := range asks {
		d := l.devices[a.reader]
		d.show(a.signal, now)
		if !a.signal.Steady() && l.awaits == d {
			l.awaits = nil
		}
	}
	for _, o := range orders {
		if gone(o.left) {
			continue
		}
		d := l.devices[o.reader]
		if o.wish == wishProof {
			l.unlock(d)
		}
		d.take(o, now)
		l.publish(d)
	}
	for _, d := range l.devices {
		if d.left() {
			d.leave(now)
			l.publish(d)
		}
	}
}

// unlock looks up the key of d.
func (l *loop) unlock(d *device) { d.unlock(l.options.Keys.Load(d.Name)) }

// adopt keeps the key that a session has just shown the reader to have. Should that fail, it stays proposed, which is
// as good until the next time.
func (l *loop) adopt(d *device) {
	if err := l.options.Keys.Adopt(d.Name); err != nil {
		l.options.Log.Error("key not adopted", slog.String("reader", d.Name), slog.Any("error", err))
		return
	}
	d.guard.secret = Secret{Adopted: d.guard.key}
}

// idle waits for something to do.
func (l *loop) idle(ctx context.Context, until time.Time) error {
	l.timer.Reset(until.Sub(l.now()))
	select {
	case c, ok := <-l.port.Chunks():
		return l.hear(c, ok)
	case i := <-l.courier.taken:
		l.devices[i].release(l.now())
	case <-l.board.wake:
	case <-l.timer.C:
	case <-ctx.Done():
	}
	return nil
}

// session counts a change of the connection to a reader.
func (l *loop) session(result string) { l.meters.sessions.WithLabelValues(result).Inc() }

// publish shows the state of d to the rest of the gateway.
func (l *loop) publish(d *device) {
	l.meters.state(d)
	l.board.report(l.places[d], d.status(), l.tally)
	d.tell()
}

// utilised keeps the share of time the bus was in use.
func (l *loop) utilised(since time.Time) {
	now := l.now()
	l.busy += now.Sub(since)
	if window := now.Sub(l.windowAt); window >= utilisedEvery {
		l.meters.busy.Set(min(1, l.busy.Seconds()/window.Seconds()))
		l.busy, l.windowAt = 0, now
	}
}
