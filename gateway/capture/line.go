package capture

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/gateway/failpoint"
)

const (
	// queued is how many Reads of one reader may wait for their answers before its line is held up: people tap once a
	// second at most, and an answer takes milliseconds.
	queued = 16
	// restartAfter is the pause before a bus that gave up is run again.
	restartAfter = time.Second
	// lastLight is how long a line stays open after the last answer, so that it is seen before the lights go off.
	lastLight = 300 * time.Millisecond
)

// line is one bus at work: its driver sends Reads, the dispatcher sorts them by reader, a worker per reader answers.
type line struct {
	capture *Capture
	bus     Bus
	reads   chan drivers.Read // without buffer: what the dispatcher has not taken is still the driver's
	marks   chan mark         // to the dispatcher, see Heard
	workers map[string]*worker
	shownAt atomic.Int64 // of the last answer, nanoseconds since 1970; 0 if none

	settingUp sync.Mutex // held while a technician sets up one of its readers
}

// worker answers the Reads of one reader, in order.
type worker struct {
	queue chan item
}

// item is a Read, or a mark among the Reads.
type item struct {
	read drivers.Read
	mark chan<- struct{} // not nil: told here that all Reads before are answered
}

type mark struct {
	reader  string
	reached chan<- struct{}
}

func newLine(c *Capture, b Bus) *line {
	l := &line{capture: c, bus: b, reads: make(chan drivers.Read), marks: make(chan mark), workers: map[string]*worker{}}
	for _, reader := range b.Readers {
		l.workers[reader] = &worker{queue: make(chan item, queued)}
	}
	return l
}

// run returns when everything it started has ended.
func (l *line) run(ctx context.Context) {
	unheard := context.WithoutCancel(ctx) // of driver and workers: they end later than hearing
	driving, stop := context.WithCancel(unheard)
	defer stop()
	var driver, workers sync.WaitGroup
	driver.Go(func() { l.drive(driving) })
	for _, w := range l.workers {
		workers.Go(func() { l.work(unheard, w) })
	}
	l.dispatch(ctx)
	for _, w := range l.workers {
		close(w.queue)
	}
	workers.Wait()
	l.letSee()
	stop()
	driver.Wait()
}

// drive runs the driver again whenever it gives up.
func (l *line) drive(ctx context.Context) {
	for {
		err := l.bus.Driver.Run(ctx, l.reads)
		if ctx.Err() != nil {
			return
		}
		l.capture.o.Log.Error("bus gave up and is run again", slog.String("bus", l.bus.Name), slog.Any("error", err))
		pause(ctx, restartAfter)
	}
}

// dispatch is the only receiver of Reads. It ends with ctx.
func (l *line) dispatch(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-l.reads:
			l.hand(r.Reader, item{read: r})
		case m := <-l.marks:
			l.drain()
			l.hand(m.reader, item{mark: m.reached})
		}
	}
}

// drain takes every Read the driver has on offer at this moment, so that a mark cannot overtake one.
func (l *line) drain() {
	for {
		select {
		case r := <-l.reads:
			l.hand(r.Reader, item{read: r})
		default:
			return
		}
	}
}

func (l *line) hand(reader string, i item) {
	w, ok := l.workers[reader]
	if !ok {
		l.capture.o.Log.Error("read of a reader that is not configured", slog.String("bus", l.bus.Name), slog.String("reader", reader))
		return
	}
	w.queue <- i // the worker ends only when the queue is closed
}

func (l *line) work(ctx context.Context, w *worker) {
	for i := range w.queue {
		if i.mark != nil {
			i.mark <- struct{}{} // has room
			continue
		}
		failpoint.Hit(failpoint.CaptureAnswer)
		signal := l.capture.o.Handler.Tap(ctx, i.read)
		failpoint.Hit(failpoint.CaptureKept)
		l.capture.endTrial(l, i.read.Reader, ErrTapped)
		l.bus.Driver.Show(i.read.Reader, signal)
		failpoint.Hit(failpoint.CaptureLit)
		now := l.capture.o.Now()
		l.capture.lit.Observe(now.Sub(i.read.HeardAt).Seconds())
		l.shownAt.Store(now.UnixNano())
	}
}

// letSee waits until the last answer has been visible for a moment.
func (l *line) letSee() {
	shownAt := l.shownAt.Load()
	if shownAt == 0 {
		return
	}
	pause(context.Background(), lastLight-l.capture.o.Now().Sub(time.Unix(0, shownAt)))
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
