package gateway

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// mirrorWithin bounds how long a start and an end wait for the mirror's disk.
const mirrorWithin = 5 * time.Second

// openMirror begins to copy the journal to another disk, where one is configured. It waits until it is known what that disk
// holds, since there may be taps on it that the journal has lost: they are recalled for the lights and salvaged. A disk that
// does not answer is not waited for.
func (g *Gateway) openMirror() (err error) {
	if g.config.Journal.Mirror == "" {
		return nil
	}
	g.mirror, err = g.journal.Mirror(journal.MirrorOptions{
		Dir: g.config.Journal.Mirror, Gateway: g.identity.Gateway(), SameDisk: g.o.oneDisk, Registerer: g.registry,
	})
	if err != nil {
		return err
	}
	g.awaitMirror(g.mirror.Judged())
	reason := g.twinOnMirror()
	if reason == "" {
		return nil
	}
	if err := g.restream(reason, 0); err != nil {
		return err
	}
	g.awaitMirror(g.mirror.Aside())
	return nil
}

// awaitMirror waits for the mirror, but not for long.
func (g *Gateway) awaitMirror(done <-chan struct{}) {
	select {
	case <-done:
	case <-time.After(mirrorWithin):
		g.log.Warn("mirror does not answer yet", slog.String("dir", g.config.Journal.Mirror))
	}
}

// twinOnMirror says why the journal must begin a new stream because of what its mirror holds, if it must.
func (g *Gateway) twinOnMirror() string {
	if g.mirror == nil {
		return ""
	}
	return g.mirror.Twin()
}

// mirrored is told when the mirror has set something aside; never without a mirror.
func (g *Gateway) mirrored() <-chan struct{} {
	if g.mirror == nil {
		return nil
	}
	return g.mirror.Aside()
}

// asideOnMirror lists what was set aside on the mirror.
func (g *Gateway) asideOnMirror() []journal.Aside {
	if g.mirror == nil {
		return nil
	}
	aside, err := g.mirror.SetAside()
	if err != nil {
		g.notice("mirror", fmt.Sprintf("it is not known what was set aside on the mirror: %v", err))
	}
	return aside
}

// mirrorWarning says why there is no second copy of the taps.
func (g *Gateway) mirrorWarning() string {
	if g.mirror == nil {
		return ""
	}
	if s := g.mirror.State(); s.Trouble != "" {
		return fmt.Sprintf("taps are kept as ever, but not on the mirror: %s", s.Trouble)
	}
	return ""
}
