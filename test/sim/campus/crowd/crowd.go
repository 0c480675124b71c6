// Package crowd walks people up to simulated readers: each waits in line at a door, holds the card to the reader, looks at the
// light for some seconds, and tries again a little later when there was none. It keeps what each of them saw. It knows
// neither gateway nor central, and does not judge what was shown.
package crowd

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// manners are how long people wait for what.
type manners struct {
	looksFor   time.Duration // at the light
	restsFor   time.Duration // before the same tag is held again to a reader that cannot answer: sooner is one tap that goes on
	comesAfter time.Duration // again when there was no light, at the earliest
	comesBy    time.Duration // and at the latest
	stepsUp    time.Duration // from one person to the next
}

var usual = manners{
	looksFor: 3 * time.Second, restsFor: 3 * time.Second, comesAfter: 2 * time.Second, comesBy: 5 * time.Second,
	stepsUp: 120 * time.Millisecond,
}

// Presentation is one card held to one reader, and what was seen.
type Presentation struct {
	Room    string
	Student string // "" when nobody holds the card
	Card    campus.Card
	reader.Result
	EndedAt   time.Time // the person went
	Lightless bool      // the reader has no light to show
	Behind    bool      // an earlier card of this reader had perhaps not been fetched yet: the light may be that one's
}

// Lit reports whether the person saw a light that answers.
func (p Presentation) Lit() bool { return p.Light.Lit() }

// Crowd is everybody who comes during a run. It is a runner.
type Crowd struct {
	doors   map[string]*door
	manners manners

	mu   sync.Mutex // guards everything that follows
	seen []*entry
}

// entry is a presentation whose card may still wait in the reader.
type entry struct {
	Presentation
	live *reader.Presentation
	kept bool // by the reader, until the gateway fetches it
}

// New makes the crowd of doors: room → its reader.
func New(doors map[string]*reader.Reader, seed uint64) *Crowd {
	c := &Crowd{doors: map[string]*door{}, manners: usual}
	for i, room := range slices.Sorted(maps.Keys(doors)) {
		c.doors[room] = &door{
			crowd: c, room: room, reader: doors[room], held: map[string]time.Time{},
			chance: rand.New(rand.NewPCG(seed, uint64(i))), //nolint:gosec // people are no secret
		}
	}
	return c
}

// Run lets the visitors come, who must be in order of arrival. Nobody new comes to a reader after until; those who saw no light
// keep trying for the patience given. It returns when all have gone, or ctx ended.
func (c *Crowd) Run(ctx context.Context, visits []campus.Visit, until time.Time, patience time.Duration) error {
	lines := map[string][]campus.Visit{}
	for _, v := range visits {
		lines[v.Room] = append(lines[v.Room], v)
	}
	var doors sync.WaitGroup
	for room, d := range c.doors {
		doors.Go(func() { d.run(ctx, lines[room], until, patience) })
	}
	doors.Wait()
	return nil
}

// Presentations lists all so far, by the moment the card was held to the reader.
func (c *Crowd) Presentations() []Presentation {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]Presentation, len(c.seen))
	for i, e := range c.seen {
		r := e.live.Result()
		e.Taken, e.Lost = r.Taken, r.Lost
		all[i] = e.Presentation
	}
	slices.SortStableFunc(all, func(a, b Presentation) int { return a.PlacedAt.Compare(b.PlacedAt) })
	return all
}

// Unfetched is how many cards still wait inside readers for a gateway to fetch them.
func (c *Crowd) Unfetched() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, e := range c.seen {
		if e.waits() {
			n++
		}
	}
	return n
}

// waits reports whether the card is still inside the reader.
func (e *entry) waits() bool {
	r := e.live.Result()
	return e.kept && !r.Taken && !r.Lost
}

// Counts are the presentations so far, and of these how many saw each light.
func (c *Crowd) Counts() (presented int, lights [lamp.Lights]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.seen {
		lights[e.Light]++
	}
	return len(c.seen), lights
}

func (c *Crowd) keep(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, e)
}

// door is one reader and the people in front of it.
type door struct {
	crowd  *Crowd
	room   string
	reader *reader.Reader
	chance *rand.Rand

	waiting []person             // by the time they step forward
	latest  []*entry             // whose card was perhaps not fetched
	held    map[string]time.Time // card → when it was last taken away from a reader without a light
}

// person is somebody on the way to a door.
type person struct {
	campus.Visit
	tried bool
}

func (d *door) run(ctx context.Context, line []campus.Visit, until time.Time, patience time.Duration) {
	for _, v := range line {
		d.waiting = append(d.waiting, person{Visit: v})
	}
	for len(d.waiting) > 0 {
		next := d.waiting[0]
		d.waiting = d.waiting[1:]
		latest := until
		if next.tried {
			latest = until.Add(patience)
		}
		if next.At.After(latest) || time.Now().After(latest) {
			continue // goes home
		}
		if !sleepUntil(ctx, next.At) {
			return
		}
		now := time.Now()
		if rested := d.held[next.Card.Key].Add(d.crowd.manners.restsFor); now.Before(rested) {
			d.comeBack(next, rested)
			continue
		}
		if again := d.serve(ctx, next.Visit); again {
			next.tried = true
			d.comeBack(next, time.Now().Add(d.pause()))
		}
		sleepUntil(ctx, now.Add(d.crowd.manners.stepsUp)) // the next one steps forward
	}
}

// pause is how long somebody without an answer waits before the next try.
func (d *door) pause() time.Duration {
	m := d.crowd.manners
	return m.comesAfter + time.Duration(d.chance.Int64N(int64(m.comesBy-m.comesAfter)))
}

// comeBack puts a person back in line for a later moment.
func (d *door) comeBack(p person, at time.Time) {
	p.At = at
	d.waiting = append(d.waiting, p)
	slices.SortStableFunc(d.waiting, func(a, b person) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
}

// serve holds one card to the reader; true when the person should try again.
func (d *door) serve(ctx context.Context, v campus.Visit) (again bool) {
	d.latest = slices.DeleteFunc(d.latest, func(e *entry) bool { return !e.waits() })
	live, err := d.reader.Present(v.Card.Card)
	if err != nil {
		return errors.Is(err, reader.ErrFull) || errors.Is(err, reader.ErrWaiting)
	}
	patience, cancel := context.WithTimeout(ctx, d.crowd.manners.looksFor)
	defer cancel()
	e := &entry{live: live, kept: d.reader.Keeps(), Presentation: Presentation{
		Room: d.room, Student: v.Student, Card: v.Card, Result: live.Wait(patience), EndedAt: time.Now(),
		Lightless: !d.reader.HasLight(), Behind: len(d.latest) > 0,
	}}
	d.crowd.keep(e)
	if e.Lightless {
		d.held[v.Card.Key] = e.EndedAt
		return false
	}
	if e.waits() {
		d.latest = append(d.latest, e)
	}
	return !e.Lit() || e.Light == lamp.Amber
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
