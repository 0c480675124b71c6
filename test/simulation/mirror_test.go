package simulation

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/decide"
	"github.com/rollcall-edge/rollcall/gateway/journal"
	"github.com/rollcall-edge/rollcall/gateway/salvage"
	"github.com/rollcall-edge/rollcall/test/simulation/disk"
)

const (
	cardDir      = "/journal" // on the journal's disk
	stickDir     = "/mirror"  // on the mirror's
	mirrorWithin = 5 * time.Second
)

// mirrored reports whether a building has a mirror: the one with a key file has.
func (b *building) mirrored() bool { return b.stick != nil }

// openMirror begins to copy the journal to the stick, and begins a new stream if that knows another history, as the gateway does.
func (r *run) openMirror() (err error) {
	if !r.mirrored() {
		return nil
	}
	r.mirror, err = r.journal.Mirror(journal.MirrorOptions{Dir: stickDir, Gateway: r.name, SameDisk: true, FS: r.stick})
	if err != nil {
		return err
	}
	await(r.mirror.Judged())
	if reason := r.mirror.Twin(); reason != "" {
		if err := r.restream(reason, 0); err != nil {
			return err
		}
		await(r.mirror.Aside())
	}
	return nil
}

func await(done <-chan struct{}) {
	select {
	case <-done:
	case <-time.After(mirrorWithin):
	}
}

func (r *run) closeMirror() {
	if r.mirror != nil {
		r.mirror.Close(mirrorWithin)
	}
}

// disowned is the forwarder's word, with the mirror's after it.
func (r *run) disowned() (reason string, from uint64, gone bool) {
	if reason, from, gone = r.forwarder.Disowned(); gone || r.mirror == nil {
		return reason, from, gone
	}
	reason = r.mirror.Twin()
	return reason, 0, reason != ""
}

// mirrorAside is told when the mirror has set something aside; never without a mirror.
func (r *run) mirrorAside() <-chan struct{} {
	if r.mirror == nil {
		return nil
	}
	return r.mirror.Aside()
}

// setAside is where what was set aside on one of the box's disks lies in real files, which the gateway's own salvage reads.
func (b *building) setAside(of string) string {
	return filepath.Join(b.world.dir, fmt.Sprintf("%s-aside-%s-%d", b.name, of, b.exchanged[of]))
}

// unload copies what was set aside on a simulated disk to real files, each directory once.
func unload(d *disk.Disk, from, to string) error {
	found := map[string]map[string][]byte{}
	for name, content := range d.Files(from) {
		dir, file, _ := strings.Cut(name, "/")
		if !strings.HasPrefix(dir, "retired-") && !strings.HasPrefix(dir, "quarantine-") {
			continue
		}
		if found[dir] == nil {
			found[dir] = map[string][]byte{}
		}
		found[dir][file] = content
	}
	for dir, files := range found {
		if err := unloadOne(filepath.Join(to, dir), files); err != nil {
			return fmt.Errorf("unload %s: %w", dir, err)
		}
	}
	return nil
}

func unloadOne(to string, files map[string][]byte) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := os.Mkdir(to, 0o700); errors.Is(err, fs.ErrExist) {
		return nil
	} else if err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(to, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// salvager is the gateway's own, on what was set aside.
func (r *run) salvager() *salvage.Salvager {
	return salvage.New(salvage.Options{
		Dir: r.setAside("card"), Mirror: r.asideOnMirror, Key: r.journalKey,
		Stream: func() contract.Stream { return r.journal.Stream() },
		Notice: func(text string) { r.world.log.Warn(text) }, Log: r.world.log,
	})
}

// asideOnMirror lists what was set aside on the mirror. A stick that is out tells nothing.
func (r *run) asideOnMirror() []journal.Aside {
	if !r.mirrored() || r.stick.Cut() {
		return nil
	}
	err := unload(r.stick, stickDir, r.setAside("stick"))
	aside, listed := journal.SetAside(r.setAside("stick"))
	if err = errors.Join(err, listed); err != nil {
		r.world.fault("%s: %v", r.name, err)
	}
	return aside
}

// retired notes with what was set aside which of it lives on in the stream that follows.
func (r *run) retired(kept string, from uint64) error {
	if err := unload(r.disk, cardDir, r.setAside("card")); err != nil {
		return err
	}
	return journal.MarkCarried(filepath.Join(r.setAside("card"), filepath.Base(kept)), from)
}

// recallWrecks takes the credits of what was set aside.
func (r *run) recallWrecks() {
	r.salvager().Records(r.kernel.Wall().Add(-decide.Remember), r.credited.Recall)
}

// salvage brings to central what it lacks of what was set aside, as the gateway does.
func (r *run) salvage(ctx context.Context) error {
	for {
		r.salvager().All(ctx, r.link)
		select {
		case <-ctx.Done():
			return nil
		case <-r.mirrorAside():
		}
		r.awaitRestream()
	}
}

// awaitRestream returns when a new stream that is just being begun has noted what it took along.
func (r *run) awaitRestream() {
	r.replacing.Lock()
	defer r.replacing.Unlock()
}

// salvaged is nil once central has answered for all that was set aside on a box's mirror.
func (b *building) salvaged() error {
	aside, err := journal.SetAside(b.setAside("stick"))
	for _, a := range aside {
		if a.Recovered == "" {
			err = errors.Join(err, fmt.Errorf("%s of %s is not recovered", a.Dir, b.name))
		}
	}
	return err
}

// stickPulled takes the mirror out in the middle of some call to it.
func (w *world) stickPulled(b *building) error {
	b.stick.CutIn(1 + w.random.IntN(12))
	return nil
}

func (w *world) stickPutBack(b *building) error {
	b.stick.CutIn(0) // nobody may have called it since
	w.quiesce()
	b.stick.PutBack(w.random)
	return nil
}

// stickMended puts a mirror back that is out.
func (w *world) stickMended(b *building) error {
	if !b.mirrored() || !b.stick.Cut() {
		return nil
	}
	return w.stickPutBack(b)
}

func (w *world) stickFails(b *building) error {
	b.stick.FailFlush()
	return nil
}

// stickExchanged puts an empty one into its place, unless the old one has what nobody else has.
func (w *world) stickExchanged(b *building) error {
	if r := b.now(); r == nil || b.salvaged() != nil || r.mirror.Twin() != "" || w.ledger.isOld(b) {
		return nil
	}
	return w.restart(b, func() { b.stick, b.exchanged["stick"] = disk.New(), b.exchanged["stick"]+1 })
}

// cardDies takes the journal's disk away for ever while the building is cut off, so that often nobody but the mirror has its last
// records. It waits until the mirror has all; if that does not come true, the card stays.
func (w *world) cardDies(b *building) error {
	for range 20 {
		w.quiesce()
		r := b.now()
		if r == nil {
			return nil
		}
		if s := r.mirror.State(); s.Up && s.Behind == 0 && b.salvaged() == nil && !w.ledger.isOld(b) {
			return w.newCard(b, r)
		}
		if err := w.waitUntil(time.Now().Add(time.Minute)); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) cardDiesAlone(b *building) error {
	return errors.Join(w.cardDies(b), w.rejoin(b))
}

func (w *world) newCard(b *building, r *run) error {
	stream, durable := r.journal.Stream(), r.journal.Durable()
	alone := r.journal.Acknowledged() < durable
	for _, other := range w.buildings {
		if n := other.now(); other != b && n != nil && n.cluster.Watermark(stream) >= durable {
			alone = false
		}
	}
	return w.restart(b, func() {
		b.disk, b.image = disk.New(), nil
		b.exchanged["card"]++
		w.ledger.cardLost(b, stream, alone)
	})
}

// restart takes the power, lets something happen to the box, and gives the power back.
func (w *world) restart(b *building, between func()) error {
	if err := b.end(true); err != nil {
		return err
	}
	between()
	return b.start()
}

// endStick is what the mirror's disk is like after the box lost power, or its program ended alone. One that is out stays out.
func (b *building) endStick(power bool) {
	if !b.mirrored() {
		return
	}
	before := b.stick
	out := before.Cut()
	if power || out {
		b.stick = before.AfterCut(b.world.random)
	} else {
		b.stick = before.AfterKill()
	}
	before.CutIn(0)
	if out {
		b.stick.CutIn(0)
	}
}
