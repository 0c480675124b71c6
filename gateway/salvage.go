package gateway

import (
	"context"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/decide"
	"github.com/rollcall-edge/rollcall/gateway/journal"
	"github.com/rollcall-edge/rollcall/gateway/salvage"
)

// salvager knows what was set aside beside the journal and on its mirror.
func (g *Gateway) salvager() *salvage.Salvager {
	return salvage.New(salvage.Options{
		Dir: journalDir(g.config), Mirror: g.asideOnMirror, Stream: func() contract.Stream { return g.journal.Stream() },
		Key:    func() (*journal.Key, error) { return journalKey(g.secret) },
		Notice: func(text string) { g.notice("journal", text) }, Log: g.log,
	})
}

// recallWrecks takes from what was set aside within the last day what the lights need: without it a student who tapped before
// the damage would be recorded once more.
func (g *Gateway) recallWrecks() {
	g.salvager().Records(time.Now().Add(-decide.Remember), func(r contract.Record) {
		g.credited.Recall(r)
		g.identity.NotBefore(r.Stamp.At)
	})
}

// salvage brings to central what it lacks of streams that were set aside; again whenever the mirror has set something aside.
func (g *Gateway) salvage(ctx context.Context) error {
	for {
		g.salvager().All(ctx, g.link)
		select {
		case <-ctx.Done():
			return nil
		case <-g.mirrored():
		}
		g.awaitRestream()
	}
}

// awaitRestream returns when a new stream that is just being begun has noted what it took along.
func (g *Gateway) awaitRestream() {
	g.restreaming.Lock()
	defer g.restreaming.Unlock()
}
