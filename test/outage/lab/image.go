package lab

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/test/outage/card"
	"github.com/rollcall-edge/rollcall/test/outage/history"
	"github.com/rollcall-edge/rollcall/test/outage/site"
)

// camera takes images of what power cuts would leave on the gateways' cards while people tap, and looks into each: whatever a
// light had promised by then must be in the journal on it.
type camera struct {
	mu    sync.Mutex             // guards everything that follows
	blind map[*site.Gateway]bool // what is on the card is being damaged or exchanged on purpose
	since map[string]time.Time   // gateway → earlier promises may be in a stream that was set aside
}

// cutKinds are those an image is taken of.
var cutKinds = []card.Cut{card.DropAll, card.TornPrefix, card.RandomSectors, card.Reordered}

// blindWhile keeps a gateway from being photographed while do damages or exchanges what is on its card, or lets the card fail: a
// file system that met an error may want to be looked through before it is mounted again.
func blindWhile(do func(context.Context, *injury) error) func(context.Context, *injury) error {
	return func(ctx context.Context, i *injury) error {
		i.lab.camera.cover(i.gateway)
		defer i.lab.camera.uncover(i.gateway)
		return do(ctx, i)
	}
}

func (c *camera) cover(g *site.Gateway) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blind[g] = true
}

func (c *camera) uncover(g *site.Gateway) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.blind[g], c.since[g.Building.ID] = false, time.Now().Add(streamSettles)
}

// streamSettles is how long after an exchange of a card a gateway may still find out that it needs a new stream.
const streamSettles = 90 * time.Second

// from is since when a gateway's promises must be on its card; ok is false while it is not to be photographed.
func (c *camera) from(g *site.Gateway) (since time.Time, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.since[g.Building.ID], !c.blind[g]
}

// photograph takes and examines images until ctx ends or there are enough.
func (l *Lab) photograph(ctx context.Context, enough int) {
	chance := rand.New(rand.NewPCG(l.o.Seed, 0x696d_6167_65)) //nolint:gosec // the same seed must give the same order
	for n := 0; n < enough && ctx.Err() == nil; {
		g := l.site.Gateways[chance.IntN(len(l.site.Gateways))]
		since, ok := l.camera.from(g)
		if !ok {
			sleep(ctx, 100*time.Millisecond)
			continue
		}
		promised := l.people.Promised(g.Building.ID, since)
		kind := cutKinds[chance.IntN(len(cutKinds))]
		image, damage := g.Card.Crash(kind)
		if _, still := l.camera.from(g); !still {
			continue
		}
		taken := history.Image{At: time.Now(), Gateway: g.Building.ID, Kind: kind.String(), Pending: damage.Pending, Torn: damage.Torn, Promised: len(promised)}
		if err := l.examine(ctx, image, promised, &taken); err != nil {
			if ctx.Err() != nil {
				return
			}
			taken.Fault = err.Error()
		}
		l.history.Images = append(l.history.Images, taken)
		n++
	}
}

// examine opens an image as a gateway would after the cut.
func (l *Lab) examine(ctx context.Context, image *card.Image, promised []string, taken *history.Image) (err error) {
	c, err := card.Open(ctx, card.Options{Name: "image", FileSystem: card.Ext4, Image: image})
	if err != nil {
		return fmt.Errorf("mount image: %w", err)
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	held := map[string]bool{}
	err = site.EachRecord(filepath.Join(c.Dir(), "data", "journal"), func(r contract.Record, _ []byte) {
		if r.Tap != nil {
			held[r.Tap.Digest.String()] = true
		}
	})
	for _, nonce := range promised {
		if !held[nonce] {
			taken.Missing++
		}
	}
	return err
}
