package simulation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/keyfile"
	"github.com/rollcall-edge/rollcall/test/simulation/disk"
	"github.com/rollcall-edge/rollcall/test/simulation/wire"
)

const (
	buildings = 3
	mirrors   = 1 // the first so many have one
)

func gatewayName(i int) string { return "gw-" + string(rune('a'+i)) }

// beginning is the morning before the clocks go back.
var beginning = time.Date(2026, 10, 24, 7, 0, 0, 0, time.UTC)

// world is a university in a bubble of fake time.
type world struct {
	t         *testing.T
	log       *slog.Logger
	dir       string
	wire      *wire.Network
	random    *rand.Rand // of the plan's goroutine alone
	central   *central
	buildings []*building
	ledger    *ledger
	digests   map[string]contract.Digest // of the students' cards
	began     time.Time
	ended     chan *run       // programs that ended by themselves
	still     context.Context // ends when no heartbeats are written any more: the end is near
	hush      context.CancelFunc

	mu     sync.Mutex // guards everything that follows
	faults map[string]bool
}

// newWorld brings everything up.
func newWorld(t *testing.T, dir string, seed uint64, log *slog.Logger) (*world, error) {
	time.Sleep(time.Until(beginning))
	w := &world{
		t: t, log: log, dir: dir, random: rand.New(rand.NewPCG(seed, 1<<32)), ended: make(chan *run), digests: map[string]contract.Digest{}, faults: map[string]bool{}, began: time.Now(),
		wire: wire.New(func(from, to string) time.Duration {
			if from == centralHost || to == centralHost {
				return 15 * time.Millisecond
			}
			return 2 * time.Millisecond
		}),
	}
	w.ledger = newLedger(w)
	w.still, w.hush = context.WithCancel(context.Background())
	w.central = &central{world: w, dir: filepath.Join(dir, "central-0")}
	if err := os.MkdirAll(w.central.dir, 0o700); err != nil {
		return nil, err
	}
	if err := w.central.start(); err != nil {
		return nil, err
	}
	return w, nil
}

// furnish imports people and teaching for some days, and enrols the gateways.
func (w *world) furnish(p *people) error {
	for _, file := range p.files() {
		if err := w.central.take(file.kind, file.lines); err != nil {
			return err
		}
	}
	for student, card := range p.cards {
		w.digests[student] = contract.DigestOf(w.central.authority.CampusKey(), card)
	}
	if err := w.central.publisher.Publish(context.Background()); err != nil {
		return err
	}
	for i := range buildings {
		b := &building{world: w, name: gatewayName(i), disk: disk.New(), kernel: newKernel(w.random), dir: filepath.Join(w.dir, gatewayName(i)+"-0"), exchanged: map[string]int{}}
		if err := os.MkdirAll(b.dir, 0o700); err != nil {
			return err
		}
		var err error
		if b.papers, err = w.central.enrol(b.name, b.name); err != nil {
			return err
		}
		if i == 0 {
			b.papers.secret = bytes.Repeat([]byte{7}, keyfile.Size) // its key file
		}
		if i < mirrors {
			b.stick = disk.New()
		}
		w.buildings = append(w.buildings, b)
	}
	for _, b := range w.buildings {
		if err := b.start(); err != nil {
			return err
		}
	}
	return nil
}

// play lets the plan happen, and looks at the world every ten minutes.
func (w *world) play(steps []step, during time.Duration) error {
	look := w.began
	for end := w.began.Add(during); time.Now().Before(end); {
		until := look
		if len(steps) > 0 && w.began.Add(steps[0].at).Before(until) {
			until = w.began.Add(steps[0].at)
		}
		if err := w.waitUntil(until); err != nil {
			return err
		}
		if !time.Now().Before(look) {
			w.look(look)
			look = look.Add(10 * time.Minute)
		}
		for len(steps) > 0 && !time.Now().Before(w.began.Add(steps[0].at)) {
			if err := w.happen(steps[0]); err != nil {
				return err
			}
			steps = steps[1:]
		}
	}
	return nil
}

func (w *world) look(at time.Time) {
	w.watch()
	if at.Minute() != 0 {
		return
	}
	w.absences()
	if w.central.service != nil {
		if err := w.central.publisher.Publish(context.Background()); err != nil {
			w.fault("publish: %v", err)
		}
		if err := w.central.fleet.SealDay(context.Background()); err != nil {
			w.fault("seal the day: %v", err)
		}
	}
}

func (w *world) happen(s step) error {
	w.ledger.steps++
	w.t.Logf("%s  %s", time.Now().Format("Mon 15:04:05"), s.what)
	if err := s.do(w); err != nil {
		return fmt.Errorf("%s: %w", s.what, err)
	}
	return nil
}

// waitUntil starts again, as a supervisor would, what ends by itself meanwhile.
func (w *world) waitUntil(at time.Time) error {
	for {
		t := time.NewTimer(time.Until(at))
		select {
		case <-t.C:
			return nil
		case r := <-w.ended:
			t.Stop()
			if r.building.now() != r {
				continue
			}
			w.t.Logf("%s  %s ends for a fresh start", time.Now().Format("Mon 15:04:05"), r.name)
			if err := errors.Join(r.building.end(false), r.building.start()); err != nil {
				return err
			}
		}
	}
}

// rest mends everything, waits until every record is everywhere, and says what is not after two hours.
func (w *world) rest() error {
	for _, b := range w.buildings {
		if err := errors.Join(w.rejoin(b), w.stickMended(b), w.powerOn(b), w.clockRegained(b)); err != nil {
			return err
		}
	}
	if err := w.centralUp(); err != nil {
		return err
	}
	if err := w.waitUntil(time.Now().Add(5 * time.Minute)); err != nil {
		return err
	}
	w.hush()
	var behind error
	for range 2 * 60 {
		if behind = w.settled(); behind == nil {
			return nil
		}
		if err := w.waitUntil(time.Now().Add(time.Minute)); err != nil {
			return err
		}
	}
	w.fault("two hours after the last fault: %v", behind)
	return nil
}

// close ends everything.
func (w *world) close() {
	for _, b := range w.buildings {
		if err := b.end(false); err != nil {
			w.fault("end %s: %v", b.name, err)
		}
	}
	if err := w.central.end(); err != nil {
		w.fault("end central: %v", err)
	}
}

// quiesce lets everybody come to where they wait.
func (w *world) quiesce() { synctest.Wait() }

// remove deletes a directory that nobody has open any more.
func (w *world) remove(dir string) {
	if err := os.RemoveAll(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.fault("remove: %v", err)
	}
}

// fault is a promise that was broken.
func (w *world) fault(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	const enough = 20 // what follows from one fault is told again and again
	text := fmt.Sprintf(format, args...)
	if !w.faults[text] && len(w.faults) < enough {
		w.t.Errorf("%s  BROKEN: %s", time.Now().Format("Mon 15:04:05"), text)
	}
	w.faults[text] = true
}
