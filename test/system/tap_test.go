package system

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/test/sim/campus/site"
	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// tap lets a person tap who must see a light.
func (c *campus) tap(gateway, room string, who person, want lamp.Light) {
	c.t.Helper()
	result, err := c.present(gateway, room, who)
	if err != nil || result.Light != want {
		c.t.Fatalf("%s taps at %s of %s: light = %v, %v, want %v", who.id, room, gateway, result.Light, err, want)
	}
}

// How people tap: they look for a while, and when there is no light they hold the card there again. Where exchanges with a
// reader fail for long enough, on a bad line or a machine that stands still, the reader throws its card away; a light is the
// only promise.
const (
	looksFor = 5 * time.Second
	attempts = 5
)

// present lets a person hold a card to a reader until it shows a light, and remembers what was seen each time.
func (c *campus) present(gateway, room string, who person) (result reader.Result, err error) {
	for range attempts {
		if result, err = c.presentOnce(gateway, room, who); err != nil || result.Light.Lit() || room == deskOf(c.gateways[gateway]) {
			break
		}
	}
	return result, err
}

func (c *campus) presentOnce(gateway, room string, who person) (reader.Result, error) {
	held := who.badge
	if room == deskOf(c.gateways[gateway]) {
		held = who.tag
	}
	p, err := c.gateways[gateway].readers[room].Present(held)
	if err != nil {
		return reader.Result{}, fmt.Errorf("present card at %s: %w", room, err)
	}
	looks, goes := context.WithTimeout(c.t.Context(), looksFor)
	defer goes()
	result := p.Wait(looks)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, sighting{gateway, point(room), who.id, result.Light})
	return result, nil
}

// deskOf is the room of a gateway whose reader has no light.
func deskOf(g *gateway) string { return room(g.post.building, desk) }

// holders are the people by the digests of their cards.
func (c *campus) holders() map[string]string {
	c.t.Helper()
	for _, g := range c.gateways {
		key := g.identity().CampusKey()
		holders := map[string]string{}
		for _, p := range append(slices.Clone(people), stranger) {
			holders[contract.DigestOf(key, p.badgeKey).String()] = p.id
			holders[contract.DigestOf(key, p.tagKey).String()] = p.id
		}
		return holders
	}
	return nil
}

// taps are those central holds of this campus.
func (c *campus) taps() ([]site.Tap, error) {
	return c.central.api.Taps(c.t.Context(), c.opened.Add(-time.Minute), time.Now().Add(time.Hour))
}

// awaitTaps waits until central holds at least n taps.
func (c *campus) awaitTaps(n int) []site.Tap {
	c.t.Helper()
	var taps []site.Tap
	c.await(fmt.Sprintf("central holds %d taps", n), func() (err error) {
		if taps, err = c.taps(); err == nil && len(taps) < n {
			err = fmt.Errorf("it holds %d", len(taps))
		}
		return err
	})
	return taps
}

// lights are what central says the readers showed, by what the gateway decided.
var lights = map[string]lamp.Light{"accepted": lamp.Green, "duplicate": lamp.Green, "refused": lamp.Red, "unjudged": lamp.BlueBlink}

// checkTaps compares what people saw with what central holds: every tap that a light answered is there once, with the
// decision that its light told; one that no light answered is there at most once; and none is there that nobody made.
func (c *campus) checkTaps() {
	c.t.Helper()
	taps, err := c.taps()
	must(c.t, err)
	holders, ids := c.holders(), map[string]bool{}
	var got []sighting
	for _, t := range taps {
		if ids[t.ID] {
			c.t.Errorf("tap %s is at central twice", t.ID)
		}
		ids[t.ID] = true
		got = append(got, sighting{t.Gateway, t.Point, holders[t.Digest], c.lightOf(t)})
	}
	want, unanswered := c.answered()
	missing, more := subtract(want, got), subtract(got, want)
	for i := range more {
		more[i].Light = lamp.None
	}
	if more = subtract(more, unanswered); len(missing)+len(more) > 0 {
		c.t.Errorf("taps at central differ from what people saw:\nmissing: %v\ntoo many: %v", missing, more)
	}
}

// answered are the taps that must be at central, and those that may be because no light said anything.
func (c *campus) answered() (must, may []sighting) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.seen {
		if s.Light.Lit() || s.Point == point(deskOf(c.gateways[s.Gateway])) {
			must = append(must, s)
			continue
		}
		may = append(may, s)
	}
	return must, may
}

// subtract is what all has more than without, equal ones counted.
func subtract(all, without []sighting) []sighting {
	left := slices.Clone(all)
	for _, s := range without {
		if i := slices.Index(left, s); i >= 0 {
			left = slices.Delete(left, i, i+1)
		}
	}
	return left
}

// lightOf is the light that a tap's decision means; none at a reader without a light.
func (c *campus) lightOf(t site.Tap) lamp.Light {
	if g := c.gateways[t.Gateway]; g == nil || t.Point == point(deskOf(g)) {
		return lamp.None
	}
	return lights[t.Outcome]
}

// awaitLevel waits until central and every gateway of the cluster hold the journals of all gateways that run, to the last
// record.
func (c *campus) awaitLevel() {
	c.t.Helper()
	c.await("journals, replicas and central are level", func() error {
		for _, g := range c.gateways {
			if g.PID() == 0 {
				continue
			}
			if err := c.level(g); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *campus) level(g *gateway) error {
	own, _, err := g.copies()
	if err != nil {
		return err
	}
	r, err := g.reach()
	if err != nil {
		return err
	}
	through, err := c.central.through(own)
	if err != nil {
		return err
	}
	if r.replicated != r.durable || r.acknowledged != r.durable || through != r.durable {
		return fmt.Errorf("%s: %+v, at central %d", g.post.gateway, r, through)
	}
	return c.copied(own, r.durable)
}

// copied tells which running gateway of the cluster lacks some of a stream; a cluster of one has its own copy.
func (c *campus) copied(stream string, durable uint64) error {
	for _, g := range c.gateways {
		if g.PID() == 0 {
			continue
		}
		own, held, err := g.copies()
		if err != nil {
			return err
		}
		if (c.clustered || own == stream) && held[stream] < durable {
			return fmt.Errorf("%s holds %d of %d records of %s", g.post.gateway, held[stream], durable, stream)
		}
	}
	return nil
}
