package osdp

import (
	"context"
	"log/slog"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

// Times of an exchange.
const (
	replyWithin   = 200 * time.Millisecond // from the end of the command to the reply (SIA conformance 050-04)
	octetWithin   = 50 * time.Millisecond  // a frame that stops for longer, and three octets, is given up
	quietAfter    = 20 * time.Millisecond  // after a damaged frame, silence that ends the exchange early
	longestReply  = 700 * time.Millisecond // no noise stretches an exchange beyond this
	quietOctets   = 2                      // idle before a command
	utilisedEvery = time.Second
)

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
			l.session("lost")
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

// collect hands the signals of the board to the devices.
func (l *loop) collect(now time.Time) {
	for _, a := range l.board.take() {
		d := l.devices[a.reader]
		d.show(a.signal, now)
		if !a.signal.Steady() && l.awaits == d {
			l.awaits = nil
		}
	}
}

// idle waits for something to do.
func (l *loop) idle(ctx context.Context, until time.Time) error {
	l.timer.Reset(until.Sub(l.now()))
	select {
	case c, ok := <-l.port.Chunks():
		return l.hear(c, ok)
	case i := <-l.courier.taken:
		l.devices[i].held = false
	case <-l.board.wake:
	case <-l.timer.C:
	case <-ctx.Done():
	}
	return nil
}

// exchange sends what d has to say and waits for the reply.
func (l *loop) exchange(d *device, patience time.Duration) error {
	if err := l.settle(); err != nil {
		return err
	}
	startedAt := l.now()
	if l.roundAt.IsZero() {
		l.roundAt = startedAt
	}
	octets := d.next(startedAt)
	if d.flight.tries > 1 {
		l.meters.retries.Inc()
	}
	l.countNoise()
	if err := l.port.Write(octets); err != nil {
		return err
	}
	l.current, l.sentAt = d, startedAt.Add(l.line.Wire(len(octets)))
	err := l.await(d, patience)
	l.utilised(startedAt)
	return err
}

// settle waits until the line has been idle for two octets, as the standard wants before a command.
func (l *loop) settle() error {
	for {
		left := l.scan.at.Add(l.line.Wire(quietOctets)).Sub(l.now())
		if left <= 0 {
			return nil
		}
		l.timer.Reset(left)
		select {
		case c, ok := <-l.port.Chunks():
			if err := l.hear(c, ok); err != nil {
				return err
			}
		case <-l.timer.C:
		}
	}
}

// await waits for the reply of d. Octets under way stretch the time, a damaged frame or a gateway that stops shortens it.
func (l *loop) await(d *device, patience time.Duration) error {
	deadline, leaving := l.sentAt.Add(patience), l.leaving
	for l.current != nil {
		l.timer.Reset(deadline.Sub(l.now()))
		select {
		case c, ok := <-l.port.Chunks():
			if err := l.hear(c, ok); err != nil {
				return err
			}
			deadline = l.stretched(d, c.At, deadline)
		case i := <-l.courier.taken:
			l.devices[i].held = false
		case <-leaving:
			leaving = nil
			deadline = earlier(deadline, l.now().Add(partingReply))
		case <-l.timer.C:
			l.giveUp(d)
		}
	}
	return nil
}

func (l *loop) stretched(d *device, at, deadline time.Time) time.Time {
	switch {
	case l.scan.waiting():
		return earlier(later(deadline, at.Add(l.scan.gap)), l.sentAt.Add(longestReply))
	case l.scan.damaged[d.Address|replyBit]:
		return earlier(deadline, at.Add(quietAfter))
	}
	return deadline
}

// hear scans what arrived.
func (l *loop) hear(c serialport.Chunk, ok bool) error {
	if !ok {
		return l.port.Err()
	}
	l.scan.push(c.Octets, c.At, func(f frame) { l.sort(f, c.At) })
	return nil
}

// sort decides whose frame it is.
func (l *loop) sort(f frame, at time.Time) {
	d := l.byAddr[f.address]
	switch {
	case !f.reply:
		l.meters.echoes.Inc()
	case d == nil:
		l.stranger(f.address)
	case d == l.current && d.answers(f):
		l.current = nil
		l.meters.reply.Observe(max(0, at.Sub(l.sentAt).Seconds()))
		l.conclude(d, d.onReply(f, at), at)
	case f.id == replyRaw:
		l.meters.suppressed.WithLabelValues(d.Name).Inc()
	}
}

// giveUp ends an exchange that brought no reply.
func (l *loop) giveUp(d *device) {
	l.current = nil
	now := l.now()
	damaged := l.scan.damaged[d.Address|replyBit]
	l.countNoise()
	l.conclude(d, d.onTimeout(damaged, now), now)
}

// countNoise counts what was heard since the last exchange and forgets it.
func (l *loop) countNoise() { l.meters.noise.Add(float64(l.scan.take())) }

// conclude acts on what an exchange came to.
func (l *loop) conclude(d *device, a answer, at time.Time) {
	l.meters.exchanges.WithLabelValues(string(a.result)).Inc()
	switch {
	case a.lost:
		l.session("lost")
		l.options.Log.Warn("reader lost", slog.String("reader", d.Name), slog.String("trouble", d.trouble()))
	case a.restart:
		l.session("restart")
	case a.up:
		l.session("up")
		l.options.Log.Info("reader up", slog.String("reader", d.Name))
	}
	if a.key != "" {
		l.report(d, drivers.Read{Reader: d.Name, Credential: a.key, HeardAt: at})
	}
	if a.refused != nil {
		l.refuse(d, a.refused, at)
	}
	l.count(d, a, at)
	l.publish(d)
}

// report sends a card on its way and waits for its light.
func (l *loop) report(d *device, r drivers.Read) {
	l.meters.taps.WithLabelValues(d.Name).Inc()
	d.held = true
	l.courier.out <- parcel{l.places[d], r}
	l.awaits, l.awaitUntil = d, r.HeardAt.Add(l.options.SignalWithin)
}

// refuse tells the person at the reader that this was not kept; nobody else will.
func (l *loop) refuse(d *device, err error, at time.Time) {
	l.meters.refused.WithLabelValues(d.Name, refusal(err)).Inc()
	l.options.Log.Warn("card refused", slog.String("reader", d.Name), slog.String("reason", refusal(err)))
	d.show(drivers.NotKept, at)
}

func (l *loop) count(d *device, a answer, at time.Time) {
	if a.keys {
		l.meters.keys.WithLabelValues(d.Name).Inc()
	}
	if a.unknown {
		l.meters.unknown.WithLabelValues(d.Name).Inc()
	}
	if a.shown {
		l.meters.signals.WithLabelValues(d.Name, a.command.shows.String()).Inc()
	}
	if a.shown && !a.command.answers.IsZero() {
		l.meters.feedback.Observe(at.Sub(a.command.answers).Seconds())
	}
	if a.identity != (identity{}) {
		l.meters.identified(d.Name, a.identity)
	}
}

// stranger reports a reply from an address nobody configured, once in words and each time in the count.
func (l *loop) stranger(address byte) {
	l.meters.strangers.Inc()
	if !l.strange[address] {
		l.strange[address] = true
		l.options.Log.Warn("unknown reader on the bus: configure it or take it off",
			slog.String("bus", l.options.Name), slog.Int("address", int(address)))
	}
}

func (l *loop) session(result string) { l.meters.sessions.WithLabelValues(result).Inc() }

// publish shows the state of d to the rest of the gateway.
func (l *loop) publish(d *device) {
	l.board.report(l.places[d], d.status())
	l.meters.state(d)
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

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
