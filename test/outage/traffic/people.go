package traffic

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/history"
	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// The manners of people.
const (
	looksFor = 3 * time.Second        // at the light
	stepsUp  = 120 * time.Millisecond // from one person to the next
	asksFor  = 50 * time.Millisecond  // again, when the reader is full
)

// People are everybody who comes during a run.
type People struct {
	doors  map[string]*door
	digest func(key string) string

	mu   sync.Mutex // guards everything that follows
	seen []*entry
}

// door is one reader; one person stands in front of it at a time.
type door struct {
	reader *reader.Reader
	turn   chan struct{} // 1: whose turn it is
	open   unanswered    // of whose turn it is
}

type entry struct {
	history.Presentation
	live *reader.Presentation
	kept bool // by the reader, until the gateway fetches it
}

// waits reports whether the card is still inside the reader.
func (e *entry) waits() bool {
	if !e.kept {
		return false
	}
	r := e.live.Result()
	return !r.Taken && !r.Lost
}

// NewPeople is nobody yet. Digest is how the campus tells cards apart.
func NewPeople(doors map[string]*reader.Reader, digest func(key string) string) *People {
	p := &People{doors: map[string]*door{}, digest: digest}
	for room, r := range doors {
		p.doors[room] = &door{reader: r, turn: make(chan struct{}, 1)}
	}
	return p
}

// Guest lets somebody who is not among the visitors hold a card to a reader now, and tells what they saw; ok is false when the
// reader did not take it before ctx ended.
func (p *People) Guest(ctx context.Context, v Visit) (_ history.Presentation, ok bool) {
	e := p.step(ctx, v, time.Now(), time.Now().Add(answersBy))
	if e == nil {
		return history.Presentation{}, false
	}
	return e.Presentation, true
}

// Run lets the visitors come. Nobody steps up to a door after until; it returns when all have gone, or ctx ended.
func (p *People) Run(ctx context.Context, visits []Visit, began, until time.Time) {
	lines := map[string][]Visit{}
	for _, v := range visits {
		lines[v.Room] = append(lines[v.Room], v)
	}
	var all sync.WaitGroup
	for _, line := range lines {
		all.Go(func() { p.queue(ctx, line, began, until) })
	}
	all.Wait()
}

// Stuck tapes a card to a reader that is no OSDP device for a time; one that sends by itself sends it a thousand times a second, or as
// often as its line can carry.
func (p *People) Stuck(ctx context.Context, v Visit, lasts time.Duration) (_ history.Presentation, err error) {
	d := p.doors[v.Room]
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return history.Presentation{}, ctx.Err()
	}
	defer func() { <-d.turn }()
	behind := d.open.any(time.Now())
	live, err := d.reader.Stick(time.Millisecond, v.Card)
	if err != nil {
		return history.Presentation{}, err
	}
	lifted := time.Now().Add(lasts)
	e := p.watch(ctx, live, v, time.Now(), behind)
	sleepUntil(ctx, lifted)
	d.reader.Lift()
	d.open.add(e)
	return e.Presentation, nil
}

// queue is the people on the way to one door.
func (p *People) queue(ctx context.Context, line []Visit, began, until time.Time) {
	for _, v := range line {
		if !sleepUntil(ctx, began.Add(v.After)) || time.Now().After(until) {
			return
		}
		stepped := time.Now()
		if p.step(ctx, v, began.Add(v.After), until) == nil {
			return
		}
		sleepUntil(ctx, stepped.Add(stepsUp))
	}
}

// step is one person at a door, when it is their turn.
func (p *People) step(ctx context.Context, v Visit, due, until time.Time) *entry {
	d := p.doors[v.Room]
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return nil
	}
	defer func() { <-d.turn }()
	e := p.present(ctx, v, due, until, d.open.any(time.Now()))
	if e != nil {
		d.open.add(e)
	}
	return e
}

// unanswered are the cards of one door whose light may still come, the oldest first: because they wait in the reader, or because
// a gateway that took one has not answered it yet.
type unanswered struct {
	cards []*entry
	since time.Time // when somebody last went without a light
}

// answersBy is when a light for somebody who has gone comes no more: a flush may take seconds, and so may a program that stands
// still.
const answersBy = 20 * time.Second

// any tells whether a light may be for somebody else.
func (u *unanswered) any(now time.Time) bool {
	if now.Sub(u.since) > answersBy {
		u.cards = slices.DeleteFunc(u.cards, func(e *entry) bool { return !e.waits() })
	}
	return len(u.cards) > 0
}

// add notes what came of a presentation. A light answers the oldest.
func (u *unanswered) add(e *entry) {
	lit := e.Light != history.None
	switch {
	case e.Lightless, !lit && !e.waits() && e.Sent.IsZero(), lit && len(u.cards) == 0:
		return
	case lit:
		u.cards = u.cards[1:]
	default:
		u.since = e.Left
	}
	u.cards = append(u.cards, e)
}

// present holds one card to a reader; nil when the time is up before the reader takes it.
func (p *People) present(ctx context.Context, v Visit, due, until time.Time, behind bool) *entry {
	door := p.doors[v.Room].reader
	live, err := door.Present(v.Card)
	for err != nil {
		if !sleepUntil(ctx, time.Now().Add(asksFor)) || time.Now().After(until) {
			return nil
		}
		live, err = door.Present(v.Card)
	}
	return p.watch(ctx, live, v, due, behind)
}

// watch looks at the light for a while and keeps what was seen.
func (p *People) watch(ctx context.Context, live *reader.Presentation, v Visit, due time.Time, behind bool) *entry {
	door, room := p.doors[v.Room].reader, campus.Room{ID: v.Room}
	patience, cancel := context.WithTimeout(ctx, looksFor)
	defer cancel()
	result := live.Wait(patience)
	e := &entry{live: live, kept: door.Keeps(), Presentation: history.Presentation{
		Nonce: p.digest(v.Key), Point: room.Point(), Room: room.ID, Gateway: campus.BuildingOf(room.ID).ID,
		Student: v.Student, Expect: v.Expect, Due: due, Placed: result.PlacedAt, Sent: result.SentAt, Shown: result.ShownAt,
		Left: time.Now(), Light: lightOf(result.Light), Lightless: !door.HasLight(), Behind: behind,
	}}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, e)
	return e
}

var lights = map[lamp.Light]history.Light{
	lamp.Green: history.Green, lamp.Red: history.Red, lamp.RedDouble: history.Red, lamp.Amber: history.Amber, lamp.BlueBlink: history.BlueBlink,
}

func lightOf(l lamp.Light) history.Light {
	if known, ok := lights[l]; ok {
		return known
	}
	return history.None
}

// Presentations are all so far, in the order in which cards were held to readers.
func (p *People) Presentations() []history.Presentation {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]history.Presentation, len(p.seen))
	for i, e := range p.seen {
		all[i] = e.Presentation
	}
	slices.SortStableFunc(all, func(a, b history.Presentation) int { return a.Placed.Compare(b.Placed) })
	return all
}

// Promised are the cards, by digest, of which a light at a building's gateway has told that they are kept, of those who came
// since a moment. A light that may have been somebody else's promises nothing here.
func (p *People) Promised(gateway string, since time.Time) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var nonces []string
	for _, e := range p.seen {
		if e.Gateway == gateway && e.Light.Promises() && !e.Behind && e.Placed.After(since) {
			nonces = append(nonces, e.Nonce)
		}
	}
	return nonces
}

// Unfetched is how many cards still wait inside readers for a gateway to fetch them.
func (p *People) Unfetched() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, e := range p.seen {
		if e.waits() {
			n++
		}
	}
	return n
}

func sleepUntil(ctx context.Context, at time.Time) bool {
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
