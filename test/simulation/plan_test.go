package simulation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// step is something that happens to the world at a moment after its beginning.
type step struct {
	at   time.Duration
	what string
	do   func(*world) error
}

// lane is a kind of fault at one place, which comes and goes.
type lane struct {
	every, least, most time.Duration // on average between two, and how long one lasts
	begin              func(*world) error
	end                func(*world) error
	what               string
}

// plan makes the faults of some time from one seed. Lanes know nothing of one another, so faults meet as they like.
func plan(seed uint64, during time.Duration) []step {
	var steps []step
	for i, l := range lanes() {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		for at := l.wait(random); at < during; at += l.wait(random) {
			lasts := l.least + time.Duration(random.Int64N(int64(l.most-l.least)))
			steps = append(steps,
				step{at, l.what, l.begin},
				step{at + lasts, "end of: " + l.what, l.end})
			at += lasts
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	return steps
}

func (l lane) wait(random *rand.Rand) time.Duration {
	return time.Minute + time.Duration(random.ExpFloat64()*float64(l.every))
}

func lanes() []lane {
	all := []lane{
		{20 * time.Hour, 10 * time.Minute, 4 * time.Hour, (*world).centralDown, (*world).centralUp, "central loses power"},
		{30 * time.Hour, time.Hour, 5 * time.Hour, uplinks((*world).cutBoth), uplinks((*world).heal), "nobody reaches central"},
	}
	for i := range buildings {
		name := gatewayName(i)
		next := gatewayName((i + 1) % buildings)
		central := func(w *world) error { return w.cutBoth(name, centralHost) }
		all = append(all,
			lane{12 * time.Hour, time.Minute, 90 * time.Minute, at(i, (*world).powerCut), at(i, (*world).powerOn), name + " loses power"},
			lane{16 * time.Hour, time.Second, time.Minute, at(i, (*world).killed), at(i, (*world).powerOn), name + " is killed"},
			lane{24 * time.Hour, 2 * time.Minute, 3 * time.Minute, at(i, (*world).flushFails), nothing, name + ": a flush fails"},
			lane{18 * time.Hour, time.Hour, 6 * time.Hour, at(i, (*world).isolate), at(i, (*world).rejoin), name + " is isolated"},
			lane{12 * time.Hour, 5 * time.Minute, 2 * time.Hour, func(w *world) error { return w.cutBoth(name, next) }, func(w *world) error { return w.heal(name, next) },
				fmt.Sprintf("%s and %s do not reach one another", name, next)},
			lane{12 * time.Hour, 5 * time.Minute, 2 * time.Hour, central, func(w *world) error { return w.heal(name, centralHost) }, name + " does not reach central"},
			lane{9 * time.Hour, 20 * time.Second, 10 * time.Minute, func(w *world) error { w.wire.Cut(centralHost, name); return nil },
				func(w *world) error { return w.heal(name, centralHost) }, "central's answers to " + name + " are lost"},
			lane{6 * time.Hour, time.Second, time.Minute, at(i, (*world).sentAgain), nothing, name + " sends again what central has"},
			lane{16 * time.Hour, 5 * time.Minute, 6 * time.Hour, at(i, (*world).clockLost), at(i, (*world).clockRegained), name + " has lost the time"},
			lane{20 * time.Hour, 5 * time.Minute, 3 * time.Hour, at(i, (*world).frozen), at(i, (*world).clockRegained), name + " starts in 1970"},
			lane{6 * time.Hour, time.Hour, 3 * time.Hour, at(i, (*world).imageTaken), at(i, (*world).imagePutBack), name + " comes back from an old image"},
		)
	}
	for i := range mirrors {
		name := gatewayName(i)
		all = append(all,
			lane{14 * time.Hour, 5 * time.Minute, 4 * time.Hour, at(i, (*world).stickPulled), at(i, (*world).stickPutBack), "the mirror of " + name + " is pulled"},
			lane{16 * time.Hour, time.Second, time.Minute, at(i, (*world).stickFails), nothing, "a flush fails on the mirror of " + name},
			lane{24 * time.Hour, time.Second, time.Minute, at(i, (*world).stickExchanged), nothing, name + " gets an empty mirror"},
			lane{5 * time.Hour, 10 * time.Minute, 2 * time.Hour, at(i, (*world).isolate), at(i, (*world).cardDiesAlone), name + " is isolated, and its card dies"},
		)
	}
	for i := range buildings {
		name := gatewayName(i)
		all = append(all,
			lane{24 * time.Hour, 10 * time.Minute, time.Hour, at(i, (*world).backlog), at(i, (*world).rejoin), name + " gathers a backlog, and nobody reaches it"})
	}
	return all
}

func nothing(*world) error { return nil }

// at is a step at one building.
func at(i int, do func(*world, *building) error) func(*world) error {
	return func(w *world) error { return do(w, w.buildings[i]) }
}

// uplinks is a step at every building's line to central.
func uplinks(do func(w *world, a, b string) error) func(*world) error {
	return func(w *world) error {
		for _, b := range w.buildings {
			if err := do(w, b.name, centralHost); err != nil {
				return err
			}
		}
		return nil
	}
}

func (w *world) cutBoth(a, b string) error {
	w.wire.Cut(a, b)
	w.wire.Cut(b, a)
	return nil
}

func (w *world) heal(a, b string) error {
	w.wire.Heal(a, b)
	w.wire.Heal(b, a)
	return nil
}

func (w *world) isolate(b *building) error { return w.others(b, w.cutBoth) }
func (w *world) rejoin(b *building) error  { return w.others(b, w.heal) }

func (w *world) others(b *building, do func(a, b string) error) error {
	for _, other := range w.buildings {
		if other != b {
			do(b.name, other.name)
		}
	}
	return do(b.name, centralHost)
}

// backlog isolates a building and lets its gateway write as many heartbeats as the product does in ten hours, more
// than a batch of them. They speak of no reader.
func (w *world) backlog(b *building) error {
	r := b.now()
	if err := w.isolate(b); err != nil || r == nil {
		return err
	}
	for range 10 * 60 {
		stamp := r.clock.Stamp(time.Now())
		if _, err := r.writer.Append(contract.Record{Stamp: stamp, Heartbeat: &contract.Heartbeat{Since: stamp.At}}); err != nil {
			return nil // the disk failed, of which watchStorage tells
		}
	}
	return nil
}

func (w *world) centralDown() error { return w.central.end() }

func (w *world) centralUp() error {
	if w.central.service != nil {
		return nil
	}
	if err := w.central.start(); err != nil {
		return err
	}
	w.watch()
	return nil
}

// powerCut lets the power go in the middle of some call to the disk.
func (w *world) powerCut(b *building) error {
	r := b.now()
	if r == nil {
		return nil
	}
	r.disk.CutIn(1 + w.random.IntN(12))
	for range 300 {
		if r.disk.Cut() {
			break
		}
		time.Sleep(time.Second)
	}
	return b.end(true)
}

func (w *world) powerOn(b *building) error {
	if b.now() != nil {
		return nil
	}
	return b.start()
}

// killed ends the program; the machine runs on.
func (w *world) killed(b *building) error { return b.end(false) }

// flushFails is a disk that reports an error once. The supervisor starts the program again.
func (w *world) flushFails(b *building) error {
	if r := b.now(); r != nil {
		r.disk.FailFlush()
	}
	return nil
}

func (w *world) imageTaken(b *building) error {
	b.image = nil
	if r := b.now(); r != nil {
		b.image = r.disk.Image()
	}
	return nil
}

// imagePutBack waits until nothing is lost with the disk; if that does not come true, the disk stays.
func (w *world) imagePutBack(b *building) error {
	for range 20 {
		if r := b.now(); r == nil || b.image == nil {
			return nil
		} else if w.elsewhere(r) {
			return w.putBack(b)
		}
		if err := w.waitUntil(time.Now().Add(time.Minute)); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) putBack(b *building) error {
	if err := b.end(true); err != nil {
		return err
	}
	b.disk, b.image = b.image, nil
	w.ledger.rolledBack(b)
	return b.start()
}

// elsewhere reports whether all of a journal is at central and on both neighbours.
func (w *world) elsewhere(r *run) bool {
	stream, durable := r.journal.Stream(), r.journal.Durable()
	if r.journal.Acknowledged() < durable {
		return false
	}
	for _, b := range w.buildings {
		n := b.now()
		if n == nil || n.cluster.Watermark(stream) < durable {
			return false
		}
	}
	return true
}

// sentAgain delivers a second time what central has, as whoever never saw the receipt does. It knows all of it, and says so.
func (w *world) sentAgain(b *building) error {
	r := b.now()
	if r == nil || r.journal.Acknowledged() == 0 {
		return nil
	}
	stream, last := r.journal.Stream(), r.journal.Acknowledged()
	first := last - min(last-1, uint64(w.random.IntN(100)))
	records, err := r.journal.Read(first, int(last-first+1), 1<<20)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestPatience)
	defer cancel()
	receipt, err := r.central.SendBatch(ctx, contract.Batch{Version: contract.BatchVersion, Stream: stream, First: first, Records: records})
	if _, refused := errors.AsType[*contract.Problem](err); refused {
		w.fault("central refused records %d to %d of stream %s, which it has: %v", first, last, stream, err)
	} else if err == nil && (receipt.Known != len(records) || receipt.Stored != 0 || receipt.Through < last) {
		w.fault("central was sent records %d to %d of stream %s again, which it has, and says %+v", first, last, stream, receipt)
	}
	return nil
}

// clockLost sets a clock by hours, over the beginnings of lectures and at times over midnight, and takes its source away.
func (w *world) clockLost(b *building) error {
	by := time.Duration(w.random.IntN(20)-10)*time.Hour + 7*time.Minute
	b.kernel.lose(by, w.random)
	w.ledger.clock(b, false)
	return nil
}

func (w *world) clockRegained(b *building) error {
	b.kernel.regain()
	w.ledger.clock(b, true)
	return nil
}

// frozen takes the power away for a moment. The board has no battery and nobody tells it the time.
func (w *world) frozen(b *building) error {
	if b.now() == nil {
		return nil
	}
	if err := b.end(true); err != nil {
		return err
	}
	b.kernel.freeze(w.random)
	w.ledger.clock(b, false)
	return b.start()
}
